"""Merges what the schema says, what names suggest and what the user wants into a Plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from syda.errors import MissingTableError, PlanError
from syda.planning.amounts import following_amounts
from syda.planning.authored import authored_guesses
from syda.planning.capacity import limit_of, roomier, runs_out, source_capacity, type_capacity
from syda.planning.checks import Domain, apply_domain, check_domains, conditions_of, is_plain, require_satisfiable
from syda.planning.circles import without_circles
from syda.planning.closed import unmade_tables, without_closed_tables
from syda.planning.decided import is_decided, narrowed_source, without_repeats
from syda.planning.demands import demanded_values, narrowed, shared_keys, with_documents, with_equals
from syda.planning.existing import Existing, ExistingTable
from syda.planning.inference import Guess, guess_column, infer_table
from syda.planning.inference.types import by_type
from syda.planning.known import literals_of, with_known
from syda.planning.model import Cardinality, ColumnPlan, Plan, TablePlan
from syda.planning.reach import Reaches
from syda.planning.requests import Overrides, RowRequest
from syda.planning.room import Room
from syda.planning.rules import bound, with_stages
from syda.planning.structure import Structure, TableNeeds, identifying_columns, plan_structure
from syda.planning.yielding import following_rules, is_rule, looks_at_no_other
from syda.schema.graph import LoadOrder, load_order
from syda.schema.model import Column, Kind, Schema, Table
from syda.sources.base import Settings, Source
from syda.sources.linked import Discriminator, Ordinal, Reference
from syda.sources.scalar import Choice, Constant, Database, Flag, Null, Number, Sequence
from syda.sources.totals import Total

_FEW = 1_000
_LISTS = (Choice, Constant, Flag)
_NUMBERED = re.compile(r"(^|_)id$", re.IGNORECASE)
_EMPTY = ExistingTable()


@dataclass(slots=True)
class PlanBuilder:
    """Builds the plan of one schema, parents before children, so that each table knows its parents' rows."""

    schema: Schema
    settings: Settings
    rows: RowRequest
    overrides: Overrides
    existing: Existing
    authored: Mapping[tuple[str, str], Guess]
    _expected: dict[str, int] = field(default_factory=dict)
    _order: LoadOrder = field(init=False)
    _referenced: set[tuple[str, str]] = field(init=False)
    _demands: Mapping[tuple[str, str], tuple[Any, ...]] = field(init=False)
    _shared: Mapping[tuple[str, str], tuple[str, str]] = field(init=False)
    _unfillable: Mapping[str, str] = field(init=False)

    def build(self) -> Plan:
        """Return the plan; raise a `SchemaError` or `PlanError` for what cannot work."""
        self.schema = with_equals(with_documents(narrowed(self.schema)))
        self.schema, closed = without_closed_tables(self.schema, self.rows)
        self._unfillable = {**closed, **unmade_tables(self.schema, self.rows, self.overrides)}
        self._demands = demanded_values(self.schema)
        self._shared = shared_keys(self.schema)
        self._order = load_order(self.schema)
        self._referenced = {
            (link.parent, column)
            for table in self.schema
            for link in table.foreign_keys
            for column in link.parent_columns
        }
        self._check_external()
        wanted = self._wanted()
        self._expected = {key: self._there(key).rows + wanted.get(key, 0) for key in self.schema.tables}
        planned = {key: self._plan_table(self.schema.tables[key], wanted[key]) for key in self._order.order}
        tables = without_circles(self.schema, planned, self._alone) if self._is_ruled(planned) else planned
        Reaches(self.schema, tables, lambda key: self._expected[key] - self._there(key).rows).check()
        return Plan(schema=self.schema, settings=self.settings, tables=tables, deferred=self._order.deferred)

    @staticmethod
    def _is_ruled(tables: Mapping[str, TablePlan]) -> bool:
        """Tell whether a source of the user's or a model's reads other columns: what inference binds has no circles."""
        return any(is_rule(column) for planned in tables.values() for column in planned.columns.values())

    def _alone(self, key: str, name: str) -> Source:
        """Return the source of a column that looks at no other."""
        table = self.schema.tables[key]
        column, domain = table.column(name), check_domains(table).get(name)
        source = guess_column(table, column).source
        if source is None or source.needs():
            source = by_type(column)
        assert source is not None
        return source if domain is None else apply_domain(source, column, domain)

    def _there(self, table: str) -> ExistingTable:
        return self.existing.get(table, _EMPTY)

    def _check_external(self) -> None:
        for table in self.schema:
            for link in table.foreign_keys:
                required = not table.is_optional(link)
                asked = self.rows.named.get(table.key, self.rows.default)
                if link.parent in self.schema.external and not self._there(link.parent).rows and required and asked:
                    raise MissingTableError(
                        f"{table.key}.{', '.join(link.columns)} refers to table {link.parent!r}, which was not given; "
                        f"add its class to the models, or seed a database in which it has rows"
                    )

    def _wanted(self) -> dict[str, int]:
        """Return the rows of each table, those of joined subclasses included."""
        own = {table.key: self._own_rows(table) for table in self.schema if table.key not in self.schema.external}
        wanted = dict(own)
        for key in reversed(self._order.order):
            table = self.schema.tables[key]
            if table.base_table:
                wanted[table.base_table] += wanted[key]
        return wanted

    def _own_rows(self, table: Table) -> int:
        if table.key in self._unfillable or table.key in self.rows.named:
            return self.rows.named.get(table.key, 0)
        root = table
        while root.inheritance is None and root.base_table:
            root = self.schema.tables[root.base_table]
        if root.inheritance and not any(identity.table == table.key for identity in root.inheritance.identities):
            return 0
        return self.rows.default

    def _plan_table(self, table: Table, wanted: int) -> TablePlan:
        children = {link: how for (key, link), how in self.rows.children.items() if key == table.key}
        exact = table.key in self.rows.named
        rows_from = None if exact else next(iter(children), None)
        given = self._given(table)
        decided = self._decided(table, given)
        alone = {column.name: guess_column(table, column) for column in table.columns} | decided
        known = with_known(table, literals_of(table, {name: source for name, (source, _) in given.items()}))
        domains = check_domains(known if wanted else table)
        if wanted:
            require_satisfiable(known)
        needs = TableNeeds(
            table=table,
            rows=wanted,
            given=set(given),
            constant={name for name, (source, _) in given.items() if isinstance(source, Constant)},
            trusted={name for name, (source, _) in given.items() if not source.countable},
            numbered={name for name, (source, _) in given.items() if source.numbered and not source.countable},
            deferred={
                item.foreign_key for item in self._order.deferred if (item.table, item.how) == (table.key, "update")
            },
            children=children,
            even={link for key, link in self.rows.even if key == table.key},
            finite=lambda column: (
                source_capacity(given[column.name][0], column)
                if column.name in given
                else _finite(table, alone.get(column.name), column, domains.get(column.name))
            ),
            limit=lambda column: limit_of(column, domains.get(column.name)),
            parent_rows=lambda key: self._expected[key],
            identifying=lambda link: identifying_columns(self.schema.tables[link.parent], link),
        )
        structure = plan_structure(needs)
        if rows_from:
            wanted = self._rows_from(table, children[rows_from], rows_from)
        followed = {name for name, (source, _) in given.items() if looks_at_no_other(source)}
        inferred = infer_table(table, self.schema, domains, unique=structure.distinct, given=followed)
        guesses = self._made_here(table, {**inferred, **decided})
        columns = {
            column.name: self._with_demands(
                table,
                column,
                self._plan_column(table, column, structure, guesses, domains, given, wanted),
                domains.get(column.name),
            )
            for column in table.columns
        }
        columns = following_rules(table, following_amounts(table, inferred, columns, domains), domains)
        own = self._own_rows(table)
        room = Room(table, columns, structure, self._expected)
        bound, notes = room.bounded(wanted, self._there(table.key).rows, exact=exact)
        stale = [
            f"{name} of the rows that are there stays as it is, whatever children they get"
            for name, column in columns.items()
            if isinstance(column.source, Total) and not wanted and self._there(table.key).rows
        ]
        self._expected[table.key] += min(bound, wanted) - (self._expected[table.key] - self._there(table.key).rows)
        return TablePlan(
            rows=own if bound >= wanted else max(bound - (wanted - own), 0),
            classes=self.rows.classes.get(table.key, {}),
            exact=exact,
            rows_from=rows_from,
            columns=columns,
            links=structure.links,
            joints=tuple(structure.joints),
            notes=(*notes, *(f"0 rows: {why}" for key, why in self._unfillable.items() if key == table.key), *stale),
        )

    def _rows_from(self, table: Table, children: Cardinality, link: str) -> int:
        parents = self._expected[table.foreign_key(link).parent]
        high = children.high if children.high is not None else children.low + 4
        mean = children.mean if children.mean is not None else (children.low + high) / 2
        return round(parents * mean)

    def _decided(self, table: Table, given: Mapping[str, tuple[Source, str]]) -> dict[str, Guess]:
        decided = {name: guess for (key, name), guess in self.authored.items() if key == table.key}
        return authored_guesses(self.schema, table, decided, given) if decided else {}

    def _given(self, table: Table) -> dict[str, tuple[Source, str]]:
        found = ((column, self.overrides.find(table, column)) for column in table.columns if not column.computed)
        given = {column.name: source for column, source in found if source is not None}
        return with_stages(
            self.schema,
            table,
            {
                name: (bound(self.schema, table, table.column(name), source), reason)
                for name, (source, reason) in given.items()
            },
        )

    # -- columns --------------------------------------------------------------------------------------------------

    def _plan_column(
        self,
        table: Table,
        column: Column,
        structure: Structure,
        guesses: Mapping[str, Guess],
        domains: Mapping[str, Domain],
        given: Mapping[str, tuple[Source, str]],
        rows: int,
    ) -> ColumnPlan:
        distinct = column.name in structure.distinct or _alone_unique(table, column)
        joint = any(column.name in joint.columns for joint in structure.joints)
        if column.name in given:
            source, reason = given[column.name]
            alone = distinct and not joint and not isinstance(source, Constant)
            return ColumnPlan(source=source, reason=reason, author="user", distinct=alone)  # type: ignore[arg-type]
        planned = self._structural(table, column, structure, domains.get(column.name))
        if planned is not None:
            return planned
        guess = guesses[column.name]
        domain = domains.get(column.name)
        if guess.source is None and table.key in self._unfillable:
            return ColumnPlan(source=Null(), reason="no row needs it", author="structure")
        if guess.source is None:
            raise PlanError(
                f"{table.key}.{column.name} has type {column.type.native!r}, for which syda has no generator; "
                f"give it one: overrides={{'{table.key}.{column.name}': lambda row, column: ...}}"
            )
        source = narrowed_source(table, column, guess, domain)
        reason = guess.reason if source is guess.source else f"{guess.reason}, within its CHECK"
        whole = rows + self._there(table.key).rows
        if is_decided(guess) and (distinct or joint):
            kept = without_repeats(table, column, source, whole, alone=not joint)
            source, reason = kept, reason if kept is source else f"{reason}, made distinct"
        elif distinct and not joint and runs_out(source, column, whole):
            roomy = roomier(column, source, whole, table.dialect)
            source = roomy if domain is None else apply_domain(roomy, column, domain)
            reason = f"{guess.reason}, made distinct"
        elif joint and not source.countable:
            source, reason = roomier(column, source, rows, table.dialect), f"{guess.reason}, drawn together with others"
        required = not column.nullable or (domain is not None and domain.required)
        nulls = 0.0 if distinct or joint or required else guess.null_fraction
        return ColumnPlan(
            source=source,  # type: ignore[arg-type]
            reason=reason,
            author=guess.author,
            null_fraction=nulls,
            distinct=distinct and not joint and not isinstance(source, Database),
        )

    def _made_here(self, table: Table, guesses: Mapping[str, Guess]) -> Mapping[str, Guess]:
        """Have values made here, where something depends on them, rather than in the database."""
        conditioned = {name for condition in conditions_of(table) for name in condition.columns}
        changed = dict(guesses)
        for name, guess in guesses.items():
            column = table.column(name)
            if not isinstance(guess.source, Database) or column.computed is not None:
                continue
            if (table.key, name) in self._referenced:
                changed[name] = replace(guess, source=by_type(column), reason="rows of other tables refer to it")
            elif name in conditioned:
                changed[name] = replace(guess, source=by_type(column), reason="its CHECK is kept")
        return changed

    def _with_demands(self, table: Table, column: Column, planned: ColumnPlan, domain: Domain | None) -> ColumnPlan:
        """Have the column hold the values that CHECKs of its children name, so that these find their parents."""
        values = self._demands.get((table.key, column.name), ())
        source = planned.source
        alike = self._shared.get((table.key, column.name))
        if alike and domain is None and planned.distinct and planned.author != "user":
            return replace(planned, alike=alike)
        if not values or planned.author == "user" or isinstance(source, Reference | Discriminator | Database):
            return planned
        own = None if domain is None else domain.allowed()
        if own is not None or (isinstance(source, Choice) and set(values) <= set(source.values)):
            return planned
        if planned.distinct:
            return replace(planned, demanded=values)
        source = Choice(values=values) if len(values) > 1 else Constant(value=values[0])
        return replace(planned, source=source, reason="other tables ask for these", author="structure")

    def _structural(
        self, table: Table, column: Column, structure: Structure, domain: Domain | None
    ) -> ColumnPlan | None:
        if column.computed is not None:
            return ColumnPlan(source=Database(), reason="generated by the database", author="structure")
        if table.inheritance and table.inheritance.discriminator == column.name:
            return ColumnPlan(source=Discriminator(), reason="the mapped class of the row", author="structure")
        followed = {name: how.followed(table, table.foreign_key(name)) for name, how in structure.links.items()}
        link = next((name for name, columns in followed.items() if column.name in columns), None)
        if link is not None:
            foreign_key = table.foreign_key(link)
            parent = next(parent for child, parent in foreign_key.pairs if child == column.name)
            source = Reference(foreign_key=link, column=parent)
            reason = f"foreign key to {foreign_key.parent}: {structure.links[link].reason}"
            return ColumnPlan(source=source, reason=reason, author="structure")
        if column.name in structure.ordinals:
            ordinal = Ordinal(foreign_key=structure.ordinals[column.name])
            return ColumnPlan(source=ordinal, reason="numbered within its parent", author="structure")
        named = column.autoincrement or bool(_NUMBERED.search(column.name)) or table.primary_key == (column.name,)
        keyed = column.name in table.primary_key and column.name in structure.distinct
        if column.type.kind is Kind.INTEGER and named and keyed and (domain is None or domain.open_above):
            start = self._next_number(table, column)
            wanted = self._expected[table.key] - self._there(table.key).rows
            if start + self._there(table.key).rows + wanted - 1 < type_capacity(column):
                return ColumnPlan(source=Sequence(start=start), reason="primary key", author="structure", distinct=True)
            numbers = Number(low=1, high=type_capacity(column) - 1)
            return ColumnPlan(source=numbers, reason="primary key, what is left", author="structure", distinct=True)
        return None

    def _next_number(self, table: Table, column: Column) -> int:
        """Return the start that makes the first new row one more than the highest number there is."""
        there = self._there(table.key)
        values = there.columns.get(column.name)
        highest = int(values.data.max()) if values is not None and len(values) else 0
        return max(highest, 0) + 1 - there.rows


def _alone_unique(table: Table, column: Column) -> bool:
    return any(unique.columns == (column.name,) and is_plain(table, unique) for unique in table.unique_sets)


def _finite(table: Table, guess: Guess | None, column: Column, domain: Domain | None) -> int | None:
    """Return how many values the column has when they are a list or limited by a CHECK, else None."""
    if guess is None or guess.source is None:
        return None
    source = narrowed_source(table, column, guess, domain)
    limited = domain is not None and domain.low is not None and domain.high is not None
    counted = isinstance(source, _LISTS) or limited or is_decided(guess)
    capacity = source.capacity(column) if counted else None
    return capacity if capacity is not None and capacity <= _FEW else None


def build_plan(
    schema: Schema,
    *,
    settings: Settings,
    rows: RowRequest,
    overrides: Overrides,
    existing: Existing | None = None,
    authored: Mapping[tuple[str, str], Guess] | None = None,
) -> Plan:
    """Return the plan for a schema; see `syda.plan` for what the arguments mean.

    `authored` replaces what would be guessed of a column, by table and column.
    """
    return PlanBuilder(schema, settings, rows, overrides, existing or {}, authored or {}).build()
