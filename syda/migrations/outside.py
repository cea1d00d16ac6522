"""Statements that reach out of the database in which they run: to another one of the server, or to another file."""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp

_COMMENTS = {"mysql": r"--(?=[\s\x00-\x1f]|\Z)[^\n]*|/\*(?!M?!).*?\*/", "postgresql": r"--[^\n]*|/\*.*?\*/"}
"""MySQL runs what is in the comments that begin with an exclamation mark."""
_TOKENS = {
    "mysql": re.compile(
        rf"{_COMMENTS['mysql']}|/\*M?!\d*|\*/|\#[^\n]*|(?P<text>'(?:[^'\\]|\\.|'')*')"
        r'|`(?P<quoted>(?:[^`]|``)+)`|(?P<double>"(?:[^"\\]|\\.|"")*")|(?P<word>[\w$]+)|(?P<mark>\S)',
        re.DOTALL,
    ),
    "postgresql": re.compile(
        rf"{_COMMENTS['postgresql']}|(?P<text>'(?:[^']|'')*')"
        r'|"(?P<quoted>(?:[^"]|"")+)"|(?P<word>\w+)|(?P<mark>\S)',
        re.DOTALL,
    ),
}
_MADE_OF_TEXT = frozenset({"prepare", "execute", "immediate"})
"""Words of statements that run what a text says."""
_PLACEHOLDER = re.compile(r"%\(\w+\)s|%s")
_READABLE = frozenset({"information_schema", "performance_schema"})
_DATABASES = ("database", "schema")
_ENDS = ("", ",", ";", "cascade", "restrict")
"""What comes after the name of a column that is dropped."""
_TRIGGER = re.compile(r"\s*create\s+(or\s+replace\s+)?trigger\s[^.]*?\sfor\s+each\s+row\s", re.IGNORECASE)
_ABOUT = ("alter", "on", "in", "drop", "create")
_MADE = ("create", "drop", "or", "replace")
_RUN = re.compile(r"\s*(?:prepare\s+\S+\s+from|execute\s+immediate)\s+(@[\w$]+)\s*;?\s*", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)|''|\"\"", re.DOTALL)
_WRITTEN = {"n": "\n", "t": "\t", "r": "\r", "0": " ", "b": " ", "Z": " "}
_ELSEWHERE = frozenset({"federated", "federatedx", "connect", "spider"})
"""Engines of tables that are in another database."""
_UNREADABLE = (
    "runs a text that is made elsewhere, so that nobody can tell which database it is about: give the text itself, in "
    "single quotes, or a variable (`PREPARE s FROM @text`), or run the statement by op.execute"
)


class _Quoted(str):
    """A word that was quoted, which is no keyword."""

    __slots__ = ()


def reaches_outside(statement: str, dialect: str, name: str, others: frozenset[str]) -> str:
    """Return how a statement reaches one of the `others` from the database `name`, or an empty text.

    Names of databases are told by the words of the statement, and not by its grammar alone: what a parser does not
    understand, such as the body of a trigger, is refused rather than run.
    """
    if dialect not in _TOKENS:
        return ""
    tokens = list(_tokens(statement, dialect))
    return _of_postgresql(tokens, others) if dialect == "postgresql" else _of_mysql(statement, tokens, name, others)


def variable_that_is_run(statement: str) -> str:
    """Return the variable of a statement of MySQL's that does nothing but run, or prepare, what is in it."""
    found = _RUN.fullmatch(statement)
    return found[1] if found else ""


def _tokens(statement: str, dialect: str) -> Iterator[str]:
    """Yield words in lower case and signs; those of texts too where a text may be run."""
    runs_text = any(word in _MADE_OF_TEXT for word in re.findall(r"\w+", statement.casefold()))
    for found in _TOKENS[dialect].finditer(statement):
        groups = found.groupdict()
        text = groups["text"] or groups.get("double")
        if text is not None and runs_text:
            yield from _tokens(_unescaped(text[1:-1]), dialect)
        if quoted := groups["quoted"] or groups.get("double"):
            yield _Quoted(quoted.strip('"`').casefold())
        elif name := groups["word"] or groups["mark"]:
            yield name.casefold()


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: _WRITTEN.get(found[1], found[1]) if found[1] else found[0][0], text)


