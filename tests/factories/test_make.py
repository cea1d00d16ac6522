"""One call gives a test the object that it asks for, with all that this needs, and no more."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session, object_session, scoped_session, sessionmaker

import syda
from syda.errors import CycleError, IntegrityError, PlanError, RejectedError, SchemaError, TargetError, UnknownNameError
from tests.databases import sqlite_engine
from tests.factories.garage import (
    Account,
    Author,
    Base,
    Book,
    Box,
    Circle,
    Clerk,
    Customer,
    DataBase,
    Egg,
    Hen,
    Item,
    Member,
    Node,
    Note,
    Order,
    Point,
    Post,
    Product,
    Property,
    Release,
    Shape,
    Shop,
    State,
    Tag,
    Tenant,
    Transfer,
    Watch,
)
from tests.factories.heroes import Hero, Team


def counts(session: Session) -> dict[str, int]:
    """Return the tables that have rows, and how many."""
    found = {
        table.name: session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.tables.values()
    }
    return {name: rows for name, rows in found.items() if rows}


def test_an_object_has_all_that_it_needs_and_nothing_else(session: Session) -> None:
    order = syda.make(session, Order)
    assert sa.inspect(order).persistent
    assert counts(session) == {"orders": 1, "customers": 1, "tenants": 1}
    assert order.customer.tenant is order.tenant
    assert order.items == []


def test_nested_attributes_and_children(session: Session) -> None:
    order = syda.make(session, Order, customer__name="Acme", items=3, state=State.PAID)
    assert (order.customer.name, order.state, len(order.items)) == ("Acme", State.PAID, 3)
    assert [item.line for item in order.items] == [1, 2, 3]
    assert len({item.product for item in order.items}) == 3  # an order has each product once
    assert counts(session)["products"] == 3


def test_children_are_a_number_dicts_or_objects(session: Session) -> None:
    tea = syda.make(session, Product, name="Tea")
    mine = syda.make(session, Item, quantity=7)
    order = syda.make(session, Order, items=[{"quantity": 2}, {"product": tea}, {}, mine])
    assert [item.quantity for item in order.items][::3] == [2, 7]
    assert order.items[1].product is tea
    assert mine.order is order
    assert len({item.line for item in order.items}) == 4


def test_what_is_said_of_all_children(session: Session) -> None:
    order = syda.make(session, Order, items=[{"quantity": 2}, {}], items__quantity=5, items__product__name="Tea")
    assert [item.quantity for item in order.items] == [2, 5]
    assert {item.product.name for item in order.items} == {"Tea"}
    assert len(syda.make(session, Order, items__quantity=5).items) == 1


def test_defaults_hold_and_optional_dates_are_empty(session: Session) -> None:
    order = syda.make(session, Order)
    assert (order.state, order.currency, order.sent_at) == (State.NEW, "EUR", None)
    assert order.customer.is_active
    assert order.customer.deleted_at is None
    assert order.customer.phone


def test_checks_are_kept_around_what_is_said(session: Session) -> None:
    order = syda.make(session, Order, state=State.SENT)
    assert order.sent_at is not None


@pytest.mark.parametrize(
    ("class_", "attributes", "message"),
    [
        (Order, {"state": State.SENT, "sent_at": None}, r"Order: check \(state <> 'SENT' OR sent_at IS NOT NULL\)"),
        (Order, {"total": -5}, r"Order: check \(total >= 0\) is broken by total"),
        (Order, {"items": [{}, {"quantity": 100}]}, r"Order.items\[1\]: check \(quantity BETWEEN 1 AND 99\)"),
        (Order, {"customer__name": "x" * 81}, "Order.customer: length is broken by name="),
        (Order, {"customer__name": None}, "Order.customer: NOT NULL is broken by name=None"),
    ],
)
def test_what_breaks_a_rule_is_told_before_the_database_sees_it(
    session: Session, class_: Any, attributes: dict[str, Any], message: str
) -> None:
    with pytest.raises(IntegrityError, match=message):
        syda.make(session, class_, **attributes)
    assert not counts(session)


@pytest.mark.parametrize(
    ("class_", "attributes", "error", "message"),
    [
        (Order, {"custmer": 1}, UnknownNameError, "Order has no attribute 'custmer'; did you mean 'customer'"),
        (Order, {"customer__nam": "x"}, UnknownNameError, "did you mean 'name'"),
        (Order, {"total__x": 1}, PlanError, "goes through 'total', which is no relationship"),
        (Order, {"total": "many"}, PlanError, "Order.total: expected a value for numeric, got str 'many'"),
        (Order, {"items": "three"}, PlanError, "expected a number of children, or a list of dicts or objects, got str"),
        (Order, {"items": -1}, PlanError, "expected 0 children or more, got -1"),
        (Order, {"items": [3]}, PlanError, r"Order.items\[0\]: expected an object of Item or a dict, got int"),
        (Order, {"customer": 7}, PlanError, "expected an object of Customer, a dict of its attributes, True or None"),
        (Order, {"customer": Tenant(slug="x")}, PlanError, "expected an object of Customer or a dict, got Tenant"),
        (Order, {"customer": None}, PlanError, "customer is None, but orders.tenant_id, customer_id is NOT NULL"),
        (Order, {"customer": None, "customer__name": "x"}, PlanError, "are both given"),
        (Item, {"product": {}, "product_sku": "A"}, PlanError, "product and product_sku are both given"),
        (Box, {"start": 3}, PlanError, "expected a composite value"),
        (Egg, {}, CycleError, "Egg -> Hen -> Egg: each requires the next"),
        (int, {}, SchemaError, "expected a mapped class, got int"),
    ],
)
def test_what_cannot_be_meant(
    session: Session, class_: Any, attributes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        syda.make(session, class_, **attributes)
    with pytest.raises(error, match=message):
        syda.build(class_, **attributes)


def test_a_circle_is_broken_by_an_object(session: Session) -> None:
    session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
    egg = Egg(id=1, hen_id=1)
    session.add_all([egg, Hen(id=1, egg_id=1)])
    session.flush()
    assert syda.make(session, Hen, egg=egg).egg is egg


def test_an_object_that_is_there_is_the_parent(session: Session) -> None:
    customer = syda.make(session, Customer)
    order = syda.make(session, Order, customer=customer)
    assert order.customer is customer
    assert order.tenant is customer.tenant  # they share the column
    assert syda.make(session, Order, tenant_id=customer.tenant_id, customer_id=customer.id).customer is customer
    assert counts(session)["customers"] == 1


def test_children_of_an_object_that_is_there_go_on_after_its_own(session: Session) -> None:
    order = syda.make(session, Order, items=2)
    assert [syda.make(session, Item, order=order).line for _ in range(3)] == [3, 4, 5]
    session.expire_all()
    assert len(order.items) == 5


def test_children_are_numbered_beside_those_of_the_same_object_alone(session: Session) -> None:
    first, second = syda.make_many(session, 2, Order)
    tea, milk = syda.make_many(session, 2, Product)
    asked = [(first, tea), (second, tea), (first, milk)]
    assert [syda.make(session, Item, order=order, product=product).line for order, product in asked] == [1, 1, 2]
    assert syda.make(session, Item, order_id=second.id, product=milk).line == 2
    assert [item.line for item in syda.make_many(session, 3, Item, order=first)] == [3, 4, 5]


@pytest.mark.parametrize("said", [[{}, {"line": 1}], [{"line": 2}, {}, {}], [{}, {}, {"line": 7}]])
def test_numbers_that_are_said_are_left_to_their_children(session: Session, said: list[dict[str, Any]]) -> None:
    lines = [item.line for item in syda.make(session, Order, items=said).items]
    assert len(set(lines)) == len(said)
    assert all(own.get("line", line) == line for own, line in zip(said, lines, strict=True))


def test_attributes_may_be_called_like_arguments(session: Session) -> None:
    release = syda.make(session, Release, commit_="3f2a9c1", reuse_=True, class_="minor", fixes=[{"class_": "major"}])
    assert (release.commit, release.reuse, release.class_, release.fixes[0].class_) == (
        "3f2a9c1",
        True,
        "minor",
        "major",
    )
    with pytest.raises(UnknownNameError, match="Customer has no attribute 'commit_'"):
        syda.make(session, Customer, commit_="3f2a9c1")


def test_a_key_that_is_given_must_exist(session: Session) -> None:
    with pytest.raises(RejectedError, match="Item: there is no Order with id = 99"):
        syda.make(session, Item, order_id=99)


def test_unique_values_are_free(session: Session) -> None:
    made = [syda.make(session, Customer) for _ in range(3)] + syda.make_many(session, 200, Customer)
    assert len({customer.email for customer in made}) == 203
    with pytest.raises(RejectedError, match=f"there is a row of 'customers' with email = '{made[0].email}' already"):
        syda.make(session, Customer, email=made[0].email)


def test_rows_that_are_there_are_passed_over() -> None:
    engine = sqlite_engine()
    Base.metadata.create_all(engine)
    emails = []
    for _ in range(3):
        with Session(engine) as session:
            emails.append(syda.make(session, Customer, commit=True).email)
    assert len(set(emails)) == 3
    syda.seed(engine, Base, rows=20, mode="append")
    with Session(engine) as session:
        syda.make_many(session, 50, Customer, commit=True)
    assert syda.check(engine, Base).ok


def test_the_same_objects_on_every_run(session: Session, engine: Engine) -> None:
    def shown(order: Order) -> tuple[Any, ...]:
        return (
            order.total,
            order.ordered_at,
            order.customer.name,
            [(item.line, item.unit_price) for item in order.items],
        )

    first = [shown(syda.make(session, Order, items=2)) for _ in range(3)]
    session.rollback()
    with Session(session.connection(), join_transaction_mode="create_savepoint") as again:
        assert [shown(syda.make(again, Order, items=2)) for _ in range(3)] == first
    assert len({str(each) for each in first}) == 3


def test_reuse(session: Session) -> None:
    acme = syda.make(session, Customer, name="Acme")
    assert syda.make(session, Order, reuse=[acme]).customer is acme
    assert syda.make(session, Order, reuse="database").customer is acme
    apart = syda.make(session, Order, reuse="never", items=2)
    assert apart.customer is not acme
    assert apart.customer.tenant is apart.tenant


def test_parents_that_share_a_column_agree(session: Session) -> None:
    tenant = syda.make(session, Tenant)
    order = syda.make(session, Order, tenant=tenant)
    assert order.customer.tenant is tenant
    assert syda.make(session, Order, tenant__slug="mine", customer__name="x").customer.tenant.slug == "mine"
    assert syda.make(session, Order, customer__tenant=tenant).tenant is tenant
    customer = syda.make(session, Customer, orders=[{"items": 1}, {"tenant": tenant}], tenant=tenant)
    assert {order.tenant for order in customer.orders} == {tenant}
    with pytest.raises(PlanError, match=r"Order.tenant: another parent has one already, and they share tenant_id"):
        syda.make(session, Order, customer=customer, tenant__slug="other")


def test_reuse_is_a_policy_or_objects(session: Session) -> None:
    with pytest.raises(PlanError, match="did you mean 'never'"):
        syda.make(session, Order, reuse="newer")  # type: ignore[arg-type]


def test_trees_and_one_to_one(session: Session) -> None:
    node = syda.make(session, Node, parent__label="root", parent__parent__label="top", children=2, note=True)
    assert (node.parent.label, node.parent.parent.label, node.parent.parent.parent) == ("root", "top", None)
    assert node.note.node is node
    assert [child.parent for child in node.children] == [node, node]
    assert syda.make(session, Note, body="x").node.parent is None


def test_many_to_many_proxies_and_hybrids(session: Session) -> None:
    post = syda.make(session, Post, tags=3, views=7)
    assert (len(post.tags), post.views) == (3, 7)
    assert syda.make(session, Post, keywords={"a", "b"}).keywords == {"a", "b"}
    tag = syda.make(session, Tag, posts=[post, {}])
    assert post.tags >= {tag}
    assert counts(session)["posts"] == 3


def test_two_parents_of_one_class_differ(session: Session) -> None:
    transfer = syda.make(session, Transfer, source__iban="DE00")
    assert transfer.from_id != transfer.to_id
    assert counts(session) == {"transfers": 1, "accounts": 2}


def test_parents_that_checks_want(session: Session) -> None:
    member = syda.make(session, Member)
    assert (member.tenant is None) != (member.node is None)
    assert syda.make(session, Member, node__label="x").tenant is None
    assert {watch.device.kind for watch in syda.make_many(session, 20, Watch)} == {"watch"}


def test_sqlmodel(session: Session) -> None:
    for class_ in (Team, Hero):
        class_.__table__.create(session.connection())
    hero = syda.make(session, Hero, team__name="Avengers")
    assert (hero.team.name, hero.team_id) == ("Avengers", hero.team.id)
    assert hero.name
    assert len(syda.make(session, Team, heroes=[{"age": 5}, {}]).heroes) == 2


def test_inheritance_composites_and_collections(session: Session) -> None:
    box = syda.make(session, Box, start=Point(3, 4), properties=[{"key": "a"}, {"key": "b"}])
    assert (box.kind, box.start, set(box.properties)) == ("box", Point(3, 4), {"a", "b"})
    assert isinstance(box.owner, Account)
    session.expunge_all()
    assert {type(each) for each in session.scalars(select(Shape))} == {Box}
    assert syda.make(session, Circle, radius=3).kind == "circle"
    shape = syda.make(session, Property, shape={"class_": Box, "width": 5}).shape
    assert isinstance(shape, Box)
    with pytest.raises(PlanError, match="expected a class_ that is a Shape, got Node"):
        syda.make(session, Property, shape={"class_": Node})


def test_dataclasses_and_constructors_of_ones_own(session: Session) -> None:
    book = syda.make(session, Book)
    assert (book.author.books, book.author.rating) == ([book], 3)
    assert len(syda.make(session, Author, books=2, rating=5).books) == 2
    assert syda.make(session, Clerk, name="ada").name == "ADA"
    shop = syda.make(session, Shop, clerks=2)
    assert [clerk.shop for clerk in shop.clerks] == [shop, shop]
    assert shop.name


def test_build_writes_nothing() -> None:
    order = syda.build(Order, items=2)
    assert object_session(order) is None
    assert (order.id, len(order.items), order.items[0].order) == (None, 2, order)
    assert order.total == syda.build(Order, items=2, total=order.total).total


def test_sources_may_be_given(session: Session) -> None:
    order = syda.make(session, Order, total=syda.number(5, 6), customer__email=syda.template("{name!l}@shop.example"))
    assert 5 <= order.total <= 6
    assert order.customer.email.endswith("@shop.example")
    assert isinstance(order.total, Decimal)


@pytest.mark.usefixtures("names")
def test_traits(session: Session) -> None:
    @syda.trait(Order, "sent")
    def sent() -> dict[str, Any]:
        return {"state": State.SENT, "sent_at": datetime(2025, 5, 1), "currency": "USD"}

    @syda.trait(Order, "large")
    def large() -> dict[str, Any]:
        return {"items": 4, "currency": "CHF"}

    order = syda.make(session, Order, "sent", "large", sent_at=datetime(2025, 6, 1))
    assert (order.state, order.sent_at, order.currency, len(order.items)) == (
        State.SENT,
        datetime(2025, 6, 1),
        "CHF",
        4,
    )
    customer = syda.make(session, Customer, orders=[{"traits": ["sent"]}, {}])
    assert [each.state for each in customer.orders] == [State.SENT, State.NEW]
    with pytest.raises(UnknownNameError, match="Order has no trait 'snet'; did you mean 'sent'"):
        syda.make(session, Order, "snet")
    with pytest.raises(PlanError, match="Order has a trait 'sent' already"):
        syda.trait(Order, "sent")(large)

    @syda.trait(Shape, "at zero")
    def at_zero() -> dict[str, Any]:
        return {"start": Point(0, 0)}

    assert syda.make(session, Box, "at zero").start == Point(0, 0)


def test_sequences_count_within_a_session(session: Session) -> None:
    def numbers() -> list[str]:
        return [made.slug for made in syda.make_many(session, 3, Tenant, slug=syda.sequence("shop-{:03d}"))]

    assert numbers() == ["shop-001", "shop-002", "shop-003"]
    assert numbers() == ["shop-004", "shop-005", "shop-006"]
    items = syda.make(session, Order, items=[{"quantity": syda.sequence(lambda n: n * 10)}] * 3).items
    assert [item.quantity for item in items] == [10, 20, 30]
    with pytest.raises(PlanError, match="sequence: expected a function or a format"):
        syda.sequence(3)  # type: ignore[arg-type]


@pytest.mark.usefixtures("names")
def test_hooks_are_called_for_all_that_was_made(session: Session) -> None:
    seen: list[Any] = []
    syda.after_make(Item)(lambda item, where: seen.append((item.id, where)))
    order = syda.make(session, Order, items=2)
    assert seen == [(item.id, session) for item in order.items]
    syda.build(Order, items=1)
    assert seen[2:] == [(None, None)]


def test_nothing_is_committed_unless_it_is_said() -> None:
    engine = sqlite_engine()
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        syda.make(session, Tenant)
    with Session(engine) as session:
        assert not counts(session)
        syda.make(session, Tenant, commit=True)
    with Session(engine) as session:
        assert counts(session) == {"tenants": 1}


def test_sessions(engine: Engine) -> None:
    sessions = scoped_session(sessionmaker(engine))
    assert object_session(syda.make(sessions, Tenant)) is sessions()
    sessions.remove()
    for wrong in (None, engine, sessionmaker(engine)):
        with pytest.raises(PlanError, match="expected a Session, got"):
            syda.make(wrong, Tenant)


def test_a_database_without_tables_or_for_reading_alone(tmp_path: Any) -> None:
    with Session(sqlite_engine()) as session, pytest.raises(TargetError, match="are its tables made"):
        syda.make(session, Customer)
    path = tmp_path / "shop.db"
    Base.metadata.create_all(sqlite_engine(path))
    reading = sa.create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    with Session(reading) as session, pytest.raises(TargetError, match="readonly database"):
        syda.make(session, Tenant)


def test_asynchronous_sessions() -> None:
    async def run() -> None:
        engine = create_async_engine("sqlite+aiosqlite://")
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with AsyncSession(engine, expire_on_commit=False) as session:
            order = await syda.make_async(session, Order, items=2, commit=True)
            assert len(order.items) == 2
            assert len(await syda.make_many_async(session, 3, Tenant)) == 3
            with pytest.raises(PlanError, match=r"use `await syda.make_async"):
                syda.make(session, Tenant)
        await engine.dispose()

    asyncio.run(run())
    with pytest.raises(PlanError, match="expected an AsyncSession, got int"):
        asyncio.run(syda.make_async(3, Tenant))


COUNTS = st.integers(0, 3)
ITEMS = st.lists(
    st.fixed_dictionaries({}, optional={"quantity": st.integers(1, 99), "product__name": st.text("ab", min_size=1)}),
    max_size=3,
)
ORDER = st.fixed_dictionaries(
    {},
    optional={
        "items": COUNTS | ITEMS,
        "state": st.sampled_from(State),
        "total": st.decimals(0, 1000, places=2),
        "ordered_at": st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1)),
    },
)


@settings(max_examples=60)
@given(st.lists(ORDER, max_size=3), st.booleans(), st.data())
def test_whatever_is_asked_for_is_there_and_keeps_every_rule(
    orders: list[Any], alone: bool, data: st.DataObject
) -> None:
    engine = sqlite_engine()
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        if alone:
            made = [syda.make(session, Order, **each) for each in orders]
        else:
            made = syda.make(session, Customer, orders=orders).orders
        again = syda.make(session, Item, **({"order": data.draw(st.sampled_from(made))} if made else {}))
        assert len(made) == len(orders)
        for order, wanted in zip(made, orders, strict=True):
            said = {key: value for key, value in wanted.items() if key != "items"}
            assert {key: getattr(order, key) for key in said} == said
            items = wanted.get("items", 0)
            own = [item for item in order.items if item is not again]
            assert len(own) == (items if isinstance(items, int) else len(items))
            for item, given_ in zip(own, items if isinstance(items, list) else [], strict=False):
                assert item.quantity == given_.get("quantity", item.quantity)
                assert item.product.name == given_.get("product__name", item.product.name)
        session.commit()
    report = syda.check(engine, Base)
    assert report.ok, report


@pytest.mark.parametrize("server", ["postgresql_engine", "mariadb_engine"])
def test_on_servers(server: str, request: pytest.FixtureRequest) -> None:
    engine: Engine = request.getfixturevalue(server)
    tables = [table for table in Base.metadata.sorted_tables if table.name not in ("eggs", "hens")]
    for table in tables:
        for column in table.columns:
            if isinstance(column.type, sa.String) and column.type.length is None and engine.dialect.name == "mysql":
                pytest.skip("MariaDB wants lengths, which these models do not have")
    Base.metadata.create_all(engine, tables)
    with Session(engine) as session:
        order = syda.make(session, Order, items=3, customer__name="Acme", state=State.SENT)
        assert [item.line for item in order.items] == [1, 2, 3]
        with pytest.raises(RejectedError, match="already"):
            syda.make(session, Customer, email=order.customer.email)
        syda.make_many(session, 100, Box, commit=True)
    models = [each for each in Base.registry.mappers if each.class_ not in (Egg, Hen)]
    assert syda.check(engine, [each.class_ for each in models]).ok
    assert DataBase
