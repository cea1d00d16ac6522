"""What a request carries and nobody is to read: keys, headers, parameters, and what an address holds of these."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit, urlunsplit

from syda.errors import ModelError
from syda.redact import redact_url

NO_KEY = "none"
"""What stands for the key of a server that wants none."""
_CREDENTIAL = re.compile(r"auth|key|token|secret|cookie|pass|sign|sig$|code$|credential", re.IGNORECASE)
_ANYWHERE, _WORD = 8, 4
"""Characters of a secret that is hidden wherever it stands, and of one that is hidden as a word of its own."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens: what is `shown` and written down, and what is `reached`, with a user and password.

    `params` are those of its query, for every request.
    """

    shown: str
    reached: str
    params: Mapping[str, str]
    secrets: tuple[str, ...]


def address_of(url: str) -> Address:
    """Return the parts of a base URL. Raises `ModelError` where it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # it is read when it is asked for
    except ValueError:
        raise ModelError(f"{redact_url(url)} is no URL") from None
    user, _, host = parts.netloc.rpartition("@")
    path = parts.path.rstrip("/")
    return Address(
        shown=redact_url(urlunsplit((parts.scheme, host, path, "", ""))),
        reached=urlunsplit((parts.scheme, parts.netloc, path, "", "")),
        params=dict(parse_qsl(parts.query, keep_blank_values=True)),
        secrets=(unquote(user), *map(unquote, user.split(":", 1))),
    )


def route_of(headers: Mapping[str, str], params: Mapping[str, str], path: str | None) -> str:
    """Return a hash of what a gateway may choose the model by, without keys, since another one changes no reply.

    It is empty where there is nothing of the kind.
    """
    told = [{name: value for name, value in each.items() if not _CREDENTIAL.search(name)} for each in (headers, params)]
    if not any((*told, path)):
        return ""
    return hashlib.sha256(json.dumps([*told, path], sort_keys=True).encode()).hexdigest()[:16]


class Secrets:
    """Values that stand in no message."""

    def __init__(self, values: Iterable[str]) -> None:
        written = {each for value in values if value != NO_KEY for each in (value, quote(value), quote_plus(value))}
        ordered = sorted((each for each in written if len(each) >= _WORD), key=len, reverse=True)
        patterns = [re.escape(each) if len(each) >= _ANYWHERE else rf"\b{re.escape(each)}\b" for each in ordered]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def hidden(self, text: str) -> str:
        """Return a text without them."""
        return text if self._pattern is None else self._pattern.sub("***", text)

    def hide(self, error: BaseException) -> None:
        """Take them out of what an error says, and those that led to it."""
        each: BaseException | None = error
        while each is not None:
            each.args = tuple(self.hidden(arg) if isinstance(arg, str) else arg for arg in each.args)
            each = each.__cause__ or each.__context__


def require_sendable(name: str, value: str) -> None:
    """Raise `ModelError` for a header's value that HTTP does not take, without showing it."""
    if not value.isascii() or not value.isprintable():
        raise ModelError(f"{name} holds a line break or another character that a header cannot have")
