"""Flask-SQLAlchemy's own session, its binds, and its models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

import syda
from syda.schema import read_schema


class Base(DeclarativeBase):
    pass


db: Any = SQLAlchemy(model_class=Base)


class User(db.Model):  # type: ignore[misc]
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(db.String(120), unique=True)
    posts: Mapped[list[Post]] = relationship(back_populates="author")


class Post(db.Model):  # type: ignore[misc]
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(db.ForeignKey("user.id"))
    author: Mapped[User] = relationship(back_populates="posts")


class Visit(db.Model):  # type: ignore[misc]
    __bind_key__ = "log"
    id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(db.String(40), unique=True)


@pytest.fixture
def app() -> Iterator[Flask]:
    app = Flask("shop")
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", SQLALCHEMY_BINDS={"log": "sqlite://"})
    db.init_app(app)
    with app.app_context():
        db.create_all()
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.mark.usefixtures("app")
def test_objects_are_made_in_the_session_of_the_app() -> None:
    user = syda.make(db.session, User, posts=2, email="ann@mail.example")
    assert db.session.scalars(db.select(Post.author_id)).all() == [user.id] * 2
    db.session.rollback()
    assert syda.make(db.session, Post, author__email="ann@mail.example").author.email == "ann@mail.example"
    assert len({each.email for each in syda.make_many(db.session, 20, User)}) == 20


@pytest.mark.usefixtures("app")
def test_models_of_another_bind_are_made_there() -> None:
    assert syda.make(db.session, Visit, commit=True).id == 1
    with db.engines["log"].connect() as connection:
        assert connection.scalar(db.select(db.func.count()).select_from(Visit)) == 1


@pytest.mark.usefixtures("app")
def test_the_base_stands_for_the_tables_of_its_own_database() -> None:
    assert list(read_schema(db.Model).schema.tables) == ["user", "post"]
    assert syda.seed(db.session, db.Model, rows=3).rows == {"user": 3, "post": 3}
    assert syda.seed(db.engines["log"], db.metadatas["log"], rows=2).rows == {"visit": 2}
