"""What all commands share: how they fail, what they print, and the options that choose the data."""

from __future__ import annotations

import errno
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from syda.errors import SydaError
from syda.named_models import load_models
from syda.usage import Usage

FAILED = 1
INTERRUPTED = 130
_COUNT = re.compile(r"[0-9]+")
_OF_TABLE = re.compile(r"\s*[\w.]+\s*=")
_OTHER_NUMBER = re.compile(r"[-+]?[0-9]*\.?[0-9]+")

_ARGUMENT = re.compile(r"\b(llm|cache|max_cost|max_tokens|max_calls)=(?:'([^']*)'|(?=\W)|([\w.]+))")
"""How messages name the arguments of Python that are options here."""


class Command(click.Command):
    """A command that ends with one message and exit code 1 on a `SydaError`, and with 130 on Ctrl-C.

    With --json the message is JSON on stdout, also for a wrong command line.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with _usage_as_json(ctx, as_json="--json" in args):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        as_json = bool(ctx.params.get("as_json"))
        try:
            with _usage_as_json(ctx, as_json=as_json):
                return super().invoke(ctx)
        except SydaError as error:
            message = _ARGUMENT.sub(_option, str(error))
            _fail(ctx, type(error).__name__, message, FAILED, as_json=as_json, usage=error.usage)
        except KeyboardInterrupt:
            message = "Interrupted; what was not finished is not in the database."
            _fail(ctx, "Interrupted", message, INTERRUPTED, as_json=as_json)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # the reader has left; click ends quietly
            _fail(ctx, type(error).__name__, str(error), FAILED, as_json=False)  # stdout may be what is full


def _option(argument: re.Match[str]) -> str:
    name, quoted, bare = argument.groups()
    return " ".join(filter(None, ("--" + name.replace("_", "-"), quoted, bare)))


@contextmanager
def _usage_as_json(ctx: click.Context, *, as_json: bool) -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        if not as_json:
            raise
        _fail(ctx, "UsageError", error.format_message(), error.exit_code, as_json=True)


def _fail(
    ctx: click.Context, type_: str, message: str, code: int, *, as_json: bool, usage: Usage | None = None
) -> NoReturn:
    asked = usage if usage is not None and usage.tables else None
    if as_json:
        spent = {"usage": asked.to_dict()} if asked else {}
        echo_json({"error": {"type": type_, "message": message}, **spent})
    else:
        click.echo(message if code == INTERRUPTED else f"Error: {message}", err=True)
        if asked:
            click.echo(f"Model: {asked}", err=True)
    ctx.exit(code)


def echo_json(result: Mapping[str, Any]) -> None:
    """Print a result as JSON; what JSON does not know is printed as text."""
    click.echo(json.dumps(result, indent=2, ensure_ascii=False, default=str))


def echo_rows(rows: Mapping[str, int]) -> None:
    """Print the number of rows by table, aligned."""
    width = max(map(len, rows), default=0)
    for table, count in rows.items():
        click.echo(f"  {table:<{width}}  {count:>9,}")


@contextmanager
def progress_bar(*, hidden: bool = False) -> Iterator[Callable[[str, int, int], None] | None]:
    """Yield what syda calls as rows get done: it moves a bar on a terminal, and is None elsewhere."""
    if hidden or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def moved(table: str, done: int, total: int) -> None:
            if table not in tasks:
                tasks[table] = bar.add_task(table, total=total)
            bar.update(tasks[table], completed=done)

        yield moved


def example(command: str) -> str:
    """Return what --help ends with; the backspace keeps click from wrapping it."""
    return f"\b\nExample:\n  {command}"


def _read_rows(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> int | dict[str, int] | None:
    """Read what all --rows say: ``50`` alone, or ``Customer=10,Order=30``."""
    if len(given) == 1 and _COUNT.fullmatch(given[0]):
        return int(given[0])
    named: dict[str, int] = {}
    for part in ",".join(given).split(",") if given else ():
        name, _, count = (piece.strip() for piece in part.rpartition("="))
        if _OTHER_NUMBER.fullmatch(count) and not _COUNT.fullmatch(count):
            raise click.BadParameter(f"expected 0 or more rows, got {part!r}")
        if not name and _COUNT.fullmatch(count):
            raise click.BadParameter("give one number for all tables or names like Customer=10, not both")
        if not name or not _COUNT.fullmatch(count):
            raise click.BadParameter(f"{part!r} is neither a number like 50 nor a name like Customer=10")
        if name in named:
            raise click.BadParameter(f"{name!r} is given twice")
        named[name] = int(count)
    return named or None


_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _together(*options: _Decorator) -> _Decorator:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


_MONEY, _COUNTED = click.FloatRange(min=0), click.IntRange(min=0)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
models_option = click.option(
    "--models", metavar="MODULE[:NAME]", help="Models to import: a Base, MetaData, class or list. Default: its Base."
)
schema_option = click.option(
    "--schema",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Tables described in a .yaml, .yml or .json file.",
)
plan_option = click.option(
    "--plan", "plan_file", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="A plan saved as YAML."
)
mode_option = click.option(
    "--mode",
    type=click.Choice(["if_empty", "append", "replace"]),
    default="if_empty",
    show_default=True,
    help="Refuse tables that have rows, add to these, or delete these first.",
)
allow_host_option = click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="Use a database on this host, or one whose name says production; may be repeated.",
)
x_option = click.option(
    "-x", "x", multiple=True, metavar="NAME=VALUE", help="An argument for env.py, as alembic -x; may be repeated."
)
making_options = _together(
    click.option(
        "--rows",
        multiple=True,
        callback=_read_rows,
        metavar="N|NAME=N,...",
        help="Rows of every table (default 10), or of those named; may be repeated.",
    ),
    click.option("--seed", type=int, metavar="N", help="Choose among all possible data (default 0)."),
    click.option("--locale", multiple=True, help="A Faker locale such as de_DE (default en_US); may be repeated."),
    click.option("--as-of", metavar="DATE", help="When the data end: an ISO date, today or now."),
    click.option(
        "--llm",
        metavar="MODEL",
        help="Ask a language model: openai:MODEL, anthropic:MODEL, ollama:MODEL, local, or a base URL (URL#MODEL).",
    ),
    click.option(
        "--prompt",
        "prompts",
        multiple=True,
        metavar="TEXT|NAME=TEXT",
        help="What the model should know, of all tables or of one more than that; may be repeated.",
    ),
    click.option(
        "--llm-mode",
        type=click.Choice(["auto", "plan", "rows"]),
        help="Have the model write the plan, the rows, or rows of small tables and the plan of others (auto).",
    ),
    click.option(
        "--cache", type=click.Choice(["record", "replay", "off"]), help="Keep replies, use kept ones only, or neither."
    ),
    click.option("--cache-folder", metavar="DIR", help="Where replies are kept (default .syda/replies)."),
    click.option(
        "--llm-batch", is_flag=True, default=None, help="Ask in the provider's batches: half the price, within a day."
    ),
    click.option("--max-cost", type=_MONEY, metavar="DOLLARS", help="Stop the model before it costs more."),
    click.option("--max-tokens", type=_COUNTED, metavar="N", help="Stop the model before it takes more tokens."),
    click.option("--max-calls", type=_COUNTED, metavar="N", help="Stop the model before it is asked more often."),
)
_OF_MODEL = {
    "llm_mode": "mode",
    "llm_batch": "batch",
    "cache": "cache",
    "cache_folder": "folder",
    "max_cost": "max_cost",
    "max_tokens": "max_tokens",
    "max_calls": "max_calls",
}


def making(**asked: Any) -> dict[str, Any]:
    """Return the options that were given as arguments of `syda.plan`, `generate` and `seed`."""
    names = ("rows", "seed", "locale", "as_of")
    given = {name: asked[name] for name in names if asked[name] is not None and asked[name] != ()}
    return {**given, **asking(**{name: value for name, value in asked.items() if name not in names})}


def asking(llm: str | None, prompts: tuple[str, ...], **options: Any) -> dict[str, Any]:
    """Return the options that are about a language model as arguments of `syda.plan`."""
    wanted = {_OF_MODEL[name]: value for name, value in options.items() if value is not None}
    if llm is None:
        if wanted or prompts:
            raise click.UsageError("Options of a language model need --llm, which says which model.")
        return {}
    from syda.language import LanguageModel

    given: dict[str, Any] = {"llm": LanguageModel(model=llm, **wanted)}
    return {**given, "prompts": _read_prompts(prompts)} if prompts else given


def _read_prompts(given: tuple[str, ...]) -> dict[str, str]:
    """Read words for all tables, and ``Customer=words`` for one; what is said more than once is put together."""
    from syda.language import EVERY_TABLE

    said: dict[str, list[str]] = {}
    for text in given:
        name, words = text.split("=", 1) if _OF_TABLE.match(text) else (EVERY_TABLE, text)
        said.setdefault(name.strip(), []).append(words.strip())
    return {name: "\n".join(parts) for name, parts in said.items()}


def one_source(*, needed: bool, **sources: Any) -> None:
    """Raise a usage error unless one of the sources was given, or at most one when none is `needed`."""
    given = [f"--{name}" for name, value in sources.items() if value is not None]
    names = ", ".join(f"--{name}" for name in sources)
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} exclude each other; give one of {names}.")
    if needed and not given:
        raise click.UsageError(f"Say which tables: give one of {names}.")


def chosen_source(*, plan: str | None, models: str | None, other: str | None, asked: Mapping[str, Any]) -> Any:
    """Return what to make rows for: the plan in a file, the models, or what is read by its name."""
    if plan is not None:
        return _complete_plan(plan, asked)
    return load_models(models) if models is not None else other


def _complete_plan(plan_file: str, asked: Mapping[str, Any]) -> Any:
    """Return the plan in a file; a usage error names the options that it leaves no room for."""
    changing = [name for name in asked if name not in ("llm", "prompts")]
    if changing:
        options = " and ".join("--" + name.replace("_", "-") for name in changing)
        raise click.UsageError(f"A plan is complete: it goes without {options}.")
    from pathlib import Path

    from syda.planning.model import Plan

    return Plan.from_yaml(Path(plan_file))
