"""Guesses how a column is made, from its name, type, length, comment and table."""

from syda.planning.inference.infer import Guess, infer_table

__all__ = ["Guess", "infer_table"]
