"""How fast syda is, and its peers: `python -m tests.benchmarks.run [--all]`.

1. The CRM of `syda.demo` into SQLite in memory that enforces foreign keys: rows per second of syda, factory_boy and
   hand-written Faker rows. Mappers are configured and tables made before the clock starts; it stops after the commit.
2. A million rows without a database: seconds and peak memory.
3. `import syda`: milliseconds and modules.

Every measurement runs in a process of its own and is the median of five. The peers are given explicit keys and
plain random foreign keys, which is the fastest they can do: no flush for a key, no sub-factories.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

SHARES = {"Customer": 5, "Contact": 15, "Product": 5, "Order": 25, "OrderItem": 50}
GOALS = {"first call": (25, 8), "next call": (50, 18)}
GOAL_SIZE = 10_000
REPEATS = 5
FAKER = {
    "name": "company",
    "company": "company",
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email",
    "phone": "phone_number",
    "website": "url",
    "street": "street_address",
    "address": "street_address",
    "city": "city",
    "state": "state",
    "country": "country",
    "postal_code": "postcode",
    "title": "job",
    "job_title": "job",
    "position": "job",
    "description": "sentence",
    "notes": "sentence",
    "industry": "bs",
    "sku": "ean8",
    "category": "word",
    "status": "word",
}
"""Column name -> Faker provider; other columns go by type."""

Declaration = tuple[str, Any]


def counts(total: int) -> dict[str, int]:
    return {name: total * share // 100 for name, share in SHARES.items()}


def database() -> Any:
    from sqlalchemy import create_engine, event
    from sqlalchemy.orm import configure_mappers
    from sqlalchemy.pool import StaticPool

    from syda.demo import Base

    configure_mappers()
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    Base.metadata.create_all(engine)
    return engine


def filled(engine: Any, total: int) -> None:
    """Refuse to report a contender that did not do the work."""
    from sqlalchemy import func, select

    from syda.demo import Base

    with engine.connect() as connection:
        found = sum(connection.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    assert found == total, f"expected {total} rows, found {found}"
    assert not broken, broken[:3]


def classes() -> list[type[Any]]:
    """Return the five classes, parents first."""
    from syda import demo

    return [getattr(demo, name) for name in SHARES]


def declare(class_: type[Any], sizes: dict[str, int]) -> Iterator[tuple[str, Declaration]]:
    """Say how a peer makes each column: by its number, a Faker provider with arguments, or a plain function."""
    from sqlalchemy import inspect

    by_table = {each.__tablename__: sizes[each.__name__] for each in classes()}
    for attribute in inspect(class_).column_attrs:
        column = attribute.columns[0]
        if column.foreign_keys:
            parents = by_table[next(iter(column.foreign_keys)).column.table.name]
            if class_.__name__ == "OrderItem":
                yield attribute.key, ("number", item_parent(attribute.key, parents, sizes["Order"]))
            else:
                yield attribute.key, ("plain", lambda parents=parents: random.randint(1, parents))
        elif column.primary_key:
            yield attribute.key, ("number", lambda number: number + 1)
        else:
            yield attribute.key, declare_value(attribute.key, column)


def item_parent(name: str, parents: int, orders: int) -> Callable[[int], int]:
    """Spread items over orders and products so that no pair repeats."""
    if name.startswith("order"):
        return lambda number: number % orders + 1
    return lambda number: (number % orders * 31 + number // orders) % parents + 1


def declare_value(name: str, column: Any) -> Declaration:
    if getattr(column.type, "enums", None):
        values = list(column.type.enum_class or column.type.enums)
        return "plain", lambda: random.choice(values)
    kind = column.type.python_type
    if kind is str:
        unique = column.unique or any(
            column.name in key.columns and len(key.columns) == 1 for key in unique_keys(column.table)
        )
        return ("unique" if unique else "faker"), (FAKER.get(name, "word"), {}, column.type.length or 200)
    if kind is Decimal:
        return "plain", lambda: Decimal(random.randint(100, 99_999)) / 100
    if kind is int:
        return "plain", lambda: random.randint(1, 20)
    if kind is float:
        return "plain", lambda: random.uniform(1, 1000)
    if kind is bool:
        return "plain", lambda: random.random() < 0.5
    if kind in (date, datetime):
        provider = "date_time_between" if kind is datetime else "date_between"
        return "faker", (provider, {"start_date": datetime(2022, 1, 1), "end_date": datetime(2025, 1, 1)}, None)
    raise TypeError(f"no declaration for {column}")


def unique_keys(table: Any) -> list[Any]:
    from sqlalchemy import UniqueConstraint

    return [key for key in table.constraints if isinstance(key, UniqueConstraint)] + [
        index for index in table.indexes if index.unique
    ]


def run_syda(engine: Any, total: int, seed: int = 0) -> float:
    import syda
    from syda.demo import Base

    start = time.perf_counter()
    syda.seed(engine, Base, rows=counts(total), seed=seed)
    return time.perf_counter() - start


def lazy_syda(total: int) -> dict[str, Any]:
    """Time the first call of a process, imports included, and tell which modules it loaded."""
    engine = database()
    seconds = run_syda(engine, total)
    filled(engine, total)
    return {"seconds": seconds, "modules": [name for name in sys.modules if name != "__main__"]}


def syda_calls(total: int, modules: str) -> dict[str, Any]:
    """Time the first and the next call of a process that has all modules."""
    for name in json.loads(Path(modules).read_text(encoding="utf-8")):
        with suppress(Exception):
            importlib.import_module(name)
    engines = [database(), database()]
    seconds = [run_syda(engine, total, seed) for seed, engine in enumerate(engines)]
    for engine in engines:
        filled(engine, total)
    return {"first": seconds[0], "next": seconds[1]}


def factory_boy(total: int) -> dict[str, Any]:
    import factory
    from factory.alchemy import SQLAlchemyModelFactory
    from faker import Faker
    from sqlalchemy.orm import Session

    engine, sizes, fake = database(), counts(total), Faker()

    def declaration(how: str, detail: Any) -> Any:
        if how == "number":
            return factory.Sequence(detail)
        if how == "plain":
            return factory.LazyFunction(detail)
        provider, options, length = detail
        if how == "unique":
            make = getattr(fake, provider)
            return factory.Sequence(lambda number: f"{number}.{make()}"[:length])
        return factory.Faker(provider, **options)

    with Session(engine) as session:
        factories = []
        for class_ in classes():
            fields = {name: declaration(*how) for name, how in declare(class_, sizes)}
            meta = type("Meta", (), {"model": class_, "sqlalchemy_session": session})
            made = type(f"{class_.__name__}Factory", (SQLAlchemyModelFactory,), {**fields, "Meta": meta})
            made.reset_sequence(0)
            factories.append((made, sizes[class_.__name__]))
        start = time.perf_counter()
        for made, number in factories:
            made.create_batch(number)
            session.flush()  # parents first, also where the models have no relationship to order them
        session.commit()
        seconds = time.perf_counter() - start
    filled(engine, total)
    return {"seconds": seconds}


def by_hand(total: int) -> dict[str, Any]:
    from faker import Faker
    from sqlalchemy import insert

    engine, sizes, fake = database(), counts(total), Faker()

    def maker(how: str, detail: Any) -> Callable[[int], Any]:
        if how == "number":
            number_to_value: Callable[[int], Any] = detail
            return number_to_value
        if how == "plain":
            return lambda _: detail()
        provider, options, length = detail
        make = getattr(fake, provider)
        if how == "unique":
            return lambda number: f"{number}.{make()}"[:length]
        return lambda _: make(**options)

    makers = [(each, {name: maker(*how) for name, how in declare(each, sizes)}) for each in classes()]
    start = time.perf_counter()
    with engine.begin() as connection:
        for class_, fields in makers:
            rows = [{name: make(row) for name, make in fields.items()} for row in range(sizes[class_.__name__])]
            connection.execute(insert(class_.__table__), rows)
    seconds = time.perf_counter() - start
    filled(engine, total)
    return {"seconds": seconds}


def million(total: int) -> dict[str, Any]:
    import syda
    from syda.demo import Base

    start = time.perf_counter()
    dataset = syda.generate(Base, rows=counts(total))
    seconds = time.perf_counter() - start
    assert sum(dataset.rows.values()) == total
    unit = 1 if sys.platform == "darwin" else 1024
    return {"seconds": seconds, "bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}


def imports() -> dict[str, Any]:
    before = set(sys.modules)
    start = time.perf_counter()
    import syda

    seconds = time.perf_counter() - start
    return {"seconds": seconds, "modules": len(set(sys.modules) - before), "version": syda.__version__}


JOBS: dict[str, Callable[..., dict[str, Any]]] = {
    each.__name__: each for each in (lazy_syda, syda_calls, factory_boy, by_hand, million, imports)
}


def measure(job: str, *arguments: object) -> list[dict[str, Any]]:
    """Run a job in fresh processes."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.run", "--job", job, *map(str, arguments)]
    done = []
    for _ in range(REPEATS):
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise SystemExit(f"{job} failed:\n{ran.stderr[-3000:]}")
        done.append(json.loads(ran.stdout.splitlines()[-1]))
    return done


