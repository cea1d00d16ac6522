"""YAML that people write: nothing is given twice, and plain words are what YAML 1.2 takes them for."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
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

        def __init__(self, stream: Any) -> None:
            super().__init__(stream)
            self.checked: set[Any] = set()

        def flatten_mapping(self, node: Any) -> None:
            if node not in self.checked:  # one that has been merged elsewhere holds what it merges beside its own
                self.checked.add(node)
                self._require_distinct(key for key, _ in node.value if key.tag != f"{_TAG}merge")
            super().flatten_mapping(node)

        def _require_distinct(self, keys: Iterable[Any]) -> None:
            seen: set[Any] = set()
            for key in keys:
                name = self.construct_object(key, deep=True)
                if isinstance(name, Hashable):  # PyYAML refuses others
                    if name in seen:
                        raise MistakeError(f"{name!r} is given twice", key.start_mark.line + 1)
                    seen.add(name)

    return _with_values(with_words(Loader), dates=dates)


def _with_values(class_: Any, *, dates: bool) -> Any:
    import yaml

    readers: dict[str, Callable[[Any, Any], Any]] = {
        "int": lambda loader, node: int(loader.construct_scalar(node)),
        "float": lambda loader, node: float(loader.construct_scalar(node)),
        "bool": yaml.SafeLoader.construct_yaml_bool,
        "timestamp": yaml.SafeLoader.construct_yaml_timestamp,
    }
    for kind, read in readers.items():
        class_.add_constructor(f"{_TAG}{kind}", partial(_value, read))
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items():
        for tag, pattern in found:
            if dates and tag.removeprefix(_TAG) in _KEPT:
                class_.add_implicit_resolver(tag, pattern, [first])
    return class_


def _value(read: Callable[[Any, Any], Any], loader: Any, node: Any) -> Any:
    try:
        return read(loader, node)
    except (ValueError, KeyError, AttributeError) as error:  # PyYAML expects the text to be what its tag says
        why = error if isinstance(error, ValueError) else f"expected a {node.tag.removeprefix(_TAG)}"
        raise MistakeError(f"{node.value[:60]!r} is no value: {why}", node.start_mark.line + 1) from error
