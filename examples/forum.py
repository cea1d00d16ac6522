"""A forum: trees of forums and posts, a circle between threads and posts, and tags in an association table.

Run it: python examples/forum.py [URL of an empty database]
"""

from __future__ import annotations

import sys
from datetime import datetime

from sqlalchemy import Column, Engine, ForeignKey, String, Table, Text, create_engine, event, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import syda


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(30), unique=True)
    email: Mapped[str] = mapped_column(String(80), unique=True)


class Forum(Base):
    """Forums lie in forums: a tree, or several."""

    __tablename__ = "forums"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("forums.id"))


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(20), unique=True)


thread_tags = Table(
    "thread_tags",
    Base.metadata,
    Column("thread_id", ForeignKey("threads.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Thread(Base):
    """A thread has posts, and one of all posts is pinned to it: a circle, closed by an update after the inserts."""

    __tablename__ = "threads"
    id: Mapped[int] = mapped_column(primary_key=True)
    forum_id: Mapped[int] = mapped_column(ForeignKey("forums.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str] = mapped_column(String(120))
    first_post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", name="threads_first_post", use_alter=True))
    tags: Mapped[list[Tag]] = relationship(secondary=thread_tags)
    posts: Mapped[list[Post]] = relationship(back_populates="thread", foreign_keys="Post.thread_id")


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    thread: Mapped[Thread] = relationship(back_populates="posts", foreign_keys=[thread_id])


def main(url: str = "sqlite://") -> None:
    engine = connect(url)
    syda.seed(
        engine,
        Base,
        rows={User: 30, Forum: 8, Tag: 12, Thread: 40, "Post.thread": syda.between(1, 12), "thread_tags": 80},
        create=True,
    )
    check(engine)


def connect(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    return engine


def check(engine: Engine) -> None:
    with Session(engine) as session:
        if engine.dialect.name == "sqlite" and (broken := session.execute(text("PRAGMA foreign_key_check")).all()):
            raise SystemExit(f"broken references: {broken[:3]}")
        for class_ in (Forum, Post):
            rows = session.execute(select(class_.id, class_.parent_id)).all()
            refuse_circles({row.id: row.parent_id for row in rows}, class_.__name__)
        threads = session.scalars(select(Thread)).all()
        if not all(1 <= len(thread.posts) <= 12 for thread in threads):
            raise SystemExit("a thread has too few or too many posts")
        if not any(thread.first_post_id for thread in threads):
            raise SystemExit("no thread has a first post: the circle was not closed")
        if len(session.execute(select(thread_tags)).all()) != 80:
            raise SystemExit("expected 80 tags on threads")
        for thread in threads[:5]:
            tags = ", ".join(tag.label for tag in thread.tags)
            print(f"{thread.title}: {len(thread.posts)} posts, tags: {tags or 'none'}")


def refuse_circles(parents: dict[int, int | None], name: str) -> None:
    for start, parent in parents.items():
        at, steps = parent, 0
        while at is not None:
            at, steps = parents[at], steps + 1
            if steps > len(parents):
                raise SystemExit(f"{name} {start} is its own ancestor")


if __name__ == "__main__":
    main(*sys.argv[1:])
