"""The pytest plugin: rows for tests, the same on every run.

pytest loads this module in every session of everyone who has syda installed, so it imports nothing of it but `running`.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Generator, Iterator
from types import FunctionType
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
    "syda(rows=None, plan=None, fixtures=None, scenario=None, parameters={}, seed=None, filled=False): fill the test's"
    " database before it: rows by class or table, a plan or its file, files of rows, a scenario with parameters; or use"
    " the one that is filled once"
)
_ISOLATION = "_syda_isolation"
_SEED = pytest.StashKey[int]()
_WHOLE_NUMBER: Any = "int" if pytest.version_tuple >= (8, 4) else "string"


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
    parser.addini("syda_may_empty", "Databases of yours that truncate may empty.", type="args", default=[])
    parser.addini("syda_seed", "The seed of the suite.", type=_WHOLE_NUMBER, default=0)
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
    try:
        return int(config.getini("syda_seed"))
    except (TypeError, ValueError, pytest.UsageError) as error:
        raise pytest.UsageError(f"syda_seed: expected a whole number ({error})") from None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist the seed."""
    node.workerinput["syda_seed"] = node.config.stash[_SEED]


def pytest_report_header(config: pytest.Config) -> str | None:
    """Tell a seed that was chosen by chance."""
    return f"syda: --syda-seed={config.stash[_SEED]}" if config.getoption("--syda-random") else None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: Any) -> None:
    """Have the fixture `syda`, and the parameters of what it needs, be those of tests that are marked."""
    del name
    use = pytest.mark.usefixtures("syda")
    if collector.get_closest_marker("syda") is not None:
        if not any("syda" in each.args for each in collector.iter_markers("usefixtures")):
            collector.add_marker(use)
    elif isinstance(obj, FunctionType) and any(each.name == "syda" for each in getattr(obj, "pytestmark", ())):
        use(obj)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have databases isolated and filled before other fixtures of a test use them."""
    for item in items:
        names: list[str] | None = getattr(item, "fixturenames", None)
        if names is None:
            continue
        first = [_ISOLATION] if "syda_engine" in names else []
        if item.get_closest_marker("syda") is not None:
            first.append("syda")
        if first:
            place = next((place for place, each in enumerate(names) if _is_of_test(item, each)), len(names))
            rest = [each for each in names[place:] if each not in first]
            item.fixturenames = [*names[:place], *first, *rest]  # type: ignore[attr-defined]


def _is_of_test(item: Any, name: str) -> bool:
    """Tell whether a fixture is set up for each test anew."""
    info = getattr(item, "_fixtureinfo", None)  # nothing public tells scopes before the setup
    found = info.name2fixturedefs.get(name) if info is not None else None
    return not found or found[-1].scope == "function"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say which test runs: what it is given depends on its name and its seed, and on no other test."""
    RUN.test, RUN.seed, RUN.used = _name_of(item), item.config.stash[_SEED], False
    marked = next((each.kwargs["seed"] for each in item.iter_markers("syda") if "seed" in each.kwargs), None)
    if isinstance(marked, int):
        RUN.seed = marked


def _name_of(item: pytest.Item) -> str:
    """Return the test's name, without the group that some versions of pytest-xdist add to it."""
    marks = list(item.iter_markers("xdist_group"))
    groups = {str(each.args[0] if each.args else each.kwargs.get("name", "default")) for each in marks}
    return item.nodeid.removesuffix(f"@{'_'.join(sorted(groups))}") if groups else item.nodeid


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Generator[None, object, object]:
    """Have what a fixture of several tests makes depend on the fixture, and not on the test that asks first."""
    if request.scope == "function":
        return (yield)
    test, seed = RUN.test, RUN.seed
    place = f"{request.node.nodeid}::{fixturedef.argname}[{request.param_index}]"
    RUN.test, RUN.seed = place, request.config.stash[_SEED]
    try:
        return (yield)
    finally:
        RUN.test, RUN.seed = test, seed


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Say that no test runs."""
    RUN.test = ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell how a failed test is given the same data again."""
    report = yield
    if report.failed and RUN.used:
        path, found, rest = _name_of(item).partition("::")
        path = os.path.relpath(item.config.rootpath / path, item.config.invocation_params.dir)
        seed = item.config.stash[_SEED]
        command = f"pytest {shlex.quote(path + found + rest)} --syda-seed={seed}"
        report.sections.append(("syda", f"The same data again: {command}"))
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
    """Open the suite's empty database, whose tables are made; override it to use one of your own.

    While a test runs that has it, it leads to the test's own transaction or copy.
    """
    return syda_suite.empty()


@pytest.fixture(scope="session")
def syda_filled_engine(syda_suite: Suite) -> Engine:
    """Open the database that is filled once for all tests that ask for it."""
    return syda_suite.filled()


@pytest.fixture
def _syda_isolation(request: pytest.FixtureRequest, syda_suite: Suite, syda_engine: Engine) -> Iterator[Engine]:
    """Have the suite's engine lead to what is the test's own, and open that."""
    from syda.testing.marks import mark_of

    source = request.getfixturevalue("syda_filled_engine") if mark_of(request.node).filled else syda_engine
    with syda_suite.isolated(source, syda_engine) as engine:
        yield engine


@pytest.fixture
def syda_session(_syda_isolation: Engine) -> Iterator[Session]:
    """Open a session of the test's own, isolated as syda_isolation says; override it to use one of your own."""
    from sqlalchemy.orm import Session

    with Session(_syda_isolation) as session:
        yield session


@pytest.fixture
def syda(request: pytest.FixtureRequest, syda_settings: Settings, syda_models: Any, syda_session: Any) -> Bound:
    """Give rows to the test: objects by `make`, whole databases by `seed`, frames and plans."""
    from syda.testing.filling import bound_for, fill, leads_to, require_filled
    from syda.testing.marks import mark_of

    mark = mark_of(request.node)
    isolated = request.getfixturevalue(_ISOLATION) if mark.filled or _ISOLATION in request.fixturenames else None
    if mark.filled:
        require_filled(syda_session, isolated)
    bound = bound_for(syda_settings, syda_models, syda_session, mark)
    fill(bound, mark, request)
    if mark.fills and leads_to(syda_session, isolated):
        syda_session.commit()  # as it goes with the test, and code under test may have connections of its own
    return bound
