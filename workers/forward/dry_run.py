"""Play rules over documents of the past: what would have gone where, before the rules are put to work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intake.profile.sections import ForwardSection
from workers.forward.calendar import calendar_of
from workers.forward.choose import UNMATCHED, choose


@dataclass(frozen=True, slots=True)
class Past:
    """A document as it was: its confirmed record, where it came in and when, and the unit that handled it."""

    document_id: str
    record: Mapping[str, Any]
    station: str
    arrived_at: datetime
    unit: str


@dataclass(frozen=True, slots=True)
class Tally:
    """``by_rule``: rule name → documents (unmatched under ``–``). ``moved``: document, unit then, unit by the rules.
    ``idle``: rules that matched nothing — misspelt, or shadowed by one above."""

    documents: int
    by_rule: Mapping[str, int]
    by_unit: Mapping[str, int]
    moved: tuple[tuple[str, str, str], ...]
    idle: tuple[str, ...]

    @property
    def unmatched(self) -> int:
        return self.by_rule.get(UNMATCHED, 0)


def dry_run(documents: Iterable[Past], section: ForwardSection) -> Tally:
    """Nothing is sent and nothing is written."""
    calendar = calendar_of(section)
    rules: Counter[str] = Counter()
    units: Counter[str] = Counter()
    moved = []
    for past in documents:
        chosen = choose(past.record, section, station=past.station, arrived_at=past.arrived_at, calendar=calendar)
        rules[chosen.rule] += 1
        units[chosen.unit] += 1
        if chosen.unit != past.unit:
            moved.append((past.document_id, past.unit, chosen.unit))
    idle = tuple(rule.name for rule in section.rule if not rules[rule.name])
    return Tally(sum(rules.values()), dict(rules), dict(units), tuple(moved), idle)
