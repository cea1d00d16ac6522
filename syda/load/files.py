"""Rows as files: CSV, JSON, JSON Lines and Parquet, one file for each table."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from os.path import realpath
from pathlib import Path
from shutil import chown, copymode
from tempfile import TemporaryDirectory
from typing import Any, Literal
from urllib.parse import quote

from syda.errors import MissingExtraError, TargetError
from syda.schema.model import Kind, LogicalType, Table
from syda.sources.values import Values, decimal_places, to_python

Format = Literal["csv", "json", "jsonl", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "json", "jsonl", "parquet")
TableColumns = tuple[Table, Mapping[str, Values]]


def write_files(tables: Iterable[TableColumns], directory: str | Path, format_: Format) -> list[Path]:
    """Write a file per table into `directory`, which is made when it is missing; return the paths.

    The files are written aside and moved into place at the end, so that an error leaves none of them.
    NULL is an empty CSV field, bytes are base64, dates ISO 8601. Raises `TargetError` when the folder cannot be
    written, `MissingExtraError` for Parquet without pyarrow.
    """
    write = _WRITERS[format_]
    folder = Path(directory)
    names = []
    with folder_aside(folder) as made:
        for table, columns in tables:
            names.append(file_name(table, f".{format_}"))
            write(table, columns, made / names[-1])
    return [folder / name for name in names]


@contextmanager
def folder_aside(folder: Path) -> Iterator[Path]:
    """Yield where to write files that are moved into `folder` at the end: all, or after an error none.

    The folder is made when it is missing. Raises `TargetError` when it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".syda-") as made:
            yield Path(made)
            names = sorted(each.name for each in Path(made).iterdir())
            if blocked := [name for name in names if (folder / name).is_dir()]:
                raise IsADirectoryError(0, f"{blocked[0]} is a folder")
            for name in names:
                (Path(made) / name).replace(folder / name)
    except OSError as error:
        raise TargetError(f"cannot write to the folder {str(folder)!r}: {error.strerror or error}") from error


def file_name(table: Table, ending: str) -> str:
    """Return the name of a table's file, without what file systems do not take."""
    return quote(table.key, safe=" ()[]{}+=@$!&',;~^") + ending


