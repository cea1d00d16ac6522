"""What PostgreSQL's catalogue says and reflection drops: schemas, domains, partitions, exclusions, triggers."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN, INT4RANGE, ExcludeConstraint

import syda
from syda.errors import SchemaError
from syda.schema import Check, DefaultKind, Exclusion, Schema, from_mapping, read_schema, to_mapping


def read(engine: sa.Engine, ddl: str) -> Schema:
    with engine.begin() as connection:
        connection.exec_driver_sql(ddl.replace("%", "%%"))
    return read_schema(engine).schema


def test_tables_of_all_schemas_are_read_and_refer_to_each_other(postgresql_engine: sa.Engine) -> None:
    schema = read(
        postgresql_engine,
        """
        CREATE SCHEMA "Sales 2"; CREATE SCHEMA stock;
        CREATE TABLE item (id int PRIMARY KEY);
        CREATE TABLE stock.item (id serial PRIMARY KEY, twin int NOT NULL REFERENCES item);
        CREATE TABLE "Sales 2".line (id serial PRIMARY KEY, item int NOT NULL REFERENCES stock.item,
            up int REFERENCES "Sales 2".line);
        CREATE VIEW stock.seen AS SELECT * FROM item;
        """,
    )
    assert list(schema.tables) == ["item", "Sales 2.line", "stock.item"]
    assert [key.parent for key in schema.tables["Sales 2.line"].foreign_keys] == ["stock.item", "Sales 2.line"]
    assert [key.parent for key in schema.tables["stock.item"].foreign_keys] == ["item"]
    assert not schema.external
    report = syda.seed(postgresql_engine, rows=7)
    assert report.rows == {"item": 7, "stock.item": 7, "Sales 2.line": 7}
    assert set(read_schema(postgresql_engine, schema="public").schema.tables) == {"public.item"}
    assert set(read_schema(postgresql_engine, tables=["line"]).schema.tables) == {"Sales 2.line", "stock.item"}


def test_the_search_path_changes_no_parent(postgresql_engine: sa.Engine) -> None:
    with postgresql_engine.connect() as connection:
        connection.exec_driver_sql("CREATE SCHEMA a; CREATE SCHEMA b; SET search_path = a, b")
        connection.exec_driver_sql(
            "CREATE TABLE b.p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p); CREATE TABLE b.c (x int)"
        )
        schema = read_schema(connection).schema
    assert list(schema.tables) == ["c", "b.c", "b.p"]
    assert schema.tables["c"].foreign_keys[0].parent == "b.p"


def test_documents_of_a_domain_are_written_as_such(postgresql_engine: sa.Engine) -> None:
    read(
        postgresql_engine,
        "CREATE DOMAIN labels AS jsonb; CREATE TABLE t (id serial PRIMARY KEY, tags labels NOT NULL, meta labels)",
    )
    assert syda.seed(postgresql_engine, rows=20).rows["t"] == 20


def test_domains_give_their_checks_lengths_defaults_and_not_null(postgresql_engine: sa.Engine) -> None:
    table = read(
        postgresql_engine,
        """
        CREATE DOMAIN short AS varchar(30) CHECK (VALUE <> 'VALUE' AND length(VALUE) > 2);
        CREATE DOMAIN code AS short NOT NULL DEFAULT 'none' CHECK (VALUE = upper(VALUE)) CHECK (VALUE NOT LIKE '%x');
        CREATE TABLE t (id serial PRIMARY KEY, "Co""de" code, other code DEFAULT 'THIS', plain short);
        """,
    ).tables["t"]
    column = table.column('Co"de')
    assert (column.type.length, column.nullable) == (30, False)
    assert (column.default_kind, column.default) == (DefaultKind.SERVER, "'none'::character varying")
    assert table.column("other").default == "'THIS'::character varying"
    assert table.column("plain").nullable
    expressions = [check.expression for check in table.checks if '"Co""de"' in check.expression]
    assert {check.dialect for check in table.checks} == {"postgres"}
    assert len(expressions) == 3
    assert "<> 'VALUE'" in expressions[0]
    assert not any("VALUE)" in each for each in expressions)


def test_rows_of_a_partitioned_table_lie_in_some_partition(postgresql_engine: sa.Engine) -> None:
    schema = read(
        postgresql_engine,
        """
        CREATE TABLE ranged (id int, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
        CREATE TABLE r1 PARTITION OF ranged FOR VALUES FROM ('2020-01-01') TO ('2020-07-01');
        CREATE TABLE r2 PARTITION OF ranged FOR VALUES FROM ('2020-07-01') TO ('2021-01-01') PARTITION BY HASH (id);
        CREATE TABLE r2a PARTITION OF r2 FOR VALUES WITH (modulus 2, remainder 0);
        CREATE TABLE r2b PARTITION OF r2 FOR VALUES WITH (modulus 2, remainder 1);
        CREATE TABLE hashed (id int PRIMARY KEY) PARTITION BY HASH (id);
        CREATE TABLE h1 PARTITION OF hashed FOR VALUES WITH (modulus 1, remainder 0);
        CREATE TABLE anything (id int PRIMARY KEY, kind text) PARTITION BY RANGE (id);
        CREATE TABLE a1 PARTITION OF anything FOR VALUES FROM (1) TO (5);
        CREATE TABLE a2 PARTITION OF anything DEFAULT;
        CREATE TABLE listed (kind text) PARTITION BY LIST (kind);
        CREATE TABLE l1 PARTITION OF listed FOR VALUES IN ('a', 'b');
        CREATE TABLE l2 PARTITION OF listed FOR VALUES IN ('c');
        CREATE TABLE nowhere (id int PRIMARY KEY) PARTITION BY RANGE (id);
        """,
    )
    assert set(schema.tables) == {"ranged", "hashed", "anything", "listed"}
    assert {table.name: len(table.checks) for table in schema} == {
        "ranged": 1,
        "hashed": 0,
        "anything": 0,
        "listed": 1,
    }
    with postgresql_engine.connect() as connection:
        connection.exec_driver_sql(
            "INSERT INTO r1 VALUES (1, '2020-02-02'); INSERT INTO r2 VALUES (1, '2020-08-08');"
            "INSERT INTO listed VALUES ('a'), ('c')"
        )
        for name in ("ranged", "listed"):
            check = schema.tables[name].checks[0]
            rows = connection.exec_driver_sql(f"SELECT {check.expression} FROM {name}").scalars().all()
            assert rows == [True, True]


def test_exclusion_constraints_are_read_from_the_database_and_from_models(postgresql_engine: sa.Engine) -> None:
    table = read(
        postgresql_engine,
        """
        CREATE TABLE booking (
            room int4range, during tsrange, "Size" int, cancelled boolean,
            CONSTRAINT apart EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT cancelled),
            EXCLUDE ("Size" WITH =, abs("Size") WITH =))
        """,
    ).tables["booking"]
    assert table.exclusions == (
        Exclusion(name="apart", elements=(("room", "="), ("during", "&&")), predicate="NOT cancelled"),
        Exclusion(name="booking_Size_abs_excl", elements=(('"Size"', "="), ('abs("Size")', "=")), using="btree"),
    )
    model = sa.Table(
        "booking",
        sa.MetaData(),
        sa.Column("room", INT4RANGE),
        sa.Column("cancelled", sa.Boolean),
        ExcludeConstraint(("room", "&&"), name="apart", where=sa.text("NOT cancelled")),
    )
    exclusion = Exclusion(name="apart", elements=(("room", "&&"),), predicate="NOT cancelled")
    assert read_schema(model).schema.tables["booking"].exclusions == (exclusion,)


def test_exclusions_and_triggers_survive_a_file() -> None:
    schema = from_mapping(
        {
            "t": {
                "columns": {"id": "integer", "during": "text"},
                "exclusions": [{"elements": [["during", "&&"]], "predicate": "id > 3", "using": "spgist"}],
                "triggers": ["audit"],
            }
        }
    )
    table = schema.tables["t"]
    assert table.exclusions == (Exclusion(elements=(("during", "&&"),), predicate="id > 3", using="spgist"),)
    assert table.triggers == ("audit",)
    assert from_mapping(to_mapping(schema)) == schema


def test_an_element_of_an_exclusion_has_an_operator() -> None:
    with pytest.raises(SchemaError, match="an operator"):
        from_mapping({"t": {"columns": {"id": "integer"}, "exclusions": [{"elements": [["id"]]}]}})


def test_triggers_that_fire_on_insert_are_named(postgresql_engine: sa.Engine) -> None:
    schema = read(
        postgresql_engine,
        """
        CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (id int REFERENCES p);
        CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER b BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION nothing();
        CREATE TRIGGER a AFTER INSERT ON t EXECUTE FUNCTION nothing();
        CREATE TRIGGER c AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION nothing();
        CREATE CONSTRAINT TRIGGER d AFTER INSERT ON t DEFERRABLE FOR EACH ROW EXECUTE FUNCTION nothing();
        CREATE TRIGGER off BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION nothing();
        ALTER TABLE t DISABLE TRIGGER off;
        """,
    )
    assert schema.tables["t"].triggers == ("a", "b", "d")
    assert schema.tables["p"].triggers == ()


def test_the_name_value_in_a_string_is_no_column() -> None:
    domain = DOMAIN("d", sa.Text, check="VALUE <> 'the value' AND \"value\" > value")
    table = sa.Table("t", sa.MetaData(), sa.Column("c", domain))
    checks = read_schema(table).schema.tables["t"].checks
    assert checks == (Check(expression='"c" <> \'the value\' AND "value" > "c"', dialect="postgres"),)
