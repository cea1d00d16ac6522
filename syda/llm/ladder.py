"""How an answer's form is asked for, by what a model at an endpoint has been found to know."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from syda.llm.limits import most_told

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
_UNKNOWN = (
    r"unsupported|unknown|unrecogni[sz]ed|unexpected|deprecated|extra inputs"
    r"|not (?:support|permit|allow|accept|recogni[sz]e)\w*|cannot|only the default"
)
_OF_THE_SCHEMA = re.compile(r"schema|propert(?:y|ies)", re.IGNORECASE)
_RENAMED = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_OUTPUT = (*_RENAMED, "max_output_tokens")
CACHED = "cache_control"
_DROPPED = ("temperature", "top_p", "seed", CACHED)


@dataclass(slots=True)
class _Refused:
    """What a model at an endpoint refused: known for the life of the process."""

    step: int = 0
    changes: int = 0
    dropped: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)
    most_tokens: int | None = None


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
    def most_tokens(self) -> int | None:
        """The most tokens of a reply, where the model said so."""
        return self._known.most_tokens

    @property
    def method(self) -> Method:
        return self._methods[self._place]

    @property
    def _place(self) -> int:
        return max(self._step, self._known.step)

    def name(self, parameter: str) -> str:
        """Return what the model calls a parameter."""
        return _RENAMED[parameter] if parameter in self._known.renamed else parameter

    def adapt(self, message: str, parameter: str | None, body: Mapping[str, Any]) -> bool:
        """Learn from a refused request; tell whether it is worth asking again, in another way."""
        known = self._known
        if self._lower(message, body) or self._do_without(message, parameter, body):
            known.changes += 1
            return True
        if not _ABOUT_THE_FORM.search(f"{parameter or ''} {message}") or not self.step_down(message):
            return False
        known.step = self._place
        return True

    def _lower(self, message: str, body: Mapping[str, Any]) -> bool:
        """Learn how long a reply may be."""
        sent = next((body[name] for name in _OUTPUT if name in body), 0)
        most = most_told(message, sent)
        if most is None:
            return False
        logger.info("the model's replies have %d tokens at most", most)
        self._known.most_tokens = most
        return True

    def _do_without(self, message: str, parameter: str | None, body: Mapping[str, Any]) -> bool:
        """Learn that a parameter is not known, or known by another name."""
        known = self._known
        for name in _DROPPED:
            if name not in known.dropped and _is_sent(name, body) and _is_about(name, message, parameter):
                logger.warning("the model does not take %s; it is asked without", name)
                known.dropped.add(name)
                return True
        for name in _RENAMED:
            if not known.renamed and _is_sent(name, body) and _is_about(name, message, parameter):
                known.renamed.add(name)
                return True
        return False

    def step_down(self, why: str) -> bool:
        """Ask for the form in a less strict way from now on; tell whether there is one."""
        if self._place + 1 >= len(self._methods):
            return False
        self._step = self._place + 1
        self._changes += 1
        logger.info("the answer's form is asked for by %s from now on: %s", self.method, why)
        return True


def _is_sent(name: str, body: Mapping[str, Any]) -> bool:
    return name in body or (name == CACHED and name in str(body.get("messages")))


def _is_about(name: str, message: str, parameter: str | None) -> bool:
    """Tell whether a refusal is about a parameter, and not about a column that is called so."""
    if parameter is not None:
        return parameter == name
    if _OF_THE_SCHEMA.search(message):
        return False
    near = rf"\b{name}\b.{{0,60}}?(?:{_UNKNOWN})|(?:{_UNKNOWN}).{{0,60}}?\b{name}\b"
    return re.search(near, message, re.IGNORECASE) is not None


_KNOWN: dict[tuple[str, str, str], _Refused] = {}


def ladder_of(endpoint: str, path: str, model: str, methods: tuple[Method, ...] = _STEPS) -> Ladder:
    """Return what is known of a model that is asked at a path of an endpoint."""
    return Ladder(_KNOWN.setdefault((endpoint, path, model), _Refused()), methods)
