"""What the tests share."""

from collections.abc import Iterator

import polycache
import pytest


@pytest.fixture
def cache() -> Iterator[polycache.Cache]:
    """A cache in memory."""
    with polycache.open() as opened:
        yield opened
