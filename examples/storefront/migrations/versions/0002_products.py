"""Products."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("description", sa.String(200)),
        sa.Column("price", sa.Numeric(8, 2), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("products")
