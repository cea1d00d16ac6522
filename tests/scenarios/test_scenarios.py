"""Scenarios bring a database into a state that has a name, all or nothing."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import syda
from syda.cli import main
from syda.errors import PlanError, SydaError, UnknownNameError
from syda.scenarios.named import _WRITTEN
from tests.databases import sqlite_engine
from tests.factories.garage import Base, Customer, Order, State, Tenant

FILE = """
empty shop: {}
small shop:
  rows: {Customer: 4, Order: 6, Tenant: 2}
one tenant:
  make: [Tenant]
disputed:
  extends: [small shop, one tenant]
  parameters: {total: 5, many: 2, name: Acme, day: 2025-03-01}
  make:
    - Order:
        total: $total
        state: sent
        sent_at: ${day}
        customer: {name: "${name} for $$${total}"}
        items: [{quantity: 3}, {}]
      number: $many
    - {Customer: {email: "ada@shop.example"}}
circle: {extends: other circle}
other circle: {extends: circle}
"""


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    path = tmp_path / "scenarios.yaml"
    path.write_text(textwrap.dedent(FILE))
    return path


@pytest.fixture
def engine() -> Engine:
    engine = sqlite_engine()
    Base.metadata.create_all(engine)
    return engine


def counted(session: Session, class_: Any) -> int:
    return session.scalar(select(func.count()).select_from(class_)) or 0


def test_a_scenario_is_composed_of_others_rows_and_objects(engine: Engine, scenarios: Path) -> None:
    with Session(engine) as session:
        bound = syda.Bound(models=Base, session=session, scenarios=scenarios)
        bound.scenario("disputed", total=7)
        assert counted(session, Tenant) == 2 + 1 + 2 + 1
        assert counted(session, Order) == 6 + 2
        disputed = session.scalars(select(Order).where(Order.total == 7, Order.state == State.SENT)).all()
        assert [order.customer.name for order in disputed][-2:] == ["Acme for $7"] * 2
        assert next(item.quantity for item in disputed[-1].items) == 3
        assert session.scalars(select(Customer).where(Customer.email == "ada@shop.example")).one()
        session.commit()
    assert syda.check(engine, Base).ok


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("disputd", {}, "there is no scenario 'disputd'; did you mean 'disputed'"),
        ("zzz", {}, "known: .*circle, disputed, empty shop"),
        ("disputed", {"totl": 3}, "has no parameter 'totl'; did you mean 'total'"),
        ("circle", {}, "scenarios extend each other: circle -> other circle -> circle"),
        ("disputed", {"total": "much"}, "expected a value for numeric, got str 'much'"),
        ("disputed", {"many": "two"}, "expected a number of objects, 0 or more, got str 'two'"),
    ],
)
def test_wrong_names(engine: Engine, scenarios: Path, name: str, parameters: dict[str, Any], message: str) -> None:
    with Session(engine) as session, pytest.raises(SydaError, match=message):
        syda.Bound(models=Base, session=session, scenarios=scenarios).scenario(name, **parameters)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a", "expected scenarios by name, got list"),
        ("a: 3", "expected extends, parameters, rows, plan, make, got int"),
        ("a: {mak: []}", "there is no key 'mak'; did you mean 'make'"),
        ("a: {rows: 3, plan: x}", "give rows or a plan"),
        ("a: {make: [{Order: {}, Customer: {}}]}", "expected one class and its attributes"),
        ("a: {make: [{Order: 3}]}", "expected names and values, got int 3"),
        ("a: {make: [Ordr]}", "no mapped class is called 'Ordr'; did you mean 'Order'"),
        ("a: {make: [{Order: {total: $much}}]}", "has no parameter 'much'"),
        ("a: {make: [{Order: {state: snet}}]}", "enum"),
        ("a: {make: [{Order: {custmer: {}}}]}", "has no attribute 'custmer'"),
        ("a: [", "is no YAML"),
        ("a: {make: [Tenant]}\na: {make: [Customer]}", "line 2: 'a' is given twice"),
        ("a: {make: [{Customer: {name: x, name: y}}]}", "line 1: 'name' is given twice"),
        ("a: {make: [{Order: {sent_at: 2020-13-01}}]}", "line 1: '2020-13-01' is no value: month must be in 1..12"),
        ("a: {make: [{Customer: {name: true}}]}", "Customer.name: expected text, got True; write it in quotes"),
        ("a: {make: [{Customer: {name: 1.10}}]}", "Customer.name: expected text, got 1.1; write it in quotes"),
        ("a: {make: Customer}", "make: expected a list of classes and their attributes, got str 'Customer'"),
        ("a: {extends: 5}", "extends: expected a scenario's name, or a list of them, got int 5"),
        ("a: {plan: 5}", "plan: expected a saved plan's file, got int 5"),
        ("a: {make: [{Customer: {}, traits: 5}]}", "traits: expected a trait's name, or a list of them, got int 5"),
        ("a: {make: [{Customer: {}, reuse: 5}]}", "reuse: expected 'call', 'never', 'database'"),
        ("a: {make: [{Customer: {commit: true}}]}", "Customer has no attribute 'commit'"),
        ("a: {make: [{Order: {reuse: database}}]}", "`reuse` is written beside Order, not below it"),
    ],
)
def test_files_that_are_wrong(engine: Engine, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with Session(engine) as session, pytest.raises(SydaError, match=message):
        syda.Bound(models=Base, session=session, scenarios=path).scenario("a")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere.yaml", "cannot be read"),
        ("nowhere.py", "there is no file"),
        ("no_such_module", "no module is called so"),
        ("./states", "which is no module's name"),
    ],
)
def test_sources_that_are_not_there(engine: Engine, source: str, message: str) -> None:
    with Session(engine) as session, pytest.raises(PlanError, match=message):
        syda.Bound(models=Base, session=session, scenarios=source).scenario("a")


def test_text_stays_as_it_is_written(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "texts.yaml"
    texts = ["no", "0123", "1_000", "12e5", "12:30", "$5 off", "$100", "12"]
    path.write_text("a:\n  make:\n" + "".join(f"    - Customer: {{name: {text}}}\n" for text in texts))
    with Session(engine) as session:
        syda.Bound(models=Base, session=session, scenarios=path).scenario("a")
        assert sorted(session.scalars(select(Customer.name))) == sorted(texts)


def test_attributes_that_are_called_like_arguments(tmp_path: Path) -> None:
    class Own(DeclarativeBase):
        pass

    class Build(Own):
        __tablename__ = "builds"
        id: Mapped[int] = mapped_column(primary_key=True)
        commit: Mapped[str]
        reuse: Mapped[bool]

    engine = sqlite_engine()
    Own.metadata.create_all(engine)
    path = tmp_path / "builds.yaml"
    path.write_text("a: {make: [{Build: {commit: 3f2a9c1, reuse: true}}]}")
    with Session(engine) as session:
        syda.Bound(models=Own, session=session, scenarios=path).scenario("a")
        assert session.execute(select(Build.commit, Build.reuse)).all() == [("3f2a9c1", True)]
        session.rollback()
        assert counted(session, Build) == 0


def test_a_scenario_gives_another_default_to_what_it_extends(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "defaults.yaml"
    path.write_text(
        "few: {parameters: {many: 2}, make: [{Tenant: {}, number: $many}]}\n"
        "more: {extends: few, parameters: {many: 3}}\n"
        "most: {extends: more, parameters: {many: 5}}\n"
    )
    for name, given, expected in [("few", {}, 2), ("more", {}, 3), ("most", {}, 5), ("most", {"many": 1}, 1)]:
        with Session(engine) as session:
            syda.Bound(models=Base, session=session, scenarios=path).scenario(name, **given)
            assert counted(session, Tenant) == expected


def test_functions_that_cannot_be_scenarios() -> None:
    for function, message in [
        (lambda: None, "takes no stage"),
        (lambda *shop: None, "takes no stage"),
        (lambda shop, *names: None, "takes 'names' by place only"),
        (lambda shop, name, /: None, "takes 'name' by place only"),
    ]:
        with pytest.raises(PlanError, match=message):
            syda.scenario("wrong")(function)
    assert "wrong" not in _WRITTEN


def test_scenarios_in_python(engine: Engine, tmp_path: Path) -> None:
    known = dict(_WRITTEN)
    path = tmp_path / "states.py"
    path.write_text(
        textwrap.dedent(
            """
            import syda
            from tests.factories.garage import Customer, Tenant

            @syda.scenario("one tenant")
            def one_tenant(shop):
                shop.make(Tenant, slug="one")

            @syda.scenario("busy", extends="one tenant")
            def busy(shop, name, orders=2):
                return shop.make(Customer, name=name, orders=orders, reuse="database")
            """
        )
    )
    try:
        with Session(engine) as session:
            bound = syda.Bound(models=Base, session=session, scenarios=path)
            customer = bound.scenario("busy", name="Ada", orders=3)
            assert (customer.name, len(customer.orders), customer.tenant.slug) == ("Ada", 3, "one")
            with pytest.raises(PlanError, match="the scenario 'busy' needs name"):
                bound.scenario("busy")
        with pytest.raises(PlanError, match="there is a scenario 'busy' already"):
            syda.scenario("busy")(lambda shop: None)
        syda.scenario("lost", extends="nowhere")(lambda shop: None)
        with Session(engine) as session, pytest.raises(UnknownNameError, match="there is no scenario 'nowhere'"):
            syda.Bound(models=Base, session=session).scenario("lost")
    finally:
        _WRITTEN.clear()
        _WRITTEN.update(known)


def test_files_of_one_name_are_different_modules_and_run_once(engine: Engine, tmp_path: Path) -> None:
    known = dict(_WRITTEN)
    text = """
