"""What clients of both SDKs do alike.

The SDKs are used for what changes from provider to provider: addresses, keys, headers, errors. Bodies go out and come
in as plain JSON, because what the SDKs' models make of an odd reply (text instead of an object, no usage on a cut
reply) differs by version.
"""

from __future__ import annotations

import itertools
import os
import re
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, cached_property
from importlib import import_module
from typing import Any, TypeVar

from syda.errors import RefusedRequestError, SydaError
from syda.llm.exchange import Finish, Reply, Request, Trouble, Usage
from syda.llm.faults import ParameterError, of_body, translated
from syda.llm.ladder import Method, ladder_of
from syda.llm.providers.presets import OWN
from syda.llm.secrets import Secrets, address_of, require_sendable, route_of
from syda.schemas import ModelConfig

_Http = TypeVar("_Http")
CONNECT_SECONDS = 10.0
TOOL = "answer"
_HERE = re.compile(r"https?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])([:/]|$)")
_MOST_COUNTED = 10**12


def http_client(kind: Callable[..., _Http]) -> _Http:
    """Return an SDK's own kind of HTTP client; all of a process share the trusted certificates, read once in 20 ms."""
    library = kind.__mro__[1].__module__.partition(".")[0] if isinstance(kind, type) else ""
    told = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    # elsewhere, keys and headers are not for whom the server sends us to
    return kind(verify=_trusted(library, *told), follow_redirects=False)


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
        proxy, address = config.proxy, address_of(endpoint)
        self.endpoint = address.shown
        self.model = config.model_name
        self.settings: dict[str, Any] = config.settings()
        self._key, self._seconds, self._reached = key.strip(), seconds, address.reached
        self._headers = dict(proxy.headers) if proxy else {}
        self._params = {**address.params, **(proxy.params if proxy else {})}
        self._require_sendable()
        self._secrets = Secrets((self._key, *self._headers.values(), *self._params.values(), *address.secrets))
        path = proxy.path(config.provider) if proxy else None
        self._path = path or self.path
        if route := route_of(self._headers, self._params, path):
            self.settings["route"] = route
        self._ladder = ladder_of(self.endpoint, self._path, self.model, self.methods)

    def _require_sendable(self) -> None:
        require_sendable(f"the key of {self.config.provider}", self._key)
        for name, value in self._headers.items():
            require_sendable(f"the header {name!r}", value)

    @cached_property
    def _sdk(self) -> Any:
        return self.open(
            api_key=self._key,
            base_url=self._reached,
            default_headers=self._headers,
            default_query=self._params,
            max_retries=0,
        )

    @property
    def account(self) -> Hashable:
        """Whose key is used where: what has to be right for a request to be answered; it stays in this process."""
        more = tuple(sorted(self._headers.items())), tuple(sorted(self._params.items()))
        return self.endpoint, self.model, self._path, hash((self._key, self._reached, more))

    @property
    def free(self) -> bool:
        """Whether it costs nothing: a server that people run themselves, on this machine."""
        return self.config.provider in OWN and _HERE.match(self.endpoint) is not None

    @property
    def most_tokens(self) -> int | None:
        """The most tokens of a reply, where the user said so."""
        return self.config.max_tokens

    @abstractmethod
    def open(self, **options: Any) -> Any:
        """Return the SDK's client, with the options that both SDKs know; it is imported here."""

    def sdk(self) -> Any:
        """Return the SDK's client, the same each time."""
        return self._sdk

    async def ask(self, request: Request) -> Reply:
        spent = Usage()
        for calls in itertools.count(1):
            learnt = self.learnt
            try:
                reply = await self._replied(self.body_of(request))
            except ParameterError as error:
                self.learn(error, learnt, request)
            except Trouble as trouble:
                trouble.usage, trouble.calls = trouble.usage + spent, calls
                raise
            else:
                spent += reply.usage  # also for replies that are of no use
                if not self.ignored(reply, learnt):
                    return replace(reply, calls=calls, usage=spent)
        raise AssertionError

    @property
    def learnt(self) -> int:
        """How much is known of what the model takes: to be noted with each request that is sent."""
        return self._ladder.learnt

    def learn(self, error: ParameterError, learnt: int, request: Request) -> None:
        """Learn from a refused request, whose body was written when so much was known.

        Raises `RefusedRequestError` where it tells nothing new: it is no use to ask again.
        """
        if learnt == self.learnt and not self._ladder.adapt(str(error), error.parameter, self.body_of(request)):
            where = f"{self.model!r} at {self.endpoint}"
            raise RefusedRequestError(f"{where} refused the request: {error}") from error

    def ignored(self, reply: Reply, learnt: int) -> bool:
        """Tell whether a reply is not in the answer's form, and another way to ask for it is left."""
        if reply.finish is not Finish.COMPLETE or "{" in reply.text:
            return False
        return learnt != self.learnt or self._ladder.step_down("it was not kept")

    async def _replied(self, body: dict[str, Any]) -> Reply:
        with self.speaking():
            found = await self.sdk().post(self._path, cast_to=object, body=body)
            if not isinstance(found, Mapping):
                raise Trouble(f"the reply is no JSON object but {str(found)[:80]!r}")
            return self.reply_of(found)

    def reply_of(self, found: Mapping[str, Any]) -> Reply:
        """Return what a body says. Raises what it says went wrong, `Trouble` for one that is no reply."""
        error = of_body(found, self.model, self.endpoint)
        if error is not None:
            raise self.discreet(error)
        return self.read(found)

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Turn what the SDK raises into our errors, or into trouble that may pass; no secret is in any of them."""
        try:
            yield
        except (SydaError, Trouble, ParameterError) as error:
            self._secrets.hide(error)
            raise
        except Exception as error:
            self._secrets.hide(error)
            raise self.discreet(translated(error, self.model, self.endpoint)) from error

    def discreet(self, error: Exception) -> Exception:
        """Return an error whose words hold no secret."""
        self._secrets.hide(error)
        return error

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
        return min(filter(None, (request.max_tokens, self.most_tokens, self._ladder.most_tokens)))

    async def close(self) -> None:
        """Give up connections; what is asked later opens others."""
        if (sdk := self.__dict__.pop("_sdk", None)) is not None:  # to make one takes 30 ms
            await sdk.close()


def count(value: object) -> int:
    """Return a number of tokens; 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST_COUNTED else 0
