"""Bad moods by seeded chance: the same seed gives the same sequence of moods."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field


@dataclass
class Hostility:
    """Chances per request, 0–1; what is left over is an honest answer.

    ``commit_then_silence``: does the work, then never answers. ``silence``: never answers and does nothing.
    ``error_before`` / ``error_after``: HTTP 500 without / after the work. ``twice``: does the work twice and sends the
    answer twice. ``drip``: the answer byte by byte, slower than anybody should wait. ``trickle``: byte by byte, but
    ends in time. ``half_close``: half the answer, then the connection ends. ``reset``: does the work, then cuts.
    ``garbage``: something that is not HTTP. ``expire``: HTTP 401 as if the token had run out.
    """

    seed: int = 0
    commit_then_silence: float = 0.0
    silence: float = 0.0
    error_before: float = 0.0
    error_after: float = 0.0
    twice: float = 0.0
    drip: float = 0.0
    trickle: float = 0.0
    half_close: float = 0.0
    reset: float = 0.0
    garbage: float = 0.0
    expire: float = 0.0
    counted: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._lock = threading.Lock()

    def mood(self) -> str:
        """The name of this request's mood, or ``honest``."""
        with self._lock:
            drawn, chosen = self._random.random(), "honest"
            for name in MOODS:
                chance = getattr(self, name)
                if drawn < chance:
                    chosen = name
                    break
                drawn -= chance
            self.counted[chosen] = self.counted.get(chosen, 0) + 1
            return chosen


MOODS = (
    "commit_then_silence",
    "silence",
    "error_before",
    "error_after",
    "twice",
    "drip",
    "trickle",
    "half_close",
    "reset",
    "garbage",
    "expire",
)
WORKS = frozenset({"commit_then_silence", "error_after", "twice", "drip", "trickle", "half_close", "reset", "honest"})
"""Moods in which the work is done before the answer goes wrong."""
