"""How near loads come to what the database can take: `python -m tests.benchmarks.load [a b c d e f] [--rows N]`.

Each figure is the quotient of syda, generation included, and a limit that is measured in the same run with rows that
are ready: (a) PostgreSQL's own COPY of a file, (b) sqlite3's executemany, (c) the faster of LOAD DATA and INSERTs of
many rows into MariaDB. What is imported and planned at the first call is paid before. (d) is a schema of a hundred
tables, (e) the memory that ten times the rows need, (f) the CRM beside factory_boy and Faker with Core.
Servers are those of SYDA_TEST_POSTGRESQL_URL and SYDA_TEST_MARIADB_URL; each run makes a database of its own.
"""

from __future__ import annotations

import argparse
import io
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

import syda
from tests.benchmarks import run as crm

REPEATS = 3
ITEMS = "order_items"


def shop() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "orders", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("placed", sa.Date, nullable=False)
    )
    sa.Table("products", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(60)))
    sa.Table(
        ITEMS,
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.ForeignKey("orders.id"), nullable=False, index=True),
        sa.Column("product_id", sa.ForeignKey("products.id"), nullable=False, index=True),
        sa.Column("quantity", sa.SmallInteger, nullable=False),
        sa.Column("unit_price", sa.Numeric(10, 2), nullable=False),
        sa.Column("discount", sa.Numeric(10, 2), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
    )
    return metadata


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def show(what: str, value: float, goal: float, *, least: bool = False) -> None:
    met = value >= goal if least else value <= goal
    print(f"  {what}: {value:.2f} (goal {'at least' if least else 'at most'} {goal:g}) {'met' if met else 'MISSED'}")


