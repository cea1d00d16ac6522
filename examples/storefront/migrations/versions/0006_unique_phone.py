"""No two customers have one telephone. A fault: families share theirs."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index("ix_customers_phone", "customers", ["phone"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_customers_phone", "customers")
