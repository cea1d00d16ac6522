"""How an answer's form is asked for, by what a model at an endpoint has been found to know."""

from __future__ import annotations

import logging
import re
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


class Ladder:
    """What one model at one endpoint takes; learnt once for the life of the process."""

    def __init__(self, methods: tuple[Method, ...] = _STEPS) -> None:
        self._methods = methods
        self._step = 0
        self.learnt = 0
        """How often it changed: a request that was sent before the last change tells nothing new."""
        self.dropped: set[str] = set()
        self.renamed: set[str] = set()

    @property
    def method(self) -> Method:
        return self._methods[self._step]

    def name(self, parameter: str) -> str:
        """Return what the model calls a parameter."""
        return _RENAMED[parameter] if parameter in self.renamed else parameter

    def adapt(self, message: str, parameter: str | None) -> bool:
        """Learn from a refused request; tell whether it is worth asking again, in another way."""
        said = f"{parameter or ''} {message}"
        for name in _SAMPLING:
            if re.search(rf"\b{name}\b", said) and name not in self.dropped:
                logger.warning("the model does not take %s; it is asked without", name)
                self.dropped.add(name)
                self.learnt += 1
                return True
        for name in _RENAMED:
            if re.search(rf"\b{name}\b", said) and not self.renamed & _RENAMED.keys():
                self.renamed.add(name)
                self.learnt += 1
                return True
        return bool(_ABOUT_THE_FORM.search(said)) and self.step_down(message)

    def step_down(self, why: str) -> bool:
        """Ask for the form in a less strict way from now on; tell whether there is one."""
        if self._step + 1 >= len(self._methods):
            return False
        self._step += 1
        self.learnt += 1
        logger.info("the answer's form is asked for by %s from now on: %s", self.method, why)
        return True


_KNOWN: dict[tuple[str, str], Ladder] = {}


def ladder_of(endpoint: str, model: str, methods: tuple[Method, ...] = _STEPS) -> Ladder:
    """Return what is known of a model at an endpoint."""
    return _KNOWN.setdefault((endpoint, model), Ladder(methods))
