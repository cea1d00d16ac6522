"""A rehearsal tells of values that are not what they were, and of rows that are nowhere."""

from __future__ import annotations

import pytest

from syda.load.ddl import build_tables
from syda.migrations import upgrade_and_seed
from syda.schema import read_schema
from tests.databases import execute
from tests.migrations.histories import rehearse, text_of
from tests.migrations.test_rehearsing import batch, found

THINGS = """
op.create_table(
    "things",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("title", sa.String(60), nullable=False),
    sa.Column("amount", sa.Numeric(10, 2), nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("n", sa.Integer, nullable=False),
)
"""


@pytest.fixture
def things(history):
    return history.add("a1", THINGS, 'op.drop_table("things")')


def test_values_that_a_narrower_type_cuts(things, postgresql_engine):
    things.add("cut", 'op.alter_column("things", "title", type_=sa.String(10), postgresql_using="left(title, 10)")')
    things.add("rounded", 'op.alter_column("things", "amount", type_=sa.Numeric(10, 0))')
    things.add("days", 'op.alter_column("things", "at", type_=sa.Date)')
    things.add("wider", 'op.alter_column("things", "n", type_=sa.BigInteger)')
    things.add("text", 'op.alter_column("things", "n", type_=sa.String(30))')
    report = rehearse(things.ini, text_of(postgresql_engine), downgrade=True)
    assert found(report) == [(each, "upgrade", "values changed") for each in ("rounded", "days")]
    [cut] = [each for each in report.revisions if each.revision == "cut"]
    assert "things.title" in cut.notes[0]  # which says itself how
    rounded, _ = (finding.said for _, finding in report.found)
    assert rounded.startswith("things.amount: ")
    assert "(decimal(10, 2) became decimal(10, 0))" in rounded


def test_numbers_that_sqlite_takes_all_the_same(things, own):
    kind = "existing_type=sa.Numeric(10, 2)"
    things.add("narrower", batch("things", f'alter_column("amount", {kind}, type_=sa.Numeric(5, 2))'))
    things.add("rounded", batch("things", f'alter_column("amount", {kind}, type_=sa.Numeric(9, 0))'))
    things.add("wider", batch("things", f'alter_column("amount", {kind}, type_=sa.Numeric(12, 4))'))
    report = rehearse(things.ini, text_of(own))
    assert found(report) == [(each, "upgrade", "values too long") for each in ("narrower", "rounded")]
    assert report.found[0][1].said.endswith("of things.amount do not fit its new type NUMERIC(5, 2)")


def test_values_that_a_statement_changes_are_noted(things, engine):
    things.add("upper", 'op.execute("UPDATE things SET title = upper(title)")')
    report = rehearse(things.ini, text_of(engine), downgrade=True)
    assert report.is_clean, report.explain()
    up, down = report.revisions[-1].notes
    assert up.startswith("things.title: ")
    assert "values have changed, as" in up
    assert "the downgrade does not bring back what it was" in down


def test_a_downgrade_that_puts_a_default_in_the_place_of_values(things, engine):
    column = 'sa.Column("amount", sa.Numeric(10, 2), nullable=False, server_default="0")'
    things.add("dropped", batch("things", 'drop_column("amount")'), batch("things", f"add_column({column})"))
    report = rehearse(things.ini, text_of(engine), downgrade=True)
    assert found(report) == [("dropped", "downgrade", "values changed")]
    assert "things.amount: 29 of 30 values have changed" in report.found[0][1].said


OTHER = 'op.create_table("other", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))'


def test_a_lost_table_beside_one_that_is_renamed(things, engine):
    things.add("a2", OTHER)
    things.add("both", 'op.drop_table("other")\nop.rename_table("things", "items")')
    report = rehearse(things.ini, text_of(engine))
    assert [(revision, finding.table) for revision, finding in report.found] == [("both", "other")]


def test_a_lost_table_beside_a_full_new_one(things, engine):
    rows = '[{"id": i, "name": f"c{i}"} for i in range(1, 201)]'
    things.add("lost", f'op.drop_table("things")\nmade = {OTHER}\nop.bulk_insert(made, {rows})')
    report = rehearse(things.ini, text_of(engine))
    assert [finding.table for _, finding in report.found] == ["things"], report.explain()


def test_a_table_that_is_moved_with_other_names(things, engine):
    make = OTHER.replace('"name", sa.String(20)', '"name", sa.String(60)')
    things.add("a2", f'{make}\nop.execute("INSERT INTO other SELECT id, title FROM things")\nop.drop_table("things")')
    assert rehearse(things.ini, text_of(engine)).is_clean


KINDS = ["text[]", "numeric(5,2)[]", "date[]", "money", "int GENERATED ALWAYS AS IDENTITY"]


