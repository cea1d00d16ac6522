"""`make` and `build`: objects of mapped classes with all that they need, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

import sqlalchemy as sa

from syda.errors import (
    CapacityError,
    ConstraintError,
    CycleError,
    GenerateError,
    PlanError,
    RejectedError,
    SydaError,
    near,
)
from syda.factories.assembling import Assembly
from syda.factories.blueprint import Blueprint, blueprint_of
from syda.factories.checking import check_said, refuse_moved, require_own
from syda.factories.groups import Group, Link, There
from syda.factories.judging import check_judged
from syda.factories.layout import Grouping
from syda.factories.sessions import committed, flushed, opened, withdrawn
from syda.factories.state import State, state_of
from syda.factories.stock import Recipe, Row, recipe_of, signature_of
from syda.factories.taken import Claim, Unique, asked, claims_of, conflict, taken_error, unique_sets
from syda.factories.traits import call_hooks, layers_of
from syda.factories.wanted import Wanted, frozen, is_constant, is_object, read_wanted
from syda.planning.checks import conditions_of
from syda.running import RUN
from syda.sources.registry import DEFAULT_REGISTRY

Made = TypeVar("Made")
Reuse: TypeAlias = "Literal['call', 'never', 'database'] | Iterable[Any]"
_POLICIES = ("call", "never", "database")
_RECIPES: dict[Any, Recipe] = {}
_ATTEMPTS = [*range(250), *(int(250 * 1.05**step) for step in range(1, 251))]
"""Which further copies are tried: each, and then ever farther ones, where many rows have been made before."""
_FIRST = 4
_PURE = ("call", "never")
_KEPT = 500


@dataclass(frozen=True, slots=True)
class _Layout:
    """A call laid out: its groups, what tells its recipe apart, and the unique sets of each group."""

    groups: Sequence[Group]
    signature: Any
    recipe: Recipe
    uniques: Sequence[tuple[Group, list[Unique]]]

    @property
    def is_lasting(self) -> bool:
        """Whether another call that says the same can take it: it holds no object of a session, and nothing mutable."""
        values = (value for group in self.groups for each in group.wanted for value in each.said)
        return not any(group.refers for group in self.groups) and all(map(is_constant, values))

    @property
    def turn(self) -> Any:
        """What copies are taken in turn of: beside others that have the same parent, of this one's."""
        if not self.is_beside:
            return self.signature
        return self.signature, *(
            sa.inspect(each) for group in self.groups for parent in group.there for each in parent.objects
        )

    @property
    def is_beside(self) -> bool:
        """Whether parents that are there may have rows already which these must differ from."""
        return any(each.parents and not each.is_new for _, listed in self.uniques for each in listed)

    @property
    def root(self) -> Wanted:
        """What the call asks for."""
        return next(group.wanted[0] for group in self.groups if not group.path)

    def number(self, state: State) -> int:
        """Return the number of the copy to be taken next."""
        return state.next_copy(self.turn, from_first=self.is_beside)

    def seed(self, state: State) -> int:
        """Return the seed of the copies."""
        return RUN.seed + (state.shift if self.is_beside else 0)


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
    each, with ``"database"`` the first row that may be; or they are found among the objects given there.
    Attributes called like an argument take an underscore (``commit_="3f2a9c1"``).

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
    """Make so many objects, each as `make` does and with parents of its own, and return them."""
    return _made(_Call(opened(session), class_, traits, _policy(reuse), attributes, _count(number)), commit)


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
    if type(session).__name__ == "async_scoped_session":  # asyncio of SQLAlchemy is not imported without need
        session = session()
    if not hasattr(session, "run_sync"):
        raise PlanError(f"expected an AsyncSession, got {type(session).__name__}; use syda.make(session, ...)")

    def work(inner: Any) -> list[Made]:
        call = _Call(opened(inner), class_, traits, _policy(reuse), attributes, _count(number), is_async=True)
        return _made(call, commit)

    made: list[Made] = await session.run_sync(work)
    return made


def build(class_: type[Made], /, *traits: str, reuse: Reuse = "call", **attributes: Any) -> Made:
    """Make one object as `make` does, which no session knows: nothing is written, and the database gives no key."""
    call = _Call(None, class_, traits, _policy(reuse), attributes)
    made: Made = call.run()[0]
    call_hooks(call.objects, None)
    return made


