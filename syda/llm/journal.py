"""Replies that were paid for, in files that are only ever added to.

A folder holds any number of files of lines, one reply a line, found by the address of its request. A folder that is
committed with a test suite does not change by being read. A line is on the disk before its reply is used. A reply that
was of no use is disowned by a further line, and asked for again. Addresses hold no key and no header, and neither do
replies.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, TypeAlias

from syda.errors import ModelError, ReplayError
from syda.llm.exchange import Client, Finish, Reply, Request, key_of
from syda.llm.lines import Lines

_FINISHES = frozenset(Finish)
Cache: TypeAlias = Literal["record", "replay", "off"]


class Journal:
    """A folder of replies. With `replay`, a request without one is an error; otherwise `write` adds it."""

    def __init__(self, folder: Path, *, replay: bool = False) -> None:
        self.folder, self.replay = folder, replay
        self._lock = threading.Lock()
        self._lines = Lines(folder)
        self._added: dict[str, Mapping[str, Any]] = {}
        self._useless: set[tuple[str, str]] = set()
        """Addresses with the digests of replies to them that were of no use."""
        replies: dict[str, list[Mapping[str, Any]]] = {}
        for entry in self._lines.read():
            if isinstance(entry.get("useless"), str):
                self._useless.add((str(entry.get("key")), entry["useless"]))
            elif isinstance(entry.get("key"), str) and _is_reply(entry.get("reply")):
                replies.setdefault(entry["key"], []).append(entry)
        self._known = {key: min(found, key=self._is_useless) for key, found in replies.items()}
        if replay and not self._known:
            raise ReplayError(f"{folder} holds no recorded replies; record them first with cache='record'")

    def find(self, client: Client, request: Request) -> Reply | None:
        """Return the reply to an equal request, a useless one only in a replay.

        Raises `ReplayError`, which shows what changed, when only recorded replies are wanted and there is none.
        """
        entry = self._known.get(key_of(client, request))
        if entry is not None and (self.replay or not self._is_useless(entry)):
            said = entry["reply"]
            return Reply(text=said["text"], finish=Finish(said["finish"]), detail=str(said.get("detail", "")), calls=0)
        if self.replay:
            raise ReplayError(self._missing(client, request))
        return None

    def require_room(self) -> None:
        """Raise `ModelError` where no reply can be written: before one is paid for."""
        try:
            self._lines.require_room()
        except OSError as error:
            raise self._unwritten(error) from error

    def write(self, client: Client, request: Request, reply: Reply) -> None:
        """Add a reply, and return when it is on the disk.

        Raises `ModelError` when it cannot be written.
        """
        self.add(client, request, reply)
        self.sync()

    def add(self, client: Client, request: Request, reply: Reply) -> None:
        """Add a reply, which must not be used before `sync`. Raises `ModelError` when it cannot be written."""
        key = key_of(client, request)
        entry = {
            "key": key,
            "endpoint": client.endpoint,
            "model": client.model,
            "settings": dict(client.settings),
            "request": request.content(),
            "reply": asdict(reply),
        }
        with self._lock:
            try:
                self._lines.append(key[:12], entry)
            except OSError as error:
                raise self._unwritten(error) from error
            self._added[key] = entry

    def disown(self, client: Client, request: Request) -> None:
        """Have a request asked again, since its reply was of no use. Raises `ModelError` when it cannot be written."""
        key = key_of(client, request)
        with self._lock:
            entry = self._known.get(key)
            if self.replay or entry is None or self._is_useless(entry):
                return
            self._useless.add((key, _digest(entry)))
            try:
                self._lines.add(key[:12], {"key": key, "useless": _digest(entry)})
            except OSError as error:
                raise self._unwritten(error) from error

    def _is_useless(self, entry: Mapping[str, Any]) -> bool:
        return (entry["key"], _digest(entry)) in self._useless

    def sync(self) -> None:
        """Return when all replies that were added are on the disk; many take no longer than one.

        Raises `ModelError` when they cannot be written.
        """
        with self._lock:
            if not self._added:
                return
            try:
                self._lines.sync()
            except OSError as error:
                raise self._unwritten(error) from error
            self._known.update(self._added)
            self._added.clear()

    def _unwritten(self, error: OSError) -> ModelError:
        self._added.clear()
        return ModelError(
            f"a reply cannot be written to {self.folder}: {error.strerror}; nothing more is asked of the model"
        )

    def _missing(self, client: Client, request: Request) -> str:
        """Say which prompt changed, by the recorded one that is most like it."""
        said = f"{self.folder} holds no reply to the request about table {request.table!r} ({request.purpose})"
        best = self._nearest(request)
        if best is None:
            return f"{said}, and none of the kind; record again with cache='record'"
        changes = _changes(
            {
                "endpoint": best.get("endpoint"),
                "model": best.get("model"),
                **_under(best, "settings"),
                **best["request"],
            },
            {"endpoint": client.endpoint, "model": client.model, **client.settings, **request.content()},
        )
        return f"{said}; since the most similar one was recorded, this changed:\n{changes}"

    def _nearest(self, request: Request) -> Mapping[str, Any] | None:
        same = [
            entry
            for entry in self._known.values()
            if (asked := _under(entry, "request"))
            and (asked.get("purpose"), asked.get("table")) == (request.purpose, request.table)
        ]
        return max(same, key=lambda entry: _likeness(entry["request"], request.content()), default=None)


def _is_reply(said: object) -> bool:
    """Tell whether what a line holds is a reply; what else stands in it is of another version."""
    return isinstance(said, Mapping) and isinstance(said.get("text"), str) and said.get("finish") in _FINISHES


def _under(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return what a line holds under a name, where that is an object."""
    found = entry.get(name)
    return found if isinstance(found, Mapping) else {}


def _digest(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(entry["reply"], sort_keys=True).encode()).hexdigest()[:16]


def _likeness(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    equal = float(sum(bool(one.get(name) == value) for name, value in other.items()))
    return equal + difflib.SequenceMatcher(None, str(one.get("task"))[:2000], str(other.get("task"))[:2000]).ratio()


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            lines.append(f"  {name}:")
            lines += [f"    {line}" for line in _difference(_lines(old.get(name)), _lines(new.get(name)))]
    return "\n".join(lines[:40])


def _lines(value: object) -> list[str]:
    text = value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True)
    return text.splitlines()


def _difference(old: list[str], new: list[str]) -> Iterable[str]:
    return (line[:200] for line in difflib.ndiff(old, new) if line[:2] in ("- ", "+ "))
