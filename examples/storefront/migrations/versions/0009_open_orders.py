"""New orders are called open."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("UPDATE orders SET status = 'open' WHERE status = 'new'")


def downgrade() -> None:
    op.execute("UPDATE orders SET status = 'new' WHERE status = 'open'")
