"""Refuses targets that do not look like development, before anything is read or made."""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy import URL, Connection, Engine

from syda.errors import PlanError, ProtectedTargetError, TargetError
from syda.load.target import rejections
from syda.redact import redact_cause, redact_url
from syda.schema.reach import full_url, sqlite_file

VARIABLE = "SYDA_ALLOW_HOSTS"
MARKER_TABLE = "syda_forbids_seeding"
_MARKER_COMMENT = re.compile(r"\bsyda:\s*never\b", re.IGNORECASE)
_TELLING = ("prod", "production", "live")
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_HOST_OPTIONS = ("host", "hostaddr", "unix_socket")
_DATABASE_OPTIONS = ("dbname", "database", "db")
_FILES_OF_OPTIONS = ("read_default_file", "odbc_connect", "dsn")
"""Options whose content says where a connection goes, in a form that is not read here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a connection goes: all hosts that it may try, databases and users; `unclear` holds what hides them."""

    hosts: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()

    def problems(self, allowed: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Yield what makes this look like production, each with the name that would allow it."""
        for host in self.hosts:
            if not (_is_local(host) or _plain_host(host) in allowed):
                yield f"the host {host!r} is neither this machine nor allowed", _plain_host(host)
            elif (word := _telling_word(_plain_host(host))) and _plain_host(host) not in allowed:
                yield f"the host {host!r} says {word!r}", _plain_host(host)
        for name in self.unclear:
            if name.lower() not in allowed:
                yield f"where it goes stands in {name!r}, not in the URL", name
        for database in self.databases:
            if (word := _telling_word(Path(database).name)) and not _names_of(database) & allowed:
                yield f"the database {database!r} says {word!r}", database
        named = {_plain_host(host) for host in self.hosts}.union(*map(_names_of, self.databases))
        for user in self.users:
            if (word := _telling_word(user)) and not named & allowed:
                yield f"the user {user!r} says {word!r}", next(iter(self.databases or map(_plain_host, self.hosts)), "")


def _names_of(database: str) -> set[str]:
    """Return the names by which a database can be allowed: a file's path, name and stem are the same."""
    return {each.lower() for each in (database, Path(database).name, Path(database).stem)}


def _plain_host(host: str) -> str:
    """Return a host as it is compared: lower case, without brackets, port and the dot of a full name."""
    host = host.strip().lower()
    if host.startswith("/"):
        return host
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return (host.partition(":")[0] if host.count(":") == 1 else host).removesuffix(".")


def _is_local(host: str) -> bool:
    name = _plain_host(host)
    if name in ("", "localhost") or name.endswith(".localhost") or name.startswith(("/", "@", "\\\\.\\")):
        return True  # nothing, a name of this machine, the path of a socket, an abstract socket or a named pipe
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _telling_word(name: str) -> str | None:
    """Return the word of a name that says that it is in production: `shop_prod` does, `products` does not."""
    return next((word for word in map(str.lower, _WORDS.findall(name)) if word in _TELLING), None)


def require_development(target: Any, allow_hosts: Iterable[str] = ()) -> None:
    """Raise `ProtectedTargetError` unless the target, an engine, connection, session or URL, looks like development.

    Allowed are SQLite files, sockets, this machine, and the hosts of `allow_hosts`, of the environment's
    SYDA_ALLOW_HOSTS and of ``allow-hosts`` in ``[tool.syda]`` of pyproject.toml in the current directory. A name of a
    host, database or user that says prod, production or live is refused anywhere unless it is among these.
    """
    url = _url_of(target)
    allowed = allowed_names(allow_hosts)
    if url is None or not _is_known(url):
        return  # connecting says what is wrong with it
    if found := dict(_destination(url).problems(allowed)):
        written = target if isinstance(target, str) else full_url(url)
        if unclear := redact_cause("", written):
            # What stands for the host may be a part of the password then, and so is not shown.
            raise TargetError(f"cannot tell where {redact_url(written)} leads: {unclear}")
        _refuse(found)


def require_unprotected(connection: Connection, allow_hosts: Iterable[str] = ()) -> None:
    """Raise `ProtectedTargetError` for a connection that has gone elsewhere, or whose database forbids seeding."""
    driver = connection.connection.driver_connection
    if found := dict(_reached(driver).problems(allowed_names(allow_hosts))):
        _refuse(found)
    with rejections("reading whether the database forbids seeding"):
        marker = _marker(connection)
    if marker:
        raise ProtectedTargetError(f"the database forbids seeding: {marker}; nothing overrides that but its removal")


def _is_known(url: URL) -> bool:
    try:
        url.get_dialect()
    except (sa.exc.ArgumentError, ImportError):
        return False
    return True


def _refuse(problems: Mapping[str, str]) -> NoReturn:
    names = [repr(name) for name in dict.fromkeys(problems.values()) if name]
    options = " ".join(f"--allow-host {name}" for name in dict.fromkeys(problems.values()) if name)
    raise ProtectedTargetError(
        f"the target looks like production: {'; '.join(problems)}. If rows belong there all the same, say so with "
        f"allow_hosts=[{', '.join(names)}], {options}, the environment's {VARIABLE}, or allow-hosts in [tool.syda] "
        f"of pyproject.toml"
    )


def allowed_names(allow_hosts: Iterable[str]) -> frozenset[str]:
    """Return all names that are allowed, by the argument, the environment and pyproject.toml."""
    given = _listed(allow_hosts, "allow_hosts", PlanError)
    given += re.split(r"[,\s]+", os.environ.get(VARIABLE, ""))
    return frozenset(each for name in (*given, *_configured()) for each in (name.lower(), _plain_host(name)) if each)


def _listed(names: Any, where: str, error: type[PlanError | TargetError]) -> list[str]:
    listed = [] if isinstance(names, str | bytes) or not isinstance(names, Iterable) else list(names)
    if (not listed and names) or not all(isinstance(name, str) for name in listed):
        raise error(f"{where}: expected a list of names of hosts or databases, got {names!r}")
    return listed


def _configured() -> list[str]:
    file = Path("pyproject.toml")
    try:
        found = _allow_hosts(file.read_bytes().decode() if file.is_file() else "")
    except (OSError, ValueError, AttributeError) as error:
        raise TargetError(f"cannot read which hosts {file.resolve()} allows: {error}") from error
    return _listed(found, "allow-hosts in pyproject.toml", TargetError)


@lru_cache(maxsize=1)
def _allow_hosts(text: str) -> Any:
    """Return what a pyproject.toml sets; a load asks several times, and to read a long one takes milliseconds."""
    return tomllib.loads(text).get("tool", {}).get("syda", {}).get("allow-hosts", [])


def _url_of(target: Any) -> URL | None:
    """Return the URL of anything that syda accepts as a target; None for a session without an engine."""
    if isinstance(target, URL | str):
        try:
            return sa.make_url(target)
        except (sa.exc.ArgumentError, ValueError):
            return None
    if isinstance(target, Engine):
        return target.url
    if isinstance(target, Connection):
        return target.engine.url
    for inner in ("sync_engine", "sync_connection", "sync_session"):
        if (found := getattr(target, inner, None)) is not None:
            return _url_of(found)
    try:
        bound = target.get_bind() if hasattr(target, "get_bind") else None
    except sa.exc.UnboundExecutionError:
        return None
    return None if bound is None else _url_of(bound)


def _destination(url: URL) -> Destination:
    if url.get_backend_name() == "sqlite":
        file = sqlite_file(url)
        named = str(file) if file else (url.database or "").partition("?")[0]
        return Destination(databases=(named,) if named != ":memory:" else ())
    options = {name.lower(): (value,) if isinstance(value, str) else value for name, value in url.query.items()}

    def values(*names: str) -> list[str]:
        return [each for name in names for value in options.get(name, ()) for each in value.split(",")]

    hosts = values(*_HOST_OPTIONS)
    if url.host:
        hosts += url.host.split(",")
    if url.get_backend_name() == "postgresql":
        hosts += [] if hosts else _environment("PGHOST")
        hosts += [] if "hostaddr" in options else _environment("PGHOSTADDR")  # libpq goes there whatever the host is
    services = [*values("service"), *(_environment("PGSERVICE") if url.get_backend_name() == "postgresql" else [])]
    return Destination(
        hosts=tuple(hosts),
        databases=tuple(filter(None, [url.database, *values(*_DATABASE_OPTIONS)])),
        users=tuple(filter(None, [url.username, *values("user")])),
        unclear=(*services, *(name for name in _FILES_OF_OPTIONS if name in options)),
    )


def _environment(*names: str) -> list[str]:
    return [each for name in names for each in os.environ.get(name, "").split(",") if each]


def _reached(driver: Any) -> Destination:
    """Return where a driver's connection has gone, as far as the driver says.

    Arguments of the engine and the environment can lead elsewhere than the URL says.
    """
    info: Any = getattr(driver, "info", None)
    if hasattr(info, "dbname"):  # psycopg and psycopg2
        given = info.get_parameters() if hasattr(info, "get_parameters") else info.dsn_parameters
        address = given.get("hostaddr")  # only where it was given: a name's own address is not asked for
        hosts = (info.host or "", *(address.split(",") if address else ()))
        return Destination(hosts=hosts, databases=(info.dbname,), users=(info.user,))
    if isinstance(getattr(driver, "host", None), str) and hasattr(driver, "unix_socket"):  # PyMySQL
        databases = (_text(driver.db),) if driver.db else ()
        return Destination(hosts=(driver.unix_socket or driver.host,), databases=databases, users=(_text(driver.user),))
    peer: Any = getattr(driver, "_addr", None)
    parameters: Any = getattr(driver, "_params", None)
    if isinstance(peer, str | tuple) and hasattr(parameters, "database"):  # asyncpg
        host = peer if isinstance(peer, str) else str(peer[0])
        return Destination(hosts=(host,), databases=(parameters.database or "",), users=(parameters.user or "",))
    return Destination()


def _text(name: Any) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def _marker(connection: Connection) -> str | None:
    """Return what in the database forbids seeding, or None."""
    name = connection.dialect.name
    if name == "postgresql":
        comment = connection.exec_driver_sql(
            "SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database "
            "WHERE datname = pg_catalog.current_database()"
        ).scalar()
        if comment and _MARKER_COMMENT.search(comment):
            return f"its comment is {comment!r}"
        held = "SELECT count(*) FROM pg_catalog.pg_class WHERE relname = :name AND relkind IN ('r', 'p', 'v', 'm', 'f')"
    elif name in ("mysql", "mariadb"):
        held = "SELECT count(*) FROM information_schema.tables WHERE table_name = :name AND table_schema = database()"
    elif name == "sqlite":
        held = "SELECT count(*) FROM sqlite_master WHERE lower(name) = :name AND type IN ('table', 'view')"
    else:
        return f"it has a table {MARKER_TABLE}" if sa.inspect(connection).has_table(MARKER_TABLE) else None
    found = connection.execute(sa.text(held), {"name": MARKER_TABLE}).scalar()
    return f"it has a table {MARKER_TABLE}" if found else None
