"""Why a document would go where it goes: the forwarding rules of a profile, tried one by one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from intake.profile import Profile
from workers.forward.calendar import calendar_of
from workers.forward.choose import choose, tried
from workers.tools.assignment import assignment_json
from workers.tools.record import LANGUAGE


def explain(
    fields: Mapping[str, str | int | None], profile: Profile, *, station: str, arrived_at: datetime
) -> dict[str, Any]:
    """``{"assignment": {…}, "rules": [{"rule", "matches", "conditions": [{"key", "met", "message", "message_en"}]}]}``.

    ``fields``: Appendix VI names → values, from ``sohoa ocr`` or as confirmed; ``arrived_at`` is aware. Nothing is
    sent and nothing is written: `sohoa profile explain` shows it, and the desk's dry run tallies it.
    """
    section = profile.forward
    record = {"Language": LANGUAGE, **fields}
    assignment = choose(record, section, station=station, arrived_at=arrived_at, calendar=calendar_of(section))
    return {
        "assignment": assignment_json(assignment),
        "rules": [
            {
                "rule": outcome.rule.name,
                "matches": outcome.matches,
                "conditions": [
                    {"key": item.key, "met": item.met, "message": item.vi, "message_en": item.en}
                    for item in outcome.conditions
                ],
            }
            for outcome in tried(record, section, station=station)
        ],
    }
