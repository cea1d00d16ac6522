"""Finds the client for what a user calls a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeAlias

from syda.errors import ModelError, SydaError, near
from syda.llm.exchange import Client
from syda.llm.keys import required_key, setting
from syda.llm.providers.presets import PRESETS, Preset
from syda.llm.secrets import NO_KEY
from syda.redact import redact_url
from syda.schemas import ModelConfig, ProxyConfig, SettingsError

GROUP = "syda.providers"
Keys: TypeAlias = Mapping[str, str]
Provider: TypeAlias = Callable[[ModelConfig, Keys], Client]
"""Makes a client; `Keys` are those that the user gave, by the provider's name."""


class _NoKeys(dict[str, str]):
    """Says of every provider that its key is there."""

    def get(self, name: str, default: object = None) -> str:
        return NO_KEY


NO_KEYS: Keys = _NoKeys()
"""For a client that will send nothing."""
_FAMILIES = {
    "gpt-": "openai",
    "chatgpt": "openai",
    "o1": "openai",
    "o3": "openai",
    "o4": "openai",
    "claude": "anthropic",
}
_FAMILIES |= {"gemini": "gemini"}
_NAMED = frozenset(["openai", "anthropic", "compatible", *PRESETS])
"""Providers of many models, of which one has to be named."""
_WORDS = "'openai:MODEL', 'anthropic:MODEL', a preset such as 'ollama:MODEL', 'local', or a base URL (URL#MODEL)"


def connect(model: str | ModelConfig | Client, keys: Keys | None = None) -> Client:
    """Return the client for a model: its name, settings, base URL, or a client of the user's own.

    Raises `ModelError` for what is none of these, `MissingKeyError` where its provider wants a key that is not there.
    """
    if isinstance(model, str):
        model = config_of(model)
    if not isinstance(model, ModelConfig):
        if not callable(getattr(model, "ask", None)):
            raise ModelError(f"expected a model: {_WORDS}, a ModelConfig or a client; got {type(model).__name__}")
        return model
    providers = _providers()
    if model.provider not in providers:
        raise ModelError(f"there is no provider {model.provider!r}{near(model.provider, providers)}")
    if not model.model_name and model.provider in _NAMED:
        written = "URL#MODEL" if model.provider == "compatible" else f"{model.provider}:MODEL"
        raise ModelError(f"which model of {model.provider!r}? Write it as {written!r}")
    return providers[model.provider](model, {} if keys is None else keys)


def check_keys(keys: Keys) -> None:
    """Raise `ModelError` for the key of a provider that there is not."""
    providers = _providers()
    for name in keys:
        if name not in providers:
            raise ModelError(f"keys: there is no provider {name!r}{near(str(name), providers)}")


def config_of(written: str) -> ModelConfig:
    """Return the settings that a name stands for: ``provider:model``, a known model's name, or ``URL#model``."""
    if written.startswith(("http://", "https://")):
        url, _, name = written.partition("#")
        try:
            return ModelConfig(provider="compatible", model_name=name, proxy=ProxyConfig(base_url=url))
        except SettingsError as error:
            raise ModelError(f"{redact_url(written)} cannot be used: {error}") from None
    provider, found, name = written.partition(":")
    if found or provider in _providers():
        return ModelConfig(provider=provider, model_name=name)
    for start, family in _FAMILIES.items():
        if written.startswith(start):
            return ModelConfig(provider=family, model_name=written)
    raise ModelError(f"cannot tell whose model {written!r} is; expected {_WORDS}")


def _providers() -> dict[str, Provider]:
    """Return the providers by name: ours, and those of installed packages' entry points."""
    found: dict[str, Provider] = {name: _preset(name, preset) for name, preset in PRESETS.items()}
    found |= {"openai": _openai, "anthropic": _anthropic, "compatible": _compatible, "local": _local}
    for entry in _others():
        found.setdefault(entry.name, _Entry(entry))  # keys of the providers that we know go to no other package
    return found


@cache
def _others() -> tuple[EntryPoint, ...]:
    """Return the entry points of installed packages, which takes 10 ms to find out."""
    return tuple(entry_points(group=GROUP))


class _Entry:
    """A provider of another package, imported when it is asked for."""

    def __init__(self, entry: Any) -> None:
        self._entry = entry

    def __call__(self, config: ModelConfig, keys: Keys) -> Client:
        try:
            client: Client = self._entry.load()(config, keys)
        except SydaError:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            raise ModelError(f"the provider {self._entry.name!r} cannot be loaded: {said}") from error
        return client


def _openai(config: ModelConfig, keys: Keys) -> Client:
    from syda.llm.providers.openai import ENDPOINT, ChatClient, ResponsesClient

    key = required_key("openai", config.model_name, "OPENAI_API_KEY", keys.get("openai"))
    elsewhere = config.proxy.base_url if config.proxy else setting("OPENAI_BASE_URL")
    if elsewhere:  # what speaks for OpenAI knows Chat Completions; Responses not always
        return ChatClient(config, key=key, endpoint=elsewhere)
    return ResponsesClient(config, key=key, endpoint=ENDPOINT)


def _anthropic(config: ModelConfig, keys: Keys) -> Client:
    from syda.llm.providers.anthropic import ENDPOINT, MessagesClient

    key = required_key("anthropic", config.model_name, "ANTHROPIC_API_KEY", keys.get("anthropic"))
    elsewhere = config.proxy.base_url if config.proxy else setting("ANTHROPIC_BASE_URL")
    endpoint = (elsewhere or ENDPOINT).rstrip("/").removesuffix("/v1")  # the path has it, whoever writes it there too
    return MessagesClient(config, key=key, endpoint=endpoint)


def _compatible(config: ModelConfig, keys: Keys) -> Client:
    from syda.llm.providers.openai import ChatClient

    if config.proxy is None:
        raise ModelError(
            "the provider 'compatible' needs a base URL: ModelConfig(..., proxy=ProxyConfig(base_url=...))"
        )
    key = keys.get("compatible") or setting("SYDA_LLM_API_KEY") or NO_KEY  # never the key of another provider
    return ChatClient(config, key=key, endpoint=config.proxy.base_url)


def _local(config: ModelConfig, _: Keys) -> Client:
    from syda.llm.providers.local import LocalClient

    return LocalClient(config)


def _preset(name: str, preset: Preset) -> Provider:
    def provider(config: ModelConfig, keys: Keys) -> Client:
        from syda.llm.providers.openai import ChatClient

        key = keys.get(name) or NO_KEY
        if preset.variable:
            key = required_key(name, config.model_name, preset.variable, keys.get(name))
        headers, query = {preset.key_header: key} if preset.key_header else {}, dict(preset.query)
        given = config.proxy or ProxyConfig(base_url=_endpoint(name, preset))
        proxy = given.model_copy(update={"params": query | given.params, "headers": headers | given.headers})
        return ChatClient(config.model_copy(update={"proxy": proxy}), key=key, endpoint=proxy.base_url)

    return provider


def _endpoint(name: str, preset: Preset) -> str:
    told = setting(preset.endpoint_variable) if preset.endpoint_variable else None
    if told is None:
        if not preset.endpoint:
            raise ModelError(f"{name} needs {preset.endpoint_variable} in the environment: where it listens")
        return preset.endpoint
    told = told if "://" in told else f"http://{told}"
    path = "/openai/v1" if name == "azure" else "/v1"
    return told.rstrip("/") if told.rstrip("/").endswith("/v1") else told.rstrip("/") + path
