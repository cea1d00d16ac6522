"""The folders that `alembic init` makes work as they are."""

from __future__ import annotations

import io
import shutil

import pytest
from alembic import command
from alembic.config import Config

from syda.migrations import rehearse
from tests.migrations.histories import shop, text_of


@pytest.mark.parametrize(
    ("template", "file"),
    [
        ("generic", "alembic.ini"),
        ("async", "alembic.ini"),
        ("pyproject", "alembic.ini"),
        ("pyproject", "pyproject.toml"),
    ],
)
def test_a_folder_of_alembics(tmp_path, request, template, file):
    folder = tmp_path / "project"
    folder.mkdir()
    config = Config(folder / "alembic.ini", toml_file=folder / "pyproject.toml", stdout=io.StringIO())
    command.init(config, str(folder / "migrations"), template=template)
    written = shop(tmp_path / "written").add("a3", 'op.create_index("ux", "orders", ["total"], unique=True)')
    versions = folder / "migrations" / "versions"
    shutil.copytree(written.folder / "migrations" / "versions", versions, dirs_exist_ok=True)
    server = request.getfixturevalue("postgresql_engine" if template == "async" else "own")
    [(revision, finding)] = rehearse(folder / file, text_of(server), downgrade=True).found
    assert (revision, finding.statement) == ("a3", "CREATE UNIQUE INDEX ux ON orders (total)")
