"""The pytest plugin, in suites of its own: isolation, seeds, marks, processes, errors."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields

import pytest

import syda
from syda.scenarios.named import _WRITTEN
from syda.testing.marks import Mark
from tests.testing.suites import SERVERS, databases_of, url_of

pytest_plugins = ["pytester"]
ISOLATED = """
@pytest.mark.parametrize("turn", range(3))
def test_each_begins_empty(syda, syda_session, turn):
    assert count(syda_session) == 0
    customer = syda.make(Customer, name="Ada", orders=2)
    assert (count(syda_session), count(syda_session, Order)) == (1, 2)
    syda_session.commit()
    assert customer.name == "Ada"

@pytest.mark.syda(rows={"Customer": 5, "Order": 8})
def test_filled_before_it(syda_session):
    assert (count(syda_session), count(syda_session, Order)) == (5, 8)
    syda_session.rollback()

def test_after_it(syda):
    assert count(syda.session) == 0
    assert syda.seed({"Customer": 3, "Order": 3}).total == 6
    assert count(syda.session) == 3
    syda.session.rollback()
"""
FILLED = """
@pytest.mark.syda(filled=True)
@pytest.mark.parametrize("turn", range(3))
def test_filled_once(syda, turn):
    assert count(syda.session) == 10
    syda.make(Customer)
    syda.session.commit()
    assert count(syda.session) == 11
"""


@pytest.mark.parametrize("isolation", ["rollback", "template", "truncate"])
@pytest.mark.parametrize("server", SERVERS)
def test_no_test_leaves_rows_to_another(suite, request, server, isolation):
    if (server, isolation) == ("mariadb", "template"):
        pytest.skip("MariaDB makes no copies of databases")
    tests = ISOLATED if isolation == "truncate" else ISOLATED + FILLED
    result = suite(tests, syda_url=url_of(request, server), syda_isolation=isolation)
    result.assert_outcomes(passed=5 if isolation == "truncate" else 8)


def test_a_file_of_sqlite(suite, tmp_path):
    result = suite(ISOLATED + FILLED, syda_url=f"sqlite:///{tmp_path}/shop.db", syda_isolation="template")
    result.assert_outcomes(passed=8)
    assert not list(tmp_path.glob("*.db"))  # the suite has a file of its own


def test_the_server_has_no_more_databases_than_before(suite, request, postgresql_engine):
    suite(ISOLATED, syda_url=url_of(request, "postgresql"), syda_isolation="template")
    assert databases_of(postgresql_engine) == []


PRINTED = """
@pytest.mark.parametrize("name", ["a", "b"])
def test_prints(syda, name):
    emails = syda.frames({"Customer": 1})["Customer"].email
    print("\\nDATA", name, syda.make(Customer).email, emails[0], syda.seed_number)
"""


def printed(result: pytest.RunResult) -> list[str]:
    return sorted(line for line in result.outlines if line.startswith("DATA"))


def test_what_a_test_is_given_depends_on_its_name_and_the_seed(suite):
    first = printed(suite(PRINTED, "-s"))
    assert len({line.split()[2] for line in first}) == 2
    assert printed(suite(PRINTED, "-s")) == first
    more = "def test_before(syda):\n    syda.make(Customer, orders=1)\n" + PRINTED
    assert printed(suite(more, "-s")) == first
    assert printed(suite(PRINTED, "-s", "-k", "b]"))[0] in first
    assert printed(suite(PRINTED, "-s", "--syda-seed=7")) != first
    assert printed(suite(PRINTED, "-s", syda_seed="7")) == printed(suite(PRINTED, "-s", "--syda-seed=7"))


def test_processes_of_xdist_have_databases_of_their_own_and_the_same_data(suite, postgresql_engine):
    url = postgresql_engine.url.render_as_string(hide_password=False)
    failing = PRINTED + "    raise ValueError('stop')\n"
    alone, together = suite(failing, syda_url=url), suite(ISOLATED + failing, "-n", "2", "--syda-random", syda_url=url)
    together.assert_outcomes(passed=5, failed=2)
    seed = next(line for line in together.outlines if line.startswith("syda: ")).partition(": ")[2]
    again = suite(failing, seed, syda_url=url)
    assert len(printed(alone)) == 2
    assert printed(alone) != printed(together) == printed(again)


def test_by_chance(suite):
    failing = "def test_fails(syda):\n    syda.make(Customer)\n    assert False\n"
    result = suite(failing, "--syda-random")
    seed = next(line.partition("=")[2] for line in result.outlines if line.startswith("syda: --syda-seed="))
    result.stdout.fnmatch_lines([f"*The same data again: pytest test_shop.py::test_fails --syda-seed={seed}"])


def test_a_test_that_uses_nothing_of_syda_says_nothing_of_it(suite):
    result = suite("def test_fails():\n    assert False\n")
    result.stdout.no_fnmatch_line("*same data again*")


def test_fixtures_may_be_overridden(suite):
    tests = """
