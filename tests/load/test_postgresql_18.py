"""What PostgreSQL 18 brought: the server of the tests' own has it, the one that a URL names may be older."""

import pytest

import syda
from tests.databases import execute

CASES = {
    "generated when read": """CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int NOT NULL,
        b int GENERATED ALWAYS AS (a * 2) VIRTUAL, CHECK (b < 50))""",
    "not enforced": """CREATE TABLE p (id int PRIMARY KEY);
        CREATE TABLE t (id uuid PRIMARY KEY DEFAULT uuidv7(), p int NOT NULL REFERENCES p (id) NOT ENFORCED,
        a int CHECK (a > 5) NOT ENFORCED)""",
    "periods": """CREATE EXTENSION btree_gist;
        CREATE TABLE p (id int, valid daterange NOT NULL, PRIMARY KEY (id, valid WITHOUT OVERLAPS));
        CREATE TABLE t (id int PRIMARY KEY, p int NOT NULL, valid daterange NOT NULL,
        FOREIGN KEY (p, PERIOD valid) REFERENCES p (id, PERIOD valid))""",
    "periods of a room": """CREATE EXTENSION btree_gist;
        CREATE TABLE t (id int PRIMARY KEY, room int NOT NULL CHECK (room BETWEEN 1 AND 3), during tsrange NOT NULL,
        UNIQUE (room, during WITHOUT OVERLAPS))""",
    "not null, not validated": """CREATE TABLE t (id int PRIMARY KEY, a text, b text CONSTRAINT b_there NOT NULL);
        ALTER TABLE t ADD CONSTRAINT a_there NOT NULL a NOT VALID""",
}


@pytest.mark.parametrize("rows", [40, 6000], ids=["constraints live", "constraints last"])
@pytest.mark.parametrize("ddl", CASES.values(), ids=CASES.keys())
def test_tables_of_every_kind_are_filled(postgresql_engine, ddl, rows):
    with postgresql_engine.connect() as connection:
        if connection.dialect.server_version_info < (18,):
            pytest.skip("this server is older than PostgreSQL 18")
    execute(postgresql_engine, *ddl.split(";"))
    report = syda.seed(postgresql_engine, rows=rows)
    assert set(report.rows.values()) == {rows}
    assert not syda.check(postgresql_engine).violations
