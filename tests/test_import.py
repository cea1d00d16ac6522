"""What a bare import costs, and that every public name is there."""

from __future__ import annotations

import subprocess
import sys

import pytest

import syda


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def test_import_syda_loads_nothing_heavy() -> None:
    loaded = {name.partition(".")[0] for name in modules_after("import syda")}
    heavy = {"pandas", "sqlalchemy", "numpy", "networkx", "pydantic", "faker", "yaml", "click", "rich", "sqlglot"}
    assert not loaded & heavy


def test_generating_from_models_loads_neither_pandas_nor_pydantic() -> None:
    loaded = modules_after("import syda\nsyda.generate({'a': {'id': 'number', 'name': 'name'}}, rows=3)")
    assert not {"pandas", "pydantic", "pyarrow", "openai", "anthropic"} & loaded


@pytest.mark.parametrize("name", syda.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(syda, name)
    assert isinstance(found, str) or found.__doc__


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sead'"):
        syda.sead  # noqa: B018


def test_a_load_needs_nothing_of_what_asynchronous_targets_need() -> None:
    code = (
        "import sys, syda; from syda.demo import Base; syda.seed('sqlite://', Base, rows=2, create=True); "
        "syda.check('sqlite://', Base); "
        "sys.exit(sorted({'greenlet', 'sqlalchemy.ext.asyncio'} & sys.modules.keys()) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
