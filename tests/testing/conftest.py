"""Suites in a process of their own, or in this one."""

from __future__ import annotations

import pytest

from tests.testing.suites import HEAD, MODELS


@pytest.fixture
def suite(pytester: pytest.Pytester):
    """Return a function that runs a suite of some tests with some settings."""
    pytester.makepyfile(shop=MODELS)

    def run(tests: str, *args: str, **settings: str) -> pytest.RunResult:
        listed = "\n".join(f"{name} = {value}" for name, value in {"syda_models": "shop:Base", **settings}.items())
        pytester.makeini(f"[pytest]\npythonpath = .\n{listed}\n")
        pytester.makepyfile(test_shop=HEAD + tests)
        run = pytester.runpytest_subprocess if "-n" in args else pytester.runpytest_inprocess
        return run("-p", "no:cacheprovider", *args)

    return run
