"""Columns of one table that must agree: the parts of a person, an address or a company."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from syda.planning.inference.naming import words_of
from syda.schema.model import Kind, Table
from syda.sources.base import Source
from syda.sources.company import Company, Prose
from syda.sources.person import Person
from syda.sources.places import Place
from syda.sources.text import Template, Words

if TYPE_CHECKING:
    from syda.planning.inference.infer import Guess

_PREFIX = re.compile(
    r"^(billing|shipping|home|work|delivery|contact|emergency|mailing|sender|recipient|from|to|origin|destination"
    r"|departure|arrival|alternate|secondary|parent|spouse|manager|author|owner|reporter|assignee|bill|ship)_"
)

_NAMED = re.compile(r"title|name|headline|subject|label|(product|article|post|page|category|event|course)_(name|title)")
_DIGITS_OF_ZIP, _LONG_CODE = 5, 10
_PLAIN = re.compile(r"[A-Za-z]\w*")


def grouped(table: Table, guesses: Mapping[str, Guess], unique: Collection[str] = ()) -> dict[str, Guess]:
    """Return the guesses with the members of each group bound together."""
    bound = dict(guesses)
    _bind_people(bound)
    _bind_places(table, bound)
    _bind_companies(bound)
    _bind_slugs(table, bound, unique)
    return bound


def _group(name: str) -> str:
    found = _PREFIX.match(words_of(name))
    return found.group(1) if found else ""


def _bind_people(guesses: dict[str, Guess]) -> None:
    members = {name: guess.source for name, guess in guesses.items() if isinstance(guess.source, Person)}
    parts = {(_group(name), source.part): name for name, source in reversed(members.items())}
    for name, source in members.items():
        group = _group(name)
        bound = replace(source, group=group)
        if source.part in ("full_name", "email", "username", "initials"):
            first, last = parts.get((group, "first_name")), parts.get((group, "last_name"))
            full = parts.get((group, "full_name")) if source.part != "full_name" and not (first and last) else None
            bound = replace(bound, first=first, last=last, full=full)
        guesses[name] = replace(guesses[name], source=bound)


def _bind_places(table: Table, guesses: dict[str, Guess]) -> None:
    """Bind the parts of an address; places whose postal or state code is too long for its column are left out."""
    members = {name: guess.source for name, guess in guesses.items() if isinstance(guess.source, Place)}
    for name, source in members.items():
        group = [(one, other) for one, other in members.items() if _group(one) == _group(name)]
        widest = _narrowest(table, [one for one, other in group if other.part == "postcode"])
        state_width = _narrowest(table, [one for one, other in group if other.part == "state_code"])
        bound = replace(source, group=_group(name), widest=widest, state_width=state_width)
        guesses[name] = replace(guesses[name], source=bound)


def _narrowest(table: Table, names: Sequence[str]) -> int | None:
    """Return the least length of the columns, when it is one that leaves places out."""
    types = [table.column(name).type for name in names]
    widths = [_DIGITS_OF_ZIP if type_.kind is Kind.INTEGER else type_.length or _LONG_CODE for type_ in types]
    return min(widths) if widths and min(widths) < _LONG_CODE else None


def _bind_companies(guesses: dict[str, Guess]) -> None:
    """Bind the parts of a company; where no person is named beside it, the e-mail address is the company's."""
    named = {_group(name) for name, guess in guesses.items() if _is_part(guess.source, Company, ("name",))}
    peopled = {
        _group(name) for name, guess in guesses.items() if _is_part(guess.source, Person, ("full_name", "last_name"))
    }
    for name, guess in guesses.items():
        group = _group(name)
        if isinstance(guess.source, Company):
            guesses[name] = replace(guess, source=replace(guess.source, group=group))
        elif group in named - peopled and _is_part(guess.source, Person, ("email",)):
            guesses[name] = replace(guess, source=Company(part="email", group=group))


def _is_part(source: Source | None, kind: type[Company | Person], parts: tuple[str, ...]) -> bool:
    return isinstance(source, kind) and source.part in parts


def _bind_slugs(table: Table, guesses: dict[str, Guess], unique: Collection[str]) -> None:
    """Spell the slug of a row from its title or name; where it must be unique, the row's number goes first."""
    named = [
        name
        for name, guess in guesses.items()
        if _NAMED.fullmatch(words_of(name)) and isinstance(guess.source, Prose | Words) and not guess.null_fraction
    ]
    title = next((name for name in named if _PLAIN.fullmatch(name)), None)
    for name, guess in guesses.items():
        if title and guess.meaning == "slug" and table.column(name).type.kind is Kind.TEXT:
            text = f"{{row}}-{{{title}!s}}" if name in unique else f"{{{title}!s}}"
            guesses[name] = replace(guess, source=Template(text=text), reason=f"spelled from {title}")
