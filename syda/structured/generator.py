"""The generator: its calls, its model, its functions, and what it remembers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from syda.arguments import LOCALE, Wishes
from syda.dataset import Dataset
from syda.errors import CapacityError, MissingTableError, PlanError, SchemaError, SydaError, near
from syda.language import STOP, LanguageModel, language_model, prompts_by_table
from syda.load.files import require_writable_file, require_writable_folder, write_file
from syda.load.frames import to_frame
from syda.planning.requests import row_count
from syda.schema import Reading, Table
from syda.schemas import ModelConfig
from syda.sources.registry import DEFAULT_REGISTRY, Registry
from syda.structured.dicts import is_nameless
from syda.structured.memory import Memory
from syda.structured.parents import parents_to_make, with_parents
from syda.structured.rows import bases_of, class_rows, only_table
from syda.structured.turns import Turns
from syda.usage import Usage

if TYPE_CHECKING:
    import pandas as pd

    from syda.llm.exchange import Client

logger = logging.getLogger("syda")
Parents: TypeAlias = Literal["refuse", "generate"]
_DEFAULTS = {"OPENAI_API_KEY": "openai:gpt-6-luna", "ANTHROPIC_API_KEY": "anthropic:claude-haiku-5-5"}
"""The models that are asked when only a key is there: the providers' cheapest."""


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
        self._memory = Memory()
        self._turns = Turns()
        self.usage: Usage | None = None
        """What the model was asked so far, by calls that failed too."""

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
        ``text``, ``date``, ``email`` or ``icd10_code``; a text that is no type of syda's is a hint. Foreign keys refer
        to the rows that this generator has made; required parents that it has not made are an error, or are made too
        with `parents` ``"generate"``. A class that extends another one by a table of its own has the columns of both.
        A file at `output_path` is CSV, JSON, JSON Lines or Parquet, by its ending.

        Raises a `SydaError`; no rows are remembered then.
        """
        with self._turns.turn():
            make = _makes_parents(parents)
            row_count(sample_size, "sample_size")
            if output_path is not None:
                require_writable_file(output_path)
            reading = self._memory.read(schema)
            table = only_table(reading.schema)
            reading = with_parents(reading, table, schema, self._memory, make=make)
            existing = self._memory.existing(reading)
            missing = parents_to_make(reading.schema, table, existing, sample_size) if make else {}
            others = {key: missing.get(key, 0) for key in reading.schema.tables if key not in reading.schema.external}
            others.pop(table.key)
            advice = "" if isinstance(schema, Mapping) else ", or pass parents='generate'"
            made = partial(
                self._make,
                reading,
                {**others, _asked_as(table, schema): sample_size},
                dict.fromkeys(bases_of(reading.schema, table), prompt) if prompt else None,
                advice=f"make its rows first with this generator{advice}",
            )
            try:
                dataset = made()
            except CapacityError:  # nothing can refer to the rows of a dict of columns, so they may come again
                if not is_nameless(schema) or not self._memory.forget(reading, table):
                    raise
                dataset = made()
            found = class_rows(dataset, table)
            write = partial(write_file, found.table, found.columns, output_path) if output_path is not None else None
            self._keep(reading, dataset, schema, write)
            return to_frame(found.table, found.columns, found.rows)

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

        Raises a `SydaError`; no rows are remembered then.
        """
        with self._turns.turn():
            if is_nameless(models) and models:
                raise SchemaError("these are the columns of one table: see generate_data, or give tables by name")
            if output_dir is not None:
                require_writable_folder(output_dir)
            reading = self._memory.read(models)
            dataset = self._make(
                reading,
                sample_sizes,
                prompts,
                custom_generators,
                advice="give its class or table too, or make its rows first with this generator",
            )
            write = partial(dataset.to_csv, output_dir) if output_dir is not None else None
            self._keep(reading, dataset, models, write)
            frames = dataset.frames()
            return {_label(reading.schema.tables[key]): frames[key] for key in frames}

    async def generate_data_async(self, *args: Any, **options: Any) -> pd.DataFrame:
        """Do what `generate_data` does while the event loop runs on.

        Calls that run side by side are done in the order in which they began. One that is cancelled asks the model
        nothing more, and its rows are not remembered.
        """
        return await self._turns.run(partial(self.generate_data, *args, **options))

    async def generate_related_data_async(self, *args: Any, **options: Any) -> dict[str, pd.DataFrame]:
        """Do what `generate_related_data` does, as `generate_data_async` does it."""
        return await self._turns.run(partial(self.generate_related_data, *args, **options))

    def _make(
        self, reading: Reading, rows: Any, prompts: Any, custom_generators: Any = None, *, advice: str
    ) -> Dataset:
        prompts = prompts_by_table(reading.schema, prompts)
        wishes = Wishes(
            rows=rows,
            **self._settings,
            custom_generators=custom_generators,
            llm=self._model,
            prompts=prompts if self._model is not None else None,
            registry=self._registry,
        )
        existing = self._memory.existing(reading)
        try:
            dataset = wishes.make(wishes.plan(reading, existing), existing=existing)
        except MissingTableError as error:
            raise MissingTableError(f"{str(error).split(';')[0]}; {advice}") from error
        except SydaError as error:
            self._count(error.usage)
            raise
        except asyncio.CancelledError:
            stop = STOP.get()
            self._count(None if stop is None else stop.usage)
            raise
        self._count(dataset.usage)
        return dataset

    def _count(self, usage: Usage | None) -> None:
        if usage is not None:
            self.usage = usage + self.usage

    def _keep(self, reading: Reading, dataset: Dataset, given: Any, write: Callable[[], Any] | None) -> None:
        """Write rows where they are wanted, and remember them after: what was not delivered does not count."""
        if (stop := STOP.get()) is not None:
            stop.require_unset()
        if write:
            write()
        self._memory.remember(reading, dataset, given=given)


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


def _makes_parents(parents: Any) -> bool:
    if parents not in ("refuse", "generate"):
        raise PlanError(f"parents: expected 'refuse' or 'generate', got {parents!r}{near(str(parents), ['generate'])}")
    return bool(parents == "generate")


def _asked_as(table: Table, given: Any) -> str:
    """Return the name under which rows are asked for: a class that shares its table has a name of its own there."""
    sharing = {identity.class_name for identity in table.inheritance.identities} if table.inheritance else set()
    return given.__name__ if isinstance(given, type) and given.__name__ in sharing else table.key


def _label(table: Table) -> str:
    return table.class_names[0] if table.class_names else table.key
