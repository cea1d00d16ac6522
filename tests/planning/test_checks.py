"""What CHECKs say of one column, in the words of each database, and that rows made by hand are held to it."""

import pytest
import sqlalchemy as sa

import syda
from syda.errors import IntegrityError
from syda.planning.checks import check_domains
from syda.schema.model import Check, Column, Kind, LogicalType, Table


def domain(expression, kind=Kind.TEXT, dialect="postgres"):
    columns = (Column(name="c", type=LogicalType(kind=kind)),)
    table = Table(name="t", columns=columns, checks=(Check(expression=expression, dialect=dialect),))
    return check_domains(table).get("c")


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("(c)::text = ANY ((ARRAY['new'::character varying, 'paid'::character varying])::text[])", ("new", "paid")),
        ("c = ANY (ARRAY['a'::text])", ("a",)),
        ("c IS NULL OR c IN ('a', 'b')", ("a", "b")),
        ("((c IS NULL) OR ((c)::text = ANY (ARRAY['a'::text, 'b'::text])))", ("a", "b")),
        ("c = 'a' OR c = 'b' OR d = 1", None),
    ],
)
def test_lists_are_read_in_postgresqls_words(expression, values):
    found = domain(expression)
    assert (found and found.values) == values


def test_numbers_are_read_in_postgresqls_words():
    assert domain("c = ANY (ARRAY[1, 2, 4])", Kind.INTEGER).values == (1, 2, 4)
    assert domain("c IS NULL OR c > 5", Kind.INTEGER).low == 6


@pytest.mark.parametrize(
    ("type_", "check", "bad", "good"),
    [
        (sa.Integer, "c >= 40", 7, 41),
        (sa.Numeric(8, 2), "c BETWEEN 0.5 AND 2", "2.01", "2.00"),
        (sa.Float, "c < 1", 1.5, 0.5),
        (sa.String(9), "c IN ('new', 'paid')", "old", "paid"),
        (sa.String(9), "c <> 'old'", "old", "paid"),
    ],
)
def test_values_that_the_user_gives_are_held_to_the_checks(type_, check, bad, good):
    metadata = sa.MetaData()
    sa.Table(
        "t", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("c", type_, sa.CheckConstraint(check))
    )
    assert syda.generate(metadata, rows=3, overrides={"t.c": good}).rows == {"t": 3}
    with pytest.raises(IntegrityError, match=r"t: check \(.*\): c="):
        syda.generate(metadata, rows=3, overrides={"t.c": bad})
