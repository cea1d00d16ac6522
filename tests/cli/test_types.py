"""Types that a database lacks."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import run_json


def test_a_type_that_the_database_lacks_is_an_error_that_names_it(shop: Path) -> None:
    (shop / "ranges.py").write_text(
        "from sqlalchemy import Column, Integer, MetaData, Table\n"
        "from sqlalchemy.dialects.postgresql import TSTZRANGE\n"
        "metadata = MetaData()\n"
        "Table('stays', metadata, Column('id', Integer, primary_key=True), Column('during', TSTZRANGE))\n"
    )
    for options in (("--dry-run",), ()):
        result = run_json(
            "seed", "--url", "sqlite:///r.db", "--models", "ranges", "--create", "--rows", "3", *options, code=1
        )
        assert result["error"]["type"] == "TargetError"
        message = result["error"]["message"]
        assert message.startswith("cannot make stays.during: sqlite has no type TSTZRANGE")
        assert "with_variant" in message
    assert not list(shop.glob("r.db*"))
