"""Comments in a YAML file, taken over into another text of the same document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import yaml

_Path: TypeAlias = tuple[str, ...]


@dataclass(slots=True)
class _Remark:
    """The lines of comments before a key, and what stands behind it on its line."""

    above: list[str]
    behind: str = ""


def with_comments(text: str, old: str) -> tuple[str, list[str]]:
    """Return a YAML text with the comments of an old one, each at its key, and those whose key is not there any more.

    A comment stands above its key, or behind it; one at the end of the file stays there.
    """
    remarks = _remarks(old)
    lines: list[str] = []
    by_line = _keys(text)
    for number, line in enumerate(text.splitlines()):
        remark = remarks.pop(by_line[number], None) if number in by_line else None
        if remark is None:
            lines.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())]
        lines += [f"{indent}{each}" for each in remark.above]
        lines.append(f"{line}  {remark.behind}" if remark.behind else line)
    end = remarks.pop((), None)
    lines += end.above if end else []
    lost = [comment for remark in remarks.values() for comment in (*remark.above, remark.behind) if comment]
    return "\n".join(lines) + "\n", lost


def _remarks(text: str) -> dict[_Path, _Remark]:
    found: dict[_Path, _Remark] = {}
    by_line, ends, within = _keys(text), *_scalars(text)
    above: list[str] = []
    for number, line in enumerate(text.splitlines()):
        if number not in within and line.lstrip().startswith("#"):
            above.append(line.strip())
            continue
        rest = line[ends[number] :].strip() if number in ends else ""
        behind = rest[rest.index("#") :] if rest.lstrip(":,]} ").startswith("#") else ""
        if number in by_line and (above or behind):
            found[by_line[number]] = _Remark(above, behind)
            above = []
        elif behind:
            above.append(behind)
    if above:
        found[()] = _Remark(above)
    return found


def _keys(text: str) -> dict[int, _Path]:
    """Return the path of the first key, or member of a list, of each line."""
    found: dict[int, _Path] = {}
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for line, path in _walk(node, ()):
        found.setdefault(line, path)
    return found


def _walk(node: yaml.Node | None, path: _Path) -> Iterator[tuple[int, _Path]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            yield key.start_mark.line, here
            yield from _walk(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for number, each in enumerate(node.value):
            here = (*path, each.value if isinstance(each, yaml.ScalarNode) else str(number))
            yield each.start_mark.line, here
            yield from _walk(each, here)


def _scalars(text: str) -> tuple[dict[int, int], set[int]]:
    """Return where the last token of each line ends, and the lines that are within a text of several."""
    ends: dict[int, int] = {}
    within: set[int] = set()
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        start, end = token.start_mark, token.end_mark
        if isinstance(token, yaml.ScalarToken) and end.line > start.line:
            within |= set(range(start.line + 1, end.line + (1 if end.column else 0)))
        if end.column:
            ends[end.line] = max(end.column, ends.get(end.line, 0))
    return ends, within
