"""The settings of a suite, as pytest.ini and the command line give them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from syda.errors import PlanError, near

Isolation: TypeAlias = Literal["rollback", "template", "truncate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a suite is set to; `worker` names the process of pytest-xdist, and `folder` is pytest's rootdir."""

    folder: Path
    seed: int
    models: str
    url: str = field(repr=False)
    isolation: Isolation
    may_empty: tuple[str, ...]
    plan: Path | None
    scenarios: str | Path
    alembic: Path | None
    llm: str
    replies: Path
    record: bool
    worker: str

    def load_models(self) -> Any:
        """Return the suite's models. Raises `PlanError` where no setting names them."""
        from syda.named_models import load_models

        if not self.models:
            raise PlanError(
                "which models? set `syda_models = package.module:Base` in pytest.ini, or override syda_models"
            )
        return load_models(self.models)

    def language_model(self) -> Any:
        """Return the language model whose replies are replayed, or recorded with --syda-record; None where none is."""
        if not self.llm:
            return None
        from syda.language import LanguageModel

        return LanguageModel(model=self.llm, cache="record" if self.record else "replay", folder=self.replies)


def read_settings(config: Any, seed: int) -> Settings:
    """Return the settings of pytest's configuration. Raises `PlanError` for one that cannot be."""
    isolation = config.getini("syda_isolation")
    known = get_args(Isolation)
    if isolation not in known:
        raise PlanError(
            f"syda_isolation: expected one of {', '.join(known)}, got {isolation!r}{near(isolation, known)}"
        )
    if config.getoption("--syda-record") and not config.getini("syda_llm"):
        raise PlanError("--syda-record: which language model is to be asked? set `syda_llm = provider:MODEL`")
    return Settings(
        folder=config.rootpath,
        seed=seed,
        models=config.getini("syda_models"),
        url=config.getoption("--syda-url") or os.path.expandvars(config.getini("syda_url")),
        isolation=isolation,
        may_empty=tuple(config.getini("syda_may_empty")),
        plan=_path(config, "syda_plan"),
        scenarios=_source(config, config.getini("syda_scenarios")),
        alembic=_path(config, "syda_alembic"),
        llm=config.getini("syda_llm"),
        replies=config.rootpath / config.getini("syda_replies"),
        record=config.getoption("--syda-record"),
        worker=os.environ.get("PYTEST_XDIST_WORKER", "main"),
    )


def _source(config: Any, given: str) -> str | Path:
    """Return a module's name as it is, and a file within the suite's folder."""
    return config.rootpath / given if Path(given).suffix in (".py", ".yaml", ".yml") else given


def _path(config: Any, name: str) -> Path | None:
    given = config.getini(name)
    return config.rootpath / given if given else None
