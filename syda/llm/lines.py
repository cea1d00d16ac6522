"""Files of JSON lines that are only ever added to.

Each process writes a file of its own, made when it has something to write, so that none waits for another. A line is
on the disk when `add` returns; one that a crash cut is as good as not there.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_VERSION = 1


class Lines:
    """A folder of such files. What is not ours in it is passed over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: Path | None = None
        self._listed = False
        """Whether the folder's own entry of the file is on the disk."""

    def read(self) -> Iterator[Mapping[str, Any]]:
        """Yield what all files hold."""
        found = self.folder.glob("*.jsonl") if self.folder.is_dir() else ()
        for path in sorted(each for each in found if each.is_file()):
            for line in path.read_bytes().split(b"\n"):
                try:
                    entry = json.loads(line)
                    ours = entry["syda"] == _VERSION
                except (ValueError, KeyError, TypeError, RecursionError):
                    continue  # a crash cut it, or somebody else wrote it
                if ours:
                    yield entry

    def require_room(self) -> None:
        """Return when a file could be made in the folder, which is made; it holds nothing more. Raises `OSError`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=self.folder).close()

    def add(self, name: str, entry: Mapping[str, Any]) -> None:
        """Add a line, and return when it is on the disk; `name` begins the name of the file when this is its first.

        Raises `OSError`.
        """
        self.append(name, entry)
        self.sync()

    def append(self, name: str, entry: Mapping[str, Any]) -> None:
        """Add a line, which must not be relied on before `sync`. Raises `OSError`."""
        line = json.dumps({"syda": _VERSION, **entry}, ensure_ascii=True) + "\n"
        with self._or_anew():
            if self._file is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._file, self._listed = self._own_file(name), False
            _write(self._file, line.encode())

    def sync(self) -> None:
        """Return when all lines are on the disk; many take no longer than one. Raises `OSError`."""
        with self._or_anew():
            if self._file is None:
                return
            _sync(self._file, os.O_WRONLY)
            if not self._listed and os.name == "posix":
                _sync(self.folder, os.O_RDONLY)
            self._listed = True

    @contextmanager
    def _or_anew(self) -> Iterator[None]:
        """Begin another file after an error: this one may end in half a line."""
        try:
            yield
        except OSError:
            self._file = None
            raise

    def _own_file(self, name: str) -> Path:
        """Claim a file that no other process has."""
        for number in range(1000):
            path = self.folder / f"{name}{f'-{number}' if number else ''}.jsonl"
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                continue
            return path
        raise FileExistsError(0, "too many files with one name", str(self.folder))


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, data[written:])
    finally:
        os.close(descriptor)


def _sync(path: Path, mode: int) -> None:
    descriptor = os.open(path, mode)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