def write_file(table: Table, columns: Mapping[str, Values], path: str | Path) -> Path:
    """Write one table to a file, whose ending says how: ``.csv``, ``.json``, ``.jsonl`` or ``.parquet``.

    The file is moved into place when it is whole. Raises `TargetError` when it cannot be written or has no such ending.
    """
    path = Path(path)
    write = _WRITERS[format_of(path)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
    with aside(path) as made:
        write(table, columns, made)
    return path


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Yield where to write a file that is moved to `path` when it is whole; a link stays, and what it leads to is new.

    Raises `TargetError` when it cannot be written; what was there is then as it was.
    """
    place = Path(realpath(path))  # which, other than pathlib's, takes links that lead to each other as they are
    try:
        with TemporaryDirectory(dir=place.parent, prefix=".syda-") as folder:
            yield Path(folder) / place.name
            (Path(folder) / place.name).replace(place)
    except OSError as error:
        raise TargetError(f"cannot write {str(path)!r}: {error.strerror or error}") from error


def edit_text(path: Path, text: str) -> None:
    """Write a user's file anew, as its owner and permissions are. Raises `TargetError` when it cannot be written."""
    with aside(path) as made:
        made.write_text(text, encoding="utf-8")
        # Only an administrator can write another's file, and has to leave it theirs; Windows knows no owners.
        with suppress(OSError, AttributeError):
            chown(made, path.stat().st_uid, path.stat().st_gid)
        copymode(path, made)


def require_writable_file(path: str | Path) -> None:
    """Raise what `write_file` would raise for a place or an ending, before there are rows to write."""
    path, format_ = Path(path), format_of(path)
    if path.is_dir():
        raise TargetError(f"cannot write {str(path)!r}: it is a folder")
    require_writable_folder(path.parent, format_)


def require_writable_folder(directory: str | Path, format_: Format = "csv") -> None:
    """Raise what `write_files` would raise for a folder, before there are rows to write; make one that is missing."""
    folder = Path(directory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".syda-"):
            pass
    except OSError as error:
        raise TargetError(f"cannot write to the folder {str(folder)!r}: {error.strerror or error}") from error
    if format_ == "parquet":
        _require_pyarrow()


def format_of(path: str | Path) -> Format:
    """Return how a file with such an ending is written. Raises `TargetError` for any other ending."""
    ending = Path(path).suffix.removeprefix(".").lower()
    for format_ in FORMATS:
        if ending == format_:
            return format_
    known = ", ".join(f".{format_}" for format_ in FORMATS)
    raise TargetError(f"cannot tell how to write {str(path)!r}; expected one of {known}")


def _listed(table: Table, columns: Mapping[str, Values]) -> list[list[Any]]:
    return [to_python(values, table.column(name).type) for name, values in columns.items()]


def _write_csv(table: Table, columns: Mapping[str, Values], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([_cell(item) for item in row] for row in zip(*_listed(table, columns), strict=True))


def _cell(item: Any) -> Any:
    if isinstance(item, dict | list):
        return json.dumps(item, default=_plain, ensure_ascii=False)
    return item if isinstance(item, str | int | float | None) else _plain(item)


def _plain(item: Any) -> Any:
    if isinstance(item, datetime | date | time):
        return item.isoformat()
    if isinstance(item, timedelta):
        return item.total_seconds()
    if isinstance(item, bytes):
        return base64.b64encode(item).decode()
    return str(item)


def _json_number(item: Any) -> Any:
    return float(item) if isinstance(item, Decimal) else _plain(item)


def _records(table: Table, columns: Mapping[str, Values]) -> Iterable[str]:
    names = list(columns)
    for row in zip(*_listed(table, columns), strict=True):
        yield json.dumps(dict(zip(names, row, strict=True)), default=_json_number, ensure_ascii=False)


def _write_json(table: Table, columns: Mapping[str, Values], path: Path) -> None:
    lines = ",\n".join(_records(table, columns))
    path.write_text(f"[\n{lines}\n]\n" if lines else "[]\n", encoding="utf-8")


def _write_jsonl(table: Table, columns: Mapping[str, Values], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in _records(table, columns))


def _write_parquet(table: Table, columns: Mapping[str, Values], path: Path) -> None:
    _require_pyarrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {}
    for name, values in columns.items():
        type_ = table.column(name).type
        items = to_python(values, type_)
        if type_.kind in (Kind.JSON, Kind.OTHER, Kind.UUID):
            items = [None if item is None else _cell(item) for item in items]
        arrays[name] = pa.array(items, type=_arrow_type(type_, pa))
    pq.write_table(pa.table(arrays), path)


def _require_pyarrow() -> None:
    try:
        import pyarrow as pa  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("Parquet files need pyarrow: pip install 'syda[parquet]'") from error


def _arrow_type(type_: LogicalType, pa: Any) -> Any:
    types: dict[Kind, Callable[[], Any]] = {
        Kind.BOOLEAN: pa.bool_,
        Kind.INTEGER: pa.int64,
        Kind.FLOAT: pa.float64,
        Kind.DECIMAL: lambda: pa.decimal128(38, decimal_places(type_)),
        Kind.DATE: pa.date32,
        Kind.TIME: lambda: pa.time64("us"),
        Kind.DATETIME: lambda: pa.timestamp("us", tz="UTC" if type_.timezone else None),
        Kind.INTERVAL: lambda: pa.duration("us"),
        Kind.BINARY: pa.binary,
        Kind.ARRAY: lambda: None,
    }
    return types.get(type_.kind, pa.string)()


_WRITERS: dict[Format, Callable[[Table, Mapping[str, Values], Path], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
}
