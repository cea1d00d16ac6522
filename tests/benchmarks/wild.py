"""Fill every schema of a folder of DDL files with no configuration: `python -m tests.benchmarks.wild FOLDER URL`.

`NAME.pg.sql` files are run by psql in a scratch database of a PostgreSQL URL, `NAME.sqlite.sql` in a scratch file of
`sqlite://`; with a MariaDB or MySQL URL the SQLite files are read and their tables made there. Each schema is seeded
in a process of its own; then the server verifies every constraint again. One line per schema says how many tables
there are, how many were filled, the rows, the violations, the seconds, and why a table stayed empty.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

TIMEOUT = 300
ENDINGS = {"postgresql": ".pg.sql", "sqlite": ".sqlite.sql", "mysql": ".sqlite.sql", "mariadb": ".sqlite.sql"}


class NotCreatableError(Exception):
    """The server refuses the schema itself."""


@dataclass
class Outcome:
    """What became of one schema; `empty` gives the tables without rows."""

    name: str
    tables: int = 0
    filled: int = 0
    rows: int = 0
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0
    empty: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: str = ""
    impossible: str = ""
    """Why the server cannot have the schema at all: nothing is measured then."""

    @property
    def whole(self) -> bool:
        return self.tables == self.filled and not self.violations and not self.error


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("url", help="a server's URL, or sqlite://")
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", action="store_true", help="seed a second time, with the next seed")
    parser.add_argument("--only", nargs="*", help="names of schemas")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(asdict(measure(arguments.folder, arguments.url, arguments))))
        return
    ending = ENDINGS[sa.make_url(arguments.url).get_backend_name()]
    files = sorted(arguments.folder.glob(f"*{ending}"))
    files = [path for path in files if not arguments.only or path.name.removesuffix(ending) in arguments.only]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        outcomes = []
        for outcome in pool.map(lambda path: in_process(path, arguments), files):
            outcomes.append(outcome)
            show(outcome)
    total(outcomes)
    sys.exit(not all(outcome.whole for outcome in outcomes))


def in_process(path: Path, arguments: argparse.Namespace) -> Outcome:
    """Measure one schema in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.wild", str(path), arguments.url, "--one"]
    command += ["--rows", str(arguments.rows), "--seed", str(arguments.seed)] + ["--again"] * arguments.again
    name = path.name.split(".")[0]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return Outcome(name, error=f"took longer than {TIMEOUT} s")
    if done.returncode:
        return Outcome(name, error=done.stderr.strip()[-1500:])
    return Outcome(**json.loads(done.stdout.splitlines()[-1]))


def show(outcome: Outcome) -> None:
    """Print one schema's line and its reasons."""
    if outcome.impossible:
        print(f"skip {outcome.name:16} the server cannot have it: {outcome.impossible[:150]}", flush=True)
        return
    mark = "ok  " if outcome.whole else "FAIL"
    print(
        f"{mark} {outcome.name:16} tables {outcome.tables:4}  filled {outcome.filled:4}  rows {outcome.rows:6}  "
        f"violations {len(outcome.violations):3}  {outcome.seconds:6.1f} s",
        flush=True,
    )
    for label, texts in (
        ("error", [outcome.error] if outcome.error else []),
        ("violation", outcome.violations),
        ("empty", [", ".join(outcome.empty)] if outcome.empty else []),
        ("note", outcome.notes),
    ):
        for line in texts[:40]:
            print(f"       {label}: {line}", flush=True)


def total(outcomes: list[Outcome]) -> None:
    """Print the sums over all schemas that the server can have."""
    outcomes = [each for each in outcomes if not each.impossible]
    tables, filled = sum(each.tables for each in outcomes), sum(each.filled for each in outcomes)
    print(
        f"{sum(each.whole for each in outcomes)} of {len(outcomes)} schemas whole, {filled} of {tables} tables filled, "
        f"{sum(each.rows for each in outcomes)} rows, {sum(len(each.violations) for each in outcomes)} violations, "
        f"{sum(each.seconds for each in outcomes):.1f} s"
    )


def measure(path: Path, url: str, arguments: argparse.Namespace) -> Outcome:
    """Make the schema in a scratch database, seed it, verify it."""
    outcome = Outcome(path.name.split(".")[0])
    try:
        fill(path, url, arguments, outcome)
    except NotCreatableError as error:
        outcome.impossible = str(error)
    return outcome


def fill(path: Path, url: str, arguments: argparse.Namespace, outcome: Outcome) -> None:
    """Seed and verify one schema, and write down what happened."""
    import syda

    with scratch(path, url) as engine:
        outcome.tables = len(base_tables(engine))
        started = time.perf_counter()
        try:
            for round_ in range(1 + arguments.again):
                report = syda.seed(engine, rows=arguments.rows, seed=arguments.seed + round_, mode="append")
            outcome.notes = [str(note) for note in getattr(report, "notes", ())]
        except syda.SydaError as error:
            outcome.error = f"{type(error).__name__}: {' '.join(str(error).split())[:1200]}"
        outcome.seconds = time.perf_counter() - started
        counts = row_counts(engine)
        outcome.filled = sum(bool(count) for count in counts.values())
        outcome.rows = sum(counts.values())
        outcome.empty = [name for name, count in counts.items() if not count]
        outcome.violations = list(VERIFY[engine.dialect.name](engine))