@contextmanager
def database(variable: str, **options: Any) -> Iterator[sa.Engine]:
    server = sa.create_engine(os.environ[variable], isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    name = f"syda_bench_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine = sa.create_engine(server.url.set(database=name), **options)
    try:
        yield engine
    finally:
        engine.dispose()
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")


def fresh(engine: sa.Engine, metadata: sa.MetaData, parents: Any = None) -> None:
    metadata.drop_all(engine)
    metadata.create_all(engine)
    if parents:
        with engine.begin() as connection:
            for name, rows in parents.items():
                connection.execute(metadata.tables[name].insert(), rows)


def records(engine: sa.Engine, metadata: sa.MetaData) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """Return the rows that syda made: the parents' as records, the items' as tuples."""
    with engine.connect() as connection:
        parents = {
            name: [dict(row._mapping) for row in connection.execute(metadata.tables[name].select())]
            for name in ("orders", "products")
        }
        return parents, [tuple(row) for row in connection.execute(metadata.tables[ITEMS].select())]


def sizes(rows: int) -> dict[str, int]:
    return {"orders": rows // 4, "products": rows // 100, ITEMS: rows}


def seeded_all(engine: sa.Engine, metadata: sa.MetaData, rows: int) -> float:
    """Time syda for all three tables."""
    fresh(engine, metadata)
    return timed(lambda: syda.seed(engine, metadata, rows=sizes(rows)))


def seeded_live(engine: sa.Engine, metadata: sa.MetaData, rows: int) -> float:
    """Time syda for all three tables with constraints that are checked row by row."""
    fresh(engine, metadata)
    return timed(lambda: syda.generate(metadata, rows=sizes(rows)).to_sql(engine, constraints="live"))


def warm_up(engine: sa.Engine, metadata: sa.MetaData) -> None:
    print(f"  (the first call of the process, for 20,000 items: {seeded_all(engine, metadata, 20_000):.2f} s)")


def postgresql(rows: int) -> None:
    metadata = shop()
    with database("SYDA_TEST_POSTGRESQL_URL") as engine, tempfile.TemporaryDirectory() as folder:
        warm_up(engine, metadata)
        last = [seeded_all(engine, metadata, rows) for _ in range(REPEATS)]
        files = {name: Path(folder) / name for name in metadata.tables}
        Path(folder).chmod(0o755)
        with engine.connect() as connection:
            for name, file in files.items():
                written = io.BytesIO()
                driver: Any = connection.connection.driver_connection
                with driver.cursor() as cursor, cursor.copy(f"COPY {name} TO STDOUT (FORMAT binary)") as copy:
                    for part in copy:
                        written.write(part)
                file.write_bytes(written.getvalue())
                file.chmod(0o644)
        limit = [copy_then_constrain(engine, metadata, files) for _ in range(REPEATS)]
        fresh(engine, metadata)
        live = [timed(lambda: copied(engine, files))]
        syda_live = seeded_live(engine, metadata, rows)
    own = median(last)
    print(f"(a) PostgreSQL, {rows} items and parents: syda {own:.2f} s;")
    print(f"  bare COPY and constraints {median(limit):.2f} s; COPY into live constraints {live[0]:.2f} s;")
    print(f"  syda with live constraints {syda_live:.2f} s")
    show("syda / bare COPY and constraints", own / median(limit), 1.3)
    show("syda / live COPY", own / live[0], 0.35)
    show("syda with live constraints / live COPY", syda_live / live[0], 1.2)


def copied(engine: sa.Engine, files: dict[str, Path]) -> None:
    with engine.begin() as connection:
        for name in ("orders", "products", ITEMS):
            connection.exec_driver_sql(f"COPY {name} FROM '{files[name]}' (FORMAT binary)")


def copy_then_constrain(engine: sa.Engine, metadata: sa.MetaData, files: dict[str, Path]) -> float:
    metadata.drop_all(engine)
    bare = sa.MetaData()
    for table in metadata.sorted_tables:
        columns = [sa.Column(c.name, c.type, nullable=c.nullable) for c in table.columns]
        sa.Table(table.name, bare, *columns)
    bare.create_all(engine)

    def work() -> None:
        with engine.begin() as connection:
            for name in ("orders", "products", ITEMS):
                connection.exec_driver_sql(f"COPY {name} FROM '{files[name]}' (FORMAT binary)")
                connection.exec_driver_sql(f"ALTER TABLE {name} ADD PRIMARY KEY (id)")
            for parent in ("order", "product"):
                connection.exec_driver_sql(f"CREATE INDEX ix_{parent} ON {ITEMS} ({parent}_id)")
                connection.exec_driver_sql(
                    f"ALTER TABLE {ITEMS} ADD FOREIGN KEY ({parent}_id) REFERENCES {parent}s (id)"
                )

    return timed(work)


def sqlite(rows: int) -> None:
    metadata = shop()
    for kind in ("memory", "file", "WAL file"):
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/test.db" if kind != "memory" else ""
            engine = sa.create_engine(f"sqlite:///{file}" if file else "sqlite://")
            sa.event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA foreign_keys = ON"))
            if kind == "WAL file":
                sa.event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA journal_mode = WAL"))
            warm_up(engine, metadata)
            own = median(seeded_all(engine, metadata, rows) for _ in range(REPEATS))
            with engine.connect() as connection:
                ready = {
                    name: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")]
                    for name in ("orders", "products", ITEMS)
                }
            engine.dispose()
            limit = median(
                bare_sqlite(f"{folder}/bare{place}.db" if file else ":memory:", ready, kind) for place in range(REPEATS)
            )
        print(f"(b) SQLite, {kind}: syda {own:.2f} s; executemany {limit:.2f} s")
        show("syda / executemany and indexes", own / limit, 1.5)


def bare_sqlite(file: str, ready: dict[str, list[Any]], kind: str) -> float:
    connection = sqlite3.connect(file, isolation_level=None)
    if kind == "WAL file":
        connection.execute("PRAGMA journal_mode = WAL")
    ddl = [
        str(sa.schema.CreateTable(table).compile(dialect=sa.create_engine("sqlite://").dialect))
        for table in shop().sorted_tables
    ]
    for statement in ddl:
        connection.execute(statement)

    def work() -> None:
        connection.execute("BEGIN")
        for name, rows in ready.items():
            connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        connection.execute(f"CREATE INDEX one ON {ITEMS} (order_id)")
        connection.execute(f"CREATE INDEX two ON {ITEMS} (product_id)")
        connection.execute("COMMIT")

    return timed(work)


def mariadb(rows: int) -> None:
    metadata = shop()
    for allowed in (True, False):
        options: dict[str, Any] = {"connect_args": {"local_infile": 1}} if allowed else {}
        with database("SYDA_TEST_MARIADB_URL", **options) as engine:
            warm_up(engine, metadata)
            own = seeded_all(engine, metadata, rows)
            limits = {"INSERT": bare_inserts(engine, metadata)}
            if allowed:
                limits["LOAD DATA"] = bare_load_data(engine, metadata)
        named = ", ".join(f"{name} {value:.2f} s" for name, value in limits.items())
        print(f"(c) MariaDB, LOCAL {'on' if allowed else 'off'}: syda {own:.2f} s; {named}")
        show("syda / the best of these", own / min(limits.values()), 1.5)


def ready_rows(engine: sa.Engine) -> dict[str, list[tuple[Any, ...]]]:
    with engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")]
            for name in ("orders", "products", ITEMS)
        }


def bare_inserts(engine: sa.Engine, metadata: sa.MetaData) -> float:
    statements = []
    for name, rows in ready_rows(engine).items():
        literals = ["(" + ",".join(f"'{cell}'" for cell in row) + ")" for row in rows]
        statements += [
            f"INSERT INTO {name} VALUES " + ",".join(literals[start : start + 20_000])
            for start in range(0, len(literals), 20_000)
        ]
    fresh(engine, metadata)
    with engine.begin() as connection:
        return timed(lambda: [connection.exec_driver_sql(each) for each in statements] and connection.commit())


def bare_load_data(engine: sa.Engine, metadata: sa.MetaData) -> float:
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in ready_rows(engine).items():
            Path(folder, name).write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
        fresh(engine, metadata)
        with engine.begin() as connection:
            return timed(
                lambda: (
                    [
                        connection.exec_driver_sql(f"LOAD DATA LOCAL INFILE '{folder}/{name}' INTO TABLE {name}")
                        for name in ("orders", "products", ITEMS)
                    ]
                    and connection.commit()
                )
            )


def hundred_tables(_: int) -> None:
    metadata = sa.MetaData()
    for number in range(100):
        columns = [
            sa.Column("name", sa.String(60), nullable=False),
            sa.Column("email", sa.String(80), unique=True),
            sa.Column("created_at", sa.DateTime, nullable=False),
            sa.Column("amount", sa.Numeric(10, 2)),
            sa.Column("is_active", sa.Boolean, nullable=False),
        ]
        links = [
            sa.Column(f"t{parent}_id", sa.ForeignKey(f"t{parent}.id"), index=True)
            for parent in {number // 2, number // 3, number - 1}
            if 0 <= parent < number
        ]
        sa.Table(f"t{number}", metadata, sa.Column("id", sa.Integer, primary_key=True), *links, *columns)
    with database("SYDA_TEST_POSTGRESQL_URL") as engine:
        metadata.create_all(engine)
        seconds = timed(lambda: syda.seed(engine, metadata, rows=50))
    print("(d) a hundred tables of 50 rows into PostgreSQL")
    show("seconds", seconds, 3)


def memory(rows: int) -> None:
    """Compare the peaks of two processes, one with ten times the rows of the other."""
    peaks = []
    for some in (rows, 10 * rows):
        with database("SYDA_TEST_POSTGRESQL_URL") as engine:
            shop().create_all(engine)
            url = engine.url.render_as_string(hide_password=False)
            script = (
                "import resource, sys, syda\nfrom tests.benchmarks.load import shop, sizes\n"
                "syda.seed(sys.argv[1], shop(), rows=sizes(int(sys.argv[2])))\n"
                "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
            )
            command = [sys.executable, "-c", script, url, str(some)]
            peaks.append(int(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    print(f"(e) peak memory into PostgreSQL: {rows} items {peaks[0]} MB, {10 * rows} items {peaks[1]} MB")
    show("ten times the rows / once", peaks[1] / peaks[0], 1.2)


def peers(_: int) -> None:
    total = 10_000
    original = crm.database, crm.filled
    with database("SYDA_TEST_POSTGRESQL_URL") as engine:
        from syda.demo import Base

        def emptied() -> sa.Engine:
            engine.dispose()  # connections know the types of the tables that go
            Base.metadata.drop_all(engine)
            Base.metadata.create_all(engine)
            return engine

        crm.database, crm.filled = emptied, lambda *_: None
        try:
            crm.run_syda(emptied(), total)
            own = median(crm.run_syda(emptied(), total) for _ in range(REPEATS))
            other = crm.factory_boy(total)["seconds"]
            hand = crm.by_hand(total)["seconds"]
        finally:
            crm.database, crm.filled = original
    print(f"(f) CRM, {total} rows into PostgreSQL: syda {own:.2f} s, factory_boy {other:.2f} s, Faker {hand:.2f} s")
    show("times factory_boy", other / own, 15, least=True)
    show("times Faker with Core", hand / own, 6, least=True)


BENCHMARKS = {"a": postgresql, "b": sqlite, "c": mariadb, "d": hundred_tables, "e": memory, "f": peers}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", nargs="*", metavar="WHICH", help="letters of benchmarks; without any, all")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of order_items (default: 1000000)")
    given = parser.parse_args()
    for letter in given.which or BENCHMARKS:
        BENCHMARKS[letter](given.rows)


if __name__ == "__main__":
    main()
