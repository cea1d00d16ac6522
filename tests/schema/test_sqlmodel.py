"""SQLModel classes, whose annotations must not be strings."""

from typing import Optional

from sqlmodel import Field, Relationship, SQLModel

from syda.schema import read_schema


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
