"""No part of a password is left in a URL that goes into a message."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import URL

from syda.redact import redact_cause, redact_url


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
        ("pg://h/d?sslpassword=a&ssl_key=b;c", "pg://h/d?sslpassword=***&ssl_key=***"),
        ("pg://u:@h/db", "pg://u:***@h/db"),
        ("pg://u:p#w:x@h/db", "pg://u:***@h/db"),
        ("pg://u:p@s?s@h/db", "pg://u:***@h/db"),
        ("pg://u@server:pw@h/db", "pg://u@server:***@h/db"),
        ("pg://u@server:p?w@h/db", "pg://u@server:***@h/db"),
        ("pg://u/v:pw@h/db", "pg://u/v:***@h/db"),
        ("pg://u:pw@h/db?options=x@y", "pg://u:***@y"),
        ("pg://u:pw@h/db?password=a@b&x=1", "pg://u:***@***&x=1"),
        ("pg://u:a?key=b@c/d", "pg://u:***@***"),
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
        "postgresql+psycopg://joe@[::1]:5432/db",
        "no URL at all",
    ],
)
def test_what_holds_no_secret_stays(url: str) -> None:
    assert redact_url(url) == url


@given(st.text(st.characters(codec="utf-8"), min_size=1))
@example("@:/@")
@example("a?b=c@d")
def test_a_password_hides_whole_whether_escaped_or_not(password: str) -> None:
    for written in (password, URL.create("pg", "u", password, "h").render_as_string(hide_password=False)[7:-2]):
        assert redact_url(f"pg://u:{written}@h/db") in ("pg://u:***@h/db", "pg://u:***@***")


@pytest.mark.parametrize(
    ("cause", "url", "shown"),
    [
        ("no host 'h'", "pg://u:pw@h/db", "no host 'h'"),
        ("no host 'ss@h'", "pg://u:p@ss@h/db", "the URL holds more than one '@'; one within a password is written %40"),
        ("no entry\n  for pw%41", "pg://u:pw%41@h/db", "no entry for ***"),
        ("no entry for pwA", "pg://u:pw%41@h/db", "no entry for ***"),
        ("no entry for a b", "pg://h/db?password=a+b&x=1", "no entry for ***"),
        ("no such file", "sqlite:///a@b@c.db", "no such file"),
    ],
)
def test_what_a_driver_says_repeats_no_secret(cause: str, url: str, shown: str) -> None:
    assert redact_cause(cause, url) == shown
