"""Which language model to ask, and how to reach it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from syda.errors import PlanError, near
from syda.redact import redact_url


class SettingsError(PlanError, ValueError):
    """Settings of a model that cannot be; a `ValueError` too, as pydantic raises."""


class _Settings(BaseModel):
    """Settings that name the field that is wrong, and never a value, which may be a secret."""

    def __init__(self, **given: Any) -> None:
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise SettingsError("; ".join(self._said(each) for each in error.errors())) from None

    @classmethod
    def _said(cls, error: Any) -> str:
        place = ".".join(str(each) for each in error["loc"])
        if error["type"] == "extra_forbidden":
            return f"{cls.__name__} has no field {place!r}{near(place, cls.model_fields)}"
        return f"{cls.__name__}.{place}: {error['msg'].removeprefix('Value error, ')}"


class ProxyConfig(_Settings):
    """A gateway between syda and a provider.

    `headers` and `params` (of the URL's query) are sent with every request and never stored or shown. `path_format`
    is the path below `base_url`, in which ``{provider}`` stands for the provider's name; without it, the usual one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    params: dict[str, str] = Field(default_factory=dict, repr=False)
    path_format: str | None = None

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, redact_url(value).partition("?")[0] if name == "base_url" else value

    @field_validator("base_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError(f"expected a URL that begins with http:// or https://, got {redact_url(value)!r}")
        return value.rstrip("/")

    @field_validator("path_format")
    @classmethod
    def _is_path(cls, value: str | None) -> str | None:
        if value is None:
            return value
        try:
            path = value.format(provider="openai")
        except (LookupError, ValueError, AttributeError):
            path = "//"
        if "//" in path or ".." in path.split("/"):
            raise ValueError(f"expected a path with no other field than {{provider}}, got {value!r}") from None
        return "/" + value.lstrip("/")

    def path(self, provider: str) -> str | None:
        """Return the path of requests to a provider; None for the provider's own."""
        return None if self.path_format is None else self.path_format.format(provider=provider)


class ModelConfig(_Settings):
    """A model and how to ask it. What is None is not sent, and the provider's own default holds.

    `temperature` is 0 to 2, `top_p` 0 to 1, `seed` any whole number; a model that does not know one of them is asked
    without it. `max_tokens` is the most that one reply may have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    provider: str
    model_name: str = ""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: int | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    proxy: ProxyConfig | None = None

    def settings(self) -> dict[str, Any]:
        """Return what replies depend on besides the model."""
        told = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "seed": self.seed,
            "max_tokens": self.max_tokens,
        }
        return {name: value for name, value in told.items() if value is not None}