def _runs_unreadable(statement: str) -> bool:
    """Tell whether a statement of MySQL's runs, or prepares, anything but one text that is written in it."""
    found = [each for each in _TOKENS["mysql"].finditer(statement) if any(each.groupdict().values())]
    words = ["'" if each["text"] or each["double"] else each[0].casefold() for each in found] + [";"]
    for number, word in enumerate(words[:-1]):
        at = 0
        if word == "prepare" and words[number + 2 : number + 3] == ["from"]:
            at = number + 3
        elif (word, words[number + 1]) == ("execute", "immediate"):
            at = number + 2
        if at and (words[at : at + 1] != ["'"] or words[at + 1] not in (";", "using")):
            return True
    return False


def _of_postgresql(tokens: list[str], others: frozenset[str]) -> str:
    altered = tokens[:2] == ["alter", "table"] and ";" not in tokens
    for number, word in enumerate(tokens):
        after = tokens[number + 1] if number + 1 < len(tokens) else ""
        before = tokens[number - 1] if number else ""
        if word == "database" and before in _ABOUT and (found := others & set(_list_at(tokens, number + 1))):
            return f"is about the database {min(found)!r}"
        if word == "database" and before in ("create", "drop") and after not in _ENDS and not altered:
            return f"is about the database {after!r}"
        if word.startswith("dblink") and after == "(":
            return "connects to another database by dblink"
        if (before, word) in (("create", "server"), ("create", "subscription"), ("alter", "system")):
            return "is about another database, or the whole server"
    return ""


def _list_at(tokens: list[str], start: int) -> Iterator[str]:
    """Yield the names of a list with commas."""
    for name, comma in zip(tokens[start::2], [*tokens[start + 1 :: 2], ""], strict=False):
        yield name
        if comma != ",":
            return


def _of_mysql(statement: str, tokens: list[str], name: str, others: frozenset[str]) -> str:
    own = name.casefold()
    if _runs_unreadable(statement):
        return _UNREADABLE
    for number, word in enumerate(tokens):
        after = tokens[number + 1 : number + 5]
        begins = number == 0 or tokens[number - 1] == ";"
        if word == "use" and begins and after and after[0] != own:
            return f"changes to the database {after[0]!r}"
        if word == "engine" and _ELSEWHERE & set(after[:2]):
            return "makes a table that is in another database"
        if isinstance(word, _Quoted):
            continue
        made = number and tokens[number - 1] in _MADE and word in _DATABASES
        if (made and own not in after) or (word in _DATABASES and after and after[0] in others):
            return "is about another database"
    far = others - _READABLE
    qualifiers = {
        word: tokens[number + 2 : number + 4]
        for number, word in enumerate(tokens[:-1])
        if word in far and tokens[number + 1] == "."
    }
    called = [word for word, after in qualifiers.items() if len(after) > 1 and after[1] == "("]
    if called or (qualifiers and not _are_tables(statement, set(qualifiers), own)):
        return f"names the database {min(qualifiers)!r}"
    return ""


def _are_tables(statement: str, names: set[str], own: str) -> bool:
    """Tell whether names before a dot are all tables of the statement that have the name of a database."""
    plain = re.sub(r"--(?!\s)", "- - ", _PLACEHOLDER.sub("NULL", statement).replace("%%", "%"))
    if "/*!" in plain or "/*M!" in plain:
        return False  # what MySQL runs, and the parser takes for a comment
    plain = _TRIGGER.sub("", plain, count=1) if _TRIGGER.match(plain) else plain  # which the parser does not know
    try:
        parsed = [each for each in sqlglot.parse(plain, dialect="mysql") if each is not None]
    except sqlglot.errors.SqlglotError:
        return False
    if any(isinstance(each, exp.Command) or each.find(exp.Command) for each in parsed):
        return False
    tables = [table for each in parsed for table in each.find_all(exp.Table)]
    if any(table.db and table.db.casefold() not in _READABLE | {own} for table in tables):
        return False
    return names <= {each.casefold() for table in tables for each in (table.name, table.alias)}
