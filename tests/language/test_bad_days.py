"""Whatever a model's server does, a run ends in valid rows or a typed error, and what was paid for is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.language.bad_days import DAYS, PROTOCOLS, ROWS, Day, run
from tests.llm.server import Server, serving


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.name)
def test_a_bad_day_ends_well(day: Day, protocol: str, server: Server) -> None:
    found = run(day, protocol, server)
    assert found.ends == day.ends, found.error
    assert found.valid
    assert found.rows == ({"clinics": ROWS, "visits": ROWS} if day.ends == "rows" else {})
    if day.calls is not None:
        assert found.calls == day.calls
    if found.error is not None:
        assert "sk" not in str(found.error).split()
