"""What a mark asks for is there when the test begins, in sessions of every kind, or is refused."""

from __future__ import annotations

import pytest

import syda
from tests.migrations.histories import History
from tests.testing.suites import MODELS

pytest_plugins = ["pytester"]

NEARER = """
pytestmark = pytest.mark.syda(rows={"Customer": 2})

def test_of_the_module(syda_session):
    assert count(syda_session) == 2

@pytest.mark.syda(rows={"Customer": 3})
class TestNearer:
    @pytest.fixture
    def there(self, syda_session):
        return count(syda_session)

    @pytest.fixture(autouse=True)
    def always(self, syda_session):
        self.always_there = count(syda_session)

    def test_of_the_class(self, there):
        assert there == self.always_there == 3

    @pytest.mark.syda(rows={"Customer": 4})
    def test_of_its_own(self, there):
        assert there == 4

    @pytest.mark.syda(rows=None)
    def test_without(self, there):
        assert there == 0

    @pytest.mark.syda(plan="shop.plan.yaml")
    def test_plan(self, there):
        assert there == 6

    @pytest.mark.syda(filled=True)
    def test_filled(self, there):
        assert there == 10

    @pytest.mark.syda(seed=3)
    def test_seed(self, there):
        assert there == 3

    @pytest.mark.parametrize(
        "number", [pytest.param(each, marks=pytest.mark.syda(rows={"Customer": each})) for each in (1, 5)]
    )
    def test_of_a_parameter(self, there, number):
        assert there == number

@pytest.mark.syda(filled=True)
class TestFilled:
    @pytest.mark.syda(rows={"Customer": 4})
    def test_rows(self, syda_session):
        assert count(syda_session) == 4

@pytest.mark.syda(scenario="many", parameters={"number": 2})
class TestScenario:
    @pytest.mark.syda(scenario="none")
    def test_another(self, syda_session):
        assert count(syda_session) == 2
"""


@pytest.fixture
def plan(pytester):
    """Write a plan of the suite's models, and return its file."""
    pytester.syspathinsert()
    pytester.makepyfile(shop=MODELS)
    path = pytester.path / "shop.plan.yaml"
    syda.plan(__import__("shop").Base, rows={"Customer": 6, "Order": 0}).to_yaml(path)
    return path


@pytest.mark.usefixtures("plan")
def test_the_nearest_mark_wins_and_other_fixtures_see_its_rows(suite, pytester):
    pytester.makefile(".yaml", scenarios="many: {parameters: {number: 1}}\nnone: {}\n")
    suite(NEARER, syda_scenarios="scenarios.yaml").assert_outcomes(passed=11)


PATHS = """
@pytest.mark.syda(plan="shop.plan.yaml")
def test_plan(syda_session):
    assert count(syda_session) == 6

@pytest.mark.syda(fixtures="data/shop.yaml")
def test_fixtures(syda_session):
    assert count(syda_session) == 1

def test_by_hand(syda):
    syda.load("data/shop.yaml")
    syda.seed(plan="shop.plan.yaml")
"""


@pytest.mark.usefixtures("plan")
def test_files_are_found_from_the_root_directory(suite, pytester, monkeypatch):
    pytester.mkdir("data")
    (pytester.path / "data" / "shop.yaml").write_text(
        "syda_fixtures: 1\ntables:\n  customers: {rows: [{id: 1, name: Ada, email: ada@b.example}]}\n"
    )
    monkeypatch.chdir(pytester.mkdir("below"))
    suite(PATHS, "..").assert_outcomes(passed=3)


SEEDS = """
@pytest.mark.syda(plan="shop.plan.yaml")
def test_plan(syda_session):
    print("\\nDATA plan", *syda_session.scalars(select(Customer.name)))

@pytest.mark.syda(plan="shop.plan.yaml", seed=99)
def test_plan_of_a_seed(syda_session):
    print("\\nDATA seed", *syda_session.scalars(select(Customer.name)))

@pytest.mark.parametrize("seed", [pytest.param(each, marks=pytest.mark.syda(seed=each)) for each in (1, 2)])
def test_made(syda, seed):
    print("\\nDATA made", *[each.name for each in syda.make_many(3, Customer)])
"""


