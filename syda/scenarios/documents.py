"""YAML as scenarios have it: nothing is given twice, and text stays the text that was written."""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import cache
from typing import Any

_TEXTS = ("bool", "int")
"""What YAML 1.1 takes `no`, `on`, `0123` and `12:30` for, and nobody means."""


class MistakeError(ValueError):
    """Something that YAML reads, and that cannot be meant."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def read_yaml(text: str) -> Any:
    """Return what a document says: of plain words only `true` and `false` are no text, as in YAML 1.2.

    Raises `MistakeError` for a key that is given twice and a date that is none, `yaml.YAMLError` for what is no YAML.
    """
    import yaml

    return yaml.load(text, _loader())  # noqa: S506  # it is a SafeLoader


@cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """Reads a document."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT002  # as PyYAML has it
            keys: list[Any] = [self.construct_object(key, deep=True) for key, _ in node.value]
            for place, key in enumerate(keys):
                if key in keys[:place] and key != "<<":
                    raise MistakeError(f"{key!r} is given twice", node.value[place][0].start_mark.line + 1)
            return super().construct_mapping(node, deep=deep)

        def construct_object(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT002  # as PyYAML has it
            try:
                return super().construct_object(node, deep=deep)
            except MistakeError:
                raise
            except ValueError as error:
                raise MistakeError(f"{node.value!r} is no value: {error}", node.start_mark.line + 1) from error

    tags = [f"tag:yaml.org,2002:{each}" for each in _TEXTS]
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if tag not in tags]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver(tags[0], re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
    Loader.add_implicit_resolver(tags[1], re.compile("^[-+]?(?:0|[1-9][0-9_]*)$"), list("-+0123456789"))
    return Loader
