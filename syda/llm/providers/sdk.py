"""What clients of both SDKs do alike.

The SDKs are used for what changes from provider to provider: addresses, keys, headers, errors. Bodies go out and come
in as plain JSON, because what the SDKs' models make of an odd reply (text instead of an object, no usage on a cut
reply) differs by version.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from syda.errors import RefusedRequestError, SydaError
from syda.llm.exchange import Finish, Reply, Request, Trouble
from syda.llm.faults import ParameterError, translated
from syda.llm.ladder import Method, ladder_of
from syda.schemas import ModelConfig

CONNECT_SECONDS = 10.0
TOOL = "answer"


class SdkClient(ABC):
    """A model behind an endpoint that one of the SDKs speaks to; learns what it takes from what it refuses."""

    methods: tuple[Method, ...] = tuple(Method)

    def __init__(self, config: ModelConfig, endpoint: str, path: str) -> None:
        self.config = config
        self.endpoint = endpoint
        self.model = config.model_name
        self.settings: Mapping[str, Any] = config.settings()
        self._path = (config.proxy.path(config.provider) if config.proxy else None) or path
        self._ladder = ladder_of(endpoint, self.model, self.methods)

    async def ask(self, request: Request) -> Reply:
        for calls in itertools.count(1):
            learnt = self._ladder.learnt
            try:
                reply = self.read(await self._post(self.body(request, self._ladder.method)))
            except ParameterError as error:
                if learnt == self._ladder.learnt and not self._ladder.adapt(str(error), error.parameter):
                    where = f"{self.model!r} at {self.endpoint}"
                    raise RefusedRequestError(f"{where} refused the request: {error}") from error
            else:
                ignored = reply.finish is Finish.COMPLETE and "{" not in reply.text
                if not ignored or (learnt == self._ladder.learnt and not self._ladder.step_down("it was not kept")):
                    return replace(reply, calls=calls)
        raise AssertionError

    async def _post(self, body: dict[str, Any]) -> Mapping[str, Any]:
        try:
            found = await self.sdk().post(self._path, cast_to=object, body=body)
        except SydaError:
            raise
        except Exception as error:
            raise translated(error, self.model, self.endpoint) from error
        if not isinstance(found, Mapping):
            raise Trouble(f"the reply is no JSON object but {str(found)[:80]!r}")
        return found

    @abstractmethod
    def sdk(self) -> Any:
        """Return the SDK's client."""

    @abstractmethod
    def body(self, request: Request, method: Method) -> dict[str, Any]:
        """Return the body of the request."""

    @abstractmethod
    def read(self, found: Mapping[str, Any]) -> Reply:
        """Return what a body says. Raises `Trouble` for one that is no reply."""

    def sampling(self, *names: str) -> dict[str, Any]:
        """Return the settings that the user chose and the model takes."""
        return {
            name: self.settings[name] for name in names if name in self.settings and name not in self._ladder.dropped
        }

    def max_tokens(self, request: Request) -> int:
        """Return the most tokens of a reply."""
        return min(request.max_tokens, self.config.max_tokens or request.max_tokens)

    async def close(self) -> None:
        await self.sdk().close()
