"""Back-off: how long to wait before something that was in trouble is tried again."""

from __future__ import annotations

import hashlib
from datetime import timedelta

BACKOFF_FIRST = timedelta(seconds=2)
BACKOFF_LONGEST = timedelta(minutes=15)


def backoff(troubles: int, seed: str) -> timedelta:
    """Exponential with ±25 % jitter; the jitter comes from ``seed`` so that a run can be replayed."""
    base = min(BACKOFF_FIRST * float(2 ** min(troubles, 20)), BACKOFF_LONGEST)
    spread = hashlib.sha256(f"{seed}/{troubles}".encode()).digest()[0] / 255
    return base * (0.75 + spread / 2)
