"""`syda demo`: a small CRM in an SQLite file, to look at."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syda.cli.check import echo_report
from syda.cli.command import Command, echo_json, echo_rows, example, json_option, progress_bar
from syda.errors import TargetError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

SAMPLE_ORDERS = 3
APPLICATION_ID = int.from_bytes(b"syda", "big")
"""What SQLite keeps in the file's header, so that a demo knows the files of earlier ones."""


@click.command(cls=Command, epilog=example("syda demo --path crm.sqlite --rows 500 --seed 7"))
@click.option(
    "--path",
    type=click.Path(dir_okay=False),
    default="demo.sqlite",
    show_default=True,
    metavar="FILE",
    help="The SQLite file to make.",
)
@click.option("--rows", type=click.IntRange(min=1), default=200, show_default=True, help="Rows of every table.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Choose among all possible data.")
@click.option("--force", is_flag=True, help="Replace a file that no demo made.")
@json_option
@click.pass_context
def demo(ctx: click.Context, *, path: str, rows: int, seed: int, force: bool, as_json: bool) -> None:
    """Make a small CRM in an SQLite file.

    It holds customers, contacts, products and orders, some of which are shown, and is checked. The models are in
    syda/demo.py. A file of an earlier demo is replaced.
    """
    from syda.load.files import aside

    file = Path(path)
    replaces = file.exists()
    if replaces and not force and not _is_demo(file):
        raise TargetError(f"{file} exists already and no demo made it; --force replaces it, --path takes another")
    with aside(file) as made:
        loaded, sample, report = _make(made, rows, seed, as_json=as_json)
    if as_json:
        found = {"sample": sample, "check": report.to_dict()}
        echo_json({"path": path, "replaced": replaces, **loaded.to_dict(), **found})
    else:
        _show(f"{'Replaced' if replaces else 'Made'} {file}", loaded, sample, report)
    ctx.exit(0 if report.ok else 1)


def _is_demo(file: Path) -> bool:
    """Tell whether a demo made the file and that it holds the tables of one and nothing else."""
    import sqlite3

    from syda.demo import Base

    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (mark,) = connection.execute("PRAGMA application_id").fetchone()
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE sql IS NOT NULL")}
    except sqlite3.Error:
        return False
    return bool(mark == APPLICATION_ID and names == set(Base.metadata.tables))


def _make(file: Path, rows: int, seed: int, *, as_json: bool) -> tuple[Any, list[dict[str, Any]], Any]:
    """Fill the file; return what was loaded, some orders and what the check found."""
    from sqlalchemy import URL, create_engine

    import syda
    from syda.demo import Base
    from syda.quality.database import check_database
    from syda.schema import read_schema

    engine = create_engine(URL.create("sqlite", database=str(file)))
    _enforce(engine)
    try:
        with progress_bar(hidden=as_json) as progress:
            loaded = syda.seed(engine, Base, rows=rows, seed=seed, create=True, progress=progress)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.commit()
            return loaded, _orders(connection), check_database(connection, read_schema(Base).schema)
    finally:
        engine.dispose()


def _enforce(engine: Engine) -> None:
    from sqlalchemy import event

    event.listen(engine, "connect", lambda driver, _record: driver.execute("PRAGMA foreign_keys = ON"))


def _orders(connection: Connection) -> list[dict[str, Any]]:
    """Return the first orders that have items, each with its customer and its items."""
    from sqlalchemy import select
    from sqlalchemy.orm import Session

    from syda.demo import Order

    first = select(Order).where(Order.items.any()).order_by(Order.id).limit(SAMPLE_ORDERS)
    with Session(connection) as session:
        return [
            {
                "order": order.id,
                "status": order.status.value,
                "created_at": order.created_at.isoformat(sep=" "),
                "customer": order.customer.name,
                "email": order.customer.email,
                "items": [
                    {"quantity": item.quantity, "product": item.product.name, "unit_price": str(item.unit_price)}
                    for item in order.items
                ],
            }
            for order in session.scalars(first)
        ]


def _show(done: str, loaded: Any, sample: list[dict[str, Any]], report: Any) -> None:
    click.echo(f"{done} with {loaded.total:,} rows in {loaded.seconds:.2f} s:")
    echo_rows(loaded.rows)
    for order in sample:
        click.echo(f"\nOrder {order['order']} of {order['created_at']}, {order['status']}")
        click.echo(f"  {order['customer']} <{order['email']}>")
        for item in order["items"]:
            click.echo(f"  {item['quantity']:>6} x {item['product']} at {item['unit_price']}")
    click.echo()
    echo_report(report)