def printed(result: pytest.RunResult) -> dict[str, str]:
    lines = [line.split(maxsplit=2) for line in result.outlines if line.startswith("DATA")]
    return {f"{line[1]} {place}": line[2] for place, line in enumerate(lines)}


@pytest.mark.usefixtures("plan")
def test_seeds_are_of_plans_and_objects_too(suite):
    first = printed(suite(SEEDS, "-s"))
    assert len(set(first.values())) == 4
    other = printed(suite(SEEDS, "-s", "--syda-seed=7"))
    assert other["plan 0"] != first["plan 0"]
    assert {key: value for key, value in other.items() if key != "plan 0"} == {
        key: value for key, value in first.items() if key != "plan 0"
    }


WIDER = """
import syda as library

@pytest.fixture(scope="session", params=["a", "b"])
def of_the_session(request):
    return library.build(Customer).name

@pytest.fixture(scope="module")
def of_the_module():
    return library.build(Customer).name

@pytest.mark.syda(seed=5)
def test_first(of_the_session, of_the_module):
    print("\\nDATA", of_the_session, of_the_module)

def test_second(of_the_session, of_the_module):
    print("\\nDATA", of_the_session, of_the_module)
"""


def test_what_wider_fixtures_make_does_not_depend_on_who_asks_first(suite):
    def lines(*args: str) -> set[str]:
        return {line for line in suite(WIDER, "-s", *args).outlines if line.startswith("DATA")}

    assert lines("-k", "first") == lines("-k", "second") == lines()
    assert len(lines()) == 2
    assert lines("--syda-seed=3") != lines()


ASYNC = """
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, create_async_engine

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.fixture(params=["plain", "scoped"])
async def syda_session(anyio_backend, request):
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        yield session if request.param == "plain" else async_scoped_session(lambda: session, scopefunc=lambda: 1)
    await engine.dispose()

async def counted(session, class_=Customer):
    return await session.scalar(select(func.count()).select_from(class_))
"""
FILLED_ASYNC = """
@pytest.mark.anyio
@pytest.mark.syda(rows={"Customer": 4})
async def test_rows(syda_session):
    assert await counted(syda_session) == 4

@pytest.mark.anyio
@pytest.mark.syda(rows={"Customer": 4})
class TestClass:
    async def test_method(self, syda_session):
        assert await counted(syda_session) == 4

@pytest.mark.anyio
@pytest.mark.syda(plan="shop.plan.yaml", scenario="many", parameters={"number": 3})
async def test_plan_and_scenario(syda_session):
    assert (await counted(syda_session), await counted(syda_session, Order)) == (7, 3)

@pytest.mark.anyio
async def test_by_hand(syda):
    await syda.scenario("many", number=2)
    assert await counted(syda.session, Order) == 2
    await syda.seed(plan="shop.plan.yaml")
    assert await counted(syda.session) == 7
"""
REFUSED_ASYNC = """
@pytest.mark.anyio
@pytest.mark.syda(fixtures="nowhere.yaml")
async def test_fixtures(syda_session): pass

@pytest.mark.anyio
@pytest.mark.syda(scenario="many", parameters={"numbr": 3})
async def test_parameter(syda_session): pass

@pytest.mark.anyio
@pytest.mark.syda(filled=True)
async def test_filled(syda_session): pass

@pytest.mark.anyio
@pytest.mark.syda(rows=3)
def test_no_coroutine(syda_session): pass
"""


@pytest.mark.usefixtures("plan")
def test_asynchronous_sessions_are_filled(suite, pytester):
    pytester.makefile(
        ".yaml", scenarios="many: {parameters: {number: 1}, make: [{Customer: {orders: $number}}]}\nnone: {}\n"
    )
    suite(ASYNC + FILLED_ASYNC, syda_scenarios="scenarios.yaml").assert_outcomes(passed=8)
    result = suite(ASYNC + REFUSED_ASYNC, syda_scenarios="scenarios.yaml")
    result.assert_outcomes(failed=4, errors=4)
    for message in (
        "FixtureError: *nowhere.yaml: there is no such file",
        "UnknownNameError: the scenario 'many' has no parameter 'numbr'; did you mean 'number'?",
        "PlanError: *filled=True is for the suite's database, and syda_session is a session of your own that leads",
        "PlanError: *this test is no `async def`; make it one, or fill the database by `await syda.seed(...)`",
    ):
        pytest.LineMatcher(result.outlines).fnmatch_lines([f"*{message}*"])