def middle(results: list[dict[str, Any]], key: str = "seconds") -> float:
    return median(result[key] for result in results)


def compare(total: int, *, peers: bool, factory: bool) -> None:
    times: dict[str, float | None] = {}
    lazy = measure("lazy_syda", total)
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as modules:
        json.dump(lazy[0]["modules"], modules)
        modules.flush()
        calls = measure("syda_calls", total, modules.name)
    times["syda, first call with imports"] = middle(lazy)
    times["syda, first call"] = middle(calls, "first")
    times["syda, next call"] = middle(calls, "next")
    boy = middle(measure("factory_boy", total)) if peers and factory else None
    hand = middle(measure("by_hand", total)) if peers else None
    times |= {"factory_boy": boy, "Faker by hand": hand}
    print(f"\n{total:,} rows into SQLite in memory")
    print(f"  {'':<30} {'seconds':>9} {'rows/s':>11} {'x factory_boy':>14} {'x by hand':>11}")
    for name, seconds in times.items():
        if seconds is not None:
            ratios = f"{ratio(boy, seconds):>14} {ratio(hand, seconds):>11}"
            verdict = goal(name, total, boy, hand, seconds)
            print(f"  {name:<30} {seconds:>9.3f} {total / seconds:>11,.0f} {ratios}{verdict}")


