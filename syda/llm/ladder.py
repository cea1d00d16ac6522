"""How an answer's form is asked for, by what a model at an endpoint has been found to know."""

from __future__ import annotations

import logging
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum

logger = logging.getLogger("syda.llm")


class Method(StrEnum):
    """Ways to ask for JSON of a given form, the strictest first."""

    SCHEMA = "schema"
    TOOL = "tool"
    JSON = "json"
    PROMPT = "prompt"


_STEPS = tuple(Method)
_ABOUT_THE_FORM = re.compile(
    r"schema|response_format|json_object|output_config|output_format|text\.format|structured|grammar|strict"
    r"|\btools?\b|tool_choice|function|property|properties|keyword|additionalProperties",
    re.IGNORECASE,
)
_RENAMED = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_SAMPLING = ("temperature", "top_p", "seed")


@dataclass(slots=True)
class _Refused:
    """What a model at an endpoint refused: known for the life of the process."""

    step: int = 0
    changes: int = 0
    dropped: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)


class Ladder:
    """What one model at one endpoint takes.

    What it refused with an error is `known` to all clients. That it did not keep a form is known to this one alone: by
    the next run it may do better.
    """

    def __init__(self, known: _Refused, methods: tuple[Method, ...] = _STEPS) -> None:
        self._known, self._methods = known, methods
        self._step = self._changes = 0

    @property
    def learnt(self) -> int:
        """How often it changed: a request that was sent before the last change tells nothing new."""
        return self._known.changes + self._changes

    @property
    def dropped(self) -> AbstractSet[str]:
        """The parameters that the model does not take."""
        return self._known.dropped

    @property
    def method(self) -> Method:
        return self._methods[self._place]

    @property
    def _place(self) -> int:
        return max(self._step, self._known.step)

    def name(self, parameter: str) -> str:
        """Return what the model calls a parameter."""
        return _RENAMED[parameter] if parameter in self._known.renamed else parameter

    def adapt(self, message: str, parameter: str | None) -> bool:
        """Learn from a refused request; tell whether it is worth asking again, in another way."""
        said, known = f"{parameter or ''} {message}", self._known
        for name in _SAMPLING:
            if re.search(rf"\b{name}\b", said) and name not in known.dropped:
                logger.warning("the model does not take %s; it is asked without", name)
                known.dropped.add(name)
                known.changes += 1
                return True
        for name in _RENAMED:
            if re.search(rf"\b{name}\b", said) and not known.renamed & _RENAMED.keys():
                known.renamed.add(name)
                known.changes += 1
                return True
        if not _ABOUT_THE_FORM.search(said) or not self.step_down(message):
            return False
        known.step = self._place
        return True

    def step_down(self, why: str) -> bool:
        """Ask for the form in a less strict way from now on; tell whether there is one."""
        if self._place + 1 >= len(self._methods):
            return False
        self._step = self._place + 1
        self._changes += 1
        logger.info("the answer's form is asked for by %s from now on: %s", self.method, why)
        return True


_KNOWN: dict[tuple[str, str], _Refused] = {}


def ladder_of(endpoint: str, model: str, methods: tuple[Method, ...] = _STEPS) -> Ladder:
    """Return what is known of a model at an endpoint."""
    return Ladder(_KNOWN.setdefault((endpoint, model), _Refused()), methods)
