"""Files of JSON lines that are only ever added to.

Each process writes a file of its own, made when it has something to write, so that none waits for another. A line is
on the disk when `add` returns; one that a crash cut is as good as not there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_VERSION = 1


class Lines:
    """A folder of such files. What is not ours in it is passed over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: Path | None = None

    def read(self) -> Iterator[Mapping[str, Any]]:
        """Yield what all files hold."""
        for path in sorted(self.folder.glob("*.jsonl")) if self.folder.is_dir() else ():
            for line in path.read_bytes().split(b"\n"):
                try:
                    entry = json.loads(line)
                    ours = entry["syda"] == _VERSION
                except (ValueError, KeyError, TypeError):
                    continue  # a crash cut it, or somebody else wrote it
                if ours:
                    yield entry

    def add(self, name: str, entry: Mapping[str, Any]) -> None:
        """Add a line; `name` begins the name of the file when this is its first. Raises `OSError`."""
        line = json.dumps({"syda": _VERSION, **entry}, ensure_ascii=True) + "\n"
        try:
            self._append(name, line.encode())
        except OSError:
            self._file = None  # it may end in half a line
            raise

    def _append(self, name: str, line: bytes) -> None:
        new = self._file is None
        if self._file is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = self._own_file(name)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            written = 0
            while written < len(line):
                written += os.write(descriptor, line[written:])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new and os.name == "posix":
            self._sync_folder()

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

    def _sync_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
