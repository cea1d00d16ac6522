"""`SyntheticDataGenerator`: tables as data frames, made by a language model, by inference, or by both."""

from syda.structured.generator import SyntheticDataGenerator

__all__ = ["SyntheticDataGenerator"]
