"""SQLModel's classes; it reads annotations as they stand, so they may not be postponed."""

from sqlmodel import Field, Relationship, SQLModel


class Team(SQLModel, table=True):
    __tablename__ = "hero_teams"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=40, unique=True)
    heroes: list["Hero"] = Relationship(back_populates="team")


class Hero(SQLModel, table=True):
    __tablename__ = "heroes"
    id: int | None = Field(default=None, primary_key=True)
    name: str
    age: int | None = Field(default=None, ge=0)
    team_id: int = Field(foreign_key="hero_teams.id")
    team: Team = Relationship(back_populates="heroes")