def ratio(peer: float | None, seconds: float) -> str:
    return f"{peer / seconds:.1f}" if peer else "-"


def goal(name: str, total: int, boy: float | None, hand: float | None, seconds: float) -> str:
    wanted = GOALS.get(name.removeprefix("syda, "))
    if total != GOAL_SIZE or wanted is None or not boy or not hand:
        return ""
    reached = boy / seconds >= wanted[0] and hand / seconds >= wanted[1]
    return f"  goal {wanted[0]}x and {wanted[1]}x: {'reached' if reached else 'MISSED'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--all", action="store_true", help="factory_boy at 100,000 rows too (minutes)")
    parser.add_argument("--no-peers", action="store_true", help="syda alone")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--job", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        name, *arguments = options.job
        print(json.dumps(JOBS[name](*(int(each) if each.isdigit() else each for each in arguments))))
        return
    for total in options.sizes:
        compare(total, peers=not options.no_peers, factory=total < 100_000 or options.all)
    made = measure("million", 1_000_000)
    seconds, memory = middle(made), middle(made, "bytes") / 2**30
    verdict = "reached" if seconds < 2 and memory < 1 else "MISSED"
    print(f"\n1,000,000 rows without a database: {seconds:.2f} s, {memory:.2f} GiB (goal < 2 s, < 1 GiB: {verdict})")
    loaded = measure("imports")
    took = middle(loaded) * 1000
    verdict = "reached" if took <= 50 else "MISSED"
    print(f"import syda: {took:.1f} ms, {loaded[0]['modules']} modules (goal 50 ms: {verdict})")


if __name__ == "__main__":
    main()
