"""Telephone numbers of customers."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("customers") as table:
        table.add_column(sa.Column("phone", sa.String(30)))


def downgrade() -> None:
    with op.batch_alter_table("customers") as table:
        table.drop_column("phone")
