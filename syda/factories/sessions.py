"""The sessions that factories take, and what they do with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.orm import Session, scoped_session
from sqlalchemy.orm.collections import collection_adapter

from syda.errors import PlanError, RejectedError, TargetError
from syda.factories.blueprint import Relation, blueprint_of


def opened(session: Any) -> Session:
    """Return the session of what was given: a `Session`, or the current one of a `scoped_session`."""
    if isinstance(session, scoped_session):
        current: Session = session()
        return current
    if isinstance(session, Session):
        return session
    name = type(session).__name__
    if name in ("AsyncSession", "async_scoped_session"):
        raise PlanError(f"expected a Session, got an {name}; use `await syda.make_async(session, ...)`")
    hint = "; open one: `with Session(engine) as session:`" if session is None or name == "Engine" else ""
    raise PlanError(f"expected a Session, got {name}; use syda.build(...) for objects without a session{hint}")


def flushed(session: Session, objects: Sequence[Any]) -> None:
    """Add the objects and write them.

    Raises `RejectedError` where the database refuses them, `TargetError` where it cannot be written. The session has to
    be rolled back then.
    """
    with _told():
        for each in objects:
            if each not in session:  # most are added with the first one
                session.add(each)
        session.flush()


def withdrawn(session: Session, objects: Sequence[Any]) -> None:
    """Take objects that could not be finished out of the session, and give others back what they were related to."""
    own = set(map(id, objects))
    for each in objects:
        for key, relation in blueprint_of(type(each)).relations.items():
            if relation.side == "parent" and vars(each).get(key) is not None:
                setattr(each, key, None)
            elif relation.side == "links" and key in vars(each):
                for other in _members(vars(each)[key]):
                    collection_adapter(vars(each)[key]).remove_with_event(other)
            elif relation.side == "children" and key in vars(each):
                for child in [child for child in _members(vars(each)[key]) if id(child) not in own]:
                    _returned(session, child, relation)
    for each in objects:
        if each in session:
            session.expunge(each)


def _members(related: Any) -> list[Any]:
    """Return the objects of a relationship, whatever kind of collection it is."""
    adapter = collection_adapter(related) if hasattr(related, "_sa_adapter") else None
    return list(adapter) if adapter is not None else [related] if related is not None else []


def _returned(session: Session, child: Any, relation: Relation) -> None:
    """Give a child that was there back to whom it was of."""
    for key, back in blueprint_of(type(child)).relations.items():
        if back.side != "parent" or back.pairs != relation.pairs:
            continue
        before = sa.inspect(child).attrs[key].history.deleted
        setattr(child, key, before[0] if before else None)
        if not before and sa.inspect(child).persistent:
            session.expire(child, [key])


def committed(session: Session) -> None:
    """Commit what was made. Raises as `flushed` does."""
    with _told():
        session.commit()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except exc.IntegrityError as error:
        raise RejectedError(f"the database refused a row: {_said(error)}; roll the session back") from error
    except exc.DBAPIError as error:
        raise TargetError(f"the rows cannot be written: {_said(error)}") from error


def _said(error: exc.DBAPIError) -> str:
    return " ".join(str(error.orig).split())
