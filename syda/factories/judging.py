"""Which CHECKs only the database can judge: those that call its functions, and sums of decimals where it has floats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from syda.errors import IntegrityError
from syda.factories.checking import said_of
from syda.factories.derived import key_of
from syda.factories.groups import Group
from syda.generation.engine import Engine
from syda.generation.judging import Judge
from syda.load.judge import DatabaseJudge
from syda.planning.checks import Condition, conditions_of
from syda.schema.model import Kind, Table

_FRACTIONS = (Kind.DECIMAL, Kind.FLOAT)


def judging_dialect(groups: Sequence[Group], session: Any) -> str:
    """Return the dialect of the session's database where a table of the groups has such CHECKs; else nothing."""
    tables = [table for group in groups for table in group.blueprint.tables if conditions_of(table)]
    if session is None or not tables:
        return ""
    dialect: str = session.get_bind(_mapper(groups)).dialect.name
    return dialect if any(table.once(_undecided, dialect) for table in tables) else ""


def judge_of(groups: Sequence[Group], session: Any) -> Judge:
    """Return what asks the session's database."""
    targets: dict[str, Any] = {}
    for group in groups:
        for table in group.blueprint.tables:
            targets[table.key] = targets[key_of(group.path, table)] = group.blueprint.origin[table.key]
    return DatabaseJudge(session.connection(bind_arguments={"mapper": _mapper(groups)}), targets)


def _mapper(groups: Sequence[Group]) -> Any:
    return groups[-1].blueprint.mapper


def check_judged(groups: Sequence[Group], session: Any) -> None:
    """Raise `IntegrityError` where the database refuses what is said of columns, whatever the others have."""
    dialect = judging_dialect(groups, session)
    judge = judge_of(groups, session) if dialect else None
    for group in groups if judge else ():
        for table in group.blueprint.tables:
            undecided = table.once(_undecided, dialect)
            for wanted in group.wanted if undecided else ():
                columns = dict(said_of(group, wanted, table))
                for each in undecided:
                    known = {name: columns[name] for name in each.mentioned if name in columns}
                    if judge and len(known) == len(each.mentioned) and not judge.holds(table, [each.text], known, 1)[0]:
                        listed = (
                            f"{name}={wanted.values[group.blueprint.attributes[table.key, name]]!r}" for name in known
                        )
                        raise IntegrityError(f"{wanted.where}: check ({each.text}) is broken by {', '.join(listed)}")


def _undecided(table: Table, dialect: str) -> list[Condition]:
    return [each for each in conditions_of(table) if _is_undecided(each, table, dialect)]


def _is_undecided(condition: Condition, table: Table, dialect: str) -> bool:
    from sqlglot import exp

    if condition.node is None or not all(Engine(table, [condition.node]).decided):
        return True
    fractions = any(table.column(name).type.kind in _FRACTIONS for name in condition.columns)
    return dialect == "sqlite" and fractions and condition.node.find(exp.Add, exp.Sub, exp.Mul, exp.Div) is not None
