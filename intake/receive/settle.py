"""Decide when a capture in the scan folder has stopped growing: quiet, then whole, never one without the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from intake.receive.listing import Capture

GAP_MARGIN = 1.5
"""The quiet time is at least this many times the longest pause seen inside one capture of the station."""
QUIET_LONGEST = timedelta(seconds=60)


class Verdict(Enum):
    WAIT = "wait"
    TAKE = "take"
    TAKE_DAMAGED = "take damaged"
    """Quiet for long, yet structurally broken: some devices write so for ever; the check stage explains it."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of one capture. ``changed_at`` is when its listing last differed."""

    fingerprint: tuple[tuple[str, int, int, int], ...]
    first_at: datetime
    changed_at: datetime
    structure: str | None = None
    probed: bool = False


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The station's habits: ``longest_gap`` between two writes to one capture, learned as it is seen."""

    longest_gap: timedelta = timedelta(0)

    def learned(self, gap: timedelta) -> Rhythm:
        return Rhythm(max(self.longest_gap, min(gap, QUIET_LONGEST / GAP_MARGIN)))

    def quiet(self, least: timedelta) -> timedelta:
        return max(least, self.longest_gap * GAP_MARGIN)


class Settling:
    """The captures of one station on their way to being whole."""

    def __init__(self, least_quiet: timedelta, damaged_after: timedelta, rhythm: Rhythm) -> None:
        self._least_quiet = least_quiet
        self._damaged_after = damaged_after
        self.rhythm = rhythm
        self._watched: dict[str, Watched] = {}

    def look(self, capture: Capture, now: datetime, probe: Callable[[Capture], str | None]) -> Verdict:
        """One look at one capture. ``probe`` (the structural check) is asked once per quiet spell, and once more
        before a capture is called damaged."""
        known = self._watched.get(capture.name)
        if known is None:
            self._watched[capture.name] = Watched(capture.fingerprint, now, now)
            return Verdict.WAIT
        if known.fingerprint != capture.fingerprint:
            if any(size for _, size, _, _ in known.fingerprint):
                self.rhythm = self.rhythm.learned(now - known.changed_at)
            self._watched[capture.name] = replace(
                known, fingerprint=capture.fingerprint, changed_at=now, structure=None, probed=False
            )
            return Verdict.WAIT
        quiet_for = now - known.changed_at
        if quiet_for < timedelta(0):
            # The clock stepped back: start this spell again rather than wait until it catches up.
            self._watched[capture.name] = replace(known, changed_at=now)
            return Verdict.WAIT
        if quiet_for < self.rhythm.quiet(self._least_quiet):
            return Verdict.WAIT
        late = quiet_for >= self._damaged_after
        if not known.probed or (late and known.structure is not None):
            known = replace(known, structure=probe(capture), probed=True)
            self._watched[capture.name] = known
        if known.structure is None:
            return Verdict.TAKE
        return Verdict.TAKE_DAMAGED if late else Verdict.WAIT

    def forget(self, name: str) -> None:
        self._watched.pop(name, None)

    def names(self) -> set[str]:
        return set(self._watched)
