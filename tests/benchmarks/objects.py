"""What objects for tests cost: `python -m tests.benchmarks.objects`.

200 tests each need a customer with 3 orders and 9 items, in a session of its own that is rolled back: syda,
factory_boy, polyfactory, and SQLAlchemy's own constructors with literal data, side by side in turns, on SQLite in
memory and on PostgreSQL where SYDA_TEST_POSTGRESQL_URL names one. factory_boy gives persisted objects, as syda does,
where it flushes each (`sqlalchemy_session_persistence = "flush"`); with one flush at the end none has a key before.
The figure is the quotient of the medians of all tests. What is imported and planned at the first call is told apart.
Last, what the pytest plugin adds to a start of pytest.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from sqlalchemy import Engine, ForeignKey, StaticPool, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import syda

TESTS, TURNS, STARTS = 200, 5, 25
NOW = datetime(2025, 1, 1)


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    email: Mapped[str] = mapped_column(sa.String(120), unique=True)
    city: Mapped[str] = mapped_column(sa.String(60))
    created_at: Mapped[datetime]
    orders: Mapped[list[Order]] = relationship(back_populates="customer")


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[str] = mapped_column(sa.String(20))
    ordered_at: Mapped[datetime]
    customer: Mapped[Customer] = relationship(back_populates="orders")
    items: Mapped[list[Item]] = relationship(back_populates="order")


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product: Mapped[str] = mapped_column(sa.String(80))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(sa.Numeric(10, 2))
    order: Mapped[Order] = relationship(back_populates="items")


def by_syda(session: Session, _number: int) -> Customer:
    return syda.make(session, Customer, orders=[{"items": 3}, {"items": 3}, {"items": 3}])


def by_hand(session: Session, number: int) -> Customer:
    customer = Customer(name="Ada Lovelace", email=f"ada{number}@mail.example", city="London", created_at=NOW)
    for _ in range(3):
        order = Order(status="paid", ordered_at=NOW)
        customer.orders.append(order)
        for _ in range(3):
            order.items.append(Item(product="Tea", quantity=2, unit_price=Decimal("4.50")))
    session.add(customer)
    session.flush()
    return customer


def by_factory_boy(persistence: str | None) -> Callable[[Session, int], Customer]:
    import factory
    from factory.alchemy import SQLAlchemyModelFactory

    class Items(SQLAlchemyModelFactory):
        product = factory.Faker("word")
        quantity = factory.Faker("random_int", min=1, max=9)
        unit_price = factory.Faker("pydecimal", left_digits=2, right_digits=2, positive=True)

        class Meta:
            model = Item

    class Orders(SQLAlchemyModelFactory):
        status = factory.Iterator(["open", "paid"])
        ordered_at = factory.Faker("date_time")
        items = factory.RelatedFactoryList(Items, "order", size=3)

        class Meta:
            model = Order

    class Customers(SQLAlchemyModelFactory):
        name = factory.Faker("name")
        email = factory.Sequence("person{}@mail.example".format)
        city = factory.Faker("city")
        created_at = factory.Faker("date_time")
        orders = factory.RelatedFactoryList(Orders, "customer", size=3)

        class Meta:
            model = Customer

    def make(session: Session, _number: int) -> Customer:
        for each in (Items, Orders, Customers):
            each._meta.sqlalchemy_session = session
            each._meta.sqlalchemy_session_persistence = persistence
        customer: Customer = Customers()
        session.flush()
        return customer

    return make


def by_polyfactory() -> Callable[[Session, int], Customer]:
    from polyfactory.factories.sqlalchemy_factory import SQLAlchemyFactory

    class Items(SQLAlchemyFactory[Item]):
        __set_relationships__ = False

    class Orders(SQLAlchemyFactory[Order]):
        __set_relationships__ = False

    class Customers(SQLAlchemyFactory[Customer]):
        __set_relationships__ = False

    def make(session: Session, number: int) -> Customer:
        customer = Customers.build(id=None, email=f"person{number}@mail.example")
        customer.orders = [
            Orders.build(id=None, customer_id=None, items=[Items.build(id=None, order_id=None) for _ in range(3)])
            for _ in range(3)
        ]
        session.add(customer)
        session.flush()
        return customer

    return make


def seconds_of(make: Callable[[Session, int], Customer], engine: Engine, first: int) -> list[float]:
    found = []
    for number in range(first, first + TESTS):
        with engine.connect() as connection:
            start = time.perf_counter()
            with connection.begin() as transaction:
                with Session(connection, join_transaction_mode="create_savepoint") as session:
                    customer = make(session, number)
                    assert len(customer.orders[0].items) == 3
                transaction.rollback()
            found.append(time.perf_counter() - start)
    return found


@contextmanager
def engines() -> Iterator[dict[str, Engine]]:
    sqlite = create_engine("sqlite://", poolclass=StaticPool)
    found, url = {"SQLite": sqlite}, os.environ.get("SYDA_TEST_POSTGRESQL_URL")
    if url is None:
        yield found
        return
    administrator, name = create_engine(url, isolation_level="AUTOCOMMIT"), f"syda_objects_{uuid.uuid4().hex[:8]}"
    with administrator.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    found["PostgreSQL"] = create_engine(administrator.url.set(database=name))
    try:
        yield found
    finally:
        found["PostgreSQL"].dispose()
        with administrator.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def compare(label: str, engine: Engine) -> None:
    Base.metadata.create_all(engine)
    makers = {
        "literal": by_hand,
        "syda": by_syda,
        "factory_boy": by_factory_boy("flush"),
        "factory_boy, one flush": by_factory_boy(None),
        "polyfactory": by_polyfactory(),
    }
    with engine.connect() as connection, Session(connection) as session:
        start = time.perf_counter()
        by_syda(session, 0)
        print(f"{label}: the first call of syda takes {(time.perf_counter() - start) * 1e3:.0f} ms")
    taken: dict[str, list[float]] = {name: [] for name in makers}
    for turn in range(TURNS):
        for name, make in makers.items():
            taken[name] += seconds_of(make, engine, (turn + 1) * TESTS)
    medians = {name: median(found) for name, found in taken.items()}
    for name, found in medians.items():
        print(f"{label}: {name:<22} {found * 1e3:7.2f} ms a test, {found / medians['literal']:6.2f} of literal data")
    show("of literal data", medians["syda"] / medians["literal"], 1.3)
    show("times as fast as factory_boy", medians["factory_boy"] / medians["syda"], 3, least=True)


def show(what: str, figure: float, goal: float, *, least: bool = False) -> None:
    met = figure >= goal if least else figure <= goal
    print(f"    {figure:.2f} {what} (goal {'>=' if least else '<='} {goal:g}) {'met' if met else 'MISSED'}")


def start_of_pytest() -> None:
    """Print what the plugin adds to a start of pytest: the median of processor time, several starts in turns."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").write_text("def test_nothing(): pass\n")
        taken: dict[str, list[float]] = {"without": [], "with": []}
        for _ in range(STARTS):
            taken["without"].append(_start([], folder))
            taken["with"].append(_start(["-p", "syda.pytest_plugin"], folder))
    base = median(taken["without"])
    print(f"pytest without plugins starts in {base:.0f} ms of processor time")
    show("ms are added by the plugin", median(taken["with"]) - base, 10)


def _start(more: list[str], folder: str) -> float:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    before = _spent()
    subprocess.run(command, cwd=folder, env=alone, check=True, stdout=subprocess.DEVNULL)
    return (_spent() - before) * 1e3


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    with engines() as found:
        for label, engine in found.items():
            compare(label, engine)
    start_of_pytest()


if __name__ == "__main__":
    main()
