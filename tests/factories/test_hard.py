"""Models that are hard to make objects of, and calls that say much: each gets what it says and breaks no rule."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session

import syda
from syda.errors import IntegrityError, PlanError, RejectedError, UnknownNameError
from tests.databases import sqlite_engine
from tests.factories.workshop import (
    Base,
    Bolt,
    Car,
    Coin,
    Colour,
    Engine,
    Home,
    Member,
    Order,
    Part,
    Person,
    Profile,
    Region,
    Repair,
    Sale,
    Shop,
    Step,
    Tag,
    Ticket,
)


def workshop() -> sa.Engine:
    engine = sqlite_engine()

    @event.listens_for(engine, "connect")
    def add_function(connection: Any, _: Any) -> None:
        connection.create_function("lawful", 1, lambda price: price is None or int(price) % 2 == 0)

    Base.metadata.create_all(engine)
    return engine


@pytest.fixture
def session() -> Iterator[Session]:
    engine = workshop()
    with Session(engine) as session:
        yield session
    engine.dispose()


def test_checks_that_only_the_database_judges_hold(session: Session) -> None:
    """A function of the user's own, and sums of decimals, which SQLite adds up as floats."""
    repairs = [syda.make(session, Repair) for _ in range(30)] + syda.make_many(session, 30, Repair)
    assert all(each.total == each.parts + each.labour and int(each.parts) % 2 == 0 for each in repairs)
    with pytest.raises(IntegrityError, match=r"Repair: check \(lawful\(parts\)\) is broken by parts=Decimal"):
        syda.make(session, Repair, parts=Decimal(3))
    assert syda.make(session, Repair, parts=Decimal(4)).parts == 4


@settings(max_examples=40, deadline=None)
@given(st.dates(date(1900, 1, 2), date(2200, 1, 1)), st.booleans())
def test_what_is_said_of_one_column_moves_the_other(day: date, later: bool) -> None:
    said = {"done_on" if later else "begun_on": day}
    repair = syda.build(Repair, **said)
    assert repair.begun_on < repair.done_on
    assert day in (repair.begun_on, repair.done_on)


SAID = st.fixed_dictionaries(
    {},
    optional={
        "begun_on": st.dates(date(2020, 1, 1), date(2020, 6, 1)),
        "done_on": st.dates(date(2020, 6, 2), date(2021, 1, 1)),
        "parts": st.integers(0, 50).map(lambda price: Decimal(2 * price)),
    },
)


@settings(max_examples=30, deadline=None)
@given(st.lists(SAID, min_size=1, max_size=4))
def test_children_of_which_other_things_are_said_keep_the_rules_each(said: list[dict[str, Any]]) -> None:
    repairs = syda.build(Car, repairs=said).repairs
    for repair, own in zip(repairs, said, strict=True):
        assert {key: getattr(repair, key) for key in own} == own
        assert repair.begun_on < repair.done_on
        assert repair.total == repair.parts + repair.labour


def test_functions_that_are_defaults_hold(session: Session) -> None:
    now = datetime.now()
    repair = syda.make(session, Repair)
    assert repair.notes == []
    assert now + timedelta(days=6) < repair.due_at < now + timedelta(days=8)
    assert abs(datetime.now(UTC).replace(tzinfo=None) - repair.logged_at) < timedelta(minutes=5)
    repair.notes.append("mine")
    assert syda.make(session, Repair).notes == []
    assert syda.build(Repair).notes == []  # no database makes defaults of it
    assert syda.make(session, Repair, notes=["said"]).notes == ["said"]


def test_members_of_enums_are_stored_as_the_model_says(session: Session) -> None:
    car = syda.make(session, Car, colour=Colour.GREEN)
    session.expire_all()
    assert car.colour is Colour.GREEN
    with pytest.raises(IntegrityError, match=r"enum is broken by colour='b'; expected one of 'r', 'g'"):
        syda.make(session, Car, colour="b")


def test_a_unique_index_of_some_rows_is_one_of_these_alone(session: Session) -> None:
    syda.make(session, Person, nickname="Jo", deleted_at=datetime(2025, 1, 1))
    syda.make(session, Person, nickname="Jo")
    with pytest.raises(RejectedError, match="there is a row of 'people' with nickname = 'Jo' already"):
        syda.make(session, Person, nickname="Jo")
    syda.make(session, Person, nickname="Jo", deleted_at=datetime(2025, 1, 1))


