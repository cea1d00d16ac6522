"""Small histories of alembic's, which tests write."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from sqlalchemy import Engine, create_engine

from syda import migrations

rehearse = partial(migrations.rehearse, lock_seconds=600.0)
"""As `syda.migrations.rehearse`, but for locks, which a busy machine holds for longer than is worth telling."""

ENV = """
from alembic import context
from sqlalchemy import NullPool, create_engine

def run(connection):
    context.configure(connection=connection, target_metadata=None{options})
    with context.begin_transaction():
        context.run_migrations()

def main():
    if context.is_offline_mode():
        context.configure(url=context.config.get_main_option("sqlalchemy.url"), literal_binds=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    connection = {connection}
    if connection is not None:
        run(connection)
        return
    engine = create_engine({url}, poolclass=NullPool)
    with engine.connect() as connection:
        run(connection)

{more}
main()
"""
GIVEN = 'context.config.attributes.get("connection")'
OF_CONFIG = 'context.config.get_main_option("sqlalchemy.url")'


@dataclass
class History:
    """A folder with alembic.ini; revisions are added one after the other."""

    folder: Path
    last: str | None = None

    def __post_init__(self):
        (self.folder / "migrations" / "versions").mkdir(parents=True)
        self.ini.write_text("[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = sqlite://\n")
        self.env()

    @property
    def ini(self) -> Path:
        return self.folder / "alembic.ini"

    def env(self, *, connection: str = GIVEN, url: str = OF_CONFIG, options: str = "", more: str = "") -> None:
        text = ENV.format(connection=connection, url=url, options=options, more=more)
        (self.folder / "migrations" / "env.py").write_text(text)

    def add(
        self, revision: str, up: str, down: str = "pass", *, after: Any = "", message: str = "", head: str = ""
    ) -> History:
        before = self.last if after == "" else after
        text = f'"""{message or revision}"""\nimport sqlalchemy as sa\nfrom alembic import op\n{head}\n'
        text += f"revision = {revision!r}\ndown_revision = {before!r}\n"
        for name, body in (("upgrade", up), ("downgrade", down)):
            text += f"def {name}():\n{indent(dedent(body).strip(), '    ')}\n"
        (self.folder / "migrations" / "versions" / f"{revision}.py").write_text(text)
        self.last = revision
        return self


CUSTOMERS = """
op.create_table(
    "customers",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("email", sa.String(120), nullable=False, unique=True),
    sa.Column("phone", sa.String(40)),
)
"""
ORDERS = """
op.create_table(
    "orders",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id"), nullable=False),
    sa.Column("reference", sa.String(30), nullable=False),
    sa.Column("total", sa.Numeric(10, 2), nullable=False),
    sa.Column("note", sa.Text),
)
"""


def shop(folder: Path) -> History:
    """A history of two revisions without a fault."""
    history = History(folder)
    history.add("a1", CUSTOMERS, 'op.drop_table("customers")', message="customers")
    return history.add("a2", ORDERS, 'op.drop_table("orders")', message="orders")


def text_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def scratch_databases(engine: Engine) -> list[str]:
    """Return the databases on the server that rehearsals have made."""
    name = f"syda_rehearsal_{os.getpid()}%%"  # those of other processes come and go
    asked = f"SHOW DATABASES LIKE '{name}'"
    if engine.dialect.name == "postgresql":
        asked = f"SELECT datname FROM pg_database WHERE datname LIKE '{name}'"
    with engine.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql(asked)]


def file_engine(path: Path) -> Engine:
    return create_engine(f"sqlite:///{path}")