from sqlalchemy import create_engine

@pytest.fixture(scope="session")
def syda_models():
    return [Customer, Order]

@pytest.fixture
def syda_session():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()

@pytest.mark.syda(rows={"Customer": 2, "Order": 0})
def test_own(syda, syda_session):
    assert syda.session is syda_session
    assert count(syda_session) == 2
"""
    suite(tests, syda_models="").assert_outcomes(passed=1)


def test_asynchronous_sessions_of_ones_own(suite):
    tests = """
import asyncio
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

@pytest.fixture
def syda_session():
    return AsyncSession(create_async_engine("sqlite+aiosqlite://"))

def test_own(syda, syda_session):
    async def run():
        connection = await syda_session.connection()
        await connection.run_sync(Base.metadata.create_all)
        assert (await syda.make(Customer, name="Ada")).name == "Ada"
        assert len(await syda.make_many(3, Order)) == 3
        assert (await syda.seed({"Customer": 2, "Order": 2})).total == 4
        await syda_session.close()
        await syda_session.bind.dispose()
    asyncio.run(run())
"""
    suite(tests).assert_outcomes(passed=1)


def test_plans_and_scenarios(suite, pytester):
    pytester.makefile(
        ".yaml",
        scenarios="""
empty shop: {}
small shop:
  rows: {Customer: 4, Order: 6}
disputed:
  extends: small shop
  parameters: {total: 5, many: 2}
  make:
    - Order: {total: $total, customer: {name: "Acme ${total}"}}
      number: $many
    - Customer
""",
    )
    tests = """
import syda as library

@pytest.mark.syda(scenario="disputed", parameters={"total": 9})
def test_scenario(syda):
    assert (count(syda.session), count(syda.session, Order)) == (7, 8)
    names = [order.customer.name for order in syda.session.scalars(select(Order).where(Order.total == 9))]
    assert names.count("Acme 9") == 2

def test_by_hand(syda):
    syda.scenario("empty shop")
    assert count(syda.session) == 0
    with pytest.raises(library.SydaError, match="there is no scenario 'small shp'; did you mean 'small shop'"):
        syda.scenario("small shp")
    with pytest.raises(library.SydaError, match="has no parameter 'totl'; did you mean 'total'"):
        syda.scenario("disputed", totl=3)

def test_plan(syda, tmp_path):
    syda.plan({"Customer": 2, "Order": 3}).to_yaml(tmp_path / "plan.yaml")
    syda.seed(plan=tmp_path / "plan.yaml")
    assert (count(syda.session), count(syda.session, Order)) == (2, 3)
"""
    suite(tests, syda_scenarios="scenarios.yaml").assert_outcomes(passed=3)


@pytest.fixture
def scenarios():
    """Forget the scenarios that a suite in this process names."""
    known = dict(_WRITTEN)
    yield
    _WRITTEN.clear()
    _WRITTEN.update(known)


@pytest.mark.usefixtures("scenarios")
def test_scenarios_in_python(suite, pytester):
    pytester.makepyfile(
        states="""
import syda
from shop import Customer, Order

@syda.scenario("busy")
def busy(shop, orders=3):
    return shop.make(Customer, orders=orders)

@syda.scenario("very busy", extends="busy")
def very_busy(shop, name, orders=3):
    return shop.make(Customer, name=name, orders=orders * 2)
"""
    )
    tests = """
import syda as library

def test_composed(syda):
    customer = syda.scenario("very busy", name="Ada", orders=2)
    assert (customer.name, len(customer.orders), count(syda.session, Order)) == ("Ada", 4, 6)
    with pytest.raises(library.SydaError, match="the scenario 'very busy' needs name"):
        syda.scenario("very busy")
"""
    suite(tests, syda_scenarios="states").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("tests", "settings", "message"),
    [
        ("def test_it(syda): pass", {"syda_models": ""}, "which models? set `syda_models = package.module:Base`"),
        ("def test_it(syda): pass", {"syda_models": "shop:Bse"}, "did you mean 'Base'"),
        ("def test_it(syda): pass", {"syda_isolation": "rolback"}, "expected one of rollback, template, truncate"),
        ("def test_it(syda): pass", {"syda_seed": "x"}, "syda_seed: expected a whole number"),
        ("def test_it(syda): pass", {"syda_url": "nonsense"}, "the text cannot be read as one"),
        (
            "@pytest.mark.syda(row=3)\ndef test_it(): pass",
            {},
            "pytest.mark.syda has no argument 'row'; did you mean 'rows'",
        ),
        ("@pytest.mark.syda({'Customer': 3})\ndef test_it(): pass", {}, "takes its arguments by name"),
        ("@pytest.mark.syda(rows={'Custmer': 3})\ndef test_it(): pass", {}, "did you mean 'Customer'"),
        ("@pytest.mark.syda(rows=3, filled=True)\ndef test_it(): pass", {}, "filled=True adds no rows"),
        ("@pytest.mark.syda(rows=3, plan='x')\ndef test_it(): pass", {}, "give rows or a plan"),
    ],
)
def test_mistakes(suite, tests, settings, message):
    result = suite(tests, **settings)
    assert result.ret != 0
    text = "\n".join([*result.outlines, *result.errlines])
    assert message in text


def test_a_template_in_use(suite, postgresql_engine):
    tests = """
