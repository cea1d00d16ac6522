"""An example of a meaning: a column, and what its values must be like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tests.planning.column_rules import Rule

S, T, INT, B, F = sa.String, sa.Text(), sa.Integer(), sa.Boolean(), sa.Float()
BIG, SMALL, D, DT, TM, J = sa.BigInteger(), sa.SmallInteger(), sa.Date(), sa.DateTime(), sa.Time(), sa.JSON()
N = sa.Numeric


@dataclass(frozen=True)
class Example:
    meaning: str
    column: str
    type: Any
    rule: Rule
    table: str = "things"

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


E = Example
