"""The folders that `alembic init` makes work as they are."""

from __future__ import annotations

import io
import shutil

import pytest
from alembic import command
from alembic.config import Config

from syda.errors import MigrationError
from tests.migrations.histories import rehearse, shop, text_of


@pytest.mark.parametrize(
    ("template", "file"),
    [
        ("generic", "alembic.ini"),
        ("async", "alembic.ini"),
        ("pyproject", "alembic.ini"),
        ("pyproject", "pyproject.toml"),
    ],
)
@pytest.mark.parametrize("server", ["own", "postgresql_engine"])
def test_a_folder_of_alembics(tmp_path, request, template, file, server):
    engine = request.getfixturevalue(server)
    folder = made(tmp_path, template)
    [(revision, finding)] = rehearse(folder / file, text_of(engine), downgrade=True).found
    assert (revision, finding.statement) == ("a3", "CREATE UNIQUE INDEX ux ON orders (total)")


def test_a_driver_that_is_missing(tmp_path, mariadb_engine):
    folder = made(tmp_path, "async")
    with pytest.raises(MigrationError, match=r"makes an asynchronous engine.*Install aiomysql or asyncmy, or have it"):
        rehearse(folder / "alembic.ini", text_of(mariadb_engine))


def test_a_folder_for_several_databases(tmp_path, own):
    folder = made(tmp_path, "multidb")
    with pytest.raises(MigrationError, match=r"It is for several databases .* run the upgrades of that database alone"):
        rehearse(folder / "alembic.ini", text_of(own))


def made(tmp_path, template):
    """Make a folder by `alembic init`, with three revisions of which the last has a fault."""
    folder = tmp_path / "project"
    folder.mkdir()
    config = Config(folder / "alembic.ini", toml_file=folder / "pyproject.toml", stdout=io.StringIO())
    command.init(config, str(folder / "migrations"), template=template)
    written = shop(tmp_path / "written").add("a3", 'op.create_index("ux", "orders", ["total"], unique=True)')
    versions = folder / "migrations" / "versions"
    shutil.copytree(written.folder / "migrations" / "versions", versions, dirs_exist_ok=True)
    return folder
