"""What comments and docstrings say of rows and columns decides where their names leave it open."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import syda
from syda.sources.company import Company
from syda.sources.person import Person


def source(table, column, *, comment=None, doc=None, name="name"):
    class Base(DeclarativeBase):
        pass

    attributes = {
        "__tablename__": table,
        "__doc__": doc,
        "__annotations__": {"id": Mapped[int], name: Mapped[str]},
        "id": mapped_column(primary_key=True),
        name: mapped_column(sa.String(80), comment=comment),
    }
    thing = type("Thing", (Base,), attributes)  # kept: a registry holds its classes by weak references
    return syda.plan([thing]).tables[table].columns[column].source


@pytest.mark.parametrize(
    ("table", "comment", "doc", "expected"),
    [
        ("customers", None, None, Person),
        ("customers", None, "A company that buys from us.", Company),
        ("customers", None, "A person who buys from us.", Person),
        ("customers", "Registered name of the company", None, Company),
        ("accounts", None, "A person who signs in.", Person),
        ("companies", "Full name of the author", None, Person),
        ("customers", None, "Whoever once bought something of a company.", Person),
        ("suppliers", None, "The firm.", Company),
    ],
)
def test_a_name_is_that_of_a_person_or_of_a_company(table, comment, doc, expected):
    assert isinstance(source(table, "name", comment=comment, doc=doc), expected)


def test_the_address_of_a_company_is_at_its_own_domain():
    columns = {"id": "integer", "name": "text", "email": "text", "website": "text"}
    frame = syda.generate({"companies": columns}, rows=200).frames()["companies"]
    for row in frame.itertuples():
        assert row.email.partition("@")[2] == row.website.removeprefix("https://")


def test_the_address_beside_a_contact_is_that_of_the_person():
    columns = {"id": "integer", "name": "text", "email": "text", "first_name": "text", "last_name": "text"}
    frame = syda.generate({"companies": columns}, rows=50).frames()["companies"]
    assert all(row.last_name.lower()[:3] in row.email for row in frame.itertuples())
