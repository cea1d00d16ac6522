"""The command line: what it prints, writes and ends with."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from sqlalchemy import create_engine, text

import syda
from syda.named_models import load_models
from tests.cli.running import PLANNED, run, run_json

COMMANDS = ("demo", "plan", "generate", "seed", "check")


def make_database(*statements: str) -> str:
    engine = create_engine("sqlite:///shop.db")
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
    return "sqlite:///shop.db"


GOOD = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(80))",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, quantity INTEGER)",
    "INSERT INTO customers VALUES (1, 'a@b.example')",
    "INSERT INTO orders VALUES (1, 1, 1)",
)
BAD = (*GOOD, "INSERT INTO customers VALUES (2, 'a@b.example')", "INSERT INTO orders VALUES (2, 9, 0)")


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom syda.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "print('MODULES', *sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    shown, _, modules = ran.stdout.partition("MODULES")
    assert "Fill a database" in shown
    assert all(command in shown for command in COMMANDS)
    loaded = {name.partition(".")[0] for name in modules.split()}
    assert not loaded & {"pandas", "numpy", "sqlalchemy", "networkx", "pydantic", "faker", "rich", "yaml", "sqlglot"}


def test_python_dash_m_runs_it() -> None:
    ran = subprocess.run([sys.executable, "-m", "syda", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout == f"syda, version {syda.__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Example:\n    syda {command} --" in result.stdout
    assert "--json" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sead"], "No such command 'sead'"),
        (["seed", "--models", "shopmodels"], "Missing option '--url'"),
        (["generate", "--models", "shopmodels"], "Missing option '--out'"),
        (["generate", "--models", "shopmodels", "--out", "x", "--format", "xml"], "'xml' is not one of"),
        (["plan"], "Say which tables: give one of --models, --schema, --url."),
        (["plan", "--models", "shopmodels", "--schema", "schema.yaml"], "--models and --schema exclude each other"),
        (["plan", "--schema", "none.yaml"], "'none.yaml' does not exist"),
        (["plan", *PLANNED, "--rows", "5"], "not both"),
        (["plan", *PLANNED, "--rows", "Order=1"], "'Order' is given twice"),
        (["plan", "--models", "shopmodels", "--rows", "Customer"], "'Customer' is neither a number like 50"),
        (["plan", "--models", "shopmodels", "--rows", "Customer=x"], "'Customer=x' is neither"),
        (["plan", "--models", "shopmodels", "--rows", "-3"], "expected 0 or more rows, got '-3'"),
        (["plan", "--models", "shopmodels", "--rows=-1"], "expected 0 or more rows, got '-1'"),
        (["plan", "--models", "shopmodels", "--rows", "3.5"], "expected 0 or more rows, got '3.5'"),
        (["plan", "--models", "shopmodels", "--rows", "Customer=-1"], "expected 0 or more rows, got 'Customer=-1'"),
        (["plan", "--models", "shopmodels", "--rows", ""], "'' is neither"),
        (["plan", "--models", "shopmodels", "--seed", "x"], "'x' is not a valid integer"),
        (["generate", "--plan", "schema.yaml", "--rows", "5", "--as-of", "now", "--out", "x"], "without --rows and"),
        (["demo", "--rows", "0"], "0 is not in the range"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_ends_with_2(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""
    if len(arguments) > 1:
        error = run_json(*arguments, code=2)["error"]
        assert error["type"] == "UsageError"
        assert message in error["message"]


@pytest.mark.parametrize(
    ("arguments", "type_", "message"),
    [
        (["plan", "--models", "shopmodel"], "UnknownNameError", "did you mean 'shopmodels'?"),
        (["plan", "--models", "shopmodels:Bas"], "UnknownNameError", "did you mean 'Base'?"),
        (["plan", "--models", "shopmodels:Base", "--rows", "Custmer=3"], "UnknownNameError", "'Customer'"),
        (["plan", "--models", "shopmodels:Holder"], "SchemaError", "Holder"),
        (["seed", "--url", "nonsense"], "TargetError", "database URL"),
        (["seed", "--url", "sqlite:////no/such/folder/x.db", "--models", "shopmodels"], "TargetError", "cannot reach"),
        (["check", "--url", "sqlite:///none.db"], "TargetError", "sqlite:///none.db: the file does not exist"),
        (["seed", "--url", "sqlite:///none.db"], "TargetError", "sqlite:///none.db: the file does not exist"),
        (["seed", "--url", "sqlite:///none.db", "--models", "shopmodels"], "TargetError", "the file does not exist"),
        (
            ["seed", "--url", "sqlite:///none.db", "--models", "shopmodels", "--create", "--rows", "Custmer=1"],
            "UnknownNameError",
            "'Customer'",
        ),
        (["plan", "--url", "sqlite:///none.db"], "TargetError", "the file does not exist"),
        (["generate", "--url", "sqlite:///none.db", "--out", "x"], "TargetError", "the file does not exist"),
        (["seed", "--url", "mysql+pymysql://u:hidden@127.0.0.1:1/db?charset=x"], "TargetError", "cannot reach"),
        (["check", "--url", "nonsense"], "TargetError", "database URL"),
        (["generate", "--plan", "schema.yaml", "--out", "x"], "PlanFileError", ""),
        (["generate", "--plan", "shopmodels.py", "--out", "x"], "PlanFileError", "not YAML"),
        (["generate", "--models", "shopmodels", "--out", "schema.yaml/x"], "TargetError", "cannot write to the folder"),
        (["plan", "--models", ""], "UnknownNameError", "expected package.module:Name"),
        (["plan", "--models", "shopmodels", "--locale", "xx"], "UnknownNameError", "Faker has no locale 'xx'"),
        (["plan", "--models", "shopmodels", "--as-of", "soon"], "PlanError", "expected an ISO date"),
        (["seed", "--url", "shop.db"], "TargetError", "for an SQLite file give 'sqlite:///shop.db'"),
        (["seed", "--url", "postgres://u@h/db"], "TargetError", "did you mean 'postgresql'?"),
        (["seed", "--url", ""], "TargetError", "cannot be read"),
        (["seed", "--url", "postgresql+psycopg://u:hidden@127.0.0.1:1/x"], "TargetError", "u:***@127.0.0.1:1/x"),
        (["check", "--url", "mysql+pymysql://u:hidden@127.0.0.1:1/x"], "TargetError", "u:***@127.0.0.1:1/x"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_failure_ends_with_1_and_one_message(arguments: list[str], type_: str, message: str, shop: Path) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""
    error = run_json(*arguments, code=1)["error"]
    assert error["type"] == type_
    assert message in error["message"]
    assert "hidden" not in error["message"]
    assert not (shop / "none.db").exists()


@pytest.mark.parametrize("arguments", [["seed", "--url", "sqlite://"], ["demo"]])
def test_ctrl_c_ends_with_130_and_one_line(arguments: list[str], monkeypatch: pytest.MonkeyPatch, shop: Path) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(syda, "seed", interrupted)
    result = run(*arguments)
    assert result.exit_code == 130
    assert result.stderr.startswith("Interrupted")
    assert result.stderr.count("\n") == 1
    assert sorted(path.name for path in shop.iterdir() if "demo" in path.name) == []


@pytest.mark.parametrize("command", ["check", "plan", "seed"])
@pytest.mark.parametrize("rules", [(), ("--models", "shopmodels")])
def test_what_is_no_database_is_said_in_one_line(shop: Path, command: str, rules: tuple[str, ...]) -> None:
    (shop / "odd.db").write_text("this is not a database, whatever its name says")
    result = run(command, "--url", "sqlite:///odd.db", *(() if command == "plan" else rules))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.endswith(": file is not a database\n")
    assert result.stderr.count("\n") == 1


def test_plan_explains_itself() -> None:
    made = syda.plan(load_models("shopmodels"), rows={"Customer": 10, "Order": 30})
    assert run("plan", *PLANNED).stdout.rstrip() == made.explain().rstrip()
    assert run("plan", *PLANNED, "--yaml").stdout.rstrip() == made.to_yaml().rstrip()
    assert run("plan", *PLANNED, "--mermaid").stdout.rstrip() == made.to_mermaid().rstrip()
    result = run_json("plan", *PLANNED)
    assert result["fingerprint"] == made.fingerprint
    assert result["plan"]["tables"]["orders"]["rows"] == 30


def test_a_plan_goes_to_a_file_and_makes_the_same_rows(shop: Path) -> None:
    result = run(
        "plan", *PLANNED, "--seed", "5", "--locale", "de_DE", "--as-of", "2024-02-01", "--yaml", "--out", "p.yaml"
    )
    assert (result.exit_code, result.stdout) == (0, "Wrote p.yaml\n")
    assert yaml.safe_load((shop / "p.yaml").read_text())
    given = ("--seed", "5", "--locale", "de_DE", "--as-of", "2024-02-01")
    first = run_json("generate", "--plan", "p.yaml", "--out", "a")
    second = run_json("generate", *PLANNED, *given, "--out", "b")
    assert first["fingerprint"] == second["fingerprint"]
    assert (shop / "a" / "orders.csv").read_text() == (shop / "b" / "orders.csv").read_text()
    assert run("plan", *PLANNED, "--out", "no/such/folder").exit_code == 1


@pytest.mark.parametrize("format_", ["csv", "json", "jsonl", "parquet"])
def test_generate_writes_a_file_for_each_table(shop: Path, format_: str) -> None:
    result = run_json("generate", *PLANNED, "--format", format_, "--out", "data")
    assert result["rows"] == {"customers": 10, "orders": 30}
    assert result["files"] == [f"data/customers.{format_}", f"data/orders.{format_}"]
    assert all((shop / path).stat().st_size for path in result["files"])


def test_generate_from_a_file_says_what_it_wrote(shop: Path) -> None:
    result = run("generate", "--schema", "schema.yaml", "--rows", "7", "--out", "data")
    assert result.exit_code == 0
    assert result.stdout.split() == ["customers", "7", "Wrote", "1", "files", "to", "data"]
    assert len((shop / "data" / "customers.csv").read_text().splitlines()) == 8


def test_seed_fills_a_database_that_then_passes_the_check() -> None:
    arguments = (
        "seed",
        "--url",
        "sqlite:///shop.db",
        "--models",
        "shopmodels",
        "--rows",
        "Customer=4",
        "--rows",
        "Order=9",
    )
    result = run_json(*arguments, "--create")
    assert result["rows"] == {"customers": 4, "orders": 9}
    assert result["total"] == 13
    refused = run_json(*arguments, code=1)
    assert refused["error"]["type"] == "NotEmptyError"
    assert "customers (4), orders (9)" in refused["error"]["message"]
    again = run(*arguments, "--mode", "append")
    assert again.exit_code == 0
    assert "Loaded 13 rows" in again.stdout
    report = run_json("check", "--url", "sqlite:///shop.db", "--models", "shopmodels")
    assert report["ok"]
    assert report["tables"] == {"customers": 8, "orders": 18}
    assert run_json(*arguments, "--mode", "replace")["total"] == 13
    assert run_json("check", "--url", "sqlite:///shop.db")["tables"] == {"customers": 4, "orders": 9}


def test_seed_says_before_and_after_when_constraints_are_made(shop: Path) -> None:
    arguments = ("seed", "--url", "sqlite:///shop.db", "--models", "shopmodels", "--create", "--rows", "Customer=5000")
    foretold = run(*arguments, "--dry-run")
    assert foretold.exit_code == 0
    assert not (shop / "shop.db").exists()
    switch = "constraints='live' or --constraints live has them row by row"
    last = f"Load: constraints after the rows (5,000 rows or more; {switch}) for customers"
    assert last in foretold.stdout.splitlines()
    assert "rows would be loaded; nothing was changed" in foretold.stdout
    assert last in run(*arguments).stdout.splitlines()
    live = run_json(*arguments, "--mode", "replace", "--constraints", "live")
    assert live["constraints"]["customers"] == {"made": "live", "why": "as asked for"}
    assert not live["dry_run"]
    assert run("seed", "--url", "sqlite:///shop.db", "--constraints", "lst").exit_code == 2
    few = ("seed", "--url", "sqlite:///few.db", "--models", "shopmodels", "--create")
    assert "row by row" in run(*few, "--dry-run").stdout
    assert "row by row" not in run(*few).stdout


def test_seed_guards_databases_that_look_like_production(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("seed", "--url", "sqlite:///live.db", "--models", "shopmodels", "--create")
    error = run_json(*arguments, code=1)["error"]
    assert error["type"] == "ProtectedTargetError"
    assert "--allow-host live.db" in error["message"]
    assert run_json(*arguments, "--allow-host", "live.db")["total"] == 20
    monkeypatch.setenv("SYDA_ALLOW_HOSTS", "live")
    assert run_json(*arguments, "--mode", "replace")["total"] == 20


def test_seed_keeps_values_out_of_what_it_says(shop: Path) -> None:
    with closing(sqlite3.connect(shop / "shop.db")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        connection.execute("CREATE TRIGGER no BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'hidden words'); END")
    arguments = ("seed", "--url", "sqlite:///shop.db", "--rows", "t=5")
    assert "hidden words" in run_json(*arguments, code=1)["error"]["message"]
    message = run_json(*arguments, "--redact-values", code=1)["error"]["message"]
    assert "hidden" not in message
    assert "a trigger said so" in message


def test_seed_takes_a_plan_and_a_database_without_models() -> None:
    run("plan", *PLANNED, "--yaml", "--out", "p.yaml")
    assert run_json("seed", "--url", "sqlite:///shop.db", "--plan", "p.yaml", "--create")["total"] == 40
    assert run_json("seed", "--url", "sqlite:///shop.db", "--rows", "3", "--mode", "append")["total"] == 6


def test_seed_without_tables_leaves_one_message() -> None:
    result = run("seed", "--url", "sqlite:///shop.db", "--models", "shopmodels")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_seed_of_a_database_without_tables_says_what_to_do(shop: Path) -> None:
    (shop / "empty.db").write_bytes(b"")
    result = run("seed", "--url", "sqlite:///empty.db")
    assert result.exit_code == 0
    assert result.stdout.startswith("Note: there are no tables; give --models and --create")


@pytest.mark.parametrize("holder", ["", ":Base", ":metadata", ":listed"])
def test_models_without_tables_are_an_error_that_makes_no_file(shop: Path, holder: str) -> None:
    text = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): pass\n"
    (shop / "empty.py").write_text(text + "metadata = Base.metadata\nlisted = []\ndel metadata" * (not holder))
    if holder:
        (shop / "empty.py").write_text(text + "metadata = Base.metadata\nlisted = []\n")
    for options in (("--create",), ("--create", "--dry-run"), ()):
        result = run("seed", "--url", "sqlite:///e2.db", "--models", f"empty{holder}", *options)
        assert result.exit_code == 1
        assert f"'empty{holder}' has no tables" in result.stderr
    assert not list(shop.glob("e2.db*"))


def test_a_file_in_which_no_table_was_made_does_not_stay(shop: Path) -> None:
    result = run("seed", "--url", "sqlite:///e3.db", "--create")
    assert result.stdout.startswith("Note: there are no tables; give --models and --create")
    assert not list(shop.glob("e3.db*"))


def test_check_of_a_clean_database() -> None:
    url = make_database(*GOOD)
    for rules in ((), ("--models", "shopmodels:Base")):
        result = run("check", "--url", url, *rules)
        assert result.exit_code == 0
        assert "all hold" in result.stdout
        assert run_json("check", "--url", url, *rules)["tables"] == {"customers": 1, "orders": 1}


def test_check_finds_what_breaks_the_models_rules() -> None:
    url = make_database(*BAD)
    assert run("check", "--url", url).exit_code == 0, "the database itself has no such rules"
    result = run("check", "--url", url, "--models", "shopmodels:Base")
    assert result.exit_code == 1
    assert "Violation: customers: unique: email (1)\n    email='a@b.example'\n" in result.stdout
    assert "3 do not hold" in result.stdout
    report = run_json("check", "--url", url, "--models", "shopmodels:Base", code=1)
    assert [each["rule"] for each in report["violations"]] == ["unique", "foreign key", "check"]


def test_a_bar_moves_on_a_terminal_and_only_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from syda.cli.command import progress_bar

    with progress_bar() as moved:
        assert moved is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_bar(hidden=True) as moved:
        assert moved is None
    with progress_bar() as moved:
        assert moved is not None
        moved("customers", 5, 10)
        moved("customers", 10, 10)
    captured = capsys.readouterr()
    assert "customers" in captured.err
    assert captured.out == ""
