"""No part of a password is left in a URL that goes into a message."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import URL

from syda.redact import redact_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:pw@h/db", "postgresql://u:***@h/db"),
        ("postgresql://:pw@h/db", "postgresql://:***@h/db"),
        ("postgresql://u:p@ss@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:p/w@h:1/db?x=1", "postgresql://u:***@h:1/db?x=1"),
        ("postgresql://u:p?w@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:p w@h/db", "postgresql://u:***@h/db"),
        ("mysql://u@h/db?password=a%20b&x=1", "mysql://u@h/db?password=***&x=1"),
        ("pg://h/d?user=u&PASSWORD=a#b", "pg://h/d?user=u&PASSWORD=***"),
        ("pg://h/d?sslpassword=a&ssl_key=b;passwd=c", "pg://h/d?sslpassword=***&ssl_key=***;passwd=***"),
        ("pg://h/d?passphrase=a&access_token=b", "pg://h/d?passphrase=***&access_token=***"),
        ("mssql+pyodbc:///?odbc_connect=UID%3Du%3BPWD%3Dpw", "mssql+pyodbc:///?odbc_connect=***"),
    ],
)
def test_secrets_are_hidden(url: str, shown: str) -> None:
    assert redact_url(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///a b@c:d.db",
        "sqlite:////tmp/passwords.db",
        "postgresql+psycopg://joe@h:5432/db?options=-csearch_path%3Dx@y",
        "no URL at all",
    ],
)
def test_what_holds_no_secret_stays(url: str) -> None:
    assert redact_url(url) == url


@given(st.text(st.characters(exclude_characters="?", codec="utf-8"), min_size=1))
@example("@:/@")
def test_a_password_hides_whole_whether_escaped_or_not(password: str) -> None:
    for written in (password, URL.create("pg", "u", password, "h").render_as_string(hide_password=False)[7:-2]):
        assert redact_url(f"pg://u:{written}@h/db") == "pg://u:***@h/db"
