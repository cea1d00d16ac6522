"""What comparisons say about how a text is made up: where it begins and ends, what stands in it, what does not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from syda.planning.checks.domain import Domain
from syda.planning.checks.plain import bare, literal
from syda.planning.checks.reading import Node, column_of
from syda.schema.model import Column, Kind, Table

Found = tuple[str, Domain]
TEXTS = (Kind.TEXT, Kind.ENUM, Kind.OTHER)
_OF_CLASS = re.compile(r"\^(\[[^\]^][^\]]*\])([*+])\$")
_NOT_OF_CLASS = re.compile(r"\*\[[\^!]([^\]]+)\]\*")
_ONE_OF = re.compile(r"\[(\^?)((?:[^\]\\]|\\.)+)\][+*]?|(\\[sSdDwW])[+*]?|(\\?[^\\\[\](){}.*+?|^$])")
_CLASSES = {
    "[:alnum:]": "A-Za-z0-9",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:space:]": " ",
    "[:xdigit:]": "0-9a-f",
    "[:punct:]": "-_.,;:!?",
    "[:word:]": "A-Za-z0-9_",
}
_START = re.compile(r"([^%_\\]+)%")
_ANY = "."
"""Any character; where texts are made, it is a letter or digit."""
_DAY = "20[0-2][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_TIMES = {"date": _DAY, "time": _TIME}
_MOMENTS = ("date", "time", "datetime", "julianday", "unixepoch", "strftime")


def matching(node: Node, table: Table) -> Found | None:
    """Read LIKE, GLOB and regular expressions as patterns of Python's `re`."""
    from sqlglot import exp

    column, pattern = _text_column(node.this, table), literal(node.expression)
    if column is None or not isinstance(pattern, str):
        return None
    if isinstance(node, exp.Like) and (start := _START.fullmatch(pattern)):
        return column.name, Domain(pieces=((1, start[1]),))
    if isinstance(node, exp.Like | exp.ILike):
        return column.name, Domain(patterns=(_of_wildcards(pattern),))
    if isinstance(node, exp.Glob):
        return column.name, Domain(patterns=("".join(_of_glob(pattern)),))
    pattern = _with_classes(pattern)
    if of_class := _OF_CLASS.fullmatch(pattern):
        return column.name, Domain(letters=of_class[1], shortest=1 if of_class[2] == "+" else None)
    return column.name, Domain(patterns=(pattern,))


def _text_column(node: Node, table: Table) -> Column | None:
    column = column_of(node, table)
    return column if column is not None and column.type.kind in TEXTS else None


def _with_classes(pattern: str) -> str:
    for name, letters in _CLASSES.items():
        pattern = pattern.replace(name, letters)
    return pattern


def not_matching(node: Node, table: Table) -> Found | None:
    """Read that no character is of a class: ``NOT GLOB '*[^a-z]*'``, ``!~ '[A-Z]'``, ``NOT LIKE '% %'``."""
    from sqlglot import exp

    column, pattern = _text_column(node.this, table), literal(node.expression)
    if column is None or not isinstance(pattern, str):
        return None
    if isinstance(node, exp.Glob):
        found = _NOT_OF_CLASS.fullmatch(pattern)
        return (column.name, Domain(letters=f"[{found[1]}]")) if found else None
    if isinstance(node, exp.Like | exp.ILike):
        inner = pattern[1:-1]
        lone = pattern == f"%{inner}%" and len(inner) == 1 and inner not in "%_"
        return (column.name, Domain(letters=f"[^{re.escape(inner)}]")) if lone else None
    of_class = _ONE_OF.fullmatch(_with_classes(pattern))
    if of_class is None:
        return None
    negated, inner, shorthand, single = of_class.groups()
    if shorthand:
        return column.name, Domain(letters=shorthand[0] + shorthand[1].swapcase())
    members = inner or re.escape(single.removeprefix("\\"))
    return column.name, Domain(letters=f"[{members}]" if negated else f"[^{members}]")


