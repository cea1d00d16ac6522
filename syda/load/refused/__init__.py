"""Rows that a database does not take: what is left out, what is tried instead, and what is told of it."""
