"""Readers of tables, and what tables are once they are read."""

from syda.schema.dump import to_mapping
from syda.schema.graph import Deferral, LoadOrder, dependency_graph, load_order, self_deferrals
from syda.schema.mapping import from_mapping
from syda.schema.model import (
    Check,
    Column,
    DefaultKind,
    Exclusion,
    ForeignKey,
    Identity,
    Inheritance,
    Kind,
    LogicalType,
    Schema,
    Table,
    Unique,
)
from syda.schema.read import Reading, read_schema

__all__ = [
    "Check",
    "Column",
    "DefaultKind",
    "Deferral",
    "Exclusion",
    "ForeignKey",
    "Identity",
    "Inheritance",
    "Kind",
    "LoadOrder",
    "LogicalType",
    "Reading",
    "Schema",
    "Table",
    "Unique",
    "dependency_graph",
    "from_mapping",
    "load_order",
    "read_schema",
    "self_deferrals",
    "to_mapping",
]
