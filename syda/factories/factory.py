"""`make` and `build`: objects of mapped classes with all that they need, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

import sqlalchemy as sa

from syda.errors import CapacityError, ConstraintError, GenerateError, PlanError, RejectedError, SydaError, near
from syda.factories.assembling import Assembly
from syda.factories.blueprint import Blueprint, blueprint_of
from syda.factories.checking import check_said
from syda.factories.groups import Group, Link
from syda.factories.layout import Grouping
from syda.factories.sessions import committed, flushed, opened
from syda.factories.state import State, state_of
from syda.factories.stock import Recipe, Row, recipe_of, signature_of
from syda.factories.taken import Claim, Unique, asked, claims_of, conflict, taken_error, unique_sets
from syda.factories.traits import call_hooks
from syda.factories.wanted import Wanted, frozen, read_wanted
from syda.planning.checks import conditions_of
from syda.running import RUN
from syda.sources.registry import DEFAULT_REGISTRY

Made = TypeVar("Made")
Reuse: TypeAlias = "Literal['call', 'never', 'database'] | Iterable[Any]"
_POLICIES = ("call", "never", "database")
_RECIPES: dict[Any, Recipe] = {}
_TRIES = 500
_PURE = ("call", "never")
_KEPT = 500


@dataclass(frozen=True, slots=True)
class _Layout:
    """A call laid out: its groups, what tells its recipe apart, and the unique sets of each group."""

    groups: Sequence[Group]
    signature: Any
    recipe: Recipe
    uniques: Sequence[tuple[Group, list[Unique]]]

    def number(self, state: State) -> int:
        """Return the number of the copy to be taken next."""
        beside = any(each.parents and not each.is_new for _, listed in self.uniques for each in listed)
        return state.next_copy(self.signature, from_first=beside)  # beside others that have the same parent


_LAYOUTS: dict[Any, _Layout] = {}


def make(
    session: Any,
    class_: type[Made],
    /,
    *traits: str,
    reuse: Reuse = "call",
    commit: bool = False,
    **attributes: Any,
) -> Made:
    """Make one object of a mapped class, with the parents that it needs; add it to the session, flush, and return it.

    `attributes` are those of the class: values, related objects (``customer=acme``), attributes of related objects
    (``customer__name="Acme"``), children as a number, a list of dicts, or objects (``items=3``,
    ``items=[{"quantity": 2}, {}]``). `traits` are names given by `syda.trait`. What nothing is said of has its default,
    or a believable value; optional parents, and children, are only made where they are asked for. Required parents are
    made: with `reuse` ``"call"`` one for all objects of the call that need one of the class, with ``"never"`` one for
    each, with ``"database"`` the first row there is; or they are found among the objects given there.

    Nothing is committed unless `commit`. Raises `UnknownNameError` for an attribute or trait that is none, another
    `PlanError` for what cannot be meant, `IntegrityError` for values that break a rule, `CycleError` for required
    parents in a circle, `RejectedError` for a unique value that is in use.
    """
    return make_many(session, 1, class_, *traits, reuse=reuse, commit=commit, **attributes)[0]


def make_many(
    session: Any,
    number: int,
    class_: type[Made],
    /,
    *traits: str,
    reuse: Reuse = "call",
    commit: bool = False,
    **attributes: Any,
) -> list[Made]:
    """Make so many objects, each as `make` does, and return them."""
    own = opened(session)
    with own.no_autoflush:
        call = _Call(own, class_, traits, reuse, attributes)
        roots = call.run(_count(number))
    flushed(own, call.objects)
    call_hooks(call.objects, own)
    if commit:
        committed(own)
    return roots


async def make_async(
    session: Any,
    class_: type[Made],
    /,
    *traits: str,
    reuse: Reuse = "call",
    commit: bool = False,
    **attributes: Any,
) -> Made:
    """Make one object as `make` does, through an AsyncSession."""
    made = await make_many_async(session, 1, class_, *traits, reuse=reuse, commit=commit, **attributes)
    return made[0]


async def make_many_async(
    session: Any,
    number: int,
    class_: type[Made],
    /,
    *traits: str,
    reuse: Reuse = "call",
    commit: bool = False,
    **attributes: Any,
) -> list[Made]:
    """Make so many objects as `make_many` does, through an AsyncSession."""
    if not hasattr(session, "run_sync"):
        raise PlanError(f"expected an AsyncSession, got {type(session).__name__}; use syda.make(session, ...)")

    def work(inner: Any) -> list[Made]:
        return make_many(inner, number, class_, *traits, reuse=reuse, commit=commit, **attributes)

    made: list[Made] = await session.run_sync(work)
    return made


def build(class_: type[Made], /, *traits: str, reuse: Reuse = "call", **attributes: Any) -> Made:
    """Make one object as `make` does, which no session knows: nothing is written, and the database gives no key."""
    call = _Call(None, class_, traits, reuse, attributes)
    made: Made = call.run(1)[0]
    call_hooks(call.objects, None)
    return made


def _count(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise PlanError(f"expected a number of objects, 0 or more, got {type(number).__name__} {number!r}")
    return number


@dataclass(slots=True)
class _Call:
    """One call: what it asks for is laid out, found a recipe for, and assembled."""

    session: Any
    class_: Any
    traits: Sequence[str]
    reuse: Reuse
    attributes: Mapping[str, Any]
    objects: list[Any] = field(default_factory=list)

    def run(self, number: int) -> list[Any]:
        """Return so many objects, first the last ones' parents; all that were made for them are in `objects`."""
        state, key = state_of(self.session), self._key()
        return [self._one(state, key) for _ in range(number)]

    def _key(self) -> Any:
        """Return what tells calls apart that can be laid out once for all; None for one that cannot."""
        said = None if self.traits or self.reuse not in _PURE else frozen(self.attributes)
        return (
            None if said is None else (blueprint_of(self.class_), self.reuse, DEFAULT_REGISTRY.version, RUN.seed, said)
        )

    def _one(self, state: State, key: Any) -> Any:
        layout = None if key is None else _LAYOUTS.get(key)
        if layout is None:
            layout = self._lay_out(state)
            if key is not None:
                if len(_LAYOUTS) >= _KEPT:
                    _LAYOUTS.clear()
                _LAYOUTS[key] = layout
        assembly = Assembly(self.session)
        root = assembly.assemble(layout.groups, self._rows(layout, state))
        self.objects += [root, *(each for each in assembly.objects if each is not root)]
        return root

    def _lay_out(self, state: State) -> _Layout:
        wanted = read_wanted(self.class_, self.traits, self.attributes, state.numbers)
        first, refusal = self._laid(wanted, frozenset(), state)
        if refusal is None:
            return first
        for needed in _wanted_by_checks(first.groups):  # of several optional parents a CHECK may want one
            layout, other = self._laid(wanted, frozenset([needed]), state)
            if other is None:
                return layout
        raise refusal

    def _laid(self, wanted: Wanted, needed: frozenset[Link], state: State) -> tuple[_Layout, SydaError | None]:
        """Return the call laid out with parents along the optional foreign keys, and why that cannot be, if so."""
        find = self._finder()
        grouping = Grouping(share=self.reuse != "never", found=find, looked=self._looked, needed=needed)
        grouping.lay_out(wanted)
        groups = grouping.groups
        check_said(groups)
        signature = (DEFAULT_REGISTRY.version, *signature_of(groups))
        recipe = _RECIPES.get(signature)
        if recipe is None:
            recipe = _RECIPES[signature] = recipe_of(groups, RUN.seed)
        layout = _Layout(groups, signature, recipe, [(group, unique_sets(group)) for group in groups])
        try:
            dict(recipe.copy(groups, RUN.seed, layout.number(state), 0))
        except (ConstraintError, GenerateError) as error:
            return layout, error
        return layout, None

    def _rows(self, layout: _Layout, state: State) -> dict[str, list[Row]]:
        """Return the attributes of all objects: those of the next copy whose unique values are free."""
        claim: Claim | None = None
        number = layout.number(state)
        for attempt in range(_TRIES):
            rows = dict(layout.recipe.copy(layout.groups, RUN.seed, number, attempt))
            claims = list(_claims(layout.uniques, rows))
            claim = conflict(claims, state, self.session)
            if claim is None:
                for each in claims:
                    if not each.unique.is_new:
                        state.use(*each.key)
                state.taken[layout.signature] = number + attempt + 1
                return rows
            if claim.is_said:
                raise taken_error(claim)
        assert claim is not None
        raise CapacityError(f"{taken_error(claim)}; {_TRIES} other values were tried")

    def _finder(self) -> Any:
        reuse = self.reuse
        if isinstance(reuse, str):
            if reuse not in _POLICIES:
                known = ", ".join(map(repr, _POLICIES))
                raise PlanError(f"reuse: expected {known} or a list of objects, got {reuse!r}{near(reuse, _POLICIES)}")
            return self._first_row if reuse == "database" and self.session is not None else _nothing
        objects = list(reuse)
        return lambda target: next((each for each in objects if isinstance(each, target.mapper.class_)), None)

    def _first_row(self, target: Blueprint) -> Any:
        statement = sa.select(target.mapper.class_).order_by(*target.mapper.primary_key).limit(1)
        return asked(self.session, statement).scalars().first()

    def _looked(self, target: Blueprint, values: Mapping[str, Any], where: str) -> Any:
        """Return the object with the values. Raises `RejectedError` where there is none."""
        if self.session is None:
            return None
        class_ = target.mapper.class_
        statement = sa.select(class_).where(*(getattr(class_, key) == value for key, value in values.items())).limit(1)
        found = asked(self.session, statement).scalars().first()
        if found is None:
            shown = ", ".join(f"{key} = {value!r}" for key, value in values.items())
            raise RejectedError(f"{where}: there is no {target.name} with {shown}", table=target.tables[-1].key)
        return found


def _wanted_by_checks(groups: Sequence[Group]) -> Iterator[Link]:
    """Yield the foreign keys without parents that conditions of their tables mention."""
    for group in groups:
        for table in group.blueprint.tables:
            conditioned = {name for each in conditions_of(table) for name in each.columns}
            for link in table.foreign_keys:
                if (table.key, link.name) in group.missing and conditioned & set(link.columns):
                    yield table.key, link.name


def _nothing(_: Blueprint) -> None:
    return None


def _claims(uniques: Iterable[tuple[Group, list[Unique]]], rows: Mapping[str, list[Row]]) -> Iterator[Claim]:
    for group, sets in uniques:
        yield from claims_of(sets, group, rows[group.path])
