"""The pytest plugin: rows for tests, the same on every run.

pytest loads this module in every session of everyone who has syda installed, so it imports nothing of it but `running`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from syda.running import RUN

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from syda.bound import Bound
    from syda.testing.settings import Settings
    from syda.testing.suite import Suite

_MARKER = (
    "syda(rows=None, plan=None, scenario=None, parameters={}, seed=None, filled=False): fill the test's database before"
    " it: rows by class or table, a plan or its file, a scenario with parameters; or use the one that is filled once"
)
_SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the settings of pytest.ini."""
    group = parser.getgroup("syda", "data for tests")
    group.addoption("--syda-seed", type=int, metavar="N", help="Choose among all possible data.")
    group.addoption("--syda-random", action="store_true", help="Choose by chance; the header and failures tell how.")
    group.addoption("--syda-url", metavar="URL", help="The server or SQLite file of the suite's databases.")
    group.addoption("--syda-record", action="store_true", help="Ask the language model, and record its replies.")
    parser.addini("syda_models", "The models: package.module:Name.", type="string", default="")
    parser.addini("syda_url", "The server or SQLite file of the suite's databases.", type="string", default="sqlite://")
    parser.addini("syda_isolation", "rollback, template or truncate.", type="string", default="rollback")
    parser.addini("syda_seed", "The seed of the suite.", type="string", default="0")
    parser.addini("syda_plan", "The plan of the database that is filled once.", type="string", default="")
    parser.addini("syda_scenarios", "The file or module of scenarios.", type="string", default="")
    parser.addini("syda_alembic", "alembic.ini, to make the tables by migrations.", type="string", default="")
    parser.addini("syda_llm", "The language model of recorded replies.", type="string", default="")
    parser.addini("syda_replies", "Where recorded replies are.", type="string", default="tests/replies")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed; processes of pytest-xdist take that of the main one."""
    config.addinivalue_line("markers", _MARKER)
    given = config.getoption("--syda-seed")
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        seed = int(worker["syda_seed"])
    elif given is not None and config.getoption("--syda-random"):
        raise pytest.UsageError("--syda-seed and --syda-random exclude each other")
    else:
        seed = _by_chance() if config.getoption("--syda-random") else given
    config.stash[_SEED] = _ini_seed(config) if seed is None else seed


def _by_chance() -> int:
    import secrets  # it costs a start of pytest some milliseconds

    return secrets.randbelow(1_000_000)


def _ini_seed(config: pytest.Config) -> int:
    text = config.getini("syda_seed")
    if not text.strip().lstrip("-").isdigit():
        raise pytest.UsageError(f"syda_seed: expected a whole number, got {text!r}")
    return int(text)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist the seed."""
    node.workerinput["syda_seed"] = node.config.stash[_SEED]


def pytest_report_header(config: pytest.Config) -> str | None:
    """Tell a seed that was chosen by chance."""
    return f"syda: --syda-seed={config.stash[_SEED]}" if config.getoption("--syda-random") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the database filled of tests that are marked and do not name the fixture."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is not None and "syda" not in names and item.get_closest_marker("syda") is not None:
            names.append("syda")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say which test runs: what it is given depends on its name, and on no other test."""
    RUN.test, RUN.seed, RUN.used = item.nodeid.partition("@")[0], item.config.stash[_SEED], False


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Say that no test runs."""
    RUN.test = ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell how a failed test is given the same data again."""
    report = yield
    if report.failed and RUN.used:
        seed = item.config.stash[_SEED]
        report.sections.append(("syda", f"The same data again: pytest '{item.nodeid}' --syda-seed={seed}"))
    return report


@pytest.fixture(scope="session")
def syda_settings(request: pytest.FixtureRequest) -> Settings:
    """Read pytest.ini and the command line."""
    from syda.testing.settings import read_settings

    return read_settings(request.config, request.config.stash[_SEED])


@pytest.fixture(scope="session")
def syda_models(syda_settings: Settings) -> Any:
    """Name the suite's models; override it, or set syda_models in pytest.ini."""
    return syda_settings.load_models()


@pytest.fixture(scope="session")
def syda_suite(syda_settings: Settings, syda_models: Any) -> Iterator[Suite]:
    """Hold the suite's databases of this process."""
    from syda.testing.suite import Suite

    with Suite(syda_settings, syda_models).opened() as suite:
        yield suite


@pytest.fixture(scope="session")
def syda_engine(syda_suite: Suite) -> Engine:
    """Open the suite's empty database, whose tables are made; override it to use one of your own."""
    return syda_suite.empty()


@pytest.fixture(scope="session")
def syda_filled_engine(syda_suite: Suite) -> Engine:
    """Open the database that is filled once for all tests that ask for it."""
    return syda_suite.filled()


@pytest.fixture
def syda_session(request: pytest.FixtureRequest, syda_settings: Settings, syda_models: Any) -> Iterator[Session]:
    """Open a session of the test's own, isolated as syda_isolation says; override it to use one of your own."""
    from syda.testing.isolation import isolated
    from syda.testing.marks import mark_of

    filled = mark_of(request.node).filled
    engine = request.getfixturevalue("syda_filled_engine" if filled else "syda_engine")
    with isolated(engine, syda_settings.isolation, syda_models, keep=filled) as session:
        yield session


@pytest.fixture
def syda(request: pytest.FixtureRequest, syda_settings: Settings, syda_models: Any, syda_session: Any) -> Bound:
    """Give rows to the test: objects by `make`, whole databases by `seed`, frames and plans."""
    from syda.testing.filling import bound_for, fill
    from syda.testing.marks import mark_of

    mark = mark_of(request.node)
    bound = bound_for(syda_settings, syda_models, syda_session, mark)
    fill(bound, mark)
    return bound
