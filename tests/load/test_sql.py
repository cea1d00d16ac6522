"""Loading into a database: all or nothing, in the caller's transaction when there is one, after the rows there."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, Identity, String, Text, create_engine, event, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import syda
from syda.errors import LoadError, MissingTableError, RejectedError, SydaError, TargetError, UnknownNameError
from tests.databases import dump, sqlite_engine, sqlite_violations
from tests.shop import Base, Customer, Order, OrderItem, Product


class CycleBase(DeclarativeBase):
    pass


class Thread(CycleBase):
    __tablename__ = "threads"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    first_post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))


class Post(CycleBase):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"))
    body: Mapped[str] = mapped_column(Text)


def test_all_tables_are_filled_and_read_back_through_the_models(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    report = syda.seed(engine, Base, rows=30, seed=2)
    assert report.total == sum(report.rows.values())
    with Session(engine) as session:
        for order in session.scalars(select(Order)):
            assert order.customer.email
            assert order.status.name in ("open", "paid", "shipped")
            assert order.updated_at is None or order.created_at <= order.updated_at
        assert session.scalar(select(func.count()).select_from(OrderItem)) == report.rows["order_items"]


def test_what_is_loaded_is_what_was_generated(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    dataset = syda.generate(Base, rows=25, seed=9)
    dataset.to_sql(engine)
    with Session(engine) as session:
        prices = session.execute(select(Product.sku, Product.price)).all()
    frame = dataset.frames()[Product].set_index("sku")["price"]
    assert {sku: float(price) for sku, price in prices} == pytest.approx(frame.to_dict())


def test_a_circle_of_foreign_keys_is_inserted_and_then_closed(engine: Engine) -> None:
    CycleBase.metadata.create_all(engine)
    syda.seed(engine, CycleBase, rows=40)
    with Session(engine) as session:
        first_posts = session.scalars(select(Thread.first_post_id)).all()
        assert sum(post is not None for post in first_posts) > 20
        assert set(filter(None, first_posts)) <= set(session.scalars(select(Post.id)))


def test_a_second_seeding_continues_after_the_rows_there(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    for _ in range(3):
        syda.seed(engine, Base, rows=20, mode="append")
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Customer)) == 60
        assert session.scalar(select(func.count(func.distinct(Customer.email)))) == 60
        assert session.scalar(select(func.max(Customer.id))) == 60


def test_rows_made_by_the_application_are_respected(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Customer(id=500, first_name="A", last_name="B", email="a@b.example", country="France"))
        session.commit()
    syda.seed(engine, Base, rows={"Customer": 5, "Order": 200}, mode="append")
    with Session(engine) as session:
        assert sorted(session.scalars(select(Customer.id))) == [500, 501, 502, 503, 504, 505]
        assert 500 in set(session.scalars(select(Order.customer_id)))


def test_a_new_row_can_be_added_after_seeding(engine: Engine) -> None:
    """The database's own counter stands behind the numbers that were loaded."""
    Base.metadata.create_all(engine)
    syda.seed(engine, Base, rows=20)
    with Session(engine) as session:
        session.add(Customer(first_name="A", last_name="B", email="a@b.example", country="France"))
        session.commit()


@contextmanager
def failing_at(engine: Engine, number: int, error: BaseException) -> Iterator[list[str]]:
    """Raise `error` instead of running the engine's statement with this number, counted from 0."""
    seen: list[str] = []

    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)
        if len(seen) == number + 1:
            raise error

    event.listen(engine, "before_cursor_execute", before)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", before)


@pytest.mark.parametrize(
    "error", [RuntimeError("fault"), KeyboardInterrupt(), SystemExit(3)], ids=lambda e: type(e).__name__
)
def test_a_fault_at_any_statement_of_a_load_leaves_the_database_as_it_was(engine: Engine, error: BaseException) -> None:
    CycleBase.metadata.create_all(engine)
    syda.seed(engine, CycleBase, rows=3)
    before = dump(engine, CycleBase)
    faults = 0
    while True:
        with failing_at(engine, faults, error) as seen:
            try:
                syda.seed(engine, CycleBase, rows=4, mode="append")
                break
            except type(error):
                pass
        assert dump(engine, CycleBase) == before, f"rows were left behind after a fault at {seen[-1]}"
        faults += 1
    assert faults >= 5
    assert len(dump(engine, CycleBase)["posts"]) == 7


