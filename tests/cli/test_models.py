"""What --models finds, and what it says when it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from syda.errors import SchemaError, UnknownNameError
from syda.named_models import load_models
from tests.cli.running import run, run_json


def test_models_are_found_by_name_or_as_the_only_base() -> None:
    base = load_models("shopmodels")
    assert base is load_models("shopmodels:Base")
    assert base.__name__ == "Base"
    assert load_models("shopmodels:Holder.tables")[0].__name__ == "Customer"


def test_models_in_a_package_and_its_metadata(shop: Path) -> None:
    (shop / "shoppackage").mkdir()
    (shop / "shoppackage" / "__init__.py").write_text("")
    (shop / "shoppackage" / "models.py").write_text("from shopmodels import Base as Base")
    (shop / "shoppackage" / "core.py").write_text(
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\nsa.Table('t', metadata)"
    )
    assert load_models("shoppackage.models") is load_models("shopmodels:Base")
    assert type(load_models("shoppackage.core")).__name__ == "MetaData"
    with pytest.raises(UnknownNameError, match=r"'shoppackage.model'; did you mean 'shoppackage.models'"):
        load_models("shoppackage.model")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1", "neither a declarative base nor a MetaData"),
        ("import sqlalchemy as s\na = s.MetaData()\nb = s.MetaData()", "oddmodels:a or oddmodels:b"),
        ("1 / 0", "importing 'oddmodels' failed: ZeroDivisionError"),
        ("import no_such_module", "importing 'oddmodels' failed: No module named 'no_such_module'"),
        ("def", "importing 'oddmodels' failed: SyntaxError"),
        ("import sys; sys.exit(3)", "importing 'oddmodels' failed: SystemExit: 3"),
        ("class Stop(BaseException): pass\nraise Stop('a\\n  b')", "importing 'oddmodels' failed: Stop: a b"),
    ],
)
def test_modules_that_do_not_say_what_to_take(shop: Path, source: str, message: str) -> None:
    (shop / "oddmodels.py").write_text(source)
    with pytest.raises(SchemaError, match=message):
        load_models("oddmodels")


def test_a_module_that_exits_fails_the_command_with_1(shop: Path) -> None:
    (shop / "exits.py").write_text("import sys\nsys.exit(0)")
    error = run_json("plan", "--models", "exits", code=1)["error"]
    assert error == {"type": "SchemaError", "message": "importing 'exits' failed: SystemExit: 0"}


def test_what_a_module_prints_stays_out_of_the_output(shop: Path) -> None:
    (shop / "talks.py").write_text("print('hello')\nfrom shopmodels import Base as Base")
    result = run("plan", "--models", "talks", "--json")
    assert json.loads(result.stdout)["plan"]
    assert result.stderr == "hello\n"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("shopmodels.py", "did you mean 'shopmodels'?"),
        ("./shopmodels.py:Base", "expected package.module:Name; did you mean 'shopmodels'?"),
        ("shopmodels.Base", "did you mean 'shopmodels:Base'?"),
        ("shopmodel:Base", "did you mean 'shopmodels'?"),
        ("shopmodels:base", "did you mean 'Base'?"),
        ("shopmodels:Holder.table", "did you mean 'tables'?"),
        (":Base", "expected package.module:Name"),
        (".", "expected package.module:Name"),
    ],
)
def test_a_mistyped_spec_is_an_unknown_name(spec: str, message: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        load_models(spec)
    assert message in str(caught.value)
