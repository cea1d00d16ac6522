"""Runs the migrations: on the connection that syda gives, or on the database of alembic.ini."""

from alembic import context
from sqlalchemy import create_engine

from examples.storefront.models import Base

config = context.config


def migrate(connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given = config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    engine = create_engine(config.get_main_option("sqlalchemy.url"))
    with engine.connect() as connection:
        migrate(connection)
    engine.dispose()