@pytest.fixture(scope="session")
def busy(syda_engine):
    with syda_engine.connect() as connection:
        connection.detach()  # closed at the end, and not kept by a pool that is disposed of meanwhile
        yield

def test_it(busy, syda): pass
"""
    result = suite(
        tests, syda_url=postgresql_engine.url.render_as_string(hide_password=False), syda_isolation="template"
    )
    result.stdout.fnmatch_lines(["*TargetError: the database * cannot be copied*is being accessed by other users*"])


def test_recorded_replies_are_replayed_and_a_miss_says_how_to_record(suite):
    tests = "def test_it(syda):\n    syda.frames({'Customer': 3, 'Order': 3})\n"
    result = suite(tests, syda_llm="openai:gpt-4-turbo")
    result.stdout.fnmatch_lines(["*ReplayError*"])


def test_checks_to_switch_on(suite, pytester):
    names = ("test_database_equals_models", "test_models_can_be_seeded", "test_plan_fits_models")
    tests = f"from syda.testing.checks import {', '.join(names)}\n"
    plan = pytester.path / "shop.plan.yaml"
    sys.path.insert(0, str(pytester.path))
    try:
        plan.write_text(syda.plan(__import__("shop").Base).to_yaml())
    finally:
        sys.path.pop(0)
        del sys.modules["shop"]
    suite(tests, syda_plan="shop.plan.yaml").assert_outcomes(passed=3)
    changed = """
@pytest.fixture(scope="session")
def syda_models():
    class Other(Base):
        __tablename__ = "others"
        id: Mapped[int] = mapped_column(primary_key=True)
    return Base

@pytest.fixture(scope="session")
def syda_engine():
    from sqlalchemy import create_engine
    engine = create_engine("sqlite://")
    Customer.__table__.create(engine)
    yield engine
    engine.dispose()
"""
    result = suite("from sqlalchemy.orm import Mapped, mapped_column\n" + tests + changed, syda_plan="shop.plan.yaml")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["*the database is not what the models say:", "*  table others is missing in the database"]
    )
    result.stdout.fnmatch_lines(["*shop.plan.yaml was made for other tables:", "*  others is new"])
    suite(tests).stdout.fnmatch_lines(["*syda_plan is not set: which plan?*"])


def test_pytest_lists_what_the_mark_takes(suite):
    result = suite("", "--markers")
    for each in fields(Mark):
        result.stdout.re_match_lines([rf"@pytest.mark.syda\(.*\b{each.name}=.*"])


def test_loading_the_plugin_imports_neither_sqlalchemy_nor_the_core():
    code = (
        "import sys; before = set(sys.modules); import pytest; pytest_modules = set(sys.modules)\n"
        "import syda.pytest_plugin\n"
        "new = {name for name in set(sys.modules) - pytest_modules if not name.startswith('_')}\n"
        "print(sorted(name for name in new if name.split('.')[0] not in sys.stdlib_module_names))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert output.stdout.strip() == "['syda', 'syda.pytest_plugin', 'syda.running']"


FIXTURES = """
syda_fixtures: 1
tables:
  customers: {rows: [{id: 1, name: Ada, email: ada@b.example}]}
  orders: {rows: [{id: 1, customer_id: 1, total: 7}]}
"""
LOADED_FILES = """
@pytest.mark.syda(fixtures="shop.yaml")
@pytest.mark.parametrize("turn", range(2))
def test_loaded_before_it(syda, syda_session, turn):
    assert syda_session.scalars(select(Customer.name)).all() == ["Ada"]
    with pytest.raises(Exception, match="remap_keys=True"):
        syda.load("shop.yaml")

def test_loaded_in_it(syda, syda_session):
    customer = syda.make(Customer, id=1, email="x@y.example")
    assert syda.load("shop.yaml", remap_keys=True).total == 2
    assert syda_session.scalars(select(Order.customer_id)).all() == [2]
"""


@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
def test_fixture_files(suite, request, pytester, server):
    (pytester.path / "shop.yaml").write_text(FIXTURES)
    suite(LOADED_FILES, syda_url=url_of(request, server)).assert_outcomes(passed=3)
