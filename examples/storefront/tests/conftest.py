"""What the tests of the storefront say once: how orders come about."""

from __future__ import annotations

from datetime import datetime

import pytest

import syda as library
from examples.storefront.models import Base, Order


@library.trait(Order, "shipped")
def shipped() -> dict[str, object]:
    return {"status": "shipped", "shipped_at": datetime(2025, 6, 1), "items": 2}


@pytest.fixture(scope="session")
def syda_models() -> type[Base]:
    return Base
