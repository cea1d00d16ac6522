"""Every type of PostgreSQL, read from a live database and declared by models, filled and read back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

import syda
from syda.quality.database import check_database
from syda.schema import read_schema

SCHEMA = """
CREATE TYPE "Mixed Mood" AS ENUM ('so so', 'it''s ok', 'Ünïcode');
CREATE TYPE extra."Level" AS ENUM ('low', 'high');
CREATE TYPE money_of AS (amount numeric(8, 2), currency char(3), "when" timestamptz, note text);
CREATE TYPE outer_of AS (inner_one money_of, mood "Mixed Mood", whole bigint, yes boolean, day date, id uuid);
CREATE DOMAIN plus AS int CHECK (VALUE > 0);
"""
TYPES = """
uuid; json; jsonb; inet; cidr; macaddr; macaddr8; bytea; tsvector; tsquery; hstore; ltree; extra.cube; extra.citext;
xml; money; "char"; name; oid; pg_lsn; jsonpath; bpchar;
smallint; integer; bigint; real; double precision; numeric; numeric(5, 2); numeric(2, -3); numeric(3, 5); numeric(18);
boolean; text; varchar(3); char(1); char(36); varchar;
bit; bit(7); varbit; varbit(5);
date; time; time(2); timetz; timetz(3); timestamp; timestamp(0); timestamptz; timestamptz(3);
interval; interval(3); interval year; interval month; interval year to month; interval day; interval hour;
interval minute; interval second; interval day to hour; interval day to minute; interval day to second(2);
interval hour to minute; interval hour to second; interval minute to second;
int4range; int8range; numrange; daterange; tsrange; tstzrange;
int4multirange; int8multirange; nummultirange; datemultirange; tsmultirange; tstzmultirange;
point; line; lseg; box; path; polygon; circle;
"Mixed Mood"; extra."Level"; money_of; outer_of; plus;
text[]; int[]; bigint[][]; boolean[]; numeric(6, 2)[]; double precision[]; varchar(4)[]; date[]; time[]; timestamptz[];
timestamp[]; interval[]; uuid[]; inet[]; jsonb[]; json[]; bytea[]; "Mixed Mood"[]; extra."Level"[]; extra.citext[];
daterange[]; int4range[]; point[]; box[]; money_of[]; cidr[]; macaddr[]; bit(3)[]; xml[]; hstore[]; ltree[];
int4multirange[]; text[][]; money[]; char(2)[]; tsvector[]; plus[]
"""
NAMED = {f"c{place}": " ".join(type_.split()) for place, type_ in enumerate(TYPES.split(";"))}


EXTENSIONS = {"citext": "extra", "cube": "extra", "hstore": "public", "ltree": "public"}


def extend(connection: sa.Connection) -> None:
    """Create the extensions whose types are tested, some in a schema off the search path."""
    there = set(connection.exec_driver_sql("SELECT name FROM pg_available_extensions").scalars())
    if missing := EXTENSIONS.keys() - there:
        pytest.skip(f"the server has no extension {', '.join(sorted(missing))}")
    connection.exec_driver_sql("CREATE SCHEMA extra")
    for name, schema in EXTENSIONS.items():
        connection.exec_driver_sql(f"CREATE EXTENSION {name} SCHEMA {schema}")


def declared(engine: sa.Engine) -> dict[str, str]:
    """Return a name for each type that the server has; one built without libxml refuses every value of XML."""
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT '<a/>'::xml")
    except sa.exc.NotSupportedError:
        return {name: type_ for name, type_ in NAMED.items() if not type_.startswith("xml")}
    return NAMED


@pytest.fixture
def engine(postgresql_engine: sa.Engine) -> sa.Engine:
    """A database with a table that has every type, once required and once not."""
    columns = [f"{name} {type_} NOT NULL, maybe_{name} {type_}" for name, type_ in declared(postgresql_engine).items()]
    with postgresql_engine.begin() as connection:
        extend(connection)
        connection.exec_driver_sql(SCHEMA)
        connection.exec_driver_sql(f"CREATE TABLE t (id serial PRIMARY KEY, {', '.join(columns)})")
    return postgresql_engine


def varied(engine: sa.Engine, table: str = "t") -> dict[str, int]:
    """Return how many values each column has."""
    quote = engine.dialect.identifier_preparer.quote
    with engine.connect() as connection:
        found = list(read_schema(connection).schema.tables[table].by_name)
        counted = ", ".join(f"count(DISTINCT {quote(name)}::text)" for name in found)
        row = connection.exec_driver_sql(f"SELECT {counted} FROM {table}").one()
    return dict(zip(found, row, strict=True))


def test_every_type_is_filled_with_varied_values(engine: sa.Engine) -> None:
    for seed in range(3):
        syda.seed(engine, rows=60, seed=seed, mode="append")
    counts = varied(engine)
    types = declared(engine)
    assert [types[name] for name in types if min(counts[name], counts[f"maybe_{name}"]) < 2] == []
    with engine.connect() as connection:
        assert not check_database(connection, read_schema(connection).schema).violations


UNIQUE = """
inet; cidr; macaddr; macaddr8; uuid; jsonb; daterange; tsrange; int4multirange; bytea; varbit(20); ltree; extra.citext;
money; interval; interval day to hour; tsvector; hstore; pg_lsn; numeric(12, 2); text[]; int[]; money_of; timestamptz;
name; oid; time; date[]; uuid[]; bit(16)
"""


def test_unique_columns_of_native_types_do_not_run_out(postgresql_engine: sa.Engine) -> None:
    declared = [" ".join(declaration.split()) for declaration in UNIQUE.split(";")]
    columns = ", ".join(f"c{place} {text} NOT NULL UNIQUE" for place, text in enumerate(declared))
    with postgresql_engine.begin() as connection:
        extend(connection)
        connection.exec_driver_sql(SCHEMA)
        connection.exec_driver_sql(f"CREATE TABLE t (id serial PRIMARY KEY, {columns})")
    for seed in range(2):
        syda.seed(postgresql_engine, rows=60, seed=seed, mode="append")
    assert set(varied(postgresql_engine).values()) == {120}


MODELLED: dict[str, Any] = {
    "identifier": sa.Uuid,
    "identifier_text": sa.Uuid(as_uuid=False),
    "document": pg.JSONB,
    "host": pg.INET,
    "net": pg.CIDR,
    "card": pg.MACADDR,
    "card8": pg.MACADDR8,
    "vector": pg.TSVECTOR,
    "query": pg.TSQUERY,
    "bits": pg.BIT(5),
    "some_bits": pg.BIT(9, varying=True),
    "price": pg.MONEY,
    "insensitive": pg.CITEXT,
    "pairs": pg.HSTORE,
    "length": pg.INTERVAL,
    "months": pg.INTERVAL(fields="YEAR TO MONTH"),
    "mood": sa.Enum("sad", "ok", name="Mood"),
    "numbers": pg.ARRAY(sa.Integer),
    "nested": pg.ARRAY(sa.Text, dimensions=2),
    "moods": pg.ARRAY(sa.Enum("sad", "ok", name="Mood")),
    "documents": pg.ARRAY(pg.JSONB),
    "dates": pg.ARRAY(sa.Date),
    "hosts": pg.ARRAY(pg.INET),
    "spans": pg.ARRAY(pg.DATERANGE),
    "lengths": pg.ARRAY(sa.Interval),
    "identifiers": pg.ARRAY(sa.Uuid),
    "days": pg.DATERANGE,
    "moments": pg.TSTZRANGE,
    "multi": pg.INT8MULTIRANGE,
    "object_number": pg.OID,
    "generic": sa.Interval,
    "kind": pg.DOMAIN("short", sa.String(12), check="length(VALUE) > 1"),
}


def test_every_type_that_models_declare_is_filled(postgresql_engine: sa.Engine) -> None:
    with postgresql_engine.begin() as connection:
        extend(connection)
        connection.exec_driver_sql("ALTER EXTENSION citext SET SCHEMA public")
    metadata = sa.MetaData()
    columns = [sa.Column(name, type_, nullable=False) for name, type_ in MODELLED.items()]
    table = sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    metadata.create_all(postgresql_engine)
    for seed in range(3):
        syda.seed(postgresql_engine, metadata, rows=60, seed=seed, mode="append")
    with postgresql_engine.connect() as connection:
        rows = connection.execute(sa.select(table)).all()
    assert len(rows) == 180
    assert [name for name in MODELLED if len({repr(getattr(row, name)) for row in rows}) < 2] == []


def test_a_native_type_decides_over_a_telling_name_and_json_has_the_shape_it_is_said_to_have(
    postgresql_engine: sa.Engine,
) -> None:
    with postgresql_engine.begin() as connection:
        connection.exec_driver_sql(
            """
            CREATE TABLE t (id serial PRIMARY KEY, host inet NOT NULL, ip_address inet NOT NULL, email uuid NOT NULL,
                name int4range NOT NULL, address point NOT NULL, phone interval NOT NULL, city tsquery NOT NULL,
                plain jsonb NOT NULL, tags jsonb NOT NULL, empty jsonb NOT NULL DEFAULT '[]',
                settings json NOT NULL DEFAULT '{}', other jsonb NOT NULL DEFAULT '{"a": 1}');
            COMMENT ON COLUMN t.tags IS 'List of strings';
            """
        )
    syda.seed(postgresql_engine, rows=60)
    with postgresql_engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM t").all()
    assert all(isinstance(row.plain, dict) and isinstance(row.settings, dict) for row in rows)
    assert all(isinstance(row.tags, list) and isinstance(row.empty, list) for row in rows)
    assert all(row.other == {"a": 1} for row in rows)
    assert len({str(row.settings) for row in rows}) == 60