def test_a_refused_row_names_the_table_and_leaves_nothing(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    dataset = syda.generate(Base, rows=5)
    dataset.to_sql(engine)
    before = dump(engine, Base)
    with pytest.raises(RejectedError, match=r"loading table '\w+'"):
        dataset.to_sql(engine, mode="append")
    assert dump(engine, Base) == before


def test_a_session_keeps_its_transaction(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        syda.seed(session, Base, rows=5)
        assert session.scalar(select(func.count()).select_from(Customer)) == 5
        session.rollback()
    assert not any(dump(engine, Base).values())
    with Session(engine) as session:
        session.add(Customer(first_name="A", last_name="B", email="a@b.example", country="France"))
        syda.seed(session, Base, rows=5, mode="append")
        session.commit()
    assert len(dump(engine, Base)["customers"]) == 6


def test_a_connection_keeps_its_transaction_and_its_earlier_work(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("INSERT INTO tenants (id, name) VALUES (1, 'first')"))
        with pytest.raises(SydaError):
            syda.generate(Base, rows=5).to_sql(connection)
        assert connection.scalar(text("SELECT name FROM tenants")) == "first"
        transaction.commit()
    assert dump(engine, Base)["tenants"] == [(1, "first")]


def test_a_connection_outside_a_transaction_is_committed(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        syda.seed(connection, Base, rows=5)
    assert len(dump(engine, Base)["customers"]) == 5


def test_tables_are_made_when_asked_for(engine: Engine) -> None:
    with pytest.raises(TargetError, match=r"no table 'customers'.*create=True"):
        syda.seed(engine, Base, rows=5)
    syda.seed(engine, Base, rows=5, create=True)
    assert len(dump(engine, Base)["customers"]) == 5


def test_a_plan_without_models_makes_its_own_tables() -> None:
    engine = sqlite_engine()
    plan = syda.Plan.from_yaml(syda.plan(Base, rows=12).to_yaml())
    syda.generate(plan).to_sql(engine, create=True)
    assert len(dump(engine, Base)["customers"]) == 12
    assert not sqlite_violations(engine)


def test_a_table_that_is_only_referred_to_gives_its_rows_to_new_children(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    with pytest.raises(MissingTableError, match="'customers', which was not given"):
        syda.seed(engine, [Order], rows=10)
    syda.seed(engine, [Customer], rows=4)
    syda.seed(engine, [Order], rows=10)
    with Session(engine) as session:
        assert set(session.scalars(select(Order.customer_id))) <= {1, 2, 3, 4}
        assert session.scalar(select(func.count()).select_from(Customer)) == 4


def test_the_schema_is_read_from_the_database_when_no_models_are_given(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    report = syda.seed(engine, rows=15)
    assert report.rows["customers"] == 15
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM order_items")) == 15


class Generated(DeclarativeBase):
    pass


class Invoice(Generated):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    remark: Mapped[str] = mapped_column(String(30), server_default="none yet")
    zz_unknown: Mapped[str] = mapped_column(String(9), server_default="fromhere")


class Line(Generated):
    __tablename__ = "invoice_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))


def test_identity_columns_that_are_always_generated_can_be_referred_to(postgresql_engine: Engine) -> None:
    Generated.metadata.create_all(postgresql_engine)
    syda.seed(postgresql_engine, Generated, rows=12)
    with Session(postgresql_engine) as session:
        session.add(Invoice())
        session.commit()
        assert session.scalar(select(func.max(Invoice.id))) == 13


def test_a_server_default_fills_a_column_of_unknown_meaning() -> None:
    engine = sqlite_engine()
    Generated.metadata.create_all(engine)
    syda.seed(engine, Generated, rows=12)
    with Session(engine) as session:
        assert set(session.scalars(select(Invoice.zz_unknown))) == {"fromhere"}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (object(), "expected a SQLAlchemy Engine"),
        ("not a url", "expected a SQLAlchemy Engine"),
        ("postgresql+psycopg://someone:hidden@127.0.0.1:1/none", "cannot reach the database"),
        ("postgresql://someone:hidden@host:port/db", "the 'postgresql' URL cannot be read"),
        ("postgresql://someone:p@12:hidden@127.0.0.1/db", "the 'postgresql' URL cannot be read"),
        ("postgresql+psycopg://someone:p@hidden@127.0.0.1:1/none", "more than one '@'"),
        ("postgresql+psycopg://someone:p@hidden?a@127.0.0.1:1/none", "more than one '@'"),
        ("mysql+pymysql://someone:hidden@127.0.0.1:1/none?unknown=1", "unknown"),
        ("nosuchdb://someone:hidden@host/db", "nosuchdb"),
        ("someone:hidden@host/db", "the text cannot be read"),
        ({"url": "postgresql://someone:hidden@host/db"}, "got dict"),
        ("sqlite:////no/such/folder/file.db", "cannot reach the database"),
    ],
)
def test_a_target_that_cannot_be_used_is_said_without_its_password(target: Any, message: str) -> None:
    with pytest.raises(LoadError, match=message) as caught:
        syda.seed(target, Base, rows=1)
    assert "hidden" not in "".join(traceback.format_exception(caught.value))


def test_connections_and_sessions_that_lead_nowhere_are_refused() -> None:
    connection = sqlite_engine().connect()
    connection.close()
    closed = Session(sqlite_engine(), close_resets_only=False)
    closed.close()
    wrong = ((connection, "closed"), (Session(), "not bound"), (closed, "cannot be used"), (Base, "got the class Base"))
    for target, message in wrong:
        with pytest.raises(TargetError, match=message):
            syda.seed(target, Base, rows=1)


def test_a_database_that_another_holds_is_said_to_be_locked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}?timeout=0"
    syda.seed(url, Base, rows=2, create=True)
    with create_engine(url).connect() as other, create_engine(url).connect() as connection:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        for target in (url, connection):
            with pytest.raises(TargetError, match="beginning the transaction: the database failed: database is locked"):
                syda.seed(target, Base, rows=2, mode="append")
        assert not connection.in_transaction()
        other.rollback()
        assert syda.seed(connection, Base, rows=2, mode="append").total


def test_what_fails_at_commit_leaves_nothing(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "test.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE other (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql(
            "CREATE TABLE child (id INTEGER PRIMARY KEY, x INTEGER REFERENCES other DEFERRABLE INITIALLY DEFERRED)"
        )
    models = {"child": {"id": "integer", "x": "integer"}}
    with engine.connect() as connection:
        for target in (engine, connection):
            with pytest.raises(RejectedError, match="committing: the database refused it: FOREIGN KEY"):
                syda.seed(target, models, rows=3)
        assert connection.scalar(text("SELECT count(*) FROM child")) == 0


@pytest.mark.parametrize("rows", [1, 12_000])
def test_a_connection_lost_while_loading_is_a_target_error(rows: int, postgresql_engine: Engine) -> None:
    def cut(*_: object) -> None:
        with postgresql_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
            other.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )

    Base.metadata.create_all(postgresql_engine)
    with pytest.raises(TargetError, match="the database failed"):
        syda.seed(postgresql_engine, Base, rows=rows, progress=cut)
    with postgresql_engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Customer)) == 0


