"""Small schemas for what real applications' schemas made go wrong: each table gets rows, and every rule holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

import syda
from tests.databases import execute

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(frozen=True)
class Class:
    """DDL of PostgreSQL, the tables to look at, and how many rows each has at least of 40."""

    name: str
    ddl: tuple[str, ...]
    tables: tuple[str, ...]
    least: int = 40


CLASSES = (
    Class(
        "a trigger's function names a table that only its application sees",
        (
            "CREATE SCHEMA app",
            "CREATE TABLE app.a (id serial PRIMARY KEY)",
            "CREATE TABLE app.meta (id int PRIMARY KEY REFERENCES app.a)",
            (
                "CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "INSERT INTO meta VALUES (NEW.id); RETURN NULL; END $$"
            ),
            "CREATE TRIGGER t AFTER INSERT ON app.a FOR EACH ROW EXECUTE FUNCTION app.f()",
        ),
        ("app.a", "app.meta"),
    ),
    Class(
        "a function of a CHECK does so too",
        (
            "CREATE SCHEMA app",
            "CREATE TABLE app.kinds (id int PRIMARY KEY)",
            (
                "CREATE FUNCTION app.is_free(n int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN "
                "RETURN NOT EXISTS (SELECT FROM kinds WHERE id = -n); END $$"
            ),
            "CREATE TABLE app.a (id serial PRIMARY KEY, n int NOT NULL CHECK (app.is_free(n)))",
        ),
        ("app.a", "app.kinds"),
    ),
    Class(
        "a trigger at the COMMIT deletes what nobody refers to",
        (
            "CREATE TABLE tag (id serial PRIMARY KEY)",
            "CREATE TABLE tagged (id serial PRIMARY KEY, tag int NOT NULL REFERENCES tag)",
            (
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM tag "
                "WHERE id = NEW.id AND NOT EXISTS (SELECT FROM tagged WHERE tag = NEW.id); RETURN NULL; END $$"
            ),
            (
                "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON tag DEFERRABLE INITIALLY DEFERRED "
                "FOR EACH ROW EXECUTE FUNCTION f()"
            ),
        ),
        ("tag", "tagged"),
        least=15,
    ),
    Class(
        "two tables refer to each other and have conditions both",
        (
            (
                "CREATE TABLE a (id serial PRIMARY KEY, b_id int, kind text NOT NULL CHECK (kind IN ('x', 'y')), "
                "n int, CHECK ((kind = 'x') = (n IS NULL)))"
            ),
            (
                "CREATE TABLE b (id serial PRIMARY KEY, a_id int REFERENCES a, low int NOT NULL, high int NOT NULL, "
                "CHECK (low < high), CHECK ((low > 500) = (a_id IS NULL)))"
            ),
            "ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id)",
        ),
        ("a", "b"),
    ),
    Class(
        "and rows of the one that waits are left out",
        (
            "CREATE TABLE a (id serial PRIMARY KEY, b_id int, n int NOT NULL, CHECK (n >= 0))",
            "CREATE UNIQUE INDEX ON a ((n % 7))",
            (
                "CREATE TABLE b (id serial PRIMARY KEY, a_id int NOT NULL REFERENCES a, low int NOT NULL, "
                "high int NOT NULL, CHECK (low < high))"
            ),
            "ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id)",
        ),
        ("a", "b"),
        least=7,
    ),
    Class(
        "lengths of time are whole",
        (
            (
                "CREATE TABLE a (id serial PRIMARY KEY, d interval NOT NULL CHECK (date_trunc('minute', d) = d), "
                "t time NOT NULL CHECK (extract(second from t) = 0))"
            ),
        ),
        ("a",),
    ),
    Class(
        "an expression of a unique index is NULL",
        (
            "CREATE TABLE a (id serial PRIMARY KEY, doc jsonb NOT NULL)",
            "CREATE UNIQUE INDEX ON a ((doc ->> 'host'))",
        ),
        ("a",),
    ),
    Class(
        "only the database evaluates the expression of a unique index",
        (
            (
                "CREATE FUNCTION squeeze(t text) RETURNS text LANGUAGE sql IMMUTABLE AS "
                "$$ SELECT regexp_replace(lower(t), ' +', '', 'g') $$"
            ),
            "CREATE TABLE a (id serial PRIMARY KEY, name text NOT NULL)",
            "CREATE UNIQUE INDEX ON a (squeeze(name))",
        ),
        ("a",),
        least=35,
    ),
    Class(
        "a tenant's optional parent that a CHECK asks for",
        (
            "CREATE TABLE orgs (id int PRIMARY KEY)",
            "CREATE TABLE members (org_id int REFERENCES orgs, id int, PRIMARY KEY (org_id, id))",
            (
                "CREATE TABLE a (id int PRIMARY KEY, org_id int NOT NULL REFERENCES orgs, off_at date, off_by int, "
                "FOREIGN KEY (org_id, off_by) REFERENCES members, CHECK ((off_at IS NULL) = (off_by IS NULL)))"
            ),
        ),
        ("a", "members"),
    ),
    Class(
        "a tenant's tree whose roots a CHECK tells apart",
        (
            "CREATE TABLE orgs (id int PRIMARY KEY)",
            (
                "CREATE TABLE a (org_id int REFERENCES orgs, id int, up int, kind text NOT NULL,"
                " PRIMARY KEY (org_id, id), FOREIGN KEY (org_id, up) REFERENCES a, CHECK (up <> id), "
                "CHECK ((kind = 'root') = (up IS NULL)))"
            ),
        ),
        ("a",),
        least=10,
    ),
    Class(
        "a path is unique within its tenant",
        (
            "CREATE EXTENSION ltree",
            "CREATE TABLE orgs (id int PRIMARY KEY)",
            "CREATE TABLE a (org_id int NOT NULL REFERENCES orgs, path ltree NOT NULL, UNIQUE (org_id, path))",
        ),
        ("a",),
    ),
    Class(
        "types of the server's own",
        (
            (
                "CREATE TABLE a (id serial PRIMARY KEY, c regclass NOT NULL, t regtype NOT NULL, "
                "p regprocedure NOT NULL, g regconfig NOT NULL, x xid NOT NULL, "
                "s pg_snapshot NOT NULL, v int2vector NOT NULL)"
            ),
        ),
        ("a",),
    ),
    Class(
        "a type of which nothing is known empties its table alone",
        (
            "CREATE TYPE span AS RANGE (subtype = float8)",
            "CREATE TABLE unknown (id serial PRIMARY KEY, s span NOT NULL)",
            "CREATE TABLE child (id serial PRIMARY KEY, u int NOT NULL REFERENCES unknown)",
            "CREATE TABLE a (id serial PRIMARY KEY, u int REFERENCES unknown)",
        ),
        ("a",),
    ),
)


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.name)
def test_each_class_is_filled_twice(each: Class, postgresql_engine: Engine) -> None:
    execute(postgresql_engine, *(statement.replace("%", "%%") for statement in each.ddl))
    for round_ in range(2):
        syda.seed(postgresql_engine, rows=40, seed=round_, mode="append")
        assert syda.check(postgresql_engine).ok
        with postgresql_engine.connect() as connection:
            for table in each.tables:
                found = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
                assert found >= each.least, table


def test_a_load_leaves_the_search_path_as_it_was(postgresql_engine: Engine) -> None:
    execute(postgresql_engine, "CREATE SCHEMA app", "CREATE TABLE app.a (id serial PRIMARY KEY)")
    with postgresql_engine.begin() as connection:
        before = connection.exec_driver_sql("SHOW search_path").scalar_one()
        syda.seed(connection, rows=5, seed=1)
        assert connection.exec_driver_sql("SHOW search_path").scalar_one() == before
