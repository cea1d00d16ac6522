"""The words of a name."""

from __future__ import annotations

import re
from functools import lru_cache

_ABBREVIATIONS = {
    "qty": "quantity", "amt": "amount", "desc": "description", "descr": "description", "addr": "address", "num": "number",
    "nbr": "number", "pct": "percent", "dt": "date", "tm": "time", "usr": "user", "pwd": "password", "msg": "message",
    "cust": "customer", "prod": "product", "cat": "category", "org": "organization", "tel": "phone", "img": "image",
    # written together
    "firstname": "first_name", "lastname": "last_name", "middlename": "middle_name", "fullname": "full_name",
    "displayname": "display_name", "givenname": "given_name", "familyname": "family_name", "nicename": "nick_name",
    "phonenumber": "phone_number", "companyname": "company_name", "postalcode": "postal_code", "birthday": "birth_date",
    "createdat": "created_at", "updatedat": "updated_at", "deletedat": "deleted_at", "emailaddress": "email_address",
}  # fmt: skip


@lru_cache(maxsize=4_096)
def words_of(name: str) -> str:
    """Return a name as lower-case words joined by ``_``, camel case split and abbreviations spelled out."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    parts = [part for part in re.split(r"[^a-zA-Z0-9]+", split.lower()) if part]
    return "_".join(_ABBREVIATIONS.get(part, part) for part in parts)
