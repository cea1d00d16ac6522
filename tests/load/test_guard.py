"""Targets that do not look like development are refused before anything is read or made."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import URL, Engine, NullPool, create_engine, inspect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session

import syda
from syda.errors import PlanError, ProtectedTargetError, TargetError
from syda.load.guard import VARIABLE, _reached, require_development
from tests.databases import sqlite_engine
from tests.shop import Base

PG = "postgresql+psycopg://"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///some/live/folder/shop.db",
        f"{PG}u@localhost/shop",
        f"{PG}u@127.8.9.1:5433/shop",
        f"{PG}u@[::1]/shop",
        f"{PG}u@/shop?host=/var/run/postgresql",
        f"{PG}u@/shop?host=localhost,127.0.0.1:5433",
        f"{PG}/products",
        f"{PG}/delivery_liverpool_reproduction_alive",
        "mysql+pymysql://u@localhost/products?unix_socket=/run/mysqld/mysqld.sock",
    ],
)
def test_this_machine_is_development(url: str) -> None:
    require_development(url)


@pytest.mark.parametrize(
    ("url", "told", "names"),
    [
        (f"{PG}u@db.example/shop", "host 'db.example' is neither this machine nor allowed", ["db.example"]),
        (f"{PG}u@10.0.0.7/shop", "host '10.0.0.7'", ["10.0.0.7"]),
        (f"{PG}u@/shop?host=localhost,db.example:5433", "db.example", ["db.example"]),
        (f"{PG}u@/shop?host=localhost&host=db.example", "db.example", ["db.example"]),
        (f"{PG}u@/shop?hostaddr=10.0.0.7", "10.0.0.7", ["10.0.0.7"]),
        (f"{PG}/?service=shop", "stands in 'shop'", ["shop"]),
        (f"{PG}u@localhost/shop_prod", "database 'shop_prod' says 'prod'", ["shop_prod"]),
        (f"{PG}u@localhost/ShopProduction", "says 'production'", ["ShopProduction"]),
        (f"{PG}u@localhost/live1", "says 'live'", ["live1"]),
        (f"{PG}/?dbname=shop-live", "says 'live'", ["shop-live"]),
        (f"{PG}prod@localhost/shop", "user 'prod' says 'prod'", ["shop"]),
        (f"{PG}u@prod-db.localhost/shop", "host 'prod-db.localhost' says 'prod'", ["prod-db.localhost"]),
        (f"{PG}u@db.example/shop_prod", "db.example.*shop_prod", ["db.example", "shop_prod"]),
        ("mysql+pymysql://u@localhost/shop?read_default_file=/etc/my.cnf", "read_default_file", ["read_default_file"]),
        ("sqlite:///data/shop_prod.db", "says 'prod'", ["shop_prod.db"]),
    ],
)
def test_what_looks_like_production_is_refused_unless_it_is_named(url: str, told: str, names: list[str]) -> None:
    with pytest.raises(ProtectedTargetError, match=told) as caught:
        require_development(url)
    assert all(f"--allow-host {name}" in str(caught.value) for name in names if "sqlite" not in url)
    for name in names:
        with pytest.raises(ProtectedTargetError):
            require_development(url, [other for other in names if other != name])
    require_development(url, names)
    require_development(url, [name.upper() for name in names])


def test_an_allowed_host_does_not_allow_a_database_of_production_on_it() -> None:
    with pytest.raises(ProtectedTargetError, match="shop_prod"):
        require_development(f"{PG}u@db.example/shop_prod", ["db.example"])


def test_the_environment_and_pyproject_allow_hosts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"{PG}u@db.example/shop"
    monkeypatch.setenv(VARIABLE, "a.example, db.example:5432")
    require_development(url)
    monkeypatch.delenv(VARIABLE)
    (tmp_path / "pyproject.toml").write_text('[tool.syda]\nallow-hosts = ["db.example"]\n')
    require_development(url)
    for wrong in ('[tool.syda]\nallow-hosts = "db.example"\n', "[tool.syda\n", "[tool]\nsyda = 3\n"):
        (tmp_path / "pyproject.toml").write_text(wrong)
        with pytest.raises(TargetError, match="allow"):
            require_development(url)


@pytest.mark.parametrize("wrong", ["db.example", 3, [3]])
def test_allow_hosts_that_is_no_list_of_names_is_said(wrong: Any) -> None:
    with pytest.raises(PlanError, match="allow_hosts: expected a list"):
        syda.seed("sqlite://", Base, rows=1, allow_hosts=wrong)


def test_every_kind_of_target_is_guarded() -> None:
    def never(*_: object) -> None:
        pytest.fail("the database was reached")

    engine = create_engine(f"{PG}u@db.example/shop", creator=never)
    targets = [engine, engine.url, str(engine.url), Session(engine), create_async_engine(f"{PG}u@db.example/shop")]
    for target in targets:
        with pytest.raises(ProtectedTargetError):
            syda.seed(target, Base, rows=1)
    with pytest.raises(ProtectedTargetError):
        syda.generate(Base, rows=1).to_sql(engine)


def test_the_file_of_a_refused_database_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ProtectedTargetError):
        syda.seed(f"sqlite:///{tmp_path / 'live.db'}", Base, rows=1, create=True)
    assert not list(tmp_path.iterdir())


def test_where_a_connection_has_gone_counts_more_than_the_url(
    postgresql_engine: Engine, mariadb_engine: Engine, request: pytest.FixtureRequest
) -> None:
    """Arguments of the engine lead elsewhere than its URL says."""
    for engine in (postgresql_engine, mariadb_engine):
        name = f"{engine.url.database}_live"
        server = create_engine(engine.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        key = "dbname" if engine.dialect.name == "postgresql" else "database"
        hidden = create_engine(engine.url, connect_args={key: name}, poolclass=NullPool)
        try:
            with pytest.raises(ProtectedTargetError, match="says 'live'"):
                syda.seed(hidden, Base, rows=1, create=True)
            assert inspect(hidden).get_table_names() == []
            assert syda.seed(hidden, Base, rows=1, create=True, allow_hosts=[name]).total
        finally:
            with server.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name}")


@pytest.mark.parametrize("url", [f"{PG}u@localhost/shop", f"{PG}u@/shop?host=/var/run", "postgresql+psycopg2:///shop"])
def test_an_address_of_the_environment_counts_whatever_the_host(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "203.0.113.9")
    with pytest.raises(ProtectedTargetError, match=r"203\.0\.113\.9"):
        require_development(url)
    require_development(url, ["203.0.113.9"])
    require_development(f"{PG}u@localhost/shop?hostaddr=127.0.0.1")
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    require_development(url)


def test_an_address_among_the_arguments_of_the_driver_counts(postgresql_engine: Engine) -> None:
    url = postgresql_engine.url
    if not url.host:
        pytest.skip("this server listens on a socket only")
    own = create_engine(url.set(host="localhost"), connect_args={"hostaddr": "127.0.0.1"}, poolclass=NullPool)
    assert syda.seed(own, Base, rows=1, create=True).total
    info = SimpleNamespace(
        dbname="shop", user="u", host="localhost", get_parameters=lambda: {"hostaddr": "203.0.113.9"}
    )
    assert dict(_reached(SimpleNamespace(info=info)).problems(frozenset()))


def test_a_marked_database_is_not_filled_whatever_is_allowed(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE syda_forbids_seeding (reason VARCHAR(10))")
    names = [engine.url.database or "", engine.url.host or ""]
    for fill in (syda.generate(Base, rows=1).to_sql, lambda to, **options: syda.seed(to, Base, rows=1, **options)):
        with pytest.raises(ProtectedTargetError, match="table syda_forbids_seeding"):
            fill(engine, allow_hosts=names)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE syda_forbids_seeding")
    assert syda.seed(engine, Base, rows=1).total


def test_a_comment_on_the_database_forbids_seeding(postgresql_engine: Engine) -> None:
    with postgresql_engine.begin() as connection:
        comment = "COMMENT ON DATABASE {} IS 'Customers in the EU; syda: never, please'"
        connection.exec_driver_sql(comment.format(postgresql_engine.url.database))
    with pytest.raises(ProtectedTargetError, match="its comment is"):
        syda.seed(postgresql_engine, Base, rows=1, create=True)
    assert inspect(postgresql_engine).get_table_names() == []


def test_checking_and_planning_are_not_guarded(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "live.db")
    Base.metadata.create_all(engine)
    assert syda.check(engine).ok
    assert syda.plan(engine).tables


def test_a_password_that_looks_like_a_host_is_not_shown() -> None:
    with pytest.raises(TargetError, match="more than one '@'") as caught:
        require_development(f"{PG}u:p@hidden@127.0.0.1/shop")
    assert "hidden" not in str(caught.value)
    require_development(URL.create("postgresql+psycopg", username="u", password="p@x", host="localhost"))
