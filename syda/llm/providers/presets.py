"""Servers that speak OpenAI's Chat Completions, by the names under which people know them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """Where a provider listens and what its key is called; without `variable`, it needs none."""

    endpoint: str
    variable: str | None = None
    endpoint_variable: str | None = None
    """The environment's variable that says where it listens, where that differs from user to user."""
    query: tuple[tuple[str, str], ...] = ()
    key_header: str | None = None
    """The header that takes the key, where that is not ``Authorization: Bearer``."""


PRESETS = {
    "ollama": Preset("http://localhost:11434/v1", endpoint_variable="OLLAMA_HOST"),
    "vllm": Preset("http://localhost:8000/v1"),
    "llamacpp": Preset("http://localhost:8080/v1"),
    "lmstudio": Preset("http://localhost:1234/v1"),
    "openrouter": Preset("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "gemini": Preset("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    "mistral": Preset("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "groq": Preset("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "deepseek": Preset("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "azure": Preset(
        "",
        "AZURE_OPENAI_API_KEY",
        endpoint_variable="AZURE_OPENAI_ENDPOINT",
        query=(("api-version", "preview"),),
        key_header="api-key",
    ),
}
OWN = frozenset(["ollama", "vllm", "llamacpp", "lmstudio"])
"""Those that people run themselves."""
