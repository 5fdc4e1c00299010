"""Wait for what another thread or process does; the limit is for a broken machine, not a pace."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import monotonic

from intake.errors import EnvironmentTrouble

TICK = Event()
SECONDS = 150.0


def until(true: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Poll until ``true``; a database that is just being restarted has not answered yet."""
    end = monotonic() + seconds
    while not _answered(true):
        assert monotonic() < end, "did not happen in time"
        TICK.wait(0.1)


def _answered(true: Callable[[], bool]) -> bool:
    try:
        return true()
    except EnvironmentTrouble:
        return False
