"""`SyntheticDataGenerator`: tables as data frames, made by a language model, by inference, or by both."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from syda.arguments import LOCALE, Wishes
from syda.dataset import Dataset
from syda.errors import MissingTableError, PlanError, SchemaError, near
from syda.language import LanguageModel, language_model, prompts_by_table
from syda.load.files import format_of, write_file
from syda.planning.existing import Existing, ExistingTable
from syda.planning.requests import row_count
from syda.schema import Reading, Schema, Table, read_schema
from syda.schema.words import MEANING, parse_word
from syda.schemas import ModelConfig
from syda.sources.registry import DEFAULT_REGISTRY, Registry
from syda.sources.values import Values
from syda.usage import Usage

if TYPE_CHECKING:
    import pandas as pd

    from syda.llm.exchange import Client

logger = logging.getLogger("syda")
Parents: TypeAlias = Literal["refuse", "generate"]
_SINGLE = "data"
"""The name of a table that is given as its columns alone."""
_DEFAULTS = {"OPENAI_API_KEY": "openai:gpt-6-luna", "ANTHROPIC_API_KEY": "anthropic:claude-haiku-5-5"}
"""The models that are asked when only a key is there: the providers' cheapest."""
_HINT = re.compile(r"\s*(?P<word>[A-Za-z][\w .-]*?)\s*(?P<optional>\?)?\s*")


class SyntheticDataGenerator:
    """Makes rows for classes, tables or dicts of columns, and remembers them, so that later tables refer to them.

    `model` is a model's name, as ``"gpt-4-turbo"`` or ``"anthropic:MODEL"``, a `LanguageModel` that also says at what
    cost it is asked, or a client; `model_config` says the same as a `ModelConfig`. Without both, the model follows from
    the key that is in the environment; without a key, columns are inferred. `seed`, `locale` and `as_of` are those of
    `syda.plan`. A named model without a key is a `MissingKeyError`.
    """

    def __init__(
        self,
        model: str | ModelConfig | LanguageModel | Client | None = None,
        *,
        model_config: ModelConfig | None = None,
        openai_api_key: str | None = None,
        anthropic_api_key: str | None = None,
        seed: int = 0,
        locale: str | Sequence[str] = LOCALE,
        as_of: str | date | None = None,
    ) -> None:
        if model is not None and model_config is not None:
            raise PlanError("give the model as model= or as model_config=, not as both")
        keys = {"openai": openai_api_key, "anthropic": anthropic_api_key}
        self._model = _model(model if model is not None else model_config, {k: v for k, v in keys.items() if v})
        self._registry = Registry(DEFAULT_REGISTRY)
        self._settings: dict[str, Any] = {"seed": seed, "locale": locale, "as_of": as_of}
        self._made: dict[str, ExistingTable] = {}
        self.usage: Usage | None = None
        """What the model was asked so far."""

    def register_generator(self, type: str, function: Any, column_name: str | None = None) -> None:
        """Use ``function(row, column)`` for all columns of a type, or for those with one name; no model is asked then.

        `type` is as in `syda.register_generator`, ``"foreign_key"`` with a column name included. It holds for this
        generator alone.
        """
        self._registry.register(type, function, column_name)

    def generate_data(
        self,
        schema: Any,
        prompt: str | None = None,
        sample_size: int = 10,
        output_path: str | Path | None = None,
        *,
        parents: Parents = "refuse",
    ) -> pd.DataFrame:
        """Return a frame with exactly `sample_size` rows of one table.

        `schema` is a mapped class, a Table, or a dict of columns by name whose types are words such as ``number``,
        ``text``, ``date``, ``email`` or ``icd10_code``; a word that syda does not know is a hint. Foreign keys refer to
        the rows that this generator has made; required parents that it has not made are an error, or are made too with
        `parents` ``"generate"``. A file at `output_path` is CSV, JSON, JSON Lines or Parquet, by its ending.

        Raises a `SydaError`.
        """
        if parents not in ("refuse", "generate"):
            raise PlanError(
                f"parents: expected 'refuse' or 'generate', got {parents!r}{near(str(parents), ['generate'])}"
            )
        row_count(sample_size, "sample_size")
        if output_path is not None:
            format_of(output_path)
        reading = read_schema(_as_tables(schema))
        table = _only(reading.schema)
        reading = _with_parents(reading, table, schema, self._made, make=parents == "generate")
        fewer = {key: 0 if key in self._made else min(sample_size, 10) for key in _filled(reading.schema)}
        rows = {**fewer, table.key: sample_size}
        dataset = self._make(reading, rows, {table.key: prompt} if prompt else None, None)
        if output_path is not None:
            write_file(dataset.plan.schema.tables[table.key], dataset.tables[table.key].columns, output_path)
        return dataset.frames()[table.key]

    def generate_related_data(
        self,
        models: Any,
        prompts: Mapping[Any, str] | str | None = None,
        sample_sizes: Mapping[Any, int] | int | None = None,
        output_dir: str | Path | None = None,
        custom_generators: Mapping[Any, Mapping[Any, Any]] | None = None,
    ) -> dict[str, pd.DataFrame]:
        """Return a frame for each table, by class name where there is one, whose foreign keys all refer to rows.

        `models` are as in `syda.plan`. Classes, class names and table names are keys of `prompts`, `sample_sizes`
        (default 10) and `custom_generators`. With `output_dir`, each table becomes a CSV file in it.

        Raises a `SydaError`.
        """
        reading = read_schema(models)
        dataset = self._make(reading, sample_sizes, prompts, custom_generators)
        if output_dir is not None:
            dataset.to_csv(output_dir)
        frames = dataset.frames()
        return {_label(reading.schema.tables[key]): frames[key] for key in frames}

    async def generate_data_async(self, *args: Any, **options: Any) -> pd.DataFrame:
        """Do what `generate_data` does while the event loop runs on."""
        return await asyncio.to_thread(self.generate_data, *args, **options)

    async def generate_related_data_async(self, *args: Any, **options: Any) -> dict[str, pd.DataFrame]:
        """Do what `generate_related_data` does while the event loop runs on."""
        return await asyncio.to_thread(self.generate_related_data, *args, **options)

    def _make(self, reading: Reading, rows: Any, prompts: Any, custom_generators: Any) -> Dataset:
        prompts = prompts_by_table(reading.schema, prompts)
        wishes = Wishes(
            rows=rows,
            **self._settings,
            custom_generators=custom_generators,
            llm=self._model,
            prompts=prompts if self._model is not None else None,
            registry=self._registry,
        )
        existing: Existing = {key: made for key, made in self._made.items() if key in reading.schema.tables}
        try:
            plan = wishes.plan(reading, existing)
        except MissingTableError as error:
            raise MissingTableError(
                f"{str(error).split(';')[0]}; make its rows first with this generator, or pass parents='generate'"
            ) from error
        dataset = wishes.make(plan, existing=existing)
        if dataset.usage is not None:
            self.usage = dataset.usage + self.usage
        self._remember(dataset)
        return dataset

    def _remember(self, dataset: Dataset) -> None:
        for key, made in dataset.tables.items():
            before = self._made.get(key, ExistingTable())
            columns = {
                name: Values.concatenate([before.columns[name], values]) if name in before.columns else values
                for name, values in made.columns.items()
            }
            self._made[key] = ExistingTable(rows=before.rows + made.rows, columns=columns)


