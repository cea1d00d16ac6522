"""What the SDKs raise, as one of our errors or as trouble that may pass. Both SDKs use the same names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from syda.errors import ModelError, QuotaError, RefusedRequestError
from syda.llm.exchange import Trouble
from syda.llm.waits import wait_told
from syda.redact import redact_url

_QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
_NO_MONEY = ("credit balance is too low", "exceeded your current quota", "insufficient credits", "payment required")
_LONGEST_WORDS = 300


class ParameterError(Exception):
    """The provider refused a request for what stands in it: it may take it in another form."""

    def __init__(self, message: str, parameter: str | None) -> None:
        super().__init__(message)
        self.parameter = parameter


def translated(error: Exception, model: str, endpoint: str) -> Exception:
    """Return what to raise for an error of an SDK, or of what is below it."""
    kind = type(error).__name__
    if "Timeout" in kind and not hasattr(error, "status_code"):
        return Trouble("the server took too long")
    if "Connection" in kind or isinstance(error, OSError):
        return Trouble(f"the server at {endpoint} cannot be reached: {_words(error.__cause__ or error)}")
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and 300 <= status < 400:
        return RefusedRequestError(f"{model!r} at {endpoint}: {_moved(error)}")
    if isinstance(status, int):
        wait = wait_told(_headers(error), getattr(error, "body", None))
        return of_status(status, _body(error), model, endpoint, wait=wait)
    # no JSON, nested too deep, numbers too long, no UTF-8
    unread = isinstance(error, ValueError | RecursionError)
    if unread or type(error).__module__.partition(".")[0] in ("httpx2", "httpcore2"):
        return Trouble(f"the reply cannot be read: {_words(error)}")
    return ModelError(f"asking {model!r} at {endpoint}: {kind}: {_words(error)}")


def of_status(
    status: int, told: tuple[str, str | None, str | None], model: str, endpoint: str, *, wait: float | None = None
) -> Exception:
    """Return what to raise for an answer with an error's status; `told` is what `said_in` returns of its body."""
    said, code, parameter = told
    where = f"{model!r} at {endpoint}: error {status}: {said}"
    if status == 402 or code in _QUOTA or any(words in said.lower() for words in _NO_MONEY):
        # a host that calls every limit a quota still says when to come back
        if status != 429 or wait is None:
            return QuotaError(f"{where}; what was paid for is kept, and the same call goes on from there")
    if status == 429 or status in (503, 529):
        return Trouble(f"error {status}: {said}", crowded=True, wait=wait)
    if status in (408, 409, 425) or status >= 500:
        return Trouble(f"error {status}: {said}", wait=wait)
    if status in (400, 413, 422):
        return ParameterError(said, parameter)
    hint = {401: "; is the key right?", 403: "; may the key use this model?", 404: "; is the model's name right?"}
    return RefusedRequestError(f"{where}{hint.get(status, '')}")


def of_body(found: Mapping[str, Any], model: str, endpoint: str) -> Exception | None:
    """Return what to raise for a body that says what went wrong under a status that says nothing did."""
    error = found.get("error")
    if not isinstance(error, Mapping):
        return None
    code = str(error.get("code"))
    status = int(code) if re.fullmatch(r"[45]\d\d", code) else 500
    return of_status(status, said_in(found), model, endpoint, wait=wait_told({}, error))


def _body(error: Exception) -> tuple[str, str | None, str | None]:
    return said_in(getattr(error, "body", None), getattr(error, "message", error))


def said_in(body: object, otherwise: object = "no reason given") -> tuple[str, str | None, str | None]:
    """Return what the provider said, its code and the parameter that it is about."""
    body = body[0] if isinstance(body, list) and body else body  # as Gemini has it
    inner: Any = body.get("error", body) if isinstance(body, Mapping) else None
    if not isinstance(inner, Mapping):
        return _words(inner if isinstance(inner, str) else otherwise), None, None
    code = inner.get("code") or inner.get("type")
    parameter = inner.get("param")
    said = inner.get("message") or inner
    return _words(said), str(code) if code else None, parameter if isinstance(parameter, str) else None


def _moved(error: Exception) -> str:
    """Return where a server sends us, in words."""
    place = _headers(error).get("location")
    return f"the server says that it is elsewhere: {redact_url(str(place))}" if place else "the server is elsewhere"


def _headers(error: Exception) -> Mapping[str, str]:
    found: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", {})
    return found


def _words(said: object) -> str:
    text = " ".join(str(said).split())
    return text if len(text) <= _LONGEST_WORDS else text[:_LONGEST_WORDS] + " ..."
