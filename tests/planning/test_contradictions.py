"""Tables that no row can satisfy stay empty and are told; the others are filled."""

import pytest
import sqlalchemy as sa

import syda
from syda.errors import ConstraintError


def metadata():
    found = sa.MetaData()
    sa.Table("base", found, sa.Column("id", sa.Integer, primary_key=True), sa.CheckConstraint("false"))
    sa.Table(
        "torn",
        found,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("n", sa.Integer, sa.CheckConstraint("n < 3 AND n > 5"), nullable=False),
    )
    sa.Table("part", found, sa.Column("id", sa.ForeignKey("base.id"), primary_key=True))
    sa.Table("other", found, sa.Column("id", sa.Integer, primary_key=True))
    return found


def test_the_other_tables_are_planned_and_the_reason_is_told():
    plan = syda.plan(metadata(), rows=7)
    assert {key: table.rows for key, table in plan.tables.items()} == {"base": 0, "torn": 0, "part": 0, "other": 7}
    assert plan.tables["base"].notes == ("0 rows: no row of 'base' satisfies CHECK (false)",)
    (told,) = plan.tables["torn"].notes
    assert told.startswith("0 rows: no value of torn.n satisfies ")
    assert syda.generate(metadata(), rows=7).tables["other"].rows == 7


@pytest.mark.parametrize("rows", [{"base": 3}, {"torn": 3}, {"part.base": 1}])
def test_rows_asked_for_by_name_are_an_error(rows):
    with pytest.raises(syda.SydaError):
        syda.plan(metadata(), rows=rows)


def test_a_schema_of_nothing_else_is_an_error():
    found = sa.MetaData()
    sa.Table("base", found, sa.Column("id", sa.Integer, primary_key=True), sa.CheckConstraint("false"))
    with pytest.raises(ConstraintError, match="CHECK \\(false\\)"):
        syda.plan(found)
