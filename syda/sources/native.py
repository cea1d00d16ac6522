"""How the databases' own types are written: a regular expression for each, by the type's name.

The texts are those that PostgreSQL writes itself, so that values made are found among those that are there.
"""

from __future__ import annotations

_TWO = r"[1-9]\d"
_WORD = r"[a-z]{4,8}"
_OTHER = r"[a-z]{5}"
"""A second word has one length, so that no text has two numbers: then values can be drawn together with others."""
_PLACE = rf"{_TWO}\.\d\d"
_POINT = rf"\({_PLACE},{_PLACE}\)"
_EARLY, _LATE = r"2024-0[1-9]-1\d", r"2025-0[1-9]-1\d"
_MORNING, _EVENING = r"0[1-9]:[0-5]\d:00", r"1[3-9]:[0-5]\d:00"
_WHOLE = r"\[[1-4]\d\d,[5-9]\d\d\)"
_DECIMAL = r"\[[1-4]\d\.\d\d,[5-9]\d\.\d\d\)"
_DAYS = rf"\[{_EARLY},{_LATE}\)"
_MOMENTS = rf'\["{_EARLY} {_MORNING}","{_LATE} {_EVENING}"\)'
_ZONED = rf'\["{_EARLY} {_MORNING}\+00","{_LATE} {_EVENING}\+00"\)'

_RANGES = {
    "int4range": _WHOLE,
    "int8range": _WHOLE,
    "numrange": _DECIMAL,
    "daterange": _DAYS,
    "tsrange": _MOMENTS,
    "tstzrange": _ZONED,
}

PATTERNS = {
    "inet": rf"10\.{_TWO}\.{_TWO}\.{_TWO}",
    "inet4": rf"10\.{_TWO}\.{_TWO}\.{_TWO}",
    "inet6": r"2001:db8::[1-9a-f][0-9a-f]{3}:[1-9a-f][0-9a-f]{3}",
    "cidr": rf"10\.{_TWO}\.{_TWO}\.0/24",
    "macaddr": "02(:[0-9a-f]{2}){5}",
    "macaddr8": "02(:[0-9a-f]{2}){7}",
    "xml": "<note>[a-z]{8}</note>",
    "tsvector": rf"'{_WORD}':1 '{_OTHER}':2",
    "tsquery": rf"'{_WORD}' & '{_OTHER}'",
    "hstore": '"[a-z]{4}"=>"[a-z]{6}"',
    "ltree": rf"{_WORD}\.{_OTHER}",
    "cube": rf"\({_TWO}, {_TWO}\)",
    "pg_lsn": "[1-9A-F]{2}/[1-9A-F]{6}",
    "jsonpath": rf"\$\.{_WORD}",
    "isbn": r"978-0-\d{8}-\?",  # the server finds the last digit, which proves the others
    "isbn13": r"978-0-\d{8}-\?",
    "ean13": r"220\d{9}\?",
    "seg": r"[1-4]\d \.\. [5-9]\d",
    "query_int": rf"{_TWO} & {_TWO}",
    "lquery": rf"{_WORD}\.\*",
    "ltxtquery": f"{_WORD} & {_OTHER}",
    "regclass": "pg_(class|type|proc|index|namespace|attribute|constraint)",
    "regtype": "(integer|bigint|text|boolean|uuid|date)",
    "regproc": "(now|version|clock_timestamp|pg_backend_pid)",
    "regprocedure": r"(now|version|clock_timestamp|pg_backend_pid)\(\)",
    "regrole": "pg_(monitor|signal_backend|read_all_data|write_all_data)",
    "regnamespace": "(pg_catalog|information_schema)",
    "regconfig": "(simple|english|german|french|spanish)",
    "regdictionary": "(simple|(english|german|french|spanish)_stem)",
    "regoperator": r"[=<>]\((integer,integer|text,text|date,date)\)",
    "regcollation": '"(C|POSIX)"',
    "xid": r"[1-9]\d{3,6}",
    "xid8": r"[1-9]\d{3,6}",
    "cid": r"[1-9]\d",
    "tid": r"\([1-9]\d,[1-9]\)",
    "int2vector": f"{_TWO} {_TWO}",
    "oidvector": f"{_TWO} {_TWO}",
    "txid_snapshot": r"[1-4]\d\d:[5-9]\d\d:",
    "pg_snapshot": r"[1-4]\d\d:[5-9]\d\d:",
    "refcursor": _WORD,
    "point": _POINT,
    "line": rf"\{{[1-9],[1-9],{_TWO}\}}",
    "lseg": rf"\[{_POINT},{_POINT}\]",
    "box": rf"{_POINT},{_POINT}",
    "path": rf"\[{_POINT},{_POINT},{_POINT}\]",
    # The first corner comes back at the end, as MySQL wants it.
    "polygon": r"\(\(0,0\),\([1-9]\d,[1-9]\),\([1-9],[1-9]\d\),\(0,0\)\)",
    "circle": rf"<{_POINT},[1-9]>",
    "linestring": rf"{_POINT},{_POINT}",
    "geometry": rf"POINT\({_PLACE} {_PLACE}\)",
    "geography": rf"POINT\({_PLACE} {_PLACE}\)",
    "multipoint": rf"{_POINT},{_POINT}",
    "multilinestring": rf"\({_POINT},{_POINT}\)",
    "multipolygon": r"\(\(\(0,0\),\([1-9]\d,[1-9]\),\([1-9],[1-9]\d\),\(0,0\)\)\)",
    "geometrycollection": rf"GEOMETRYCOLLECTION\(POINT\({_PLACE} {_PLACE}\)\)",
    "interval": f"{_TWO} days",
    "interval year": f"{_TWO} years",
    "interval month": "([2-9]|1[01]) mons",
    "interval year to month": "[2-9] years ([2-9]|1[01]) mons",
    "interval day": f"{_TWO} days",
    "interval hour": f"{_TWO}:00:00",
    "interval minute": "0[1-9]:[0-5][0-9]:00",
    "interval day to hour": f"{_TWO} days (0[1-9]|1[0-9]):00:00",
    "interval day to minute": f"{_TWO} days 0[1-9]:[0-5][0-9]:00",
    "interval hour to minute": f"{_TWO}:[0-5][0-9]:00",
    **_RANGES,
    **{name.replace("range", "multirange"): rf"\{{{pattern}\}}" for name, pattern in _RANGES.items()},
}
"""The type's name in lower case -> what its values look like."""
