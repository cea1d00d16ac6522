"""A Dataset: the rows that a plan made, and everywhere they can go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syda.errors import MissingTableError
from syda.generation.store import Progress, TableRows
from syda.planning.existing import Existing
from syda.planning.model import Plan
from syda.quality.integrity import verify_rows
from syda.quality.row_rules import Report
from syda.sources.values import Values

if TYPE_CHECKING:
    from syda.load.files import Format
    from syda.load.frames import Frames
    from syda.load.modes import Mode
    from syda.load.options import LoadOptions
    from syda.load.report import LoadReport
    from syda.load.roads.table_load import TableLoad
    from syda.load.roads.timing import Constraints
    from syda.load.target import Target
    from syda.usage import Usage


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Rows for every table of a plan, in memory, in load order."""

    plan: Plan
    tables: Mapping[str, TableRows]
    existing: Existing = field(default_factory=dict, repr=False)
    origin: Mapping[str, Any] | None = field(default=None, repr=False)
    """The SQLAlchemy tables that the schema was read from, when there are any; for the load alone."""
    usage: Usage | None = field(default=None, compare=False)
    """What a language model was asked for the plan and the rows."""

    @property
    def rows(self) -> dict[str, int]:
        """The number of new rows by table."""
        return {key: table.rows for key, table in self.tables.items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as one might expect, such as tables with fewer rows than asked for, and why."""
        planned = ((key, note) for key, table in self.plan.tables.items() for note in table.notes)
        made = ((key, table.note) for key, table in self.tables.items() if table.note)
        return tuple(f"{key}: {note}" for key, note in (*planned, *made))

    def __repr__(self) -> str:
        return f"Dataset({', '.join(f'{key}: {rows} rows' for key, rows in self.rows.items())})"

    def verify(self) -> Report:
        """Check the rows against the plan's rules and their schema: keys, uniqueness, nulls, lengths, ranges, enums."""
        return verify_rows(self.plan, self.tables, self.existing)

    def frames(self) -> Frames:
        """Return a pandas data frame for each table, found by table name, class name or class."""
        from syda.load.frames import Frames, to_frame

        schema = self.plan.schema
        frames = {key: to_frame(schema.tables[key], made.columns, made.rows) for key, made in self.tables.items()}
        return Frames(schema, frames)

    def to_csv(self, directory: str | Path) -> list[Path]:
        """Write ``<table>.csv`` for each table into `directory`; return the paths."""
        return self._write(directory, "csv")

    def to_json(self, directory: str | Path) -> list[Path]:
        """Write ``<table>.json``, a list of objects, for each table into `directory`; return the paths."""
        return self._write(directory, "json")

    def to_jsonl(self, directory: str | Path) -> list[Path]:
        """Write ``<table>.jsonl``, an object a line, for each table into `directory`; return the paths."""
        return self._write(directory, "jsonl")

    def to_parquet(self, directory: str | Path) -> list[Path]:
        """Write ``<table>.parquet`` for each table into `directory`; return the paths. Needs the extra ``parquet``."""
        return self._write(directory, "parquet")

    def _write(self, directory: str | Path, format_: Format) -> list[Path]:
        from syda.load.files import write_files

        tables = ((self.plan.schema.tables[key], made.columns) for key, made in self.tables.items())
        return write_files(tables, directory, format_)

    def to_sql(
        self,
        target: Target,
        *,
        mode: Mode = "if_empty",
        create: bool = False,
        constraints: Constraints = "auto",
        allow_nontransactional: bool = False,
        allow_hosts: Iterable[str] = (),
        redact_values: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> LoadReport:
        """Insert all rows into a database in one transaction, parents first.

        `target` is an Engine or URL (committed at the end), a Connection (joins its transaction when it is in one) or
        a Session (joins its transaction; the caller commits). With `create`, tables that do not exist are made.
        The other options are as in `syda.seed`, but with `mode` ``"append"`` the rows are added as they are, so their
        keys have to be free. Raises a `LoadError`, or a `PlanError` for what is no option; the database is then as it
        was.
        """
        from syda.load.options import LoadOptions

        options = LoadOptions(
            mode=mode,
            create=create,
            constraints=constraints,
            allow_nontransactional=allow_nontransactional,
            allow_hosts=allow_hosts,
            redact_values=redact_values,
            dry_run=dry_run,
            progress=progress,
        )
        options.check(target)
        return self.load(target, options)

    def load(self, target: Target, options: LoadOptions) -> LoadReport:
        """Do what `to_sql` does, with options that were checked against the target."""
        from syda.load.ddl import build_tables
        from syda.load.refused.explaining import explaining
        from syda.load.sql import foresee_load, load_tables

        self._refuse_external()
        targets = self.origin or build_tables(self.plan.schema)
        loads = [self._load(key, targets[key]) for key in self.tables]
        deliver = foresee_load if options.dry_run else load_tables
        with explaining(self.plan, self._shown(), self.existing, redact_values=options.redact_values):
            report = deliver(target, self.plan, loads, options)
        return replace(report, notes=(*report.notes, *self.notes))

    def _load(self, key: str, target: Any) -> TableLoad:
        from syda.load.roads.table_load import TableLoad

        made = self.tables[key]
        return TableLoad.of(self.plan.schema.tables[key], target, made.rows, made.columns)

    def _shown(self) -> Mapping[str, Mapping[str, Values]]:
        """Return the columns by table, for what is said of a row that is refused."""
        return {key: table.columns for key, table in self.tables.items()}

    def _refuse_external(self) -> None:
        for key in self.tables:
            for link in self.plan.schema.tables[key].foreign_keys:
                needed = not self.plan.schema.tables[key].is_optional(link)
                if link.parent in self.plan.schema.external and needed and not self.existing and self.tables[key].rows:
                    raise MissingTableError(f"{key} refers to table {link.parent!r}, which was not given")
