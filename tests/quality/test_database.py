"""Every kind of violation is planted in tables without constraints and found; nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Engine,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    func,
    insert,
    text,
)

from syda.quality.database import DatabaseReport, check_database
from syda.schema import Check, Kind, LogicalType, Schema, Unique, read_schema
from syda.schema import Column as ModelColumn
from syda.schema import Table as ModelTable
from tests.shop import Base

STRICT = MetaData()
PARENTS = Table(
    "parents",
    STRICT,
    Column("a", Integer, primary_key=True),
    Column("b", Integer, primary_key=True),
    Column("name", String(5), nullable=False),
    Column("code", String(10), unique=True),
    Column("mood", Enum("good", "bad", name="mood")),
    Column("raw", LargeBinary(2)),
    Column("age", Integer, CheckConstraint("age >= 0 AND age % 2 = 0")),
)
CHILDREN = Table(
    "children",
    STRICT,
    Column("id", Integer, primary_key=True),
    Column("a", Integer),
    Column("b", Integer),
    Column("boss_id", Integer, ForeignKey("children.id")),
    Column("x", Integer),
    Column("y", Integer),
    ForeignKeyConstraint(["a", "b"], ["parents.a", "parents.b"]),
    UniqueConstraint("x", "y"),
)
LOOSE = {
    "parents": "a INTEGER, b INTEGER, name VARCHAR(50), code VARCHAR(10), mood VARCHAR(9), raw {raw}, age INTEGER",
    "children": "id INTEGER, a INTEGER, b INTEGER, boss_id INTEGER, x INTEGER, y INTEGER",
}
GOOD_PARENT = {"a": 1, "b": 1, "name": "Anna", "code": "c1", "mood": "good", "raw": b"ab", "age": 2}
GOOD_CHILD = {"id": 1, "a": 1, "b": 1, "boss_id": 1, "x": 1, "y": 1}


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database of each kind."""
    if request.param != "sqlite":
        yield request.getfixturevalue(f"{request.param}_engine")
        return
    engine = create_engine("sqlite://")
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection to tables without constraints that hold rows without fault."""
    raw = {"postgresql": "BYTEA", "mysql": "VARBINARY(20)"}.get(engine.dialect.name, "BLOB")
    with engine.connect() as connection:
        for name, columns in LOOSE.items():
            connection.execute(text(f"CREATE TABLE {name} ({columns.format(raw=raw)})"))
        add(connection, "parents", {}, {"a": 1, "b": 2, "code": "c2"}, {"a": 2, "b": 1, "code": None, "mood": None})
        add(connection, "children", {}, {"id": 2, "a": None, "b": 7, "boss_id": None, "x": None})
        connection.commit()
        yield connection


def add(connection: Connection, table: str, *changes: dict[str, object]) -> None:
    good = GOOD_PARENT if table == "parents" else GOOD_CHILD
    names = ", ".join(good)
    values = ", ".join(f":{name}" for name in good)
    for changed in changes:
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), good | changed)


def check(connection: Connection) -> DatabaseReport:
    return check_database(connection, read_schema(STRICT).schema)


def test_nothing_is_found_where_nothing_is_wrong(connection: Connection) -> None:
    report = check(connection)
    assert report.ok
    assert report.violations == ()
    assert report.skipped == ()
    assert report.tables == {"parents": 3, "children": 2}
    assert report.checked >= 15
    assert not connection.in_transaction()


NEW = {"a": 9, "b": 9, "code": "c9"}


@pytest.mark.parametrize(
    ("table", "rows", "rule", "detail", "count"),
    [
        ("parents", [{"code": "c3"}, {"code": "c4"}, {"a": 2, "b": 1, "code": "c5"}], "primary key", "a, b", 3),
        ("parents", [NEW, NEW | {"a": 10}], "unique", "code", 1),
        ("parents", [NEW | {"name": None}], "not null", "name", 1),
        ("parents", [NEW | {"name": "Maximilian"}], "length", "name at most 5", 1),
        ("parents", [NEW | {"raw": b"abc"}], "length", "raw at most 2", 1),
        ("parents", [NEW | {"mood": "sad"}], "enum", "mood in good, bad", 1),
        ("parents", [NEW | {"age": -1}], "check", "age >= 0 AND age % 2 = 0", 1),
        ("children", [{"id": 3, "x": 5, "a": 2, "b": 2}], "foreign key", "a, b -> parents (a, b)", 1),
        ("children", [{"id": 3, "x": 5, "boss_id": 77}], "foreign key", "boss_id -> children (id)", 1),
        ("children", [{"id": 3}, {"id": 4}, {"id": 5, "x": None}, {"id": 6, "x": None}], "unique", "x, y", 2),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_planted_violation_is_found(
    connection: Connection, table: str, rows: list[dict[str, object]], rule: str, detail: str, count: int
) -> None:
    add(connection, table, *rows)
    (violation,) = check(connection).violations
    assert (violation.table, violation.rule, violation.detail, violation.count) == (table, rule, detail, count)
    assert violation.samples


def test_three_samples_at_most_show_the_rows(connection: Connection) -> None:
    add(connection, "children", *({"id": number, "x": number, "boss_id": 90} for number in range(10, 15)))
    (violation,) = check(connection).violations
    assert violation.count == 5
    assert len(violation.samples) == 3
    assert all(sample["boss_id"] == 90 and sample["id"] >= 10 for sample in violation.samples)


def test_the_report_becomes_json(connection: Connection) -> None:
    add(connection, "parents", NEW | {"raw": b"abc"})
    plain = json.loads(json.dumps(check(connection).to_dict()))
    assert plain["ok"] is False
    assert plain["tables"] == {"parents": 4, "children": 2}
    assert plain["violations"][0]["rule"] == "length"
    assert plain["violations"][0]["samples"][0]["raw"] == "b'abc'"


def test_the_callers_transaction_goes_on(connection: Connection) -> None:
    add(connection, "parents", NEW)
    assert check(connection).tables["parents"] == 4
    connection.rollback()
    assert check(connection).tables["parents"] == 3


def test_a_rule_that_cannot_run_is_told_and_the_others_go_on(connection: Connection) -> None:
    add(connection, "parents", NEW | {"name": None})
    strict = MetaData()
    columns = (Column("a", Integer, primary_key=True), Column("name", String(5), nullable=False))
    Table("parents", strict, *columns, CheckConstraint("no_such_function(a) > 0", name="odd"))
    report = check_database(connection, read_schema(strict).schema)
    (skipped,) = report.skipped
    assert skipped.startswith("parents: check: odd: no_such_function(a) > 0: ")
    assert [violation.rule for violation in report.violations] == ["primary key", "not null"]


def test_tables_and_columns_that_are_missing_are_violations(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE parents (a INTEGER, b INTEGER)"))
        report = check(connection)
    missing = [(violation.table, violation.rule) for violation in report.violations]
    assert ("children", "table") in missing
    assert missing.count(("parents", "column")) == 5


def test_tables_with_the_constraints_are_clean_by_models_and_by_reflection(engine: Engine) -> None:
    models = STRICT if engine.dialect.name == "mysql" else Base.metadata
    models.create_all(engine)
    with engine.connect() as connection:
        for schema in (read_schema(models).schema, read_schema(connection).schema):
            report = check_database(connection, schema)
            assert report.violations == ()
            assert report.skipped == ()
            assert set(report.tables) == set(models.tables)


ODD = MetaData()
Table("50%", ODD, Column("x:y", Integer, primary_key=True, autoincrement=False), Column("select", String(9)))
Table(
    'say "hi"',
    ODD,
    Column("a b", Integer, primary_key=True, autoincrement=False),
    Column("100% :x", Integer, ForeignKey("50%.x:y")),
    Column("it's", String(9), nullable=False),
    Column("Group", Enum("a%b", ":c", "it's", name="odd enum")),
    UniqueConstraint("100% :x", "it's"),
    CheckConstraint("\"it's\" <> ' :x%'"),
)


def test_odd_names(engine: Engine) -> None:
    if engine.dialect.name == "mysql":
        pytest.skip("the CHECK quotes its column as standard SQL does")
    ODD.create_all(engine)
    percent, hi = ODD.tables["50%"], ODD.tables['say "hi"']
    with engine.connect() as connection:
        connection.execute(insert(percent), [{"x:y": 1, "select": "x"}])
        row = {"a b": 1, "100% :x": 1, "it's": "x", "Group": "a%b"}
        connection.execute(insert(hi).values({hi.c[name]: value for name, value in row.items()}))
        for schema in (read_schema(ODD).schema, read_schema(connection).schema):
            report = check_database(connection, schema)
            assert (report.violations, report.skipped) == ((), ())
            assert report.tables == {"50%": 1, 'say "hi"': 1}


def test_odd_names_without_constraints(engine: Engine) -> None:
    loose = MetaData()
    for table in ODD.tables.values():
        types = (Integer() if isinstance(column.type, Integer) else String(50) for column in table.c)
        Table(table.name, loose, *(Column(column.name, type_) for column, type_ in zip(table.c, types, strict=True)))
    loose.create_all(engine)
    percent, hi = loose.tables.values()
    with engine.connect() as connection:
        connection.execute(insert(percent).values([(1, "far too long a text"), (1, "x")]))
        connection.execute(insert(hi).values([(1, 2, " :x%", "no"), (2, 2, " :x%", ":c"), (3, 1, None, None)]))
        report = check_database(connection, read_schema(ODD).schema)
    assert report.skipped == ()
    assert [(violation.table, violation.rule, violation.count) for violation in report.violations] == [
        ("50%", "primary key", 1),
        ("50%", "length", 1),
        ('say "hi"', "unique", 1),
        ('say "hi"', "not null", 1),
        ('say "hi"', "foreign key", 2),
        ('say "hi"', "check", 2),
        ('say "hi"', "enum", 1),
    ]


def test_a_schema_qualified_table(postgresql_engine: Engine) -> None:
    metadata = MetaData(schema="Other one")
    Table("t", metadata, Column("id", Integer, primary_key=True), Column("up", Integer, ForeignKey("Other one.t.id")))
    with postgresql_engine.connect() as connection:
        connection.execute(text('CREATE SCHEMA "Other one"'))
        connection.execute(text('CREATE TABLE "Other one".t (id int, up int)'))
        connection.execute(text('INSERT INTO "Other one".t VALUES (1, 1), (2, 5)'))
        (violation,) = check_database(connection, read_schema(metadata).schema).violations
    assert (violation.table, violation.rule, violation.count) == ("Other one.t", "foreign key", 1)
    assert violation.samples == ({"id": 2, "up": 5},)


def test_unique_sets_with_expressions_predicates_and_equal_nulls(postgresql_engine: Engine) -> None:
    strict = MetaData()
    people = Table("people", strict, *(Column(name, String(9)) for name in ("email", "nick", "state")))
    Index("by_mail", func.lower(people.c.email), unique=True)
    Index("by_nick", people.c.nick, unique=True, postgresql_where=text("state = 'live'"))
    people.append_constraint(UniqueConstraint("state", postgresql_nulls_not_distinct=True))
    with postgresql_engine.connect() as connection:
        connection.execute(text("CREATE TABLE people (email text, nick text, state text)"))
        rows = "('A', 'n', 'live'), ('a', 'n', 'live'), ('b', 'm', 'dead'), ('c', 'm', NULL), ('d', 'm', NULL)"
        connection.execute(text(f"INSERT INTO people VALUES {rows}"))
        report = check_database(connection, read_schema(strict).schema)
    found = {violation.detail: violation.count for violation in report.violations}
    assert found == {"lower(email)": 1, "nick where state = 'live'": 1, "state": 2}
    assert report.skipped == ()


def one_table(**changes: object) -> Schema:
    columns = (ModelColumn(name="c", type=LogicalType(kind=Kind.TEXT, length=3)),)
    table = ModelTable(**({"name": "t", "columns": columns} | changes))  # type: ignore[arg-type]
    return Schema(tables={"t": table}, dialect="postgresql")


def test_rules_written_for_another_database_are_skipped_and_told(connection: Connection) -> None:
    other = "mysql" if connection.dialect.name != "mysql" else "sqlite"
    connection.execute(text("CREATE TABLE t (c VARCHAR(9))"))
    report = check_database(connection, one_table(checks=(Check(expression="c > ''", dialect=other),)))
    assert report.skipped == (f"t: check: c > '': it is written for {other}",)
    if connection.dialect.name != "postgresql":
        report = check_database(connection, one_table(uniques=(Unique(expressions=("lower(c)",)),)))
        assert report.skipped == ("t: unique: lower(c): it is written for postgresql",)


def test_sqlite_may_hold_what_a_check_lists_though_it_is_longer_than_the_type() -> None:
    schema = one_table(checks=(Check(expression="c IN ('abcdef', 'x')", dialect="sqlite"),))
    with create_engine("sqlite://").connect() as connection:
        connection.execute(text("CREATE TABLE t (c VARCHAR(3))"))
        connection.execute(text("INSERT INTO t VALUES ('abcdef'), ('x')"))
        assert check_database(connection, schema).ok
        connection.execute(text("INSERT INTO t VALUES ('ghijkl')"))
        assert [each.rule for each in check_database(connection, schema).violations] == ["check", "length"]


def test_sqlites_own_checks_are_asked() -> None:
    with create_engine("sqlite://").connect() as connection:
        connection.execute(text("CREATE TABLE p (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE k (p INTEGER REFERENCES p, n INTEGER)"))
        connection.execute(text("INSERT INTO k VALUES (1, NULL), (2, NULL)"))
        connection.execute(text("PRAGMA writable_schema = ON"))
        connection.execute(text("UPDATE sqlite_master SET sql = replace(sql, 'n INTEGER', 'n INTEGER NOT NULL')"))
        connection.execute(text("PRAGMA writable_schema = RESET"))
        report = check_database(connection, Schema(tables={}))
    found = {(violation.table, violation.rule, violation.count) for violation in report.violations}
    assert ("k", "foreign_key_check", 2) in found
    assert any(rule == "integrity_check" for _, rule, _ in found)
