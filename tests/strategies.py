"""Hypothesis strategies that several test modules share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from syda.schema import Column, ForeignKey, Kind, LogicalType, Schema, Table, Unique

if TYPE_CHECKING:
    from collections.abc import Iterator

ODD_NAMES = ("order", "select", "Mixed Case", "naïve", "a-b", "50%", "x:y", 'quo"te', "user", "table")

TELLING_NAMES = (
    *(
        "name",
        "code",
        "status",
        "email",
        "total",
        "created_at",
        "updated_at",
        "start_date",
        "end_date",
        "title",
        "city",
    ),
    *("city", "country", "is_active", "quantity", "unit_price", "price", "phone", "url", "slug", "type", "position"),
    *("year", "month", "percent", "age", "birth_date", "ip_address", "color", "version", "key", "uuid", "notes"),
    *(
        "latitude",
        "weight",
        "currency",
        "language",
        "timezone",
        "first_name",
        "last_name",
        "gender",
        "discount",
        "duration",
    ),
)

INTEGER = LogicalType(kind=Kind.INTEGER, bits=32)
UUID = LogicalType(kind=Kind.UUID)

_KEY_TYPES = st.one_of(
    st.just(INTEGER),
    st.just(UUID),
    st.integers(8, 20).map(lambda length: LogicalType(kind=Kind.TEXT, length=length)),
)
_UNIQUE_TYPES = st.sampled_from(
    (
        INTEGER,
        UUID,
        LogicalType(kind=Kind.TEXT, length=40),
        LogicalType(kind=Kind.TEXT),
        LogicalType(kind=Kind.INTEGER, bits=64),
        LogicalType(kind=Kind.INTEGER, bits=16),
        LogicalType(kind=Kind.TEXT, length=3),
        LogicalType(kind=Kind.TEXT, length=10),
        LogicalType(kind=Kind.DATE),
        LogicalType(kind=Kind.DATETIME),
        LogicalType(kind=Kind.FLOAT),
        LogicalType(kind=Kind.DECIMAL, precision=8, scale=2),
        LogicalType(kind=Kind.BINARY, length=2),
    )
)
_PLAIN_TYPES = st.one_of(
    st.integers(1, 5).map(lambda length: LogicalType(kind=Kind.TEXT, length=length)),
    st.lists(st.sampled_from(("new", "paid", "sent", "it's", "50%", "a:b", "é")), min_size=1, unique=True).map(
        lambda values: LogicalType(kind=Kind.ENUM, values=tuple(values), length=max(map(len, values)))
    ),
    st.sampled_from(
        (
            LogicalType(kind=Kind.BOOLEAN),
            LogicalType(kind=Kind.DATE),
            LogicalType(kind=Kind.DATETIME),
            LogicalType(kind=Kind.FLOAT),
            LogicalType(kind=Kind.INTEGER, bits=16),
            LogicalType(kind=Kind.DECIMAL, precision=10, scale=2),
            LogicalType(kind=Kind.TEXT),
            LogicalType(kind=Kind.JSON),
            LogicalType(kind=Kind.BINARY, length=16),
        )
    ),
)


@dataclass
class _Draft:
    """A table while it is drawn."""

    name: str
    tenant: str | None = None
    columns: list[Column] = field(default_factory=list)
    primary_key: list[str] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    association: bool = False

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def free_name(self, draw: st.DrawFn, stem: str, more: tuple[str, ...] = ()) -> str:
        """Return a plain name, an odd one or one of `more` that no column has yet."""
        taken = {column.name.lower() for column in self.columns}
        candidate = draw(st.sampled_from((stem, stem, *ODD_NAMES, *more)))
        names = (candidate, stem, *(f"{stem}_{number}" for number in range(2, 99)))
        return next(name for name in names if name.lower() not in taken)

    def table(self) -> Table:
        return Table(
            name=self.name,
            columns=tuple(self.columns),
            primary_key=tuple(self.primary_key),
            foreign_keys=tuple(self.foreign_keys),
            uniques=tuple(self.uniques),
            association=self.association,
        )


@st.composite
def schemas(draw: st.DrawFn, max_tables: int = 8) -> Schema:
    """Schemas that can be filled with any number of rows per table, a few rows at least in every parent.

    Required foreign keys form no cycle; those within a cycle or to the same table are optional, and so are all but one
    of the keys that share a tenant column, and every one-to-one key.
    """
    count = draw(st.integers(1, max_tables))
    plain = [f"t{number}" for number in range(count)]
    names = draw(st.lists(st.sampled_from((*plain, *ODD_NAMES)), min_size=count, max_size=count, unique=True))
    drafts = [_Draft(name) for name in names]
    for number, draft in enumerate(drafts):
        _draw_key(draw, draft, drafts[:number])
    for number, draft in enumerate(drafts):
        _draw_foreign_keys(draw, draft, drafts, number)
        _draw_columns(draw, draft)
    order = draw(st.permutations(drafts))
    return Schema(tables={draft.name: draft.table() for draft in order})


def _draw_key(draw: st.DrawFn, draft: _Draft, earlier: list[_Draft]) -> None:
    simple = [other for other in earlier if len(other.primary_key) == 1]
    shapes = ["single", "single", "single", "tenant", "pair", *(["association"] if len(simple) > 1 else [])]
    shape = draw(st.sampled_from(shapes))
    if shape == "association":
        draft.association = True
        left, right = draw(st.permutations(simple))[:2]
        for parent in (left, right):
            _add_foreign_key(draw, draft, parent, nullable=False, in_key=True)
    elif shape == "tenant":
        draft.tenant = "tenant_id"
        draft.columns += [Column(name=name, type=INTEGER, nullable=False) for name in ("tenant_id", "id")]
        draft.primary_key += ["tenant_id", "id"]
    else:
        for stem in ("id",) if shape == "single" else ("id", "number"):
            name, type_ = draft.free_name(draw, stem), draw(_KEY_TYPES)
            numbered = shape == "single" and type_.kind is Kind.INTEGER
            draft.columns.append(Column(name=name, type=type_, nullable=False, autoincrement=numbered))
            draft.primary_key.append(name)


def _draw_foreign_keys(draw: st.DrawFn, draft: _Draft, drafts: list[_Draft], number: int) -> None:
    tenant_is_free = True
    for position in draw(st.lists(st.integers(0, len(drafts) - 1), max_size=3)):
        parent = drafts[position]
        shares = parent.tenant is not None and draft.tenant is not None
        nullable = position >= number or draw(st.booleans()) or (shares and not tenant_is_free)
        tenant_is_free = tenant_is_free and not shares
        _add_foreign_key(draw, draft, parent, nullable=nullable)


def _add_foreign_key(draw: st.DrawFn, draft: _Draft, parent: _Draft, *, nullable: bool, in_key: bool = False) -> None:
    pairs = tuple(_pairs(draw, draft, parent, nullable=nullable))
    own = tuple(child for child, _ in pairs)
    taken = {key.name for key in draft.foreign_keys}
    name = next(name for name in ("_".join(own), f"fk_{len(taken)}") if name not in taken)
    draft.foreign_keys.append(ForeignKey(name=name, pairs=pairs, parent=parent.name))
    if in_key:
        draft.primary_key += own
    elif nullable and not set(own) & set(draft.primary_key) and draw(st.integers(0, 4)) == 0:
        draft.uniques.append(Unique(columns=own))


def _pairs(draw: st.DrawFn, draft: _Draft, parent: _Draft, *, nullable: bool) -> Iterator[tuple[str, str]]:
    for target in parent.primary_key:
        if target == parent.tenant and draft.tenant is not None:
            yield draft.tenant, target
        else:
            name = draft.free_name(draw, f"{parent.name}_{target}")
            draft.columns.append(Column(name=name, type=parent.column(target).type, nullable=nullable))
            yield name, target


def _draw_columns(draw: st.DrawFn, draft: _Draft) -> None:
    for number in range(draw(st.integers(0, 3))):
        name = draft.free_name(draw, f"c{number}", TELLING_NAMES)
        draft.columns.append(Column(name=name, type=draw(_PLAIN_TYPES), nullable=draw(st.booleans())))
    for _ in range(draw(st.integers(0, 2))):
        width = draw(st.integers(1, 2))
        names = []
        for number in range(width):
            names.append(draft.free_name(draw, f"u{number}", TELLING_NAMES))
            draft.columns.append(Column(name=names[-1], type=draw(_UNIQUE_TYPES), nullable=draw(st.booleans())))
        draft.uniques.append(Unique(columns=tuple(names)))
