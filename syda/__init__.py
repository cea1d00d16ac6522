"""syda fills databases with believable rows that break no rule.

>>> import syda
>>> syda.seed(engine, Base, rows=50)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from syda.bound import Bound as Bound
    from syda.dataset import Dataset as Dataset
    from syda.errors import SydaError as SydaError
    from syda.factories.factory import build as build
    from syda.factories.factory import make as make
    from syda.factories.factory import make_async as make_async
    from syda.factories.factory import make_many as make_many
    from syda.factories.factory import make_many_async as make_many_async
    from syda.factories.traits import after_make as after_make
    from syda.factories.traits import sequence as sequence
    from syda.factories.traits import trait as trait
    from syda.fixtures.dumping import dump_fixtures as dump_fixtures
    from syda.fixtures.loading import load_fixtures as load_fixtures
    from syda.language import LanguageModel as LanguageModel
    from syda.llm.scripted import ScriptedClient as ScriptedClient
    from syda.planning.model import Plan as Plan
    from syda.scenarios.named import scenario as scenario
    from syda.schema.model import Kind as Kind
    from syda.seeding import check as check
    from syda.seeding import generate as generate
    from syda.seeding import plan as plan
    from syda.seeding import register_generator as register_generator
    from syda.seeding import seed as seed
    from syda.seeding import seed_async as seed_async
    from syda.seeding import unregister_generator as unregister_generator
    from syda.specs import after as after
    from syda.specs import between as between
    from syda.specs import case as case
    from syda.specs import choice as choice
    from syda.specs import faker as faker
    from syda.specs import geometric as geometric
    from syda.specs import near as near
    from syda.specs import number as number
    from syda.specs import poisson as poisson
    from syda.specs import regex as regex
    from syda.specs import sentence as sentence
    from syda.specs import template as template
    from syda.specs import total as total
    from syda.specs import value as value
    from syda.specs import workflow as workflow
    from syda.specs import zipf as zipf

__version__ = "0.1.0"

_HOMES = {
    "Bound": "syda.bound",
    "Dataset": "syda.dataset",
    "SydaError": "syda.errors",
    "dump_fixtures": "syda.fixtures.dumping",
    "load_fixtures": "syda.fixtures.loading",
    "LanguageModel": "syda.language",
    "ScriptedClient": "syda.llm.scripted",
    "Plan": "syda.planning.model",
    "Kind": "syda.schema.model",
    "scenario": "syda.scenarios.named",
    **dict.fromkeys(("build", "make", "make_async", "make_many", "make_many_async"), "syda.factories.factory"),
    **dict.fromkeys(("after_make", "sequence", "trait"), "syda.factories.traits"),
    **dict.fromkeys(
        ("check", "generate", "plan", "register_generator", "seed", "seed_async", "unregister_generator"),
        "syda.seeding",
    ),
    **dict.fromkeys(
        (
            "after",
            "between",
            "case",
            "choice",
            "faker",
            "geometric",
            "near",
            "number",
            "poisson",
            "regex",
            "sentence",
            "template",
            "total",
            "value",
            "workflow",
            "zipf",
        ),
        "syda.specs",
    ),
}
__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    """Import the home of a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'syda' has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
