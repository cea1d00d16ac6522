"""Constraints that are made after the rows are exactly the ones that were there."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, event, func, select, text

import syda
from syda.errors import RejectedError

SCHEMA = """
CREATE SCHEMA app;
CREATE COLLATION app.plain (locale = 'C');
CREATE TABLE app.tenants (
    id integer GENERATED ALWAYS AS IDENTITY, code varchar(40) NOT NULL, region varchar(20),
    CONSTRAINT tenants_pk PRIMARY KEY (id) WITH (fillfactor = 70),
    CONSTRAINT "Tenants' Code" UNIQUE (code) INCLUDE (region)
);
COMMENT ON CONSTRAINT tenants_pk ON app.tenants IS 'the tenant''s \\ key: 100% %s :x';
COMMENT ON INDEX app.tenants_pk IS 'its index';
CREATE TABLE app."Odd ""Users" (
    tenant_id integer NOT NULL, "Nr." integer NOT NULL, email varchar(80) NOT NULL, boss integer,
    deleted_at timestamp, "order" integer DEFAULT 0,
    PRIMARY KEY (tenant_id, "Nr."),
    CONSTRAINT email_once UNIQUE (email) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT of_tenant FOREIGN KEY (tenant_id) REFERENCES app.tenants ON DELETE CASCADE ON UPDATE RESTRICT,
    CONSTRAINT positive CHECK ("Nr." > 0),
    CONSTRAINT has_boss FOREIGN KEY (tenant_id, boss) REFERENCES app."Odd ""Users" DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON CONSTRAINT of_tenant ON app."Odd ""Users" IS 'of: tenant';
CREATE INDEX lower_email ON app."Odd ""Users" (lower(email) text_pattern_ops, "order" DESC NULLS LAST);
ALTER INDEX app.lower_email ALTER COLUMN 1 SET STATISTICS 321;
CREATE UNIQUE INDEX "live: %s email" ON app."Odd ""Users" (email COLLATE app.plain) WITH (fillfactor = 60)
    WHERE deleted_at IS NULL;
COMMENT ON INDEX app."live: %s email" IS 'live ones';
CREATE INDEX hashed ON app."Odd ""Users" USING hash ("order");
CREATE UNIQUE INDEX twice ON app."Odd ""Users" (tenant_id, "Nr.");
ALTER TABLE app."Odd ""Users" REPLICA IDENTITY USING INDEX twice;
ALTER TABLE app."Odd ""Users" CLUSTER ON lower_email;
CREATE TABLE app.notes (
    id integer PRIMARY KEY, tenant_id integer, code varchar(40), body text,
    CONSTRAINT no_other EXCLUDE USING btree (id WITH =) WITH (fillfactor = 80) WHERE (id > 0) DEFERRABLE,
    CONSTRAINT by_code FOREIGN KEY (code) REFERENCES app.tenants (code)
);
ALTER TABLE app.notes ADD CONSTRAINT old_rows FOREIGN KEY (tenant_id) REFERENCES app.tenants NOT VALID;
CREATE VIEW app.grouped AS SELECT n.id, n.body, count(*) FROM app.notes n GROUP BY n.id;
CREATE TABLE app.disabled (id integer PRIMARY KEY, tenant_id integer REFERENCES app.tenants);
ALTER TABLE app.disabled DISABLE TRIGGER ALL;
CREATE TABLE app.parts (id integer NOT NULL, tenant_id integer NOT NULL REFERENCES app.tenants, PRIMARY KEY (id))
    PARTITION BY RANGE (id);
CREATE TABLE app.parts_one PARTITION OF app.parts DEFAULT;
CREATE INDEX parts_tenants ON app.parts (tenant_id);
CREATE TABLE app.base (id integer PRIMARY KEY, size integer);
CREATE TABLE app.special (more integer UNIQUE) INHERITS (app.base);
CREATE TABLE app.twins (a integer NOT NULL, t text);
CREATE UNIQUE INDEX first_twin ON app.twins (a);
CREATE TABLE app.of_twins (id integer PRIMARY KEY, a integer NOT NULL REFERENCES app.twins (a));
ALTER TABLE app.twins ADD PRIMARY KEY (a);
CREATE VIEW app.by_twin AS SELECT a, t FROM app.twins GROUP BY a;
CREATE PUBLICATION everything FOR TABLE app.tenants, app.notes;
CREATE STATISTICS app.both_of (dependencies) ON tenant_id, "order" FROM app."Odd ""Users";
"""

CATALOGUE = {
    "constraints": "SELECT conrelid::regclass::text, conname, contype, condeferrable, condeferred, convalidated,"
    " conislocal, coninhcount, connoinherit, conindid::regclass::text, confrelid::regclass::text, confupdtype,"
    " confdeltype, confmatchtype, conkey, confkey, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint')"
    " FROM pg_constraint WHERE connamespace = 'app'::regnamespace",
    "indexes": "SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, indisunique, indisprimary,"
    " indisexclusion, indimmediate, indisclustered, indisvalid, indisready, indislive, indisreplident, indkey,"
    " indnullsnotdistinct, pg_get_indexdef(i.indexrelid), c.reloptions, c.reltablespace, c.relpersistence, c.relowner,"
    " obj_description(c.oid, 'pg_class') FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " WHERE c.relnamespace = 'app'::regnamespace",
    "columns": "SELECT attrelid::regclass::text, attnum, attname, atttypid, atttypmod, attnotnull, attstattarget,"
    " attoptions, attidentity, attcollation FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid"
    " WHERE relnamespace = 'app'::regnamespace",
    "tables": "SELECT oid::regclass::text, relkind, relreplident, relhasindex, relchecks, relhasrules, relhastriggers,"
    " relowner, relacl, reloptions, reltablespace FROM pg_class WHERE relnamespace = 'app'::regnamespace",
    "triggers": "SELECT tgrelid::regclass::text, tgfoid::regproc::text, tgtype, tgenabled, tgdeferrable,"
    " tginitdeferred, (SELECT conname FROM pg_constraint k WHERE k.oid = tgconstraint) FROM pg_trigger t"
    " JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = 'app'::regnamespace",
    "publications": "SELECT prpubid, prrelid FROM pg_publication_rel",
    "statistics": "SELECT stxname, stxkeys, stxkind FROM pg_statistic_ext",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'app'",
}


def catalogue(engine: Engine) -> dict[str, list[str]]:
    with engine.connect() as connection:
        return {name: sorted(map(repr, connection.exec_driver_sql(sql).all())) for name, sql in CATALOGUE.items()}


def made(engine: Engine) -> MetaData:
    with engine.begin() as connection:
        for statement in SCHEMA.split(";\n"):
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    metadata = MetaData()
    metadata.reflect(engine, schema="app", only=lambda name, _: name not in ("parts_one", "base"))
    return metadata


@pytest.fixture
def statements(postgresql_engine: Engine) -> list[str]:
    seen: list[str] = []
    event.listen(postgresql_engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    return seen


def test_the_catalogue_is_what_it_was(postgresql_engine: Engine, statements: list[str]) -> None:
    metadata = made(postgresql_engine)
    before = catalogue(postgresql_engine)
    dataset = syda.generate(metadata, rows=60)
    del statements[:]
    dataset.to_sql(postgresql_engine, constraints="last")
    assert catalogue(postgresql_engine) == before
    dropped = [each for each in statements if " DROP CONSTRAINT " in each or each.startswith("DROP INDEX")]
    assert len(dropped) >= 10, dropped
    again = [each for each in statements if each.startswith(("CREATE", "ALTER TABLE", "COMMENT"))]
    assert any("NOT VALID" in each for each in again)
    with postgresql_engine.connect() as connection:
        for table in metadata.tables.values():
            assert connection.scalar(select(func.count()).select_from(table)), table.name
        assert connection.scalar(text("SELECT count(*) FROM pg_stats WHERE schemaname = 'app'"))


@pytest.mark.parametrize("constraints", ["live", "last"])
def test_a_row_that_breaks_a_constraint_leaves_everything(postgresql_engine: Engine, constraints: Any) -> None:
    metadata = MetaData()
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE p (id int PRIMARY KEY)")
        connection.exec_driver_sql("CREATE SCHEMA app")
        connection.exec_driver_sql("CREATE TABLE app.c (id int PRIMARY KEY, p_id int NOT NULL, u int)")
    metadata.reflect(postgresql_engine, schema="app")
    dataset = syda.generate(metadata, rows=30, overrides={"app.c.p_id": 7, "app.c.u": 3})
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE app.c ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p NOT VALID")
    for rule in ("c_p", "c_u"):
        before = catalogue(postgresql_engine)
        with pytest.raises(RejectedError, match=rule):
            dataset.to_sql(postgresql_engine, constraints=constraints)
        assert catalogue(postgresql_engine) == before
        with postgresql_engine.begin() as connection:
            assert not connection.scalar(text("SELECT count(*) FROM app.c"))
            connection.exec_driver_sql("ALTER TABLE app.c DROP CONSTRAINT IF EXISTS c_p")
            connection.exec_driver_sql("CREATE UNIQUE INDEX IF NOT EXISTS c_u ON app.c (u)")


def test_constraints_stay_where_they_cannot_be_dropped(postgresql_engine: Engine, statements: list[str]) -> None:
    metadata = MetaData()
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE a (id int PRIMARY KEY, x int UNIQUE)")
        connection.exec_driver_sql("CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a)")
    metadata.reflect(postgresql_engine)
    dataset = syda.generate(metadata, rows=25_000)
    with postgresql_engine.connect() as other:  # reads the tables at the same time
        other.exec_driver_sql("SELECT count(*) FROM a, b")
        dataset.to_sql(postgresql_engine)
    assert not [each for each in statements if "DROP" in each]
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE a, b")
    dataset.to_sql(postgresql_engine, constraints="live")
    assert not [each for each in statements if "DROP" in each]
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE a, b")
        connection.exec_driver_sql("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
        connection.exec_driver_sql("CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION f()")
    dataset.to_sql(postgresql_engine)
    assert not [each for each in statements if "DROP" in each]
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE a, b")
        connection.exec_driver_sql("DROP TRIGGER t ON b")
    del statements[:]
    dataset.to_sql(postgresql_engine)
    assert len([each for each in statements if "DROP" in each]) == 4