from __future__ import annotations
from dataclasses import dataclass
import syda

@dataclass
class Wanted:
    orders: int = 2

times = []

@syda.scenario("told")
def told(shop):
    times.append(Wanted().orders)
    return times
"""
    for name, content in {"a": text, "b": text, "c": text + "raise KeyError('c')"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "states.py").write_text(content)
    try:
        with Session(engine) as session:
            bound = syda.Bound(models=Base, session=session, scenarios=tmp_path / "a" / "states.py")
            assert [bound.scenario("told"), bound.scenario("told")] == [[2, 2], [2, 2]]
            with pytest.raises(PlanError, match=r"there is a scenario 'told' already: .*/a/states.py.told"):
                syda.Bound(models=Base, session=session, scenarios=tmp_path / "b" / "states.py").scenario("told")
            _WRITTEN.clear()
            for _ in range(2):
                with pytest.raises(KeyError, match="c"):
                    syda.Bound(models=Base, session=session, scenarios=tmp_path / "c" / "states.py").scenario("told")
    finally:
        _WRITTEN.clear()
        _WRITTEN.update(known)


def run(*args: Any) -> Any:
    return CliRunner().invoke(main, [str(each) for each in args])


def test_the_command_line_plays_scenarios(scenarios: Path, tmp_path: Path) -> None:
    database = tmp_path / "shop.db"
    own = (
        "seed",
        "--url",
        f"sqlite:///{database}",
        "--models",
        "tests.factories.garage:Base",
        "--scenarios",
        scenarios,
    )
    result = run(*own, "--scenario", "disputed", "--set", "total=9", "--create", "--json")
    assert json.loads(result.stdout)["rows"]["orders"] == 8, result.output
    again = run(*own, "--scenario", "one tenant")
    assert again.exit_code == 1
    assert "have rows already" in again.output
    more = run(*own, "--scenario", "one tenant", "--mode", "append")
    assert more.output.splitlines() == ["  tenants          1", "Played 'one tenant': 1 rows"]
    with Session(create_engine(f"sqlite:///{database}")) as session:
        before = counted(session, Tenant)
    failed = run(*own, "--scenario", "disputed", "--set", "many=x", "--mode", "append")
    assert failed.exit_code == 1
    with Session(create_engine(f"sqlite:///{database}")) as session:
        assert counted(session, Tenant) == before  # what was made before the mistake is gone


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--scenario", "a", "--rows", "3"], "it goes without --rows"),
        (["--scenario", "a", "--redact-values"], "it goes without --redact-values"),
        (["--scenario", "a", "--allow-nontransactional"], "it goes without --allow-nontransactional"),
        (["--scenario", "a", "--set", "x"], "expected NAME=VALUE, got 'x'"),
        (["--set", "x=3"], "are for --scenario"),
        (["--scenario", "a", "--mode", "replace"], "it replaces no rows"),
    ],
)
def test_wrong_options(args: list[str], message: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    result = run("seed", "--url", url, "--models", "tests.factories.garage:Base", "--create", *args)
    assert result.exit_code != 0
    assert message in result.output


def test_a_scenario_needs_models(tmp_path: Path) -> None:
    result = run("seed", "--url", f"sqlite:///{tmp_path}/shop.db", "--scenario", "a")
    assert "say which by --models" in result.output
