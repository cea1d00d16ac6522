"""A CRM: customers, their contacts and orders, with numbers of children, choices and correlated columns.

The models are those of `syda demo`. Run it: python examples/crm.py [URL of an empty database]
"""

from __future__ import annotations

import sys

from sqlalchemy import Engine, create_engine, event, func, select, text
from sqlalchemy.orm import Session

import syda
from syda.demo import Base, Contact, Customer, Order, OrderItem, Product


def main(url: str = "sqlite://") -> None:
    engine = connect(url)
    report = syda.seed(
        engine,
        Base,
        rows={
            Customer: 50,
            Product: 40,
            "Contact.customer": syda.between(1, 4),
            "Order.customer": syda.geometric(mean=5),
            "OrderItem.order": syda.between(1, 6),
        },
        seed=7,
        create=True,
    )
    print(f"{report.total} rows in {report.seconds:.2f} s")
    check(engine)
    with Session(engine) as session:
        for customer in session.scalars(select(Customer).limit(3)):
            print(customer.id, customer.name)


def connect(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    return engine


def check(engine: Engine) -> None:
    with Session(engine) as session:
        if engine.dialect.name == "sqlite" and (broken := session.execute(text("PRAGMA foreign_key_check")).all()):
            raise SystemExit(f"broken references: {broken[:3]}")
        contacts = select(Contact.customer_id, func.count()).group_by(Contact.customer_id)
        numbers = [number for _, number in session.execute(contacts)]
        if len(numbers) != 50 or not all(1 <= number <= 4 for number in numbers):
            raise SystemExit(f"expected 1 to 4 contacts for each of 50 customers, got {numbers}")
        empty = select(func.count(Order.id)).where(Order.id.not_in(select(OrderItem.order_id)))
        if session.scalar(empty):
            raise SystemExit("there are orders without items")
        if session.scalar(select(func.count(Product.id))) != 40:
            raise SystemExit("expected 40 products")


if __name__ == "__main__":
    main(*sys.argv[1:])
