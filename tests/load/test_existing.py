"""Rows that are there already: new rows read from them what they need, and nothing else."""

import pytest
import sqlalchemy as sa

import syda
from syda.errors import GeneratorFunctionError

METADATA = sa.MetaData()
COMPANY = sa.Table(
    "company",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("domain", sa.String(60), nullable=False),
    sa.Column("price", sa.Numeric(10, 2), nullable=False),
    sa.Column("notes", sa.DateTime),
)
PERSON = sa.Table(
    "person",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("company_id", sa.ForeignKey("company.id"), nullable=False),
    sa.Column("email", sa.String(100), nullable=False),
    sa.Column("paid", sa.String(40), nullable=False),
)


@pytest.fixture
def engine():
    engine = sa.create_engine("sqlite://")
    METADATA.create_all(engine)
    syda.seed(engine, METADATA, rows={"company": 5, "person": 0})
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE company SET notes = 'no date at all'")
    return engine


def test_templates_and_functions_read_columns_of_parents_that_were_there_before(engine):
    syda.seed(
        engine,
        METADATA,
        rows={"company": 3, "person": 40},
        mode="append",
        overrides={"person.email": syda.template("p{row}@{company_id.domain}")},
        custom_generators={"person": {"paid": lambda row, column: f"{row['company_id.price']}"}},
    )
    read = (PERSON.c.email, PERSON.c.paid, COMPANY.c.id, COMPANY.c.domain, COMPANY.c.price)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(*read).join_from(PERSON, COMPANY)).all()
    assert {row.id for row in rows} & {1, 2, 3, 4, 5}
    assert {row.id for row in rows} & {6, 7, 8}
    for row in rows:
        assert row.email.endswith(f"@{row.domain}")
        assert row.paid == str(row.price)


def test_a_failing_generator_leaves_a_connection_as_it_was(engine):
    with engine.connect() as connection:
        with pytest.raises(GeneratorFunctionError):
            syda.seed(
                connection,
                METADATA,
                rows=3,
                custom_generators={"person": {"paid": lambda row, column: 1 / 0}},
                mode="append",
            )
        assert not connection.in_transaction()