def _of_wildcards(pattern: str) -> str:
    parts = {"%": f"{_ANY}*", "_": _ANY}
    return "^" + "".join(parts.get(letter, re.escape(letter)) for letter in pattern) + "$"


def _of_glob(pattern: str) -> Iterator[str]:
    """Yield the parts of a regular expression for a GLOB, whose classes are those of regular expressions."""
    yield "^"
    for part in re.findall(r"\[\^?\]?[^\]]*\]|.", pattern, re.DOTALL):
        if part.startswith("[") and len(part) > 2:
            yield part
        else:
            yield {"*": f"{_ANY}*", "?": _ANY}.get(part, re.escape(part))
    yield "$"


def beginning(node: Node, table: Table) -> Found | None:
    """Read ``starts_with(x, 'a')`` and ``ends_with(x, 'a')``."""
    from sqlglot import exp

    column, text = _text_column(node.this, table), literal(node.expression)
    if column is None or not isinstance(text, str) or not text:
        return None
    return column.name, Domain(pieces=((1 if isinstance(node, exp.StartsWith) else -len(text), text),))


def of_text(kind: type, function: Node, value: object, table: Table) -> Found | None:
    """Read what a part of a text, or the place of something in it, is compared with."""
    from sqlglot import exp

    column = (
        _text_column(function.this, table) if isinstance(function, exp.Func) and function.this is not None else None
    )
    if column is None:
        return None
    if isinstance(function, exp.Trim) and kind is exp.NEQ and value == "":
        return column.name, Domain(excluded=("",))
    if isinstance(function, exp.StrPosition) and isinstance(value, int):
        return _placed(column, function, kind, value)
    start = _start(function, value) if kind is exp.EQ and isinstance(value, str) and value else None
    if start is None or not isinstance(value, str):
        return None
    return column.name, Domain(pieces=((start, value + _delimiter(function)),))


def _start(function: Node, value: object) -> int | None:
    """Return where in a text the part is that a function returns, from its end where negative."""
    from sqlglot import exp

    if isinstance(function, exp.Left):
        return 1
    if isinstance(function, exp.Right):
        return -len(str(value))
    if isinstance(function, exp.SplitPart):
        return 1 if literal(function.args["part_index"]) == 1 else None
    start = literal(function.args["start"]) if isinstance(function, exp.Substring) else None
    return start if isinstance(start, int) and start else None


def _delimiter(function: Node) -> str:
    from sqlglot import exp

    text = literal(function.args["delimiter"]) if isinstance(function, exp.SplitPart) else None
    return text if isinstance(text, str) else ""


def _placed(column: Column, function: Node, kind: type, value: int) -> Found | None:
    """Read ``position('@' in x) > 1``."""
    from sqlglot import exp

    text = literal(function.args["substr"])
    if not isinstance(text, str) or not text:
        return None
    if kind is exp.EQ and value == 0:
        return (column.name, Domain(letters=f"[^{re.escape(text)}]")) if len(text) == 1 else None
    if kind is exp.EQ:
        return column.name, Domain(pieces=((value, text),))
    before: Mapping[type, int] = {exp.GT: value, exp.GTE: value - 1, exp.NEQ: 0}
    if kind not in before:
        return None
    least = max(before[kind], 0)
    return column.name, Domain(patterns=(f"^{_ANY}{{{least},}}{re.escape(text)}{_ANY}*$",))


def dated(node: Node, table: Table) -> Found | None:
    """Return the text column of which SQLite makes a date or time, with the shape that such a text has."""
    from sqlglot import exp

    function = bare(node)
    name = str(function.this if isinstance(function, exp.Anonymous) else type(function).__name__).lower()
    if name not in _MOMENTS or table.dialect != "sqlite":
        return None
    arguments = function.expressions if isinstance(function, exp.Anonymous) else [function.this]
    found = (_text_column(each, table) for each in arguments if each is not None)
    column = next((each for each in found if each is not None), None)
    return None if column is None else (column.name, Domain(patterns=(f"^{_TIMES.get(name, f'{_DAY} {_TIME}')}$",)))
