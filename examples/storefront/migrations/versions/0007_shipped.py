"""When an order was shipped; those that are on their way were shipped when they were placed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    with op.batch_alter_table("orders") as table:
        table.add_column(sa.Column("shipped_at", sa.DateTime))
    op.execute("UPDATE orders SET shipped_at = placed_at WHERE status = 'shipped'")
    with op.batch_alter_table("orders") as table:
        table.create_check_constraint("ck_orders_shipped", "status <> 'shipped' OR shipped_at IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table("orders") as table:
        table.drop_constraint("ck_orders_shipped", type_="check")
        table.drop_column("shipped_at")
