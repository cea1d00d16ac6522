"""Tables of schemas that are not there yet."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql

import syda
from syda.errors import LoadError, RejectedError, TargetError
from tests.databases import sqlite_engine


def models(*, of_postgresql: bool = False) -> sa.MetaData:
    metadata = sa.MetaData()
    kind = sa.Column("kind", sa.Enum("a", "b", name="kind", schema="types"))
    kinds = sa.Column("kinds", postgresql.ARRAY(sa.Enum("a", "b", name="kind", schema="arrays")))
    number = sa.Column("number", sa.Integer, sa.Sequence("numbers", schema="numbers"))
    columns = [kind, kinds, number] if of_postgresql else [kind]
    sa.Table("orders", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns, schema="Sales of all")
    return metadata


def test_schemas_are_made_with_their_tables(postgresql_engine: Engine) -> None:
    metadata = models(of_postgresql=True)
    assert syda.seed(postgresql_engine, metadata, rows=3, create=True).total == 3
    made = set(sa.inspect(postgresql_engine).get_schema_names())
    assert {"Sales of all", "types", "arrays", "numbers"} <= made
    assert syda.seed(postgresql_engine, metadata, rows=2, create=True, mode="append").total == 2


def test_a_schema_that_may_not_be_made(postgresql_engine: Engine) -> None:
    with postgresql_engine.connect() as connection:
        connection.exec_driver_sql("SET ROLE pg_read_all_data")
        connection.commit()
        with pytest.raises(RejectedError, match=r"making the schema 'Sales of all': .* permission denied"):
            syda.seed(connection, models(), rows=3, create=True)
        connection.invalidate()  # the role is not for the next who takes it from the pool


def test_models_that_make_their_schemas_go_on_doing_so(postgresql_engine: Engine) -> None:
    metadata = models()
    for name in ("Sales of all", "types"):
        sa.event.listen(metadata, "before_create", sa.DDL(f'CREATE SCHEMA "{name}"'), insert=True)
    assert syda.seed(postgresql_engine, metadata, rows=3, create=True).total == 3


def test_a_load_that_fails_leaves_no_schema(postgresql_engine: Engine) -> None:
    metadata = models()
    metadata.tables["Sales of all.orders"].append_constraint(sa.CheckConstraint("nothing(id)"))
    with pytest.raises(LoadError):
        syda.seed(postgresql_engine, metadata, rows=3, create=True)
    assert "types" not in sa.inspect(postgresql_engine).get_schema_names()


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("server", ["sqlite", "mariadb"])
def test_schemas_that_are_no_schemas(request: pytest.FixtureRequest, server: str, dry_run: bool) -> None:
    engine = sqlite_engine() if server == "sqlite" else request.getfixturevalue("mariadb_engine")
    with pytest.raises(TargetError, match=r"name the schema 'Sales of all', which is not there: on .* database"):
        syda.seed(engine, models(), rows=3, create=True, dry_run=dry_run)
    engine.dispose()


def test_an_attached_database_is_a_schema() -> None:
    engine = sqlite_engine()

    @sa.event.listens_for(engine, "connect")
    def attach(connection: Any, _record: object) -> None:
        connection.execute("ATTACH ':memory:' AS \"Sales of all\"")

    assert syda.seed(engine, models(), rows=3, create=True).total == 3
    engine.dispose()