def _model(given: Any, keys: Mapping[str, str]) -> LanguageModel | None:
    """Return the model to ask, None where there is neither a model nor a key."""
    if given is None:
        given = _default_model(keys)
        if given is None:
            logger.info("no model and no key: columns are inferred from their names and types")
            return None
        logger.info("no model was named: asking %s", given)
    model = language_model(given)
    if model is not None and keys:
        model = replace(model, keys={**model.keys, **keys})
    if model is not None:
        _require_reachable(model)
    return model


def _require_reachable(model: LanguageModel) -> None:
    """Raise a `ModelError` now, rather than when rows are made, where there is no key or no such provider."""
    model.client(sending=model.cache != "replay")


def _default_model(keys: Mapping[str, str]) -> str | None:
    from syda.llm.keys import setting

    for variable, model in _DEFAULTS.items():
        if keys.get(model.partition(":")[0]) or setting(variable):
            return model
    return None


def _as_tables(schema: Any) -> Any:
    """Return a dict of columns as a dict of one table; what is something else stays as it is."""
    if not isinstance(schema, Mapping) or not schema:
        return schema
    if all(isinstance(each, Mapping) and "type" not in each and "references" not in each for each in schema.values()):
        return schema
    return {_SINGLE: {name: _column(name, written) for name, written in schema.items()}}


def _column(name: Any, written: Any) -> Any:
    """Return a column as the reader of dicts takes it; an unknown word becomes a hint."""
    word = written.get("type") if isinstance(written, Mapping) else written
    if not isinstance(word, str):
        return written
    try:
        parse_word(word, str(name))
    except SchemaError:
        hint = _HINT.fullmatch(word)
        if hint is None:
            raise
        more = written if isinstance(written, Mapping) else {}
        return {"nullable": bool(hint["optional"]), **more, "type": "text", MEANING: hint["word"]}
    return written


def _only(schema: Schema) -> Table:
    tables = [schema.tables[key] for key in _filled(schema)]
    if len(tables) != 1:
        listed = ", ".join(table.key for table in tables)
        raise SchemaError(f"generate_data makes one table, got {len(tables)} ({listed}); see generate_related_data")
    return tables[0]


def _filled(schema: Schema) -> list[str]:
    return [key for key in schema.tables if key not in schema.external]


def _with_parents(
    reading: Reading, table: Table, given: Any, made: Mapping[str, ExistingTable], *, make: bool
) -> Reading:
    """Return the reading with the tables that the table refers to: those that have rows, so that all columns of these
    are known, and with `make` required ones that have none.
    """
    whole = _neighbours(given)
    if whole is None:
        return reading
    every = read_schema(whole).schema
    needed, left = {table.key}, [table.key]
    while left:
        owner = every.tables[left.pop()]
        for link in owner.foreign_keys:
            wanted = link.parent in made or (make and not owner.is_optional(link))
            if wanted and link.parent not in needed:
                needed.add(link.parent)
                left.append(link.parent)
    return read_schema(whole, tables=sorted(needed))


def _neighbours(given: Any) -> Any:
    """Return all that is declared beside a mapped class or Table."""
    registry = getattr(given, "registry", None) or getattr(given, "_sa_registry", None)
    if isinstance(given, type) and registry is not None:
        return [mapper.class_ for mapper in registry.mappers]
    return getattr(given, "metadata", None)


def _label(table: Table) -> str:
    return table.class_names[0] if table.class_names else table.key