def test_a_session_of_ones_own_and_the_database_that_is_filled_once(suite):
    tests = """
from sqlalchemy import create_engine

class TestOfTheSuite:
    @pytest.fixture
    def syda_session(self, syda_engine):
        with Session(syda_engine) as session:
            yield session

    @pytest.mark.syda(filled=True)
    def test_it(self, syda_session):
        assert count(syda_session) == 10

class TestElsewhere:
    @pytest.fixture
    def syda_session(self):
        engine = create_engine("sqlite://")
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            yield session
        engine.dispose()

    @pytest.mark.syda(filled=True)
    def test_it(self, syda_session):
        pass
"""
    result = suite(tests)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*PlanError: *filled=True is for the suite's database*bind it to syda_engine, or fill*"]
    )


def test_rows_are_those_of_tables_that_are_named_and_of_their_parents(suite, pytester):
    tests = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))

class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}

class Clerk(Person):
    __tablename__ = "clerks"
    id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    __mapper_args__ = {"polymorphic_identity": "clerk"}

def counts(session):
    return [count(session, each) for each in (Customer, Order, Note, Person)]

@pytest.mark.syda(rows={"Customer": 3})
def test_no_children(syda_session):
    assert counts(syda_session) == [3, 0, 0, 0]

@pytest.mark.syda(rows={"Order": 4})
def test_parents(syda_session):
    assert counts(syda_session) == [10, 4, 0, 0]

@pytest.mark.syda(rows={"Note": 4})
def test_no_optional_parents(syda_session):
    assert counts(syda_session) == [0, 0, 4, 0]

@pytest.mark.syda(rows={"Customer": 2, Order.customer: 3})
def test_children(syda_session):
    assert counts(syda_session) == [2, 6, 0, 0]

@pytest.mark.syda(rows={Clerk: 4})
def test_subclasses(syda_session):
    assert counts(syda_session) == [0, 0, 0, 4]

@pytest.mark.syda(rows=2)
def test_all(syda_session):
    assert counts(syda_session) == [2, 2, 2, 4]

@pytest.mark.syda(scenario="some")
def test_scenarios(syda):
    assert counts(syda.session) == [1, 0, 0, 0]
    assert [len(each) for each in syda.frames({"Note": 3}).values()].count(0) == 4
    assert sum(table.rows for table in syda.plan({"Note": 3}).tables.values()) == 3
"""
    (pytester.path / "some.yaml").write_text("some: {rows: {Customer: 1}}")
    suite(tests, syda_scenarios="some.yaml").assert_outcomes(passed=7)


def test_revisions_in_memory_with_an_env_that_knows_its_url_only(suite, pytester):
    table = """
op.create_table(
    "customers",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("email", sa.String(120), nullable=False, unique=True),
)
"""
    History(pytester.path).add("a1", table)
    (pytester.path / "migrations" / "env.py").write_text(
        "from alembic import context\n"
        "from sqlalchemy import engine_from_config, pool\n"
        "section = context.config.get_section(context.config.config_ini_section, {})\n"
        "engine = engine_from_config(section, prefix='sqlalchemy.', poolclass=pool.NullPool)\n"
        "with engine.connect() as connection:\n"
        "    context.configure(connection=connection, target_metadata=None)\n"
        "    with context.begin_transaction():\n"
        "        context.run_migrations()\n"
    )
    tests = """
def test_made(syda):
    assert syda.make(Customer).id == 1

def test_enforced(syda_engine):
    with syda_engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
"""
    suite(tests, syda_alembic="alembic.ini").assert_outcomes(passed=2)