@contextmanager
def scratch(path: Path, url: str) -> Iterator[sa.Engine]:
    """Yield an engine of a database of its own that holds the schema of the DDL file and is dropped afterwards."""
    backend = sa.make_url(url).get_backend_name()
    with ExitStack() as stack:
        if backend == "sqlite":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            yield sqlite_file(path, folder / "scratch.db")
            return
        name = f"syda_wild_{path.name.split('.')[0]}_{time.time_ns()}"
        server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine = sa.create_engine(sa.make_url(url).set(database=name))
        try:
            if backend == "postgresql":
                run_psql(path, engine.url)
            else:
                stack.enter_context(mariadb_copy(path, engine))
            yield engine
        finally:
            engine.dispose()
            with server.connect() as connection:
                connection.exec_driver_sql(
                    f"DROP DATABASE {name}" + (" WITH (FORCE)" if backend == "postgresql" else "")
                )
            server.dispose()


def sqlite_file(path: Path, file: Path) -> sa.Engine:
    """Return an engine of an SQLite file made by the DDL."""
    engine = sa.create_engine(f"sqlite:///{file}")
    connection = engine.raw_connection()
    connection.driver_connection.executescript(path.read_text())  # type: ignore[union-attr]
    connection.commit()
    connection.close()
    return engine


def run_psql(path: Path, url: sa.URL) -> None:
    """Run the DDL by PostgreSQL's own client, which knows the commands that dumps contain."""
    shown = url.set(drivername="postgresql").render_as_string(hide_password=False)
    psql = shutil.which("psql") or sys.exit("psql is not installed")
    subprocess.run(
        [psql, "-q", "-v", "ON_ERROR_STOP=1", "-d", shown, "-f", str(path)], check=True, stdout=subprocess.DEVNULL
    )


@contextmanager
def mariadb_copy(path: Path, engine: sa.Engine) -> Iterator[None]:
    """Make the SQLite schema's tables on MariaDB."""
    from syda.load.ddl import build_tables
    from syda.schema import read_schema

    with tempfile.TemporaryDirectory() as folder:
        source = sqlite_file(path, Path(folder) / "scratch.db")
        tables = build_tables(read_schema(source).schema)
        source.dispose()
    try:
        next(iter(tables.values())).metadata.create_all(engine)
    except sa.exc.DBAPIError as error:
        raise NotCreatableError(" ".join(str(error.orig).split())[:200]) from error
    yield


def base_tables(engine: sa.Engine) -> list[tuple[str | None, str]]:
    """Return schema and name of the tables that are there to fill: no views, partitions or tables of extensions."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            rows = connection.execute(
                sa.text("""
                SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
                  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_%'
                  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
                ORDER BY 1, 2""")
            )
            return [(row[0], row[1]) for row in rows]
        return [(None, name) for name in sa.inspect(connection).get_table_names()]


def row_counts(engine: sa.Engine) -> dict[str, int]:
    """Return how many rows each table has."""
    quote = engine.dialect.identifier_preparer.quote_identifier
    counts = {}
    with engine.connect() as connection:
        for schema, name in base_tables(engine):
            full = ".".join(quote(part) for part in (schema, name) if part)
            counts[f"{schema}.{name}" if schema else name] = connection.exec_driver_sql(
                f"SELECT count(*) FROM {full}"
            ).scalar_one()
    return counts


def verify_postgresql(engine: sa.Engine) -> Iterator[str]:
    """Have the server make every CHECK and foreign key again and rebuild every unique index."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        rows = connection.execute(
            sa.text("""
            SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid), c.contype
            FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
            WHERE c.contype IN ('c', 'f') AND c.conparentid = 0 AND c.coninhcount = 0 AND NOT r.relispartition""")
        )
        for table, name, definition, _ in rows.all():
            try:
                connection.exec_driver_sql(
                    f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} "
                    + definition.replace("%", "%%")
                )
            except sa.exc.DBAPIError as error:
                yield f"{table}.{name}: {' '.join(str(error.orig).split())[:300]}"
        indexes = connection.execute(
            sa.text("""
            SELECT indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE indisunique AND n.nspname NOT LIKE 'pg_%' AND n.nspname <> 'information_schema'""")
        )
        for (name,) in indexes.all():
            try:
                connection.exec_driver_sql(f"REINDEX INDEX {name}".replace("%", "%%"))
            except sa.exc.DBAPIError as error:
                yield f"{name}: {' '.join(str(error.orig).split())[:300]}"


def verify_sqlite(engine: sa.Engine) -> Iterator[str]:
    """Ask SQLite for rows without parents and for rows that break a CHECK, a NOT NULL or a unique index."""
    with engine.connect() as connection:
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
            yield f"{row[0]}: row {row[1]} has no parent in {row[2]}"
        for row in connection.exec_driver_sql("PRAGMA integrity_check"):
            if row[0] != "ok":
                yield str(row[0])


def verify_mariadb(engine: sa.Engine) -> Iterator[str]:
    """Have the server read every table, and count rows without parents."""
    from syda.quality.database import check_database
    from syda.schema import read_schema

    with engine.connect() as connection:
        for name in sa.inspect(connection).get_table_names():
            for row in connection.exec_driver_sql(f"CHECK TABLE `{name}` EXTENDED"):
                if row[3] != "OK":
                    yield f"{name}: {row[3]}"
        yield from map(str, check_database(connection, read_schema(connection).schema).violations)


VERIFY: dict[str, Callable[[sa.Engine], Iterator[Any]]] = {
    "postgresql": verify_postgresql,
    "sqlite": verify_sqlite,
    "mysql": verify_mariadb,
    "mariadb": verify_mariadb,
}

if __name__ == "__main__":
    main()
