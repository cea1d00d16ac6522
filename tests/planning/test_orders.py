"""Orders of columns that have no beginning are an error of the plan; others are none."""

import pytest
import sqlalchemy as sa

import syda
from syda.errors import ConstraintError


def table(*checks: str) -> sa.MetaData:
    metadata = sa.MetaData()
    columns = [sa.Column(name, sa.Integer, nullable=False) for name in "abc"]
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        *columns,
        sa.Column("n", sa.Integer),
        *map(sa.CheckConstraint, checks),
    )
    return metadata


@pytest.mark.parametrize(
    "checks",
    [
        ("a > b", "b > a"),
        ("a <> a",),
        ("a > b AND b > c AND c > a",),
        ("a < b", "b <= c", "c = a"),
        ("a = b", "b <> a"),
        ("a BETWEEN b AND c", "c < b"),
        ("a <= b AND b <= a", "a <> b"),
    ],
)
def test_a_circle_is_an_error_with_its_checks(checks):
    with pytest.raises(ConstraintError) as caught:
        syda.plan(table("c > 0", *checks), rows=5)
    assert all(check in str(caught.value) for check in checks)
    assert "c > 0" not in str(caught.value)


@pytest.mark.parametrize(
    "checks",
    [
        ("a >= b", "b >= a"),
        ("a > n", "n > a"),
        ("a > b OR b > a", "b <> a"),
        ("a < b", "b < c", "a < c"),
        ("n <> n OR a > 0",),
    ],
)
def test_other_orders_can_be_kept(checks):
    assert syda.generate(table(*checks), rows=9).rows == {"t": 9}
