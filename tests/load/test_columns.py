"""Columns that SQLAlchemy knows under another key than the database's name for them."""

from __future__ import annotations

import sqlalchemy as sa

import syda

METADATA = sa.MetaData()
GROUPS = sa.Table(
    "groups_",
    METADATA,
    sa.Column("group_id", sa.Integer, key="gid", primary_key=True),
    sa.Column("group_code", sa.String(20), key="code", unique=True, nullable=False),
    sa.Column("group_name", sa.String(40), key="group_code_text", nullable=False),
    sa.Column("first_member", sa.Integer, key="first", nullable=True),
    sa.ForeignKeyConstraint(["first"], ["members.mid"], name="first_fk", use_alter=True),
)
MEMBERS = sa.Table(
    "members",
    METADATA,
    sa.Column("member_id", sa.Integer, key="mid", primary_key=True),
    sa.Column("group_ref", sa.ForeignKey("groups_.gid"), key="group", nullable=False),
    sa.Column("a", sa.Integer, key="b", nullable=False),
    sa.Column("b", sa.String(30), key="a", nullable=False),
)


def test_columns_with_keys_of_their_own_are_filled_twice(engine: sa.Engine) -> None:
    METADATA.create_all(engine)
    for _ in range(2):
        syda.seed(engine, METADATA, rows=15, mode="append")
    with engine.begin() as connection:
        groups = connection.execute(sa.select(GROUPS)).all()
        assert sorted(row.gid for row in groups) == list(range(1, 31))
        assert len({row.code for row in groups}) == 30
        assert any(row.first for row in groups)
        members = connection.execute(sa.select(MEMBERS)).all()
        assert {row.group for row in members} <= {row.gid for row in groups}
        plain = connection.exec_driver_sql("SELECT a, b FROM members").all()
        assert all(isinstance(a, int) and isinstance(b, str) for a, b in plain)
        connection.execute(sa.insert(MEMBERS).values(group=1, b=1, a="new"))
        assert connection.scalar(sa.select(sa.func.max(MEMBERS.c.mid))) == 31
