"""No test sees rows of another, whoever wrote them; and databases of others keep theirs."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from tests.databases import execute, sqlite_engine
from tests.testing.suites import SERVERS, url_of

pytest_plugins = ["pytester"]

SEVERAL_SESSIONS = """
from concurrent.futures import ThreadPoolExecutor
import syda as library
from sqlalchemy import text
from sqlalchemy.orm import sessionmaker

@pytest.fixture(scope="session")
def app(syda_engine):
    return sessionmaker(syda_engine)

def test_another_session_sees_the_rows_of_the_test(syda, app):
    syda.make(Customer)
    syda.session.commit()
    with app() as other:
        assert count(other) == 1
    assert count(syda.session) == 1

@pytest.mark.syda(rows={"Customer": 4})
def test_another_session_sees_the_rows_of_the_mark(syda, app):
    with app() as other:
        assert count(other) == 4
    syda.session.rollback()
    assert count(syda.session) == 4

def test_what_another_session_commits(syda, app, syda_engine):
    with app.begin() as other:
        other.add(Customer(name="leak", email="leak"))
    with syda_engine.begin() as connection:
        connection.execute(text("UPDATE customers SET name = 'Ada'"))
    assert [each.name for each in syda.session.scalars(select(Customer))] == ["Ada"]

def test_what_another_session_rolls_back(syda, app):
    syda.make(Customer)
    syda.session.commit()
    with app() as other:
        other.add(Customer(name="leak", email="leak"))
        other.flush()
        other.rollback()
        assert count(other) == 1

def test_another_thread(syda, app):
    syda.make(Customer)
    syda.session.commit()

    def look():
        with app() as other:
            return count(other)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(look).result() == 1

def test_rows_by_the_engine(syda_session, syda_engine):
    library.seed(syda_engine, Base, rows=3)
    assert count(syda_session, Order) == 3
    syda_session.commit()
    library.seed(syda_engine, Base, rows=2, mode="replace")
    assert count(syda_session, Order) == 2

def test_without_a_session_of_the_plugin(app):
    with app.begin() as other:
        assert count(other) == 0
        other.add(Customer(name="leak", email="leak"))

def test_after_them(syda_session, app):
    with app() as other:
        assert count(syda_session) == count(other) == 0
"""
FILLED = """
@pytest.mark.syda(filled=True)
@pytest.mark.parametrize("turn", range(2))
def test_filled(app, turn):
    with app() as other:
        assert count(other) == 10
        other.add(Customer(name="leak", email="leak"))
        other.commit()
"""


@pytest.mark.parametrize("isolation", ["rollback", "template", "truncate"])
@pytest.mark.parametrize("server", SERVERS)
def test_code_under_test_has_sessions_of_its_own(suite, request, server, isolation):
    if (server, isolation) == ("mariadb", "template"):
        pytest.skip("MariaDB makes no copies of databases")
    tests = SEVERAL_SESSIONS if isolation == "truncate" else SEVERAL_SESSIONS + FILLED
    result = suite(tests, syda_url=url_of(request, server), syda_isolation=isolation)
    result.assert_outcomes(passed=8 if isolation == "truncate" else 10)


@pytest.mark.parametrize("server", SERVERS)
def test_engines_without_transactions(suite, request, server):
    tests = f"""
from sqlalchemy import StaticPool, create_engine

@pytest.fixture(scope="session")
def syda_engine():
    url = {url_of(request, server)!r}
    options = {{"poolclass": StaticPool}} if url == "sqlite://" else {{}}
    engine = create_engine(url, isolation_level="AUTOCOMMIT", **options)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()

@pytest.mark.parametrize("turn", range(2))
def test_it(syda, syda_engine, turn):
    syda.make(Customer)
    syda.session.commit()
    with Session(syda_engine) as other:
        assert count(other) == 1
        other.add(Customer(name="leak", email="leak"))
        other.commit()
    assert count(syda.session) == 2
"""
    suite(tests).assert_outcomes(passed=2)


def test_sessions_that_are_open_at_once(suite):
    tests = """
def test_open_at_once(syda, syda_engine):
    syda.make(Customer)
    with Session(syda_engine) as other:  # which nobody has committed for
        assert count(other) == 1
        syda.session.commit()
        other.add(Customer(name="a", email="a"))
        other.commit()
    with Session(syda_engine) as other, Session(syda_engine) as third:
        assert count(other) == count(third) == 2
        other.add(Customer(name="b", email="b"))
        third.add(Customer(name="c", email="c"))
        other.flush()
        third.flush()
        other.rollback()  # they share a connection: what came later goes too
        third.rollback()
    syda_engine.dispose()
    assert count(syda.session) == 2

def test_after_it(syda_session):
    assert count(syda_session) == 0
"""
    suite(tests).assert_outcomes(passed=2)


OWN = """
from sqlalchemy import create_engine, text

@pytest.fixture(scope="session")
def syda_engine():
    engine = create_engine({url!r})
    yield engine
    engine.dispose()

def test_1(syda, syda_engine):
    syda.make(Customer)
    syda.session.commit()
    with Session(syda_engine) as other:
        assert count(other) == {there} + 1

def test_2(syda_session):
    assert count(syda_session) == {there}
"""


@pytest.fixture
def own(tmp_path):
    """Return the URL of a database of somebody's, which has a customer and a table that is none of the models."""
    url = f"sqlite:///{tmp_path}/own.db"
    engine = create_engine(url)
    execute(
        engine,
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL, email VARCHAR(120) NOT NULL)",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, total INTEGER NOT NULL)",
        "INSERT INTO customers VALUES (1, 'precious', 'p')",
    )
    engine.dispose()
    return url