def test_constructors_get_what_they_ask_for(session: Session) -> None:
    member = syda.make(session, Member, login="Ann", password="x", level=7)
    assert (member.login, member.secret, member.level) == ("ann", "hashed x", 7)
    with pytest.raises(syda.SydaError, match=r"Member\(...\) cannot be called.*; give password"):
        syda.make(session, Member)
    with pytest.raises(UnknownNameError, match="did you mean 'password'"):
        syda.make(session, Member, pasword="x")


def test_one_to_one_children_are_told_like_parents(session: Session) -> None:
    assert syda.make(session, Person, profile__bio="x").profile.bio == "x"
    assert syda.make(session, Person, profile=1).profile.bio
    assert syda.make(session, Person, profile=0).profile is None


def test_a_part_of_a_key_is_kept_by_the_parent(session: Session) -> None:
    region = syda.make(session, Region)
    sale = syda.make(session, Sale, region_id=region.id)
    assert sale.shop.region is region is sale.region
    other = syda.make(session, Sale, shop_number=sale.shop_number)
    assert other.shop is sale.shop
    twin = syda.make(session, Shop, number=sale.shop_number, region=syda.make(session, Region))
    assert syda.make(session, Sale, shop_number=sale.shop_number, region_id=twin.region_id).shop is twin
    assert syda.build(Sale, region_id=4).shop.region_id == 4
    with pytest.raises(PlanError, match=r"region_id=.* is given, but the parent has"):
        syda.make(session, Sale, shop=syda.make(session, Shop), region_id=region.id)


def test_relationships_without_a_foreign_key(session: Session) -> None:
    assert syda.make(session, Sale, coin__code="CHF").currency == "CHF"
    coin = Coin(code="SEK")
    assert syda.make(session, Sale, coin=coin).coin is coin


def test_two_relationships_along_one_foreign_key(session: Session) -> None:
    seller = syda.make(session, Person)
    assert syda.make(session, Car, vendor=seller).seller_id == seller.id
    with pytest.raises(PlanError, match="seller and vendor are both given"):
        syda.make(session, Car, vendor=seller, seller=seller)


def test_abstract_classes_and_subclasses_as_parents(session: Session) -> None:
    order = syda.make(session, Order)
    assert isinstance(order.part, Bolt)
    assert session.get(Engine, order.engine_id) is not None
    assert isinstance(syda.make(session, Order, part={"class_": Engine}).part, Engine)
    assert syda.make(session, Order, part__size=4).part.size == 4
    with pytest.raises(PlanError, match="Part is abstract; make an object of Bolt, Engine"):
        syda.make(session, Part)
    with pytest.raises(PlanError, match="kind='bolt' is another class; Engine has 'engine'"):
        syda.make(session, Engine, kind="bolt")


def test_an_ordering_list_numbers_its_children(session: Session) -> None:
    order = syda.make(session, Order, steps=[{"text": "a"}, {}, {"text": "b"}])
    order.steps.append(Step(text="mine"))
    session.flush()
    assert [step.place for step in order.steps] == [0, 1, 2, 3]


def test_others_than_those_that_are_taken_are_reused(session: Session) -> None:
    people = syda.make_many(session, 2, Person)
    for reuse in ("database", people, iter(people)):
        car = syda.make(session, Car, reuse=reuse)
        assert {car.owner, car.seller} == set(people)
    for wrong in (None, True, 3, [1], people[0]):
        with pytest.raises(PlanError, match="reuse: expected 'call', 'never', 'database' or a list of objects"):
            syda.make(session, Car, reuse=wrong)


def test_parents_of_parents_are_in_common(session: Session) -> None:
    shop = syda.make(session, Shop)
    assert syda.make(session, Sale, shop=shop).region is shop.region


def test_parents_without_a_key_yet(session: Session) -> None:
    car = syda.build(Car, plate="M 1")
    assert syda.make(session, Repair, car=car).car_id == car.id is not None
    assert syda.build(Repair, car=syda.build(Car)).car_id is None


def test_sources_are_for_each_child(session: Session) -> None:
    cars = syda.make(session, Person, cars=3, cars__plate=syda.template("A {row}")).cars
    assert len({car.plate for car in cars if car.plate.startswith("A ")}) == 3
    mixed = syda.make(session, Person, cars=[{"plate": syda.faker("city")}, {"plate": "B"}, {}]).cars
    assert mixed[1].plate == "B"
    assert not any("(" in car.plate for car in mixed)


def test_a_source_reads_what_is_said_whatever_was_made_before(session: Session) -> None:
    syda.make(session, Person, name="Joe", nickname=syda.faker("city"))
    assert syda.make(session, Person, name="Joe", nickname=syda.template("{name!l}-x")).nickname == "joe-x"


# -- what is said in several places ---------------------------------------------------------------------------------


