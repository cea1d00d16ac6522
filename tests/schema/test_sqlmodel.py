"""SQLModel classes, whose annotations must not be strings."""

from decimal import Decimal
from typing import Optional

from sqlmodel import Field, Relationship, SQLModel

import syda
from syda.schema import read_schema
from tests.sources.rows import rows_of


class Team(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    members: list["Member"] = Relationship(back_populates="team")


class Member(SQLModel, table=True):
    """Someone who plays."""

    id: int | None = Field(default=None, primary_key=True)
    team_id: int | None = Field(default=None, foreign_key="team.id", description="Where they play")
    team: Optional[Team] = Relationship(back_populates="members")  # noqa: UP045 - SQLModel reads no other


def test_relationships_and_descriptions_are_read() -> None:
    schema = read_schema([Team, Member]).schema
    member, team = schema.table("Member"), schema.table("Team")
    assert (member.foreign_keys[0].relationship, member.foreign_keys[0].collection) == ("team", "members")
    assert member.column("team_id").doc == "Where they play"
    assert member.doc == "Someone who plays."
    assert team.doc is None
    assert team.column("id").autoincrement


def test_the_base_class_stands_for_its_registered_tables() -> None:
    assert {"team", "member"} <= set(read_schema(SQLModel).schema.tables)


class Review(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    stars: int = Field(ge=1, le=5)
    odds: int | None = Field(default=None, gt=18, lt=21)
    power: int = Field(default=1, ge=1, le=10)
    order: int = Field(default=1, ge=700)
    price: Decimal = Field(ge=Decimal("2.50"), max_digits=6, decimal_places=2)
    handle: str = Field(min_length=12, max_length=40)
    nick: str = Field(min_length=8, schema_extra={"pattern": "^[a-z]{2,20}$"})


def test_what_fields_allow_is_kept() -> None:
    checks = {check.expression for check in read_schema([Review]).schema.table("Review").checks}
    assert checks == {
        "stars >= 1", "stars <= 5", "odds > 18", "odds < 21", "power >= 1", "power <= 10", "order >= 700",
        "price >= 2.50", "length(handle) >= 12", "length(nick) >= 8", "nick ~ '^[a-z]{2,20}$'",
    }  # fmt: skip
    rows = rows_of(syda.generate([Review], rows=60), "review")
    for row in rows:
        assert Review.model_validate(row)
    assert len({row["power"] for row in rows}) > 3
    assert sum(row["handle"][:3].isalpha() for row in rows) > 50
