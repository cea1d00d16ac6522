"""Batches that were sent, kept beside the journal: a run that dies while one is under way must not pay for it twice.

What a batch holds is written before it is sent, and its id when the provider has told it, so that whatever moment a
run dies at, the next one knows what to look for. Keys are addresses of requests, which hold no secret.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syda.errors import ModelError
from syda.llm.lines import Lines

FOLDER = "batches"


@dataclass(slots=True)
class Sent:
    """A batch: `token` is our name for it, `id` the provider's, None where a run died before it was told.

    `number` counts its requests; `at` is when it was written down, in seconds since 1970.
    """

    token: str
    number: int = 0
    at: float = 0.0
    id: str | None = None


class SentBatches:
    """The batches of a journal's folder; without one, those of this run are forgotten with it."""

    def __init__(self, folder: Path | None) -> None:
        self._lines = None if folder is None else Lines(folder / FOLDER)
        self._known: dict[str, Sent] = {}
        self._latest: dict[str, Sent] = {}
        for entry in self._lines.read() if self._lines else ():
            self._read(entry)

    def _read(self, entry: Mapping[str, Any]) -> None:
        token, keys, at, found = (entry.get(name) for name in ("token", "keys", "at", "batch"))
        if not isinstance(token, str):
            return
        sent = self._known.setdefault(token, Sent(token))
        if isinstance(found, str):
            sent.id = found
        if isinstance(keys, list) and isinstance(at, int | float):
            sent.number, sent.at = len(keys), float(at)
            for key in map(str, keys):
                if key not in self._latest or self._latest[key].at <= sent.at:
                    self._latest[key] = sent

    def of(self, key: str) -> Sent | None:
        """Return the batch in which an earlier run sent a request last."""
        return self._latest.get(key)

    @property
    def ids(self) -> frozenset[str]:
        """The providers' names of all batches that are known."""
        return frozenset(sent.id for sent in self._known.values() if sent.id is not None)

    def intend(self, keys: Iterable[str]) -> Sent:
        """Return a batch that is to be sent, when its name and keys are on the disk."""
        listed = list(keys)
        sent = Sent(uuid.uuid4().hex, len(listed), time.time())
        self._add({"token": sent.token, "keys": listed, "at": sent.at})
        self._known[sent.token] = sent
        return sent

    def told(self, sent: Sent, found: str) -> None:
        """Write down the provider's name for a batch."""
        sent.id = found
        self._add({"token": sent.token, "batch": found})

    def _add(self, entry: dict[str, object]) -> None:
        if self._lines is None:
            return
        try:
            self._lines.add(str(entry["token"])[:12], entry)
        except OSError as error:
            raise ModelError(
                f"a batch cannot be written down in {self._lines.folder}: {error.strerror}; no more batches are sent"
            ) from error
