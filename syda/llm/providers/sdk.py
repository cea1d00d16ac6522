"""What clients of both SDKs do alike.

The SDKs are used for what changes from provider to provider: addresses, keys, headers, errors. Bodies go out and come
in as plain JSON, because what the SDKs' models make of an odd reply (text instead of an object, no usage on a cut
reply) differs by version.
"""

from __future__ import annotations

import itertools
import os
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, cached_property
from importlib import import_module
from typing import Any, TypeVar

from syda.errors import RefusedRequestError, SydaError
from syda.llm.exchange import Finish, Reply, Request, Trouble
from syda.llm.faults import ParameterError, translated
from syda.llm.ladder import Method, ladder_of
from syda.schemas import ModelConfig

_Http = TypeVar("_Http")
CONNECT_SECONDS = 10.0
TOOL = "answer"


def http_client(kind: Callable[..., _Http]) -> _Http:
    """Return an SDK's own kind of HTTP client; all of a process share the trusted certificates, read once in 20 ms."""
    library = kind.__mro__[1].__module__.partition(".")[0] if isinstance(kind, type) else ""
    told = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    return kind(verify=_trusted(library, *told))


@cache
def _trusted(library: str, *_: str | None) -> ssl.SSLContext:
    found: ssl.SSLContext = import_module(library).create_ssl_context()
    return found


def context_and_task(request: Request) -> tuple[str, str]:
    """Return both parts of what the user says, under the headings that the instructions call them by."""
    return f"CONTEXT\n{request.context}\n\n", f"TASK\n{request.task}"


class SdkClient(ABC):
    """A model behind an endpoint that one of the SDKs speaks to; learns what it takes from what it refuses."""

    methods: tuple[Method, ...] = tuple(Method)
    path: str
    """The protocol's path below the endpoint, where no gateway has one of its own."""

    def __init__(self, config: ModelConfig, *, key: str, endpoint: str, seconds: float = 600.0) -> None:
        self.config = config
        self.endpoint = endpoint
        self.model = config.model_name
        self.settings: Mapping[str, Any] = config.settings()
        self._key, self._seconds = key, seconds
        self._path = (config.proxy.path(config.provider) if config.proxy else None) or self.path
        self._ladder = ladder_of(endpoint, self.model, self.methods)

    @cached_property
    def _sdk(self) -> Any:
        proxy = self.config.proxy
        return self.open(
            api_key=self._key,
            base_url=self.endpoint,
            default_headers=dict(proxy.headers) if proxy else None,
            default_query=dict(proxy.params) if proxy else None,
            max_retries=0,
        )

    @property
    def account(self) -> Hashable:
        """Whose key is used where: what has to be right for a request to be answered; it stays in this process."""
        proxy = self.config.proxy
        more = (tuple(sorted(proxy.headers.items())), tuple(sorted(proxy.params.items()))) if proxy else ()
        return self.endpoint, self.model, self._path, hash((self._key, more))

    @abstractmethod
    def open(self, **options: Any) -> Any:
        """Return the SDK's client, with the options that both SDKs know; it is imported here."""

    def sdk(self) -> Any:
        """Return the SDK's client, the same each time."""
        return self._sdk

    async def ask(self, request: Request) -> Reply:
        for calls in itertools.count(1):
            learnt = self.learnt
            try:
                reply = self.read(await self._post(self.body_of(request)))
            except ParameterError as error:
                self.learn(error, learnt)
            else:
                if not self.ignored(reply, learnt):
                    return replace(reply, calls=calls)
        raise AssertionError

    @property
    def learnt(self) -> int:
        """How much is known of what the model takes: to be noted with each request that is sent."""
        return self._ladder.learnt

    def learn(self, error: ParameterError, learnt: int) -> None:
        """Learn from a refused request, which was written when so much was known.

        Raises `RefusedRequestError` where it tells nothing new: it is no use to ask again.
        """
        if learnt == self.learnt and not self._ladder.adapt(str(error), error.parameter):
            where = f"{self.model!r} at {self.endpoint}"
            raise RefusedRequestError(f"{where} refused the request: {error}") from error

    def ignored(self, reply: Reply, learnt: int) -> bool:
        """Tell whether a reply is not in the answer's form, and another way to ask for it is left."""
        if reply.finish is not Finish.COMPLETE or "{" in reply.text:
            return False
        return learnt != self.learnt or self._ladder.step_down("it was not kept")

    async def _post(self, body: dict[str, Any]) -> Mapping[str, Any]:
        with self.speaking():
            found = await self.sdk().post(self._path, cast_to=object, body=body)
        if not isinstance(found, Mapping):
            raise Trouble(f"the reply is no JSON object but {str(found)[:80]!r}")
        return found

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Turn what the SDK raises into our errors, or into trouble that may pass."""
        try:
            yield
        except (SydaError, Trouble):
            raise
        except Exception as error:
            raise translated(error, self.model, self.endpoint) from error

    def body_of(self, request: Request) -> dict[str, Any]:
        """Return the body of the request, by what is known of the model now."""
        return self.body(request, self._ladder.method)

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
        if "_sdk" in self.__dict__:  # to make one takes 30 ms
            await self._sdk.close()


def count(value: object) -> int:
    """Return a number of tokens; 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
