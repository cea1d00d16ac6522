"""Keeps secrets out of messages."""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus

_PORT_AND_DATABASE = r"\d*(?:/[^@?]*)?(?:\?|$)"
_USERS = (
    r"[^:/@?]*",
    rf"[^:/?]*@[^:/?]*(?=:(?!{_PORT_AND_DATABASE}))",  # user@server, as in Azure; not the host in user@host:port
    r"[^:/?@]+/[^:?@]*",  # a user with an unescaped slash
)
# A password that was typed unescaped may hold anything: it ends at the last @.
_USERINFO = re.compile(rf"(?P<user>://(?:{'|'.join(_USERS)})):(?P<password>.*)@", re.DOTALL)
_HIDDEN_NAME = r"[?&;]\w*(?:pass(?:w(?:or)?d|phrase|code)?|pwd|token|secret|credentials?|key|odbc_connect)="
_HIDDEN_PARAMETER = re.compile(rf"({_HIDDEN_NAME})[^&]*", re.IGNORECASE)


def redact_url(url: str) -> str:
    """Return the URL with its password, and the values of secret query parameters, replaced by ``***``.

    `url` need not be well formed: where it is unclear what belongs to the password, more is hidden rather than less.
    """
    start, rest = "", url
    if found := _USERINFO.search(url):
        start, rest = f"{url[: found.start()]}{found['user']}:***@", url[found.end() :]
        if re.search(_HIDDEN_NAME, found["password"], re.IGNORECASE):
            rest = re.sub(r"^[^&]*", "***", rest)  # the last @ may stand within that parameter's value
    return start + _HIDDEN_PARAMETER.sub(r"\1***", rest)


def redact_cause(cause: object, url: str) -> str:
    """Return on one line what a driver said about a URL, without the URL's secrets.

    An unescaped @ leaves part of a password in what the driver takes for the host, so that its words are left out.
    """
    found = _USERINFO.search(url)
    if found and "@" in found["password"]:
        return "the URL holds more than one '@'; one within a password is written %40"
    secrets = [found["password"]] if found else []
    secrets += [each[0].partition("=")[2] for each in _HIDDEN_PARAMETER.finditer(url)]
    message = " ".join(str(cause).split())
    for secret in filter(None, {*secrets, *map(unquote, secrets), *map(unquote_plus, secrets)}):
        message = message.replace(secret, "***")
    return message