def test_a_related_object_is_told_in_both_ways(session: Session) -> None:
    car = syda.make(session, Car, owner={"name": "Ann"}, owner__nickname="A")
    assert (car.owner.name, car.owner.nickname) == ("Ann", "A")
    with pytest.raises(PlanError, match="owner__name is given twice"):
        syda.make(session, Car, owner={"name": "Ann"}, owner__name="Eve")


@pytest.mark.usefixtures("names")
def test_what_is_said_beside_a_trait_wins_however_it_is_said(session: Session) -> None:
    syda.trait(Car, "Ann's")(lambda: {"owner__name": "Ann", "owner__deleted_at": datetime(2025, 1, 1)})
    eve = syda.make(session, Person, name="Eve")
    assert syda.make(session, Car, "Ann's", owner={"name": "Eva"}).owner.name == "Eva"
    assert syda.make(session, Car, "Ann's", owner__name="Eva").owner.deleted_at
    assert syda.make(session, Car, "Ann's", owner=eve).owner is eve
    assert syda.make(session, Car, "Ann's", owner_id=eve.id).owner is eve


@pytest.mark.parametrize(
    ("class_", "said", "expected"),
    [
        (Person, {"cars": [{"owner": {}}]}, "owner is given, but it is the object to which this belongs"),
        (Person, {"cars": [{"owner_id": 5}]}, "owner_id is given, but it is the object to which this belongs"),
        (Car, {"owner": 1}, "expected an object of Person.*got int 1; a key is given as owner_id"),
        (Car, {"plate": lambda: "x"}, "a function is no value; syda.sequence"),
        (Car, {"plate": 7}, "expected a text, got int 7"),
        (Car, {"commit": "3f2a"}, "commit: expected True or False"),
        (Car, {"owner__": 3}, "'owner__' names no attribute"),
    ],
)
def test_what_cannot_be_meant(session: Session, class_: Any, said: dict[str, Any], expected: str) -> None:
    with pytest.raises(PlanError, match=expected):
        syda.make(session, class_, **said)
    assert not session.new


def test_an_object_is_a_child_once(session: Session) -> None:
    car = syda.make(session, Car)
    with pytest.raises(PlanError, match=r"Person.cars: an object is given twice"):
        syda.make(session, Person, cars=[car, {}, car])


def test_values_that_only_the_database_has(session: Session) -> None:
    person = syda.make(session, Person, name=func.upper("ann"), nickname=sa.text("'A'"))
    assert (person.name, person.nickname) == ("ANN", "A")
    exact = Decimal("1234567890.12345678901234567890")
    assert syda.build(Repair, parts=exact).parts == exact


def test_of_several_children_one_is_what_an_index_is_of(session: Session) -> None:
    homes = syda.make(session, Person, homes=3).homes
    assert [home.left_on is None for home in homes].count(True) <= 1
    assert syda.make(session, Home, person=syda.make(session, Person)).left_on is None
    with pytest.raises(RejectedError, match="there is a row of 'homes' with person_id"):
        syda.make_many(session, 2, Home, person=syda.make(session, Person))
    with pytest.raises(RejectedError, match="there is a row of 'homes' with the same person_id already"):
        syda.make(session, Person, homes=[{"left_on": None}, {"left_on": None}])


def test_numbers_go_on_after_any_number_of_rows(session: Session) -> None:
    order = syda.make(session, Order)
    session.execute(sa.insert(Step), [{"order_id": order.id, "place": place, "text": ""} for place in range(1, 301)])
    session.info.clear()  # as another session
    places = [syda.make(session, Step, order_id=order.id).place for _ in range(3)]
    assert places[0] > 300
    assert len(set(places)) == 3


def test_types_that_take_other_values_than_they_store(session: Session) -> None:
    assert syda.make(session, Ticket, urgency="high").urgency == "high"
    session.expire_all()
    assert session.scalars(sa.select(Ticket.urgency)).one() == "high"


def test_an_object_is_the_child_of_one(session: Session) -> None:
    with pytest.raises(PlanError, match=r"Person.cars: objects can be the children of one alone"):
        syda.make_many(session, 2, Person, cars=[syda.make(session, Car)])


# -- sessions, and what is there --------------------------------------------------------------------------------------


def test_each_call_looks_in_its_own_session() -> None:
    names = []
    for name in ("first", "second"):
        with Session(workshop()) as session:
            session.add(Person(id=1, name=name))
            session.commit()
            profile = syda.make(session, Profile, person_id=1)
            names.append(profile.person.name)
            assert profile.person is session.get(Person, 1)
    assert names == ["first", "second"]
    syda.build(Profile, person_id=2)
    with Session(workshop()) as session, pytest.raises(RejectedError, match="there is no Person with id = 2"):
        syda.make(session, Profile, person_id=2)