def customers(url: str) -> list[str]:
    engine = create_engine(url)
    with Session(engine) as session:
        names = list(session.scalars(text("SELECT name FROM customers")))
    engine.dispose()
    return names


@pytest.mark.parametrize("isolation", ["rollback", "template"])
def test_an_engine_of_ones_own(suite, own, isolation):
    suite(OWN.format(url=own, there=1), syda_isolation=isolation).assert_outcomes(passed=2)
    assert customers(own) == ["precious"]


def test_a_database_of_ones_own_is_not_emptied(suite, own):
    tests = OWN.format(url=own, there=1)
    result = suite(tests, syda_isolation="truncate")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*NotEmptyError: *own.db' of syda_engine has some already: customers (1). If they*"])
    assert customers(own) == ["precious"]
    suite(tests, syda_isolation="truncate", syda_may_empty="other.db").assert_outcomes(errors=2)
    suite(OWN.format(url=own, there=1), "-k", "1", syda_isolation="truncate", syda_may_empty="own.db").assert_outcomes(
        passed=1, deselected=1
    )
    assert customers(own) == []
    suite(OWN.format(url=own, there=0), syda_isolation="truncate").assert_outcomes(passed=2)


@pytest.mark.parametrize("server", SERVERS)
def test_tables_outside_of_the_models_keep_their_rows(suite, request, server):
    engine = sqlite_engine() if server == "sqlite" else request.getfixturevalue(f"{server}_engine")
    tests = f"""
from sqlalchemy import create_engine, text

@pytest.fixture(scope="session")
def syda_engine(tmp_path_factory):
    url = {engine.url.render_as_string(hide_password=False)!r}
    engine = create_engine(url if {server != "sqlite"} else f"sqlite:///{{tmp_path_factory.mktemp('db')}}/own.db")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE audits (id INTEGER PRIMARY KEY, customer_id INTEGER, "
            "FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE)"))
        connection.execute(text("INSERT INTO audits VALUES (1, NULL)"))
    yield engine
    engine.dispose()

def test_it(syda_session):
    pass

def test_audits(syda_engine):
    pass
"""
    result = suite(tests, syda_isolation="truncate")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*TargetError: *empties 'customers', to which the table 'audits' refers*"])


@pytest.mark.parametrize("isolation", ["rollback", "template", "truncate"])
def test_nothing_is_written_to_production(suite, tmp_path, isolation):
    url = f"sqlite:///{tmp_path}/shop_production.db"
    result = suite(OWN.format(url=url, there=0), syda_isolation=isolation)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*ProtectedTargetError: the target looks like production: *shop_production.db*"])
    tests = f"""
from sqlalchemy import create_engine

@pytest.fixture
def syda_session():
    engine = create_engine({url!r})
    with Session(engine) as session:
        yield session
    engine.dispose()

def test_it(syda): pass
"""
    suite(tests).stdout.fnmatch_lines(["*ProtectedTargetError: the target looks like production: *"])


def test_the_server_may_not_be_production(suite):
    result = suite("def test_it(syda): pass", syda_url="postgresql+psycopg://root@db.prod.example/shop")
    result.stdout.fnmatch_lines(["*ProtectedTargetError: *the host 'db.prod.example' is neither this machine nor*"])


@pytest.mark.parametrize("url", ["postgresql+asyncpg://root@127.0.0.1/shop", "sqlite+aiosqlite://"])
def test_drivers_that_need_an_event_loop(suite, url):
    result = suite("def test_it(syda): pass", syda_url=url)
    result.stdout.fnmatch_lines(["*PlanError: syda_url: expected the URL of a synchronous driver, such as *, got *"])


def test_asynchronous_engines(suite):
    tests = """
from sqlalchemy.ext.asyncio import create_async_engine

@pytest.fixture(scope="session")
def syda_engine():
    return create_async_engine("sqlite+aiosqlite://")

def test_it(syda): pass
"""
    suite(tests).stdout.fnmatch_lines(["*PlanError: syda_engine: expected a SQLAlchemy Engine, got AsyncEngine; *"])


def test_an_engine_that_has_parameters(suite):
    tests = """
from sqlalchemy import create_engine

@pytest.fixture(scope="session", params=["a", "b"])
def syda_engine(request, tmp_path_factory):
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('databases')}/{request.param}.db")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()

def test_fixture(syda):
    syda.make(Customer)

@pytest.mark.syda(rows={"Customer": 1})
def test_marked_only():
    pass

@pytest.mark.syda(rows={"Customer": 1})
class TestClass:
    def test_marked_session(self, syda_session):
        assert count(syda_session) == 1

    def test_marked_only(self):
        pass

@pytest.mark.syda(filled=True)
def test_filled(syda_session):
    assert count(syda_session) == 10
"""
    suite(tests).assert_outcomes(passed=10)


@pytest.mark.parametrize("isolation", ["rollback", "template", "truncate"])
@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
def test_keys_do_not_depend_on_other_tests(suite, request, server, isolation):
    tests = """
@pytest.fixture(scope="module")
def country(syda_engine):
    with Session(syda_engine) as session:
        session.add(Customer(name="there", email="there"))
        session.commit()

@pytest.mark.parametrize("turn", range(3))
def test_numbers(syda, turn):
    assert [each.id for each in syda.make_many(3, Customer)] == [1, 2, 3]
"""
    beside = """
@pytest.mark.parametrize("turn", range(2))
def test_numbers_beside_others(syda, country, turn):
    assert syda.make(Customer).id == 2
"""
    more = "" if isolation == "truncate" else beside
    result = suite(tests + more, syda_url=url_of(request, server), syda_isolation=isolation)
    result.assert_outcomes(passed=3 if isolation == "truncate" else 5)
