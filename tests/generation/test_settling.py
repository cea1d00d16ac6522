"""One small table for each class of condition: all ways appear, rows vary, nothing but the seed decides them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

import syda
from syda.errors import ConstraintError
from tests.databases import sqlite_engine

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Class:
    """DDL of tables, of which `t` is looked at, and what tells the ways apart that its rows have to go."""

    name: str
    ddl: str
    ways: Callable[[dict[str, Any]], Any]
    number: int
    on: tuple[str, ...] = ("sqlite", "postgresql", "mariadb")
    rows: int | None = 40


_PAIR = "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE q (id integer PRIMARY KEY);"
_P = ("postgresql",)
_PARTIAL = ("sqlite", "postgresql")


def _null(*names: str) -> Callable[[dict[str, Any]], Any]:
    return lambda row: tuple(row[name] is None for name in names)


def _value(*names: str) -> Callable[[dict[str, Any]], Any]:
    return lambda row: tuple(str(row[name]) for name in names)


CLASSES = (
    Class(
        "exclusive arc",
        f"""{_PAIR} CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer, c integer,
        FOREIGN KEY (a) REFERENCES p (id), FOREIGN KEY (b) REFERENCES q (id), FOREIGN KEY (c) REFERENCES p (id),
        CHECK ((a IS NOT NULL AND b IS NULL AND c IS NULL) OR (a IS NULL AND b IS NOT NULL AND c IS NULL)
            OR (a IS NULL AND b IS NULL AND c IS NOT NULL)))""",
        _null("a", "b", "c"),
        3,
    ),
    Class(
        "num_nonnulls",
        """CREATE TABLE t (id integer PRIMARY KEY, a integer, b text, c date, CHECK (num_nonnulls(a, b, c) = 1))""",
        _null("a", "b", "c"),
        3,
        on=_P,
    ),
    Class(
        "sum of casts",
        f"""{_PAIR} CREATE TABLE t (id integer PRIMARY KEY, a integer REFERENCES p, b integer REFERENCES q, c text,
        CHECK ((a IS NOT NULL)::int + (b IS NOT NULL)::int + (c IS NOT NULL)::int = 2))""",
        _null("a", "b", "c"),
        3,
        on=_P,
    ),
    Class(
        "sum of cases",
        """CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer, c integer,
        CHECK (CASE WHEN a IS NULL THEN 0 ELSE 1 END + CASE WHEN b IS NULL THEN 0 ELSE 1 END <= 1))""",
        _null("a", "b"),
        3,
    ),
    Class(
        "union over a type code with a partial unique set per arm",
        f"""{_PAIR} CREATE TABLE t (id integer PRIMARY KEY, kind integer NOT NULL, a integer REFERENCES p (id),
        b integer REFERENCES q (id), note varchar(20),
        CHECK (kind IN (1, 2, 3)), CHECK (kind <> 1 OR (a IS NOT NULL AND b IS NULL)),
        CHECK (kind <> 2 OR (a IS NULL AND b IS NOT NULL)),
        CHECK (kind <> 3 OR (a IS NULL AND b IS NULL AND note IS NOT NULL)));
        CREATE UNIQUE INDEX ua ON t (a) WHERE kind = 1; CREATE UNIQUE INDEX ub ON t (b) WHERE kind = 2""",
        _value("kind"),
        3,
        on=_PARTIAL,
    ),
    Class(
        "equivalence with a state",
        f"""{_PAIR} CREATE TABLE t (id integer PRIMARY KEY, state integer NOT NULL, merged integer REFERENCES p (id),
        CHECK (state BETWEEN 1 AND 5), CHECK ((state = 5) = (merged IS NOT NULL)))""",
        _null("merged"),
        2,
    ),
    Class(
        "both empty or neither",
        """CREATE TABLE t (id integer PRIMARY KEY, a varchar(20) NOT NULL, b varchar(20) NOT NULL,
        CHECK ((a = '') = (b = '')))""",
        lambda row: (row["a"] == "", row["b"] == ""),
        1,
    ),
    Class(
        "implications over booleans",
        """CREATE TABLE t (id integer PRIMARY KEY, a boolean NOT NULL, b boolean NOT NULL, c boolean NOT NULL,
        CHECK (NOT a OR b), CHECK (NOT b OR c))""",
        _value("a", "b", "c"),
        4,
    ),
    Class(
        "start before end, unless NULL",
        """CREATE TABLE t (id integer PRIMARY KEY, s timestamp NULL, e timestamp NULL,
        CHECK (s IS NULL OR e IS NULL OR s <= e))""",
        lambda row: row["s"] is None or row["e"] is None or row["s"] <= row["e"],
        1,
    ),
    Class(
        "granularity",
        """CREATE TABLE t (id integer PRIMARY KEY, d timestamp NOT NULL, CHECK (date_trunc('hour', d) = d))""",
        lambda row: (row["d"].minute, row["d"].second),
        1,
        on=_P,
    ),
    Class(
        "order of integer enums",
        """CREATE TABLE t (id integer PRIMARY KEY, low integer NOT NULL, high integer NOT NULL,
        CHECK (low IN (1, 2, 3)), CHECK (high IN (1, 2, 3)), CHECK (low <= high))""",
        _value("low", "high"),
        6,
    ),
    Class(
        "two foreign keys in order",
        f"""{_PAIR} CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL, b integer NOT NULL,
        FOREIGN KEY (a) REFERENCES p (id), FOREIGN KEY (b) REFERENCES p (id), CHECK (a < b))""",
        lambda row: row["a"] < row["b"],
        1,
    ),
    Class(
        "citext, unique, of a pattern",
        """CREATE EXTENSION IF NOT EXISTS citext;
        CREATE TABLE t (id integer PRIMARY KEY, name citext NOT NULL UNIQUE, CHECK (name ~* '^[a-z]+-[0-9]+$'))""",
        lambda row: "-" in row["name"],
        1,
        on=_P,
    ),
    Class(
        "prefix and length",
        """CREATE TABLE t (id integer PRIMARY KEY, code varchar(30) NOT NULL, CHECK (substr(code, 1, 3) = 'ab_'),
        CHECK (length(code) >= 12))""",
        lambda row: row["code"][:3],
        1,
    ),
    Class(
        "LIKE and lower",
        """CREATE TABLE t (id integer PRIMARY KEY, url varchar(60) NOT NULL, slug varchar(60) NOT NULL,
        CHECK (url LIKE 'https://%'), CHECK (lower(slug) = slug), CHECK (slug <> ''))""",
        lambda row: (row["url"][:8], row["slug"] == row["slug"].lower()),
        1,
    ),
    Class(
        "generated column over a JSON field",
        """CREATE TABLE t (id integer PRIMARY KEY, doc jsonb NOT NULL,
        code text GENERATED ALWAYS AS (doc ->> 'code') STORED NOT NULL, CHECK (code ~ '^[A-Z]{3}[0-9]{4}$'))""",
        lambda row: row["code"][:3].isupper(),
        1,
        on=_P,
    ),
    Class(
        "JSON field equal to a column",
        """CREATE TABLE t (id integer PRIMARY KEY, doc jsonb NOT NULL, name text NOT NULL,
        CHECK (doc ->> 'name' = name AND doc ? 'name'))""",
        lambda row: row["doc"]["name"] == row["name"],
        1,
        on=_P,
    ),
    Class(
        "type of a document",
        """CREATE TABLE t (id integer PRIMARY KEY, doc jsonb NOT NULL, tags jsonb NOT NULL,
        CHECK (jsonb_typeof(doc) = 'object'), CHECK (jsonb_typeof(tags) = 'array'))""",
        lambda row: (type(row["doc"]), type(row["tags"])),
        1,
        on=_P,
    ),
    Class(
        "array in a list",
        """CREATE TABLE t (id integer PRIMARY KEY, tags text[] NOT NULL, CHECK (tags <@ ARRAY['a', 'b', 'c']))""",
        lambda row: set(row["tags"]) <= {"a", "b", "c"},
        1,
        on=_P,
    ),
    Class(
        "singleton by an expression",
        """CREATE TABLE t (id integer PRIMARY KEY, name text); CREATE UNIQUE INDEX one ON t ((true))""",
        lambda row: True,
        1,
        on=_P,
        rows=1,
    ),
    Class(
        "singleton by its key",
        """CREATE TABLE t (id boolean PRIMARY KEY, name text, CHECK (id = true))""",
        _value("id"),
        1,
        on=_P,
        rows=1,
    ),
    Class(
        "one default",
        """CREATE TABLE t (id integer PRIMARY KEY, is_default boolean NOT NULL, name varchar(30));
        CREATE UNIQUE INDEX one ON t (is_default) WHERE is_default""",
        _value("is_default"),
        2,
        on=_PARTIAL,
    ),
    Class(
        "soft delete",
        """CREATE TABLE t (id integer PRIMARY KEY, code integer NOT NULL, deleted_at timestamp NULL,
        CHECK (code BETWEEN 1 AND 9));
        CREATE UNIQUE INDEX live ON t (code) WHERE deleted_at IS NULL""",
        _null("deleted_at"),
        2,
        on=_PARTIAL,
    ),
    Class(
        "a pair of partial indexes",
        f"""{_PAIR} CREATE TABLE t (id integer PRIMARY KEY, name varchar(20) NOT NULL, p_id integer REFERENCES p (id));
        CREATE UNIQUE INDEX top ON t (name) WHERE p_id IS NULL; CREATE UNIQUE INDEX inner_ ON t (p_id,
        name) WHERE p_id IS NOT NULL""",
        lambda row: True,
        1,
        on=_PARTIAL,
    ),
    Class(
        "expression indexes",
        """CREATE TABLE t (id integer PRIMARY KEY, name varchar(30) NOT NULL, room varchar(10),
        body varchar(90) NOT NULL);
        CREATE UNIQUE INDEX l ON t (lower(name)); CREATE UNIQUE INDEX c ON t (coalesce(room, ''), name)""",
        lambda row: True,
        1,
        on=_PARTIAL,
    ),
    Class(
        "md5 index",
        """CREATE TABLE t (id integer PRIMARY KEY, body text NOT NULL); CREATE UNIQUE INDEX m ON t (md5(body))""",
        lambda row: True,
        1,
        on=_P,
    ),
    Class(
        "NULLS NOT DISTINCT",
        """CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer, UNIQUE NULLS NOT DISTINCT (a, b))""",
        lambda row: True,
        1,
        on=_P,
    ),
    Class(
        "exclusion constraint",
        """CREATE EXTENSION IF NOT EXISTS btree_gist; CREATE TABLE t (id integer PRIMARY KEY, room integer NOT NULL,
        during tsrange NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&))""",
        lambda row: True,
        1,
        on=_P,
    ),
    Class(
        "discriminator in a composite foreign key",
        """CREATE TABLE base (id integer NOT NULL, kind varchar(4) NOT NULL, CHECK (kind IN ('X', 'Y')),
        PRIMARY KEY (id), UNIQUE (id, kind));
        CREATE TABLE t (id integer PRIMARY KEY, kind varchar(4) NOT NULL, note varchar(9), CHECK (kind = 'X'),
        FOREIGN KEY (id, kind) REFERENCES base (id, kind))""",
        _value("kind"),
        1,
        rows=None,
    ),
    Class(
        "literal keys of a lookup table",
        """CREATE TABLE look (code varchar(10) PRIMARY KEY); CREATE TABLE t (id integer PRIMARY KEY,
        code varchar(10) NOT NULL,
        ends date NULL, CHECK (code <> 'closed' OR ends IS NOT NULL), CHECK (code IN ('open', 'closed', 'lost')),
        FOREIGN KEY (code) REFERENCES look (code))""",
        _value("code"),
        3,
    ),
    Class(
        "IS NULL alone",
        """CREATE TABLE t (id integer PRIMARY KEY, gone integer, name varchar(9), CHECK (gone IS NULL))""",
        _null("gone"),
        1,
    ),
    Class(
        "moments between bounds",
        """CREATE TABLE t (id integer PRIMARY KEY, d date NOT NULL, e date NOT NULL, CHECK (d < '2020-02-29'),
        CHECK (e > d AND e < '1990-01-01'))""",
        lambda row: row["e"].year < 1990,
        1,
    ),
    Class(
        "own parent, not itself",
        """CREATE TABLE t (id integer PRIMARY KEY, up integer, a boolean NOT NULL, b boolean NOT NULL,
        FOREIGN KEY (up) REFERENCES t (id), CHECK (up <> id), CHECK (up IS NULL OR a))""",
        _null("up"),
        2,
    ),
)
CASES = [pytest.param(each, on, id=f"{each.name} on {on}") for each in CLASSES for on in each.on]


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    found = sqlite_engine() if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_engine")
    yield found
    found.dispose()


def create(engine: sa.Engine, ddl: str) -> None:
    with engine.begin() as connection:
        for statement in ddl.split(";"):
            if statement.strip():
                connection.exec_driver_sql(
                    statement if engine.dialect.name == "sqlite" else statement.replace("%", "%%")
                )


def table_rows(engine: sa.Engine) -> Rows:
    table = sa.Table("t", sa.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]


@pytest.mark.parametrize(("each", "engine"), CASES, indirect=["engine"])
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_each_class_is_filled(each: Class, engine: sa.Engine) -> None:
    create(engine, each.ddl)
    syda.seed(engine, rows=40, seed=3)
    rows = table_rows(engine)
    assert syda.check(engine).ok
    assert rows
    assert each.rows is None or len(rows) == each.rows
    assert len({each.ways(row) for row in rows}) == each.number
    varied = {repr({name: value for name, value in row.items() if name != "id"}) for row in rows}
    assert len(varied) >= min(len(rows), 4) or each.name == "array in a list"
    one, small = (syda.generate(engine, rows=40, seed=3, block_size=size) for size in (1_000, 7))
    for key, table in one.tables.items():
        for name, values in table.columns.items():
            assert repr(values.data.tolist()) == repr(small.tables[key].columns[name].data.tolist()), (key, name)


@pytest.mark.parametrize(
    "checks",
    [
        ("a > 5 OR a < 0", "a BETWEEN 1 AND 4"),
        ("b OR a > 3", "NOT b", "a < 2"),
        ("(c IS NULL) = (a = 1)", "c IS NOT NULL AND a = 1"),
        ("d > '2020-01-01' AND d < '2019-01-01'",),
        ("s IN ('x', 'y') OR b", "s = 'z' AND NOT b"),
        ("c IS NULL", "c IS NOT NULL"),
    ],
)
def test_checks_that_contradict_each_other_are_an_error_at_planning(checks: tuple[str, ...]) -> None:
    with pytest.raises(ConstraintError) as caught:
        syda.plan(_table(*checks))
    assert all(check in str(caught.value) for check in checks)


@pytest.mark.parametrize(
    "checks",
    [
        ("c > 5", "c < 3"),
        ("c = 1 OR c = 2", "c = 3 OR c = 4"),
        ("coalesce(c > 3, true)", "c IS NULL"),
        ("CASE WHEN b THEN a > 3 END", "a < 2"),
        ("a + 1 > 5", "a + 1 < 3 OR b"),
    ],
)
def test_checks_that_a_null_satisfies_do_not_contradict_each_other(checks: tuple[str, ...]) -> None:
    assert syda.generate(_table(*checks), rows=9).rows == {"t": 9}


def _table(*checks: str) -> sa.MetaData:
    metadata = sa.MetaData()
    columns = (("a", sa.Integer()), ("b", sa.Boolean()), ("s", sa.String(9)), ("d", sa.Date()))
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("c", sa.Integer),
        *(sa.Column(name, type_, nullable=False) for name, type_ in columns),
        *map(sa.CheckConstraint, checks),
    )
    return metadata


def test_a_table_without_rows_needs_none_of_a_function() -> None:
    columns = [sa.Column(name, sa.Integer, nullable=False) for name in ("low", "high")]
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns, sa.CheckConstraint("low < high"))
    dataset = syda.generate(metadata, rows=0, overrides={"t.low": lambda row, column: 1})
    assert dataset.rows == {"t": 0}


@pytest.mark.parametrize("rest", ["", "AND (parent_id <> id OR parent_id IS NULL)"])
def test_the_first_row_of_a_tree_is_a_root_where_roots_are_told_apart(rest: str) -> None:
    tree = {"id": "integer", "parent_id": "t.id", "depth": "integer"}
    check = f"(parent_id IS NULL) = (depth = 0) AND depth >= 0 {rest}"
    rows = syda.generate({"t": {"columns": tree, "checks": [check]}}, rows=40, seed=2).frames()["t"]
    roots = rows["parent_id"].isna()
    assert (roots[0], rows["depth"][0]) == (True, 0)
    assert (rows["parent_id"] < rows["id"])[~roots].all()


def test_the_first_row_is_its_own_parent_where_nothing_else_satisfies_the_check() -> None:
    tree = {"columns": {"id": "integer", "parent_id": "t.id"}, "checks": ["parent_id IS NOT NULL"]}
    rows = syda.generate({"t": tree}, rows=20, seed=2).frames()["t"]
    assert rows["id"][rows["parent_id"] == rows["id"]].tolist() == [1]
