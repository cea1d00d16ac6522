"""What is different between a database and models, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from syda.schema import read_schema

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData


def differences(connection: Connection, models: Any) -> list[str]:
    """Return what a migration would have to change for the database to be what the models say, a line for each.

    Alembic compares; what it does not see (CHECKs) is not compared.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    found: list[str] = []
    for metadata in metadata_of(models):
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found += [line for each in compare_metadata(context, metadata) for line in _lines(each)]
    return found


def metadata_of(models: Any) -> list[MetaData]:
    """Return the MetaData of the models' tables, each once."""
    origin = read_schema(models).origin or {}
    return list({id(table.metadata): table.metadata for table in origin.values()}.values())


def _lines(change: Any) -> Iterator[str]:
    """Yield a change of alembic's in words; changes of one column come as a list."""
    if isinstance(change, list):
        for each in change:
            yield from _lines(each)
        return
    name, *rest = change
    words = name.replace("_", " ")
    if name in ("add_column", "remove_column"):
        yield f"{words} {rest[1]}.{rest[2].name}"
    elif name.startswith("modify_"):
        yield f"{words} of {rest[1]}.{rest[2]}: {rest[-2]!s} in the database, {rest[-1]!s} in the models"
    else:
        item = rest[0]
        owner = getattr(getattr(item, "table", None), "name", "")
        yield f"{words} {owner + '.' if owner else ''}{getattr(item, 'name', None) or item}"
