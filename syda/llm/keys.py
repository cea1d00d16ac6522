"""Where keys are found: arguments, the environment, and a `.env` file of the current directory or one above it."""

from __future__ import annotations

import os

from syda.errors import MissingKeyError, ModelError


def setting(name: str) -> str | None:
    """Return what the environment sets, or a `.env` file; empty counts as not set.

    Raises `ModelError` where the file cannot be read.
    """
    if value := os.environ.get(name, "").strip():
        return value
    from dotenv import dotenv_values, find_dotenv

    path = find_dotenv(usecwd=True)
    try:
        found = dotenv_values(path, interpolate=False).get(name) if path else None
    except UnicodeDecodeError:
        raise ModelError(f"{path} is not written in UTF-8") from None
    return (found or "").strip() or None


def required_key(provider: str, model: str, variable: str, given: str | None = None) -> str:
    """Return a provider's key.

    Raises `MissingKeyError` that names the variable to set.
    """
    found = (given or "").strip() or setting(variable)
    if not found:
        raise MissingKeyError(
            f"the model {model or provider!r} needs a key of {provider}: set {variable} in the environment or in a "
            f".env file, or give it as an argument"
        )
    return found
