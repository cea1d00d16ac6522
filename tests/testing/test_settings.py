"""Settings have their types in every file, and a failing test says how it is given the same data again."""

from __future__ import annotations

import shlex

import pytest

from tests.testing.suites import MODELS

pytest_plugins = ["pytester"]


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="pytest reads [tool.pytest] since version 9")
def test_settings_in_toml(pytester):
    pytester.makepyfile(shop=MODELS, test_shop="def test_it(syda):\n    assert False\n")
    pytester.makepyprojecttoml(
        """
        [tool.pytest]
        pythonpath = ["."]
        syda_models = "shop:Base"
        syda_seed = 7
        syda_may_empty = ["shop"]
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["The same data again: *--syda-seed=7"])
    pytester.makepyprojecttoml('[tool.pytest]\nsyda_seed = "x"')
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize("seed", ["x", "--5", "²", "1.5", ""])
def test_seeds_that_are_none(suite, seed):
    result = suite("def test_it(syda): pass", syda_seed=seed)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: syda_seed: expected a whole number *"])


@pytest.mark.parametrize(
    ("tests", "args", "message"),
    [
        (
            "def test_it(syda): pass",
            ["--syda-record"],
            "PlanError: --syda-record: which language model is to be asked?",
        ),
        (
            "@pytest.mark.syda(parameters={'a': 1})\ndef test_it(): pass",
            [],
            "PlanError: *are a scenario's; which scenario=?",
        ),
        (
            "@pytest.mark.syda(seed='x')\ndef test_it(): pass",
            [],
            "PlanError: *seed: expected a whole number, got 'x'",
        ),
        (
            "@pytest.mark.syda(plan='no.yaml')\ndef test_it(): pass",
            [],
            "PlanFileError: *no.yaml': No such file or directory",
        ),
        (
            "@pytest.mark.syda(fixtures='no.yaml')\ndef test_it(): pass",
            [],
            "FixtureError: *no.yaml: there is no such file",
        ),
    ],
)
def test_nothing_is_passed_over(suite, tests, args, message):
    result = suite(tests, *args)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{message}*"])


@pytest.mark.parametrize("url", ["postgresql+psycopg//root:s3cret@127.0.0.1/test", "mysql://a:s3cret@127.0.0.1:port/b"])
@pytest.mark.parametrize("style", ["auto", "long"])
def test_the_password_of_a_url_is_not_shown(suite, url, style):
    result = suite("def test_it(syda): pass", "--tb", style, syda_url=url)
    result.stdout.fnmatch_lines(["*PlanError: syda_url: expected *://user:password@host:port/name); the *"])
    assert "s3cret" not in "\n".join([*result.outlines, *result.errlines])


FAILING = """
@pytest.mark.parametrize("name", ["a@b", "a@c", "q'r", "$HOME `id`"])
def test_fails(syda, name):
    print("DATA", name, syda.make(Customer).email)
    assert False
"""


def again(result: pytest.RunResult) -> list[list[str]]:
    return [shlex.split(line.partition(": ")[2]) for line in result.outlines if line.startswith("The same data again")]


def emails(result: pytest.RunResult) -> list[str]:
    return [line.split()[-1] for line in result.outlines if line.startswith("DATA")]


def test_the_command_to_be_given_the_same_data_again(suite, pytester, monkeypatch):
    pytester.mkdir("below")
    result = suite(FAILING, "--syda-random", "-p", "no:randomly")
    assert len(set(emails(result))) == 4
    monkeypatch.chdir(pytester.path / "below")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--syda-random", "..")
    assert len(again(result)) == 4
    for command, email in zip(again(result), emails(result), strict=True):
        single = pytester.runpytest_inprocess("-p", "no:cacheprovider", *command[1:])
        assert emails(single) == [email]


def test_groups_of_xdist_are_no_part_of_the_name(suite):
    grouped = FAILING.replace("@pytest", "@pytest.mark.xdist_group('one')\n@pytest", 1)
    alone, together = suite(grouped), suite(grouped, "-n", "2", "--dist", "loadgroup")
    assert sorted(emails(alone)) == sorted(emails(together))
    assert sorted(again(alone)) == sorted(again(together))
