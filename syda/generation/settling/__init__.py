"""Rows that have to satisfy conditions of several columns, partial unique sets and exclusion constraints.

Most rules are kept by how a column is made. For the others a table's rows are drafted first, as if the rules were not
there; then rows that break one are changed, in as little as it takes, until they do not; what cannot be changed so is
left out.
"""

from syda.generation.settling.circles import settle
from syda.generation.settling.settled import Settled

__all__ = ["Settled", "settle"]
