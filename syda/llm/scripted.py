"""A model for tests, which says what it is told to say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from syda.errors import ModelError
from syda.llm.exchange import Finish, Reply, Request, Usage, estimated

Line: TypeAlias = str | Mapping[str, Any] | Reply | Exception
Script: TypeAlias = Iterable[Line] | Callable[[Request], Line]


class ScriptedClient:
    """Answers requests from a script: replies one after the other, or a function of the request.

    A reply is the text, an object to be written as JSON, a `Reply`, or an exception to raise. `requests` holds what was
    asked, in order. Raises `ModelError` when the script is over.
    """

    free = True

    def __init__(self, script: Script, *, model: str = "scripted") -> None:
        self.endpoint = "script"
        self.model = model
        self.settings: Mapping[str, Any] = {}
        self.requests: list[Request] = []
        self._script = script if callable(script) else iter(script)

    async def ask(self, request: Request) -> Reply:
        self.requests.append(request)
        line = self._script(request) if callable(self._script) else next(self._script, None)
        if line is None and callable(self._script):
            raise ModelError(f"the script's function returned None for request {len(self.requests)}")
        if line is None:
            raise ModelError(f"the script is over after {len(self.requests) - 1} replies")
        if isinstance(line, Exception):
            raise line
        if isinstance(line, Reply):
            return line
        text = line if isinstance(line, str) else json.dumps(line)
        asked = sum(len(part) for part in (request.instructions, request.context, request.task))
        usage = Usage(estimated(asked), estimated(len(text)))
        return Reply(text=text, finish=Finish.COMPLETE if text.strip() else Finish.EMPTY, usage=usage)

    async def close(self) -> None:
        """Nothing is open."""
