"""One object of each class of every schema of a folder: `python -m tests.benchmarks.wild_objects FOLDER URL`.

The schemas are those of `tests.benchmarks.wild`. SQLAlchemy's automap makes classes of the tables; where it cannot,
that is said and nothing is measured. Each object is made by `syda.make` with nothing said of it, and rolled back.
"""

from __future__ import annotations

import argparse
import warnings
from collections import Counter
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import Session, configure_mappers

import syda
from tests.benchmarks.wild import ENDINGS, NotCreatableError, scratch


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("url", help="a server's URL, or sqlite://")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # automap's, about names that it gives
    made, refused = 0, Counter[str]()
    for path in sorted(arguments.folder.glob(f"*{ENDINGS[sa.make_url(arguments.url).get_backend_name()]}")):
        try:
            with scratch(path, arguments.url) as engine:
                own, errors = objects_of(engine)
        except NotCreatableError as error:
            print(f"{path.name:<28} the server cannot have it: {str(error)[:60]}")
            continue
        made += own
        refused += errors
        print(f"{path.name:<28} {own:4} classes, {sum(errors.values()):3} without an object", flush=True)
    print(f"{made} of {made + sum(refused.values())} classes")
    for why, number in refused.most_common():
        print(f"  {number:3} {why}")


def objects_of(engine: sa.Engine) -> tuple[int, Counter[str]]:
    """Return of how many classes an object could be made, and why not of others."""
    base = automap_base()
    try:
        base.prepare(autoload_with=engine)
        configure_mappers()
    except Exception as error:  # noqa: BLE001 - automap may fail in any way
        base.registry.dispose()
        return 0, Counter({f"automap: {' '.join(str(error).split())[:90]}": 1})
    made, errors = 0, Counter[str]()
    with Session(engine) as session:
        for class_ in base.classes:
            try:
                syda.make(session, class_)
                made += 1
            except syda.SydaError as error:
                errors[f"{type(error).__name__}: {' '.join(str(error).split())[:90]}"] += 1
            session.rollback()
    base.registry.dispose()
    return made, errors


if __name__ == "__main__":
    main()
