"""What goes to a model and what comes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Finish(StrEnum):
    """How a reply ended. Only the text of a `COMPLETE` one may become data as it is."""

    COMPLETE = "complete"
    LENGTH = "length"
    """Cut at the limit of tokens: what came before the cut may still hold whole rows."""
    REFUSED = "refused"
    FILTERED = "filtered"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that were paid for; `cached` are those of `input` that the provider had already read.

    `guessed` says that some of them were estimated, since a server did not tell them.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    guessed: bool = False

    def __add__(self, other: Usage) -> Usage:
        guessed = self.guessed or other.guessed
        return Usage(self.input + other.input, self.output + other.output, self.cached + other.cached, guessed)

    def __sub__(self, other: Usage) -> Usage:
        guessed = self.guessed or other.guessed
        return Usage(self.input - other.input, self.output - other.output, self.cached - other.cached, guessed)

    @property
    def total(self) -> int:
        """Tokens in and out."""
        return self.input + self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to a model.

    `instructions` are ours, the same for all requests of a purpose. `context` is the same for all requests about a
    table; what it quotes of the user's schema is text, not instruction. `task` is what varies, and comes last, so that
    providers can keep the rest in their caches. `answer` is the JSON Schema of the reply, an object.
    """

    purpose: str
    table: str
    instructions: str
    context: str
    task: str
    answer: Mapping[str, Any]
    max_tokens: int

    def content(self) -> dict[str, Any]:
        """Return all that the reply depends on, besides the model and its settings."""
        return {
            "purpose": self.purpose,
            "table": self.table,
            "instructions": self.instructions,
            "context": self.context,
            "task": self.task,
            "answer": dict(self.answer),
            "max_tokens": self.max_tokens,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model answered: its text, how it ended, what it cost.

    `detail` is the provider's word on a refusal or filter. `calls` counts the requests sent for it, those included
    that the provider refused because they asked for something that the model does not know.
    """

    text: str
    finish: Finish = Finish.COMPLETE
    usage: Usage = field(default_factory=Usage)
    detail: str = ""
    calls: int = 1


class Client(Protocol):
    """One model behind one endpoint. `settings` are what else its replies depend on; they hold no secret.

    A client may say by an attribute `free` that it costs nothing, by `at_once` how many requests at most it can answer
    at the same time, by `examples` how many rows it is to be shown before it writes some, by `plans` (False) that it is
    too small to be asked how columns are made, by a hashable `account` whose key it uses where (one that was answered
    is not tried by one request alone again), by `most_tokens` how long a reply may be (None: as long as a request
    says), and by `in_batches` that it sends what is asked at the same time as a batch: it has its own pace and the
    price of batches.
    """

    @property
    def endpoint(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def settings(self) -> Mapping[str, Any]: ...

    async def ask(self, request: Request) -> Reply:
        """Send one request and wait for its reply.

        Raises `Trouble` for what may pass, and a `ModelError` for what does not.
        """

    async def close(self) -> None:
        """Give up connections."""


class Trouble(Exception):  # noqa: N818 - what may pass is no error yet
    """A request got no reply this time, and may get one later; `wait` is what the server asks for, in seconds.

    `usage` is what was paid all the same, in so many `calls`.
    """

    def __init__(
        self, message: str, *, crowded: bool = False, wait: float | None = None, usage: Usage | None = None
    ) -> None:
        super().__init__(message)
        self.crowded = crowded
        self.wait = wait
        self.usage = usage or Usage()
        self.calls = 1


def in_batches(client: Client) -> bool:
    """Tell whether a client asks in batches."""
    return bool(getattr(client, "in_batches", False))


def key_of(client: Client, request: Request) -> str:
    """Return the address of a request's reply: equal for equal requests to the same model with the same settings."""
    content = {
        "endpoint": client.endpoint,
        "model": client.model,
        "settings": dict(client.settings),
        "request": request.content(),
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def estimated(characters: int) -> int:
    """Return about how many tokens a text has: four characters of English each."""
    return -(-characters // 4)
