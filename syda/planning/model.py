"""The Plan: how every column of every table will be made, and how many rows there will be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, Literal

from syda.schema.graph import Deferral
from syda.schema.model import ForeignKey, Schema, Table
from syda.sources.base import Settings
from syda.sources.catalog import AnySource
from syda.usage import Usage

Author = Literal["structure", "inference", "profile", "model", "user"]
Draw = Literal["free", "children", "joint", "unique", "forest", "chain", "span", "even", "given", "null"]
Shape = Literal["uniform", "poisson", "geometric", "zipf"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cardinality:
    """How many children each parent has.

    ``uniform`` draws a whole number from `low` to `high`; ``poisson`` and ``geometric`` have the given `mean`
    and stay within `low` and `high`; ``zipf`` gives few parents most of the children, `mean` of them on average.
    """

    shape: Shape = "uniform"
    low: int = 0
    high: int | None = None
    mean: float | None = None

    def describe(self) -> str:
        if self.shape == "uniform":
            return str(self.low) if self.low == self.high else f"{self.low} to {self.high}"
        return self.shape + (f", {self.mean:g} on average" if self.mean is not None else "")


class _ByTag:
    """Tells pydantic, which reads saved plans, to choose the class of a source by its field `source`."""

    def __get_pydantic_core_schema__(self, union: Any, handler: Any) -> Any:
        from pydantic import Field

        return handler.generate_schema(Annotated[union, Field(discriminator="source")])


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPlan:
    """How one column is made, who decided it and why."""

    source: Annotated[AnySource, _ByTag()]
    reason: str = ""
    author: Author = "inference"
    null_fraction: float = 0.0
    distinct: bool = False
    demanded: tuple[Any, ...] = ()
    """Values that the first rows have, because CHECKs of other tables name them."""
    alike: tuple[str, str] | None = None
    """Table and column whose values the first rows have too, because one foreign key column refers to both."""

    @property
    def is_rule(self) -> bool:
        """Tell whether somebody asked for the source: what names and types suggest gives way to CHECKs and to rules."""
        return self.author not in ("structure", "inference")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlan:
    """How the rows of a table choose their parents along one foreign key.

    `draw` is ``free`` (any parent; those that share a column with another foreign key agree with it), ``children``
    (each parent has its number of children), ``joint`` (drawn together with other columns so that a unique set
    holds), ``unique`` (each parent once, NULL when they run out), ``forest`` and ``chain`` (an earlier row of the same
    table), ``span`` (the row of the parent class), ``even`` (the first parent has the first rows, the next one as many
    that follow), ``given`` (the user makes the column) or ``null``.
    """

    draw: Draw = "free"
    null_fraction: float = 0.0
    children: Cardinality | None = None
    late: bool = False
    """It closes a circle: its nullable columns are set last, and its others do not follow from the parent."""
    reason: str = ""

    def followed(self, table: Table, link: ForeignKey) -> tuple[str, ...]:
        """Return the columns of the table whose values follow from the parent row."""
        columns = table.followed_columns(link)
        return tuple(name for name in columns if table.column(name).nullable) if self.late else columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """Foreign keys and columns that are drawn together, so that no combination of any of the `unique` sets repeats."""

    links: tuple[str, ...]
    columns: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlan:
    """How one table is filled.

    `rows` is the number to make; `exact` says that the user named it, so that fewer is an error. `rows_from` names
    the foreign key whose children counts decide the number instead. Rows of subclass tables come on top.
    `classes` says how many of the rows belong to each class, where several share the table.
    """

    rows: int = 0
    classes: Mapping[str, int] = field(default_factory=dict)
    exact: bool = False
    rows_from: str | None = None
    columns: Mapping[str, ColumnPlan] = field(default_factory=dict)
    links: Mapping[str, LinkPlan] = field(default_factory=dict)
    joints: tuple[Joint, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A complete, printable, savable recipe for a Dataset."""

    schema: Schema
    settings: Settings = Settings()
    tables: Mapping[str, TablePlan]
    """In load order: parents before children."""
    deferred: tuple[Deferral, ...] = ()
    """Foreign keys that close a circle, and how each is loaded all the same."""
    revision: str | None = None
    """Alembic's revision of the tables that it was made for, where that is known; several are joined by commas."""
    usage: Usage | None = field(default=None, compare=False)
    """What a language model was asked for this plan, or would be; not saved."""

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change whenever the rows that the plan makes could change."""
        return blake2b(replace(self, revision=None).to_yaml().encode(), digest_size=8).hexdigest()

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """The user's functions by the name that a saved plan has for them, as `from_yaml` takes them."""
        from syda.planning.functions import functions_of

        return functions_of(self.tables)

    def explain(self) -> str:
        """Return the plan as text: load order, rows, children per parent, and each column's source and reason."""
        from syda.planning.explain import explain

        return explain(self)

    def to_yaml(self, path: str | Path | None = None) -> str:
        """Return the plan as YAML, and write it to `path` when one is given."""
        from syda.planning.saved import dump_plan

        text = dump_plan(self)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    @classmethod
    def from_yaml(cls, source: str | Path, *, functions: Mapping[str, Any] | None = None) -> Plan:
        """Read a plan from YAML text or from a file.

        `functions` supplies the callables that the plan names, as `Plan.functions` lists them. Raises `PlanFileError`
        that says where it is wrong, and `UnknownNameError` for a function that the plan does not name.
        """
        from syda.planning.saved import load_plan

        return load_plan(source, functions or {})

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Return the JSON Schema of a saved plan, for editors."""
        from syda.planning.saved import plan_json_schema

        return plan_json_schema()

    def to_mermaid(self) -> str:
        """Return a Mermaid entity-relationship diagram of the tables, their foreign keys and row counts."""
        from syda.planning.mermaid import to_mermaid

        return to_mermaid(self)
