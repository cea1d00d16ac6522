"""Guesses how a column is made, from its name, type, length, comment and table."""

from syda.planning.inference.infer import Guess, guess_column, infer_table

__all__ = ["Guess", "guess_column", "infer_table"]
