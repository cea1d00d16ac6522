"""What is different between a database and models, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from syda.schema import read_schema

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

_NULLS = {True: "takes NULL", False: "takes no NULL"}
_KINDS = {"constraint": "unique constraint", "fk": "foreign key"}


OF_ENVIRONMENT = (
    "autogenerate_plugins",
    "compare_server_default",
    "compare_type",
    "include_name",
    "include_object",
    "include_schemas",
    "version_table",
    "version_table_schema",
)
"""What env.py may say to ``context.configure`` of how alembic compares."""


def differences(connection: Connection, models: Any, *, options: Mapping[str, Any] | None = None) -> list[str]:
    """Return what a migration would have to change for the database to be what the models say, a line for each.

    Alembic compares the schemas that the models name, and as `options` say, which are those of `OF_ENVIRONMENT`; what
    it does not see (CHECKs) is not compared.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    every: Any = metadata_of(models)
    schemas = {table.schema for metadata in every for table in metadata.tables.values()}

    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "schema" or name in schemas

    given = {name: value for name, value in (options or {}).items() if name in OF_ENVIRONMENT and value is not None}
    if not given.get("include_schemas"):
        asked = given.get("include_name")
        chosen = is_ours if asked is None else lambda *what: is_ours(*what) and asked(*what)
        given |= {"include_schemas": bool(schemas - {None}), "include_name": chosen}
    context = MigrationContext.configure(connection, opts=given)
    return [line for each in compare_metadata(context, every) for line in _lines(each)]


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
    if name.startswith("modify_"):
        column = ".".join(filter(None, rest[:3]))
        yield f"column {column} {_modified(name.removeprefix('modify_'), rest[-2], rest[-1])}"
    elif name in ("add_column", "remove_column"):
        column = ".".join(filter(None, (*rest[:2], rest[2].name)))
        yield f"column {column} ({rest[2].type!s}) {_where(name)}"
    elif name in ("add_table_comment", "remove_table_comment"):
        yield f"table {rest[0].fullname} has another comment in the models"
    else:
        kind = name.partition("_")[2]
        yield f"{_KINDS.get(kind, kind)} {_named(rest[0])} {_where(name)}"


def _where(name: str) -> str:
    return "is missing in the database" if name.startswith("add_") else "is in the database, not in the models"


def _modified(what: str, old: Any, new: Any) -> str:
    if what == "nullable":
        return f"{_NULLS[bool(old)]} in the database, and {_NULLS[bool(new)]} in the models"
    if what == "type":
        return f"is {old!s} in the database, {new!s} in the models"
    return f"has another {what} in the models"


def _named(item: Any) -> str:
    """Return the name of a table, index or constraint, with its table and columns."""
    table = getattr(item, "table", None)
    if table is None:
        return str(getattr(item, "fullname", item))
    columns = ", ".join(getattr(column, "name", str(column)) for column in item.columns)
    return f"{item.name or ''} of {table.fullname} ({columns})".lstrip()