@pytest.mark.parametrize("kind", KINDS)
def test_tables_with_types_of_postgresqls_own_are_filled(history, postgresql_engine, kind):
    history.add("a1", f"op.execute('CREATE TABLE t (id int PRIMARY KEY, c {kind} NOT NULL)')")
    history.add("a2", 'op.add_column("t", sa.Column("z", sa.Integer, nullable=False))')
    report = rehearse(history.ini, text_of(postgresql_engine))
    assert found(report) == [("a2", "upgrade", "error")]
    assert report.unfilled == []
    assert dict(upgrade_and_seed(history.ini, postgresql_engine, revision="a1", rows=5).rows) == {"t": 5}


PEOPLE = """
op.create_table("people", sa.Column("id", sa.Integer, primary_key=True), sa.Column("email", sa.String(120)))
op.create_table(
    "posts",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("author", sa.Integer),
    sa.Column("n", sa.Integer),
    sa.Column("share", sa.Integer, nullable=False),
)
"""


@pytest.fixture
def people(history):
    return history.add("a1", PEOPLE)


def test_a_full_mail_address_is_one_all_the_same(people, own):
    people.add(
        "split",
        """
        for email, in op.get_bind().execute(sa.text("SELECT email FROM people WHERE email IS NOT NULL")).all():
            name, domain = email.split("@")
        """,
    )
    people.add("short", batch("people", 'alter_column("email", existing_type=sa.String(120), type_=sa.String(119))'))
    assert found(rehearse(people.ini, text_of(own))) == [("short", "upgrade", "values too long")]


def test_foreign_keys_over_rows_without_parents(people, engine):
    people.add("linked", batch("posts", 'create_foreign_key("fk", "people", ["author"], ["id"])'))
    people.add("later", 'op.execute("SELECT 1")')
    fault = "parents missing" if engine.dialect.name == "sqlite" else "error"
    report = rehearse(people.ini, text_of(engine))
    assert found(report) == [("linked", "upgrade", fault)], report.explain()


@pytest.mark.parametrize("check", ["n > 0", "share <> 0", "share >= 0"])
def test_checks_that_numbers_break(people, engine, check):
    people.add("checked", batch("posts", f'create_check_constraint("ck", "{check}")'))
    assert found(rehearse(people.ini, text_of(engine))) == [("checked", "upgrade", "error")]


def test_rows_that_a_revision_inserts_beside_those_of_syda(people, engine):
    people.add("base_rows", """op.execute("INSERT INTO people (id, email) VALUES (1, 'a@b.c')")""")
    [report] = [each for each in rehearse(people.ini, text_of(engine)).revisions if each.findings]
    assert "what it inserts met no rows of syda's" in report.notes[0]
    unique = rehearse(people.add("u", batch("posts", 'create_unique_constraint("u", ["n"])')).ini, text_of(engine))
    assert not any("what it inserts" in note for note in unique.revisions[-1].notes)


def test_a_value_of_an_enum_that_gets_another_name_is_noted(history, postgresql_engine):
    history.add("a1", "op.execute(\"CREATE TYPE mood AS ENUM ('low', 'high')\")\n" + MOODS)
    history.add("a2", "op.execute(\"ALTER TYPE mood RENAME VALUE 'low' TO 'sad'\")")
    report = rehearse(history.ini, text_of(postgresql_engine))
    assert report.is_clean, report.explain()
    assert report.revisions[-1].notes[0].endswith("as low -> sad")


MOODS = """op.execute("CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL)")"""


def test_tables_of_a_file_may_have_an_identity_that_is_not_the_key(postgresql_engine):
    execute(postgresql_engine, "CREATE TABLE t (id int PRIMARY KEY, n int GENERATED BY DEFAULT AS IDENTITY)")
    target = build_tables(read_schema(read_schema(postgresql_engine).schema).schema)["t"]
    assert target.columns["n"].identity is not None


@pytest.mark.parametrize(
    ("old", "new", "using", "fault"),
    [
        ("timestamp", "timestamptz", "c AT TIME ZONE 'Europe/Berlin'", False),
        ("timestamptz", "timestamp", "c AT TIME ZONE 'UTC'", False),
        ("numeric(6, 2)", "int", "(c * 100)::int", False),
        ("numeric(6, 2)", "int", "c::int", True),
        ("numeric(6, 2)", "int", "CAST(c AS int)", True),
        ("numeric(6, 2)", "int", "", True),
        ("real", "double precision", "", False),
    ],
)
def test_a_conversion_that_says_itself_how(history, postgresql_engine, old, new, using, fault):
    history.add("a1", f"op.execute('CREATE TABLE t (id int PRIMARY KEY, c {old} NOT NULL)')")
    history.add("a2", "pass")
    history.add("a3", f'op.execute("ALTER TABLE t ALTER c TYPE {new} {using and "USING " + using}")')
    report = rehearse(history.ini, text_of(postgresql_engine))
    assert found(report) == ([("a3", "upgrade", "values changed")] if fault else []), report.explain()