def test_an_sqlite_file_is_made_only_when_asked_for_and_kept_only_when_filled(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    url = f"sqlite:///{file}"
    dataset = syda.generate(Base, rows=2)
    for attempt in (lambda: syda.seed(url, Base), lambda: syda.seed(url), lambda: dataset.to_sql(url)):
        with pytest.raises(TargetError, match="the file does not exist"):
            attempt()
    with pytest.raises(UnknownNameError):
        syda.seed(url, Base, rows={"Custmer": 1}, create=True)
    assert not file.exists()
    syda.seed(url, Base, rows=2, create=True)
    with pytest.raises(RejectedError):
        dataset.to_sql(url, mode="append")
    assert file.stat().st_size
    file.write_bytes(b"")
    with pytest.raises(TargetError, match="no table"):
        syda.seed(url, Base)
    assert file.exists(), "an empty file of the user's own stays"


def test_quick_sqlite_values_equal_those_of_sqlalchemy() -> None:
    """NumPy's conversions store exactly what SQLAlchemy Core would have stored."""
    quick, slow = sqlite_engine(), sqlite_engine()
    dataset = syda.generate(Base, rows=40, seed=6)
    for engine in (quick, slow):
        Base.metadata.create_all(engine)
    dataset.to_sql(quick)
    frames = dataset.frames()
    with Session(slow) as session, session.begin():
        for name in dataset.rows:
            table = Base.metadata.tables[name]
            frame = frames[name].astype(object)
            records = frame.where(frame.notna(), None).to_dict("records")
            session.execute(table.insert(), records)
    with quick.connect() as one, slow.connect() as other:
        for name in ("orders", "profiles", "customers"):
            statement = text(f"SELECT * FROM {name} ORDER BY 1")
            assert one.execute(statement).all() == other.execute(statement).all()
