"""Keeps secrets out of messages."""

from __future__ import annotations

import re

# SQLAlchemy ends a password at the first @; one that was typed unescaped goes on to the last @ before the query.
_USERINFO = re.compile(r"(://[^:/@?]*):[^@]*@(?:[^?]*@)?")
_SECRET_PARAMETER = re.compile(
    r"([?&;](?:\w*(?:passw(?:or)?d|pwd|passphrase|token|secret|key)|odbc_connect)=)[^&;]*", re.IGNORECASE
)


def redact_url(url: str) -> str:
    """Return the URL with its password, and the values of secret query parameters, replaced by ``***``.

    `url` need not be well formed: where it is unclear what belongs to the password, more is hidden rather than less.
    """
    return _SECRET_PARAMETER.sub(r"\1***", _USERINFO.sub(r"\1:***@", url))