def test_what_the_caller_changes_later_is_not_remembered(session: Session) -> None:
    notes = ["a"]
    syda.make(session, Repair, notes=notes)
    notes.append("b")
    assert syda.make(session, Repair, notes=["a"]).notes == ["a"]


@pytest.mark.parametrize("undo", ["rollback", "savepoint", "delete", "change"])
def test_what_is_free_again_may_be_used_again(session: Session, undo: str) -> None:
    savepoint = session.begin_nested()
    car = syda.make(session, Car, plate="M 1")
    if undo == "rollback":
        session.rollback()
    elif undo == "savepoint":
        savepoint.rollback()
    elif undo == "delete":
        session.delete(car)
        session.flush()
    else:
        car.plate = "M 2"
        session.flush()
    assert syda.make(session, Car, plate="M 1").plate == "M 1"


def test_rows_of_others_are_seen_whenever_they_came(session: Session) -> None:
    syda.make(session, Car)
    taken = syda.build(Car, plate="M 1", owner=syda.make(session, Person), seller=syda.make(session, Person))
    session.add(taken)
    for _ in range(2):
        with pytest.raises(RejectedError, match="plate = 'M 1' already"):
            syda.make(session, Car, plate="M 1")
        session.flush()
    session.add(Person(id=77, name="waits"))
    assert syda.make(session, Profile, person_id=77).person.name == "waits"


def test_any_number_of_rows_may_be_there() -> None:
    engine = workshop()
    with Session(engine) as session:
        syda.make_many(session, 700, Car)
        session.commit()
    with Session(engine) as session:
        assert syda.make(session, Car).plate
        assert session.scalar(select(func.count()).select_from(Car)) == 701


def test_a_call_that_fails_leaves_nothing(session: Session) -> None:
    owner = syda.make(session, Person, cars=1)
    theirs = owner.cars[0]
    for said in ({"cars": [{}, {"plate": "STOLEN"}, theirs]}, {"cars": [theirs, {"plate": "STOLEN"}]}):
        with pytest.raises(ValueError, match="a stolen car"):
            syda.make(session, Person, **said)
        assert (list(session.new), owner.cars, theirs.owner) == ([], [theirs], owner)
    with pytest.raises(RejectedError):
        syda.make_many(session, 2, Car, owner=owner, plate="M 1")
    tag = syda.make(session, Tag)
    with pytest.raises(RejectedError):
        syda.make_many(session, 2, Car, plate="M 1", tags=[tag])
    assert (list(session.new), tag.cars) == ([], [])
    assert (list(session.new), owner.cars) == ([], [theirs])
    session.flush()


def test_objects_of_another_session_are_refused(session: Session) -> None:
    with Session(workshop()) as other:
        owner = syda.make(other, Person)
        with pytest.raises(PlanError, match=r"Car: the Person that is given belongs to another session"):
            syda.make(session, Car, owner=owner)


@pytest.mark.usefixtures("names")
def test_what_hooks_change_is_written(session: Session) -> None:
    syda.after_make(Person)(lambda person, _: setattr(person, "name", person.name.upper()))
    syda.after_make(Person)(lambda person, _: setattr(person, "nickname", "both are called"))
    person = syda.make(session, Person)
    session.expire_all()
    assert person.name.isupper()
    assert person.nickname == "both are called"


def test_sessions_with_a_database_for_each_class() -> None:
    engines = workshop(), workshop()
    with Session(binds={Region: engines[0], Coin: engines[1]}) as session:
        syda.make(session, Region)
        assert syda.make(session, Coin, code="CHF", commit=True).code == "CHF"
    with Session(engines[1]) as session:
        assert session.get(Coin, "CHF") is not None


def test_asynchronous_sessions_load_nothing_later() -> None:
    async def run() -> None:
        engine = create_async_engine("sqlite+aiosqlite://")
        event.listen(
            engine.sync_engine, "connect", lambda each, _: each.create_function("lawful", 1, lambda price: price >= 0)
        )
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        sessions = async_scoped_session(async_sessionmaker(engine, expire_on_commit=False), scopefunc=lambda: 1)
        person = await syda.make_async(sessions, Person)
        assert person.cars == []
        assert [car.owner for car in (await syda.make_async(sessions, Person, cars=2)).cars]
        await sessions.remove()
        async with AsyncSession(engine) as session:
            assert (await syda.make_async(session, Repair)).car.plate
        await engine.dispose()

    asyncio.run(run())
