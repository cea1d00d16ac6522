"""What asks the target database about rows that nobody else can judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from numpy.typing import NDArray

from syda.schema.model import Table
from syda.sources.values import Values

if TYPE_CHECKING:
    import numpy as np


class Judge(Protocol):
    """Evaluates conditions on the server that will enforce them."""

    def holds(
        self, table: Table, expressions: Sequence[str], columns: Mapping[str, Values], rows: int
    ) -> NDArray[np.bool_]:
        """Return which rows satisfy all of the CHECK expressions."""
        ...
