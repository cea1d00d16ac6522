"""The sessions that factories take, and what they do with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import exc
from sqlalchemy.orm import Session, scoped_session

from syda.errors import PlanError, RejectedError, TargetError


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
