"""The batch APIs of OpenAI and Anthropic: many requests in one file, answered within a day at half the price."""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeAlias
from urllib.parse import quote

from syda.errors import ModelError, RefusedRequestError
from syda.llm.exchange import Client, Trouble
from syda.llm.faults import of_status, said_in
from syda.llm.providers.sdk import SdkClient, count
from syda.llm.sent import Sent

logger = logging.getLogger("syda.llm")
Result: TypeAlias = Mapping[str, Any] | Exception
"""The body of a reply, or what a direct request would have raised."""
_CANCELLED = "was cancelled at the provider; what it answered before is kept, and the same call sends the rest again"


_CLOSE = 900.0
"""Seconds between our clock and a provider's at which a batch may still be the one that was sent."""


class GoneError(Trouble):
    """The server knows nothing of what it was asked about: it never did, or does no more."""


@dataclass(frozen=True, slots=True)
class State:
    """How far a batch is. `rest` is what requests come to that it holds no result of; `files` are the results'.

    `number` is how many results there are, as far as the provider says.
    """

    name: str
    ended: bool
    rest: Exception
    files: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What a batch holds, by key, in the order of the provider; `whole` where nothing of it is missing."""

    results: list[tuple[str, Result]]
    whole: bool


class Batches(ABC):
    """The batches of one provider, spoken of with the client's own connection, key and words."""

    listing: ClassVar[str]
    """The path of the batches."""
    most_requests: ClassVar[int]
    most_bytes: ClassVar[int]

    def __init__(self, client: SdkClient) -> None:
        self.client = client

    @abstractmethod
    def line(self, key: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return one request as it stands in a batch."""

    @abstractmethod
    async def send(self, lines: Sequence[Mapping[str, Any]], token: str) -> str:
        """Send a batch and return its id."""

    async def find(self, sent: Sent, known: Container[str]) -> str | None:
        """Return the id of a batch of which it is not known whether it was sent; None where it was not.

        `known` are the ids of others.
        """
        found = await self._get(self.listing, limit=100)
        listed = found.get("data") if isinstance(found, Mapping) else None
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, Mapping) and each.get("id") not in known and self.is_it(each, sent):
                return str(each["id"])
        return None

    @abstractmethod
    def is_it(self, found: Mapping[str, Any], sent: Sent) -> bool:
        """Tell whether a batch at the provider is the one that we mean."""

    @abstractmethod
    async def look(self, batch: str) -> State:
        """Return how far a batch is. Raises `GoneError` where there is none."""

    @abstractmethod
    async def results(self, batch: str, state: State) -> Found:
        """Return what the batch holds, as far as it can be read."""

    @abstractmethod
    def _result(self, batch: str, line: Mapping[str, Any]) -> Result:
        """Return what a line of the results says."""

    def _found(self, batch: str, state: State, texts: Iterable[str]) -> Found:
        lines = [_line(batch, each) for text in texts for each in str(text).split("\n") if each.strip()]
        read = [line for line in lines if line is not None]
        results = [(str(line.get("custom_id")), self._result(batch, line)) for line in read]
        return Found(results, whole=len(read) == len(lines) and len(read) >= state.number)

    async def _get(self, path: str, kind: type = object, **params: Any) -> Any:
        with self._asking():
            return await self.client.sdk().get(path, cast_to=kind, options={"params": params} if params else {})

    async def _post(self, path: str, **options: Any) -> str:
        """Send something and return the id that it got."""
        with self._asking():
            found = await self.client.sdk().post(path, cast_to=object, **options)
        return str(_mapping(found, "id")["id"])

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            with self.client.speaking():
                yield
        except RefusedRequestError as error:
            if getattr(error.__cause__, "status_code", None) == 404:
                raise GoneError(str(error.__cause__)) from error
            raise

    def _of_status(self, status: int, body: object) -> Exception:
        return self.client.discreet(of_status(status, said_in(body), self.client.model, self.client.endpoint))


class OpenAIBatches(Batches):
    """A file of requests goes up; what succeeded comes in one file, what failed in another, and either may be none."""

    listing = "/batches"
    most_requests, most_bytes = 50_000, 200_000_000

    @property
    def _path(self) -> str:
        return "/v1" + self.client.path

    def line(self, key: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return {"custom_id": key, "method": "POST", "url": self._path, "body": body}

    async def send(self, lines: Sequence[Mapping[str, Any]], token: str) -> str:
        written = "".join(json.dumps(line) + "\n" for line in lines).encode()
        file = await self._post(
            "/files",
            body={"purpose": "batch"},
            files=[("file", (f"syda-{token}.jsonl", written, "application/jsonl"))],
            options={"headers": {"Content-Type": "multipart/form-data"}},
        )
        wanted = {
            "input_file_id": file,
            "endpoint": self._path,
            "completion_window": "24h",
            "metadata": {"syda": token},
        }
        return await self._post(self.listing, body=wanted)

    def is_it(self, found: Mapping[str, Any], sent: Sent) -> bool:
        told = found.get("metadata")
        return isinstance(told, Mapping) and told.get("syda") == sent.token

    async def look(self, batch: str) -> State:
        found = _mapping(await self._get(f"{self.listing}/{quote(batch, safe='')}"), "status")
        name = str(found["status"])
        rest: Exception = Trouble(f"the batch {batch} is {name} and holds no result of the request")
        if name == "failed":
            rest = self._failure(batch, found.get("errors"))
        elif name == "cancelled":
            rest = ModelError(f"the batch {batch} {_CANCELLED}")
        files = tuple(str(found[each]) for each in ("output_file_id", "error_file_id") if found.get(each))
        ended = name in ("completed", "failed", "expired", "cancelled")
        return State(name, ended, rest, files, _counted(found, "completed", "failed"))

    def _failure(self, batch: str, errors: object) -> Exception:
        """Return why a batch was not begun."""
        listed = errors.get("data") if isinstance(errors, Mapping) else None
        first = listed[0] if isinstance(listed, list) and listed else None
        if not isinstance(first, Mapping):
            return Trouble(f"the batch {batch} failed without a reason")
        if first.get("code") == "token_limit_exceeded":  # of all batches under way together
            return Trouble(f"the batch {batch} failed: {first.get('message')}", crowded=True)
        return self._of_status(400, first)

    async def results(self, batch: str, state: State) -> Found:
        texts = [await self._get(f"/files/{quote(file, safe='')}/content", str) for file in state.files]
        return self._found(batch, state, texts)

    def _result(self, batch: str, line: Mapping[str, Any]) -> Result:
        response, error = line.get("response"), line.get("error")
        if isinstance(response, Mapping):
            status, body = response.get("status_code"), response.get("body")
            if status == 200 and isinstance(body, Mapping):
                return body
            return self._of_status(status if isinstance(status, int) and status >= 400 else 500, body)
        code = error.get("code") if isinstance(error, Mapping) else None
        if code == "batch_cancelled":
            return ModelError(f"the batch {batch} {_CANCELLED}")
        return Trouble(f"the batch {batch} did not answer the request: {said_in({'error': error})[0]}")


_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""Of Anthropic's errors, whose statuses the results leave out."""


class AnthropicBatches(Batches):
    """The requests go as one body, and the results come as lines. A batch has no name of our own."""

    listing = "/v1/messages/batches"
    most_requests, most_bytes = 100_000, 256_000_000

    def line(self, key: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return {"custom_id": key, "params": body}

    async def send(self, lines: Sequence[Mapping[str, Any]], token: str) -> str:
        return await self._post(self.listing, body={"requests": list(lines)})

    def is_it(self, found: Mapping[str, Any], sent: Sent) -> bool:
        """Tell it by the number of requests and the time: when it is another one, it holds no result of ours."""
        counts = found.get("request_counts")
        number = sum(count(each) for each in counts.values()) if isinstance(counts, Mapping) else 0
        try:
            made = datetime.fromisoformat(str(found.get("created_at"))).timestamp()
        except ValueError:
            return False
        return number == sent.number and abs(made - sent.at) < _CLOSE

    async def look(self, batch: str) -> State:
        found = _mapping(await self._get(f"{self.listing}/{quote(batch, safe='')}"), "processing_status")
        name = str(found["processing_status"])
        rest = Trouble(f"the batch {batch} is {name} and holds no result of the request")
        number = _counted(found, "succeeded", "errored", "canceled", "expired")
        return State(name, name == "ended", rest, number=number)

    async def results(self, batch: str, state: State) -> Found:
        text = await self._get(f"{self.listing}/{quote(batch, safe='')}/results", str)
        return self._found(batch, state, [text])

    def _result(self, batch: str, line: Mapping[str, Any]) -> Result:
        result = line.get("result")
        result = result if isinstance(result, Mapping) else {}
        kind, message, error = (result.get(name) for name in ("type", "message", "error"))
        if kind == "succeeded" and isinstance(message, Mapping):
            return message
        if kind == "errored":
            inner = error.get("error", error) if isinstance(error, Mapping) else None
            type_ = inner.get("type") if isinstance(inner, Mapping) else None
            return self._of_status(_STATUS.get(str(type_), 500), error)
        if kind == "canceled":
            return ModelError(f"the batch {batch} {_CANCELLED}")
        return Trouble(f"the batch {batch} did not answer the request: {kind or 'no result'}")


_KINDS: Mapping[str, type[Batches]] = {"openai": OpenAIBatches, "anthropic": AnthropicBatches}


def batches_of(client: Client) -> Batches:
    """Return the batches of a client's provider.

    Raises `ModelError` where it has none that we know.
    """
    if isinstance(client, SdkClient) and client.config.provider in _KINDS:
        proxy = client.config.proxy
        if proxy is None or proxy.path_format is None:
            return _KINDS[client.config.provider](client)
    raise ModelError(
        f"batch: {client.model!r} at {client.endpoint} cannot be asked in batches; that takes a model of OpenAI "
        f"('openai:MODEL') or Anthropic ('anthropic:MODEL'), behind no gateway with paths of its own"
    )


def _mapping(found: object, name: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping) or not found.get(name):
        raise Trouble(f"the reply is not about a batch: {str(found)[:120]}")
    return found


def _counted(found: Mapping[str, Any], *names: str) -> int:
    """Return how many results a batch has by the provider's own count."""
    counts = found.get("request_counts")
    return sum(count(counts.get(name)) for name in names) if isinstance(counts, Mapping) else 0


def _line(batch: str, text: str) -> Mapping[str, Any] | None:
    """Return a line of a file of results; None where it cannot be read."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        logger.warning("the batch %s holds a result that cannot be read: %.120s", batch, text)
        return None
    return found if isinstance(found, Mapping) else {}
