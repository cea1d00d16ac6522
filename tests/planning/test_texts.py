"""What a name means wins over text made for a CHECK, wherever its values satisfy the CHECK anyway."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import syda


def made(column: str, check: str | None, *, unique: bool = False, rows: int = 12) -> list[str]:
    metadata = sa.MetaData()
    sa.Table(
        "users",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(column, sa.String(254), unique=unique, nullable=False),
        *([] if check is None else [sa.CheckConstraint(check)]),
    )
    return list(syda.generate(metadata, rows=rows).frames()["users"][column])


KEPT = [
    ("email", "email LIKE '%@%'"),
    ("email", "email LIKE '%_@_%._%'"),
    ("email", "email ~* '^[^@]+@[^@]+$'"),
    ("email", "POSITION('@' IN email) > 1"),
    ("email", "instr(email, '@') > 1"),
    ("email", "length(email) > 3"),
    ("email", "email LIKE '%@%' AND lower(email) = email"),
    ("email", "email GLOB '*@*'"),
    ("phone", "phone LIKE '+%'"),
    ("phone", "length(phone) >= 7"),
    ("url", "url LIKE 'http%'"),
    ("website", "website ~ '^https?://'"),
    ("slug", "slug NOT LIKE '% %'"),
    ("username", "length(username) >= 3"),
    ("name", "name <> ''"),
    ("name", "length(trim(name)) > 0"),
    ("timezone", "timezone LIKE '%/%'"),
    ("domain", "domain LIKE '%.%'"),
    ("file_path", "file_path LIKE '/%'"),
]


@pytest.mark.parametrize("unique", [False, True])
@pytest.mark.parametrize(("column", "check"), KEPT)
def test_what_satisfies_a_check_anyway_is_kept(column: str, check: str, unique: bool) -> None:
    plain = made(column, None, unique=unique)
    assert sum(one == other for one, other in zip(made(column, check, unique=unique), plain, strict=True)) >= 10


@given(st.sampled_from("@.%_"), st.sampled_from("@.%_"), st.sampled_from(["email", "domain", "url"]))
@settings(max_examples=15, deadline=None)
def test_a_wildcard_stands_for_any_character(one: str, other: str, column: str) -> None:
    pattern = f"%{one}%{other}%"
    plain = made(column, None)
    fits = re.compile(
        ".*".join(["", *("." if each == "_" else "" if each == "%" else f"[{each}]" for each in (one, other)), ""])
    )
    if all(map(fits.fullmatch, plain)):
        assert made(column, f"{column} LIKE '{pattern}'") == plain


def test_a_code_gets_the_beginning_that_is_asked_for_and_numbers_lose_their_marks() -> None:
    assert all(re.fullmatch(r"SKU-[A-Z]+-[0-9]+", item) for item in made("sku", "sku LIKE 'SKU-%'"))
    assert all(re.fullmatch(r"\+1[0-9]{10}", item) for item in made("phone", r"phone ~ '^\+[1-9][0-9]{1,14}$'"))
    assert all(re.fullmatch(r"97[89][0-9]{10}", item) for item in made("isbn", "length(isbn) = 13"))
