"""YAML that people write: nothing is given twice, and plain words are what YAML 1.2 takes them for."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any

_TAG = "tag:yaml.org,2002:"
_DIGITS = r"[-+]?(?:0|[1-9][0-9]*)"
_WORDS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (_DIGITS, list("-+0123456789")),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+][0-9]+",
        list("-+.0123456789"),
    ),
}
"""What is no text: `no`, `on`, `0123`, `12:30` and `12e5` are, which nobody means otherwise."""
_KEPT = ("timestamp", "merge")


class MistakeError(ValueError):
    """Something that YAML reads, and that cannot be meant."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def read_yaml(text: str, *, dates: bool = True) -> Any:
    """Return what a document says. Without `dates` they are text, and `<<` is a name as any other.

    Raises `MistakeError` for a key that is given twice and a date that is none, `yaml.YAMLError` for what is no YAML.
    """
    import yaml

    return yaml.load(text, _loader(dates=dates))  # noqa: S506  # it is a SafeLoader


def with_words(class_: Any) -> Any:
    """Return a loader or dumper of PyYAML's that takes nothing else for numbers, booleans and NULL."""
    class_.yaml_implicit_resolvers = {}
    for kind, (pattern, first) in _WORDS.items():
        class_.add_implicit_resolver(f"{_TAG}{kind}", re.compile(f"^(?:{pattern})$"), first)
    return class_


@cache
def _loader(*, dates: bool) -> Any:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Reads a document."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT002  # as PyYAML has it
            seen: set[str] = set()
            for key, _ in node.value:
                name = self.construct_object(key, deep=True)
                if key.tag != f"{_TAG}merge" and repr(name) in seen:
                    raise MistakeError(f"{name!r} is given twice", key.start_mark.line + 1)
                seen.add(repr(name))
            return super().construct_mapping(node, deep=deep)

    with_words(Loader)
    readers: dict[str, Callable[[Any, Any], Any]] = {
        "int": lambda loader, node: int(loader.construct_scalar(node)),
        "float": lambda loader, node: float(loader.construct_scalar(node)),
    }
    if dates:
        readers["timestamp"] = yaml.SafeLoader.construct_yaml_timestamp
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items():
            for tag, pattern in found:
                if tag.removeprefix(_TAG) in _KEPT:
                    Loader.add_implicit_resolver(tag, pattern, [first])
    for kind, read in readers.items():
        Loader.add_constructor(f"{_TAG}{kind}", partial(_value, read))
    return Loader


def _value(read: Callable[[Any, Any], Any], loader: Any, node: Any) -> Any:
    try:
        return read(loader, node)
    except ValueError as error:
        raise MistakeError(f"{node.value[:60]!r} is no value: {error}", node.start_mark.line + 1) from error