def _made(call: _Call, commit: Any) -> list[Any]:
    """Make the objects of a call, write them, and return those that were asked for."""
    session = call.session
    if not isinstance(commit, bool):
        raise PlanError(f"commit: expected True or False, got {commit!r:.60}; an attribute of this name is commit_")
    with session.no_autoflush:
        try:
            roots = call.run()
        except BaseException:
            withdrawn(session, call.objects)
            raise
    flushed(session, call.objects)
    if call_hooks(call.objects, session):
        flushed(session, ())
    if commit:
        committed(session)
    return roots


def _count(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise PlanError(f"expected a number of objects, 0 or more, got {type(number).__name__} {number!r}")
    return number


def _policy(reuse: Any) -> str | list[Any]:
    """Return the policy, or the objects to be taken. Raises `PlanError` for what is neither."""
    if isinstance(reuse, str) and reuse in _POLICIES:
        return reuse
    if isinstance(reuse, Iterable) and not isinstance(reuse, str | bytes | Mapping):
        objects = list(reuse)
        other = next((each for each in objects if not is_object(each)), None)
        if other is None:
            return objects
        reuse = other
    known = ", ".join(map(repr, _POLICIES))
    raise PlanError(
        f"reuse: expected {known} or a list of objects, got {reuse!r:.60}{near(str(reuse), _POLICIES)}; "
        f"an attribute of this name is reuse_"
    )


@dataclass(slots=True)
class _Call:
    """One call: what it asks for is laid out, found a recipe for, and assembled."""

    session: Any
    class_: Any
    traits: Sequence[str]
    reuse: str | list[Any]
    attributes: Mapping[str, Any]
    number: int = 1
    is_async: bool = False
    objects: list[Any] = field(default_factory=list)
    passed: list[Any] = field(default_factory=list)
    """Objects that are there and that a unique set forbids as parents of further objects."""

    def run(self) -> list[Any]:
        """Return so many objects, first the last ones' parents; all that were made for them are in `objects`."""
        state, key = state_of(self.session), self._key()
        if self.session is not None:
            state.begin(self.session, asks_first=self.number > 1)
        return [self._one(state, key) for _ in range(self.number)]

    def _key(self) -> Any:
        """Return what tells calls apart that can be laid out once for all; None for one that cannot."""
        if self.traits or isinstance(self.reuse, list) or self.reuse not in _PURE:
            return None
        said = frozen(self.attributes)
        whose = blueprint_of(self.class_), self.reuse, self.session is None
        return None if said is None else (*whose, DEFAULT_REGISTRY.version, RUN.seed, said)

    def _one(self, state: State, key: Any) -> Any:
        layout = None if key is None else _LAYOUTS.get(key)
        if layout is None:
            layers = layers_of(blueprint_of(self.class_).mapper, self.traits, self.attributes)
            wanted = read_wanted(self.class_, layers, state.numbers)
            layout = self._lay_out(wanted, state)
            if key is not None and layout.is_lasting:
                if len(_LAYOUTS) >= _KEPT:
                    _LAYOUTS.clear()
                _LAYOUTS[key] = layout
        rows = self._rows(layout, state)
        while isinstance(rows, Claim):
            if not self._passes_over(rows):
                raise taken_error(rows)
            layout = self._lay_out(layout.root, state)
            rows = self._rows(layout, state)
        assembly = Assembly(self.session, self.is_async)
        try:
            root = assembly.assemble(layout.groups, rows)
        except BaseException:
            self.objects += assembly.objects
            raise
        self.objects += [root, *(each for each in assembly.objects if each is not root)]
        return root

    def _passes_over(self, claim: Claim) -> bool:
        """Pass over the parents that were found and may not have the object; tell whether others can be."""
        parents = [parent for parent, _ in claim.unique.parents.values() if isinstance(parent, There)]
        found = [(parent.blueprint, each) for parent in parents for each in parent.objects if parent.is_found]
        self.passed += [each for _, each in found]
        find = self._finder()
        return any(self.reuse == "database" or find(blueprint) for blueprint, _ in found)

    def _lay_out(self, wanted: Wanted, state: State) -> _Layout:
        first, refusal = self._laid(wanted, frozenset(), state)
        if refusal is None:
            return first
        for needed in _wanted_by_checks(first.groups):  # of several optional parents a CHECK may want one
            try:
                layout, other = self._laid(wanted, frozenset([needed]), state)
            except CycleError:  # a parent of the same class needs one, too: what is said cannot be
                continue
            if other is None:
                return layout
        raise refusal

    def _laid(self, wanted: Wanted, needed: frozenset[Link], state: State) -> tuple[_Layout, SydaError | None]:
        """Return the call laid out with parents along the optional foreign keys, and why that cannot be, if so."""
        find = self._finder()
        grouping = Grouping(share=self.reuse != "never", found=find, looked=self._looked, needed=needed)
        grouping.lay_out(wanted)
        groups = grouping.groups
        require_own(self.session, groups)
        if self.number > 1:
            refuse_moved(groups)
        check_said(groups)
        check_judged(groups, self.session)
        signature = (DEFAULT_REGISTRY.version, *signature_of(groups))
        recipe = _RECIPES.get(signature)
        if recipe is None:
            if len(_RECIPES) >= _KEPT:
                _RECIPES.clear()
            recipe = _RECIPES[signature] = recipe_of(groups, RUN.seed)
        layout = _Layout(groups, signature, recipe, [(group, unique_sets(group)) for group in groups])
        try:
            dict(recipe.copy(groups, layout.seed(state), layout.number(state), 0, self.session))
        except (ConstraintError, GenerateError) as error:
            return layout, error
        return layout, None

    def _rows(self, layout: _Layout, state: State) -> dict[str, list[Row]] | Claim:
        """Return the attributes of all objects: those of the next copy whose unique values are free.

        Where no other copy could help it is the claim to values that are in use.
        """
        claim: Claim | None = None
        number, seed = layout.number(state), layout.seed(state)
        for attempt in _ATTEMPTS:
            rows = dict(layout.recipe.copy(layout.groups, seed, number, attempt, self.session))
            claims = list(_claims(layout.uniques, rows))
            claim = conflict(claims, state)
            if claim is None:
                for each in claims:
                    if not each.unique.is_new:
                        state.use(*each.key)
                state.taken[layout.turn] = number + attempt + 1
                return rows
            if claim.is_said or claim.unique.is_fixed:
                return claim
        assert claim is not None
        raise CapacityError(f"{taken_error(claim)}; {len(_ATTEMPTS)} other values were tried")

    def _finder(self) -> Any:
        reuse = self.reuse
        if isinstance(reuse, str):
            return self._first_rows if reuse == "database" and self.session is not None else _nothing
        return lambda target: self._left_of(each for each in reuse if isinstance(each, target.mapper.class_))

    def _first_rows(self, target: Blueprint) -> Sequence[Any]:
        most = _FIRST + len(self.passed)
        statement = sa.select(target.mapper.class_).order_by(*target.mapper.primary_key).limit(most)
        there = asked(self.session, statement, target.mapper).scalars().all()
        return self._left_of([*there, *(each for each in self.session.new if isinstance(each, target.mapper.class_))])

    def _left_of(self, objects: Iterable[Any]) -> list[Any]:
        passed = set(map(id, self.passed))
        return [each for each in objects if id(each) not in passed]

    def _looked(self, target: Blueprint, values: Mapping[str, Any], where: str) -> Any:
        """Return the object with the values. Raises `RejectedError` where there is none."""
        if self.session is None:
            return None
        class_ = target.mapper.class_
        waiting = (each for each in self.session.new if isinstance(each, class_))
        own = next((each for each in waiting if all(vars(each).get(k) == value for k, value in values.items())), None)
        if own is not None:
            return own
        statement = sa.select(class_).where(*(getattr(class_, key) == value for key, value in values.items())).limit(1)
        found = asked(self.session, statement, target.mapper).scalars().first()
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


def _nothing(_: Blueprint) -> Sequence[Any]:
    return ()


def _claims(uniques: Iterable[tuple[Group, list[Unique]]], rows: Mapping[str, list[Row]]) -> Iterator[Claim]:
    for group, sets in uniques:
        yield from claims_of(sets, group, rows[group.path])
