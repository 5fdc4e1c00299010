"""Who handles a document, until when, and why: the rules of the profile, first match wins, every step explained."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from intake.model import Assignment
from intake.profile.sections import ForwardRule, ForwardSection
from workers.forward.calendar import HANOI, WorkingCalendar
from workers.forward.match import bare, holds, same

URGENCY = {
    0: ("thường", "ordinary"),
    1: ("khẩn", "urgent (khẩn)"),
    2: ("thượng khẩn", "very urgent (thượng khẩn)"),
    3: ("hỏa tốc", "express (hỏa tốc)"),
    4: ("hỏa tốc hẹn giờ", "express by the hour (hỏa tốc hẹn giờ)"),
}
UNMATCHED = "–"
"""The rule's name in an assignment that no rule made."""
BY_PERSON = "người phân phối"
"""the rule's name in an assignment that a person made"""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a rule and what the document had in its place."""

    key: str
    met: bool
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One rule as tried: it matches when all its conditions are met (a rule without conditions always does)."""

    rule: ForwardRule
    conditions: tuple[Condition, ...]

    @property
    def matches(self) -> bool:
        return all(condition.met for condition in self.conditions)


def choose(
    record: Mapping[str, Any],
    section: ForwardSection,
    *,
    station: str,
    arrived_at: datetime,
    calendar: WorkingCalendar,
) -> Assignment:
    """The assignment of the first rule that matches, or the head clerk's queue.

    ``record``: Appendix VI names → values (flat field names or the nested record). ``arrived_at`` is aware.
    """
    priority = priority_of(record)
    for outcome in tried(record, section, station=station):
        if outcome.matches:
            rule = outcome.rule
            return Assignment(
                unit=rule.unit,
                person=rule.person,
                coordinators=rule.coordinators,
                due=due(record, section, rule.working_days, arrived_at, calendar),
                rule=rule.name,
                why=_why(outcome, priority),
            )
    return Assignment(
        unit=section.unmatched_unit,
        person=section.unmatched_person,
        coordinators=(),
        due=due(record, section, section.unmatched_working_days, arrived_at, calendar),
        rule=UNMATCHED,
        why=f"Không quy tắc nào khớp ({len(section.rule)} quy tắc đã thử); văn thư phụ trách phân phối.",
    )


def tried(record: Mapping[str, Any], section: ForwardSection, *, station: str) -> tuple[Outcome, ...]:
    """Every rule in order, up to and with the first that matches."""
    outcomes = []
    for rule in section.rule:
        outcome = Outcome(rule, _conditions(rule, record, station))
        outcomes.append(outcome)
        if outcome.matches:
            break
    return tuple(outcomes)


def priority_of(record: Mapping[str, Any]) -> int:
    """0–4; what is missing counts as ordinary."""
    value = record.get("Priority")
    return int(value) if value not in (None, "") else 0


def due(
    record: Mapping[str, Any],
    section: ForwardSection,
    working_days: float,
    arrived: datetime,
    calendar: WorkingCalendar,
) -> datetime:
    """The deadline: by working days; an urgent document the same working day, or at once by the clock where the rule
    says 0 days (QĐ 12/2020/QĐ-UBND Đ13.2); never later than the document's own deadline."""
    priority = priority_of(record)
    moment = calendar.after(arrived, working_days)
    if priority and working_days > 0:
        moment = min(moment, calendar.closes(calendar.counts_from(arrived)))
    elif priority:
        moment = alarm_at(section, priority, arrived)
    own = _own_deadline(record, calendar)
    return min(moment, own) if own else moment


def alarm_at(section: ForwardSection, priority: int, arrived: datetime) -> datetime:
    """When an urgent document must have reached the handler's unit, by the clock and not by office hours."""
    return arrived + timedelta(minutes=section.alarm_minutes[priority - 1])


def _own_deadline(record: Mapping[str, Any], calendar: WorkingCalendar) -> datetime | None:
    """DueDate: a day ends when the office closes; a moment (hẹn giờ) is that moment, Vietnamese time."""
    text = str(record.get("DueDate") or "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= len("2026-11-22"):
        return calendar.closes(moment.date())
    return moment if moment.tzinfo else moment.replace(tzinfo=HANOI)


def _conditions(rule: ForwardRule, record: Mapping[str, Any], station: str) -> tuple[Condition, ...]:
    """Conditions that were given; a rule says nothing about the rest."""
    found = []
    for key, name, vi, en, hit in (
        ("type_name", "TypeName", "tên loại", "type", same),
        ("notation", "CodeNotation", "ký hiệu", "notation", _pattern),
        ("organ", "OrganName", "cơ quan ban hành", "issuing agency", holds),
        ("keywords", "Subject", "trích yếu", "abstract", holds),
        ("language", "Language", "ngôn ngữ", "language", same),
    ):
        wanted = getattr(rule, key)
        if wanted:
            text = str(record.get(name) or "")
            match = next((word for word in wanted if hit(text, word)), None)
            shown = f"«{match}»" if match else ", ".join(f"«{word}»" for word in wanted)
            found.append(
                Condition(
                    key,
                    match is not None,
                    f"{vi} {'có' if match else 'không có'} {shown}",
                    f"{en} {'has' if match else 'has not'} {shown}",
                )
            )
    if rule.priority_min:
        vi, en = URGENCY[rule.priority_min]
        met = priority_of(record) >= rule.priority_min
        found.append(
            Condition(
                "priority_min",
                met,
                f"mức khẩn {'từ' if met else 'chưa đến'} {vi}",
                f"urgency {'at least' if met else 'below'} {en}",
            )
        )
    if rule.station:
        met = station in rule.station
        found.append(
            Condition(
                "station", met, f"trạm quét «{station}» {'thuộc' if met else 'ngoài'} quy tắc", f"station «{station}»"
            )
        )
    return tuple(found)


def _pattern(text: str, pattern: str) -> bool:
    """``*`` stands for anything; marks and case do not count, because stamps and scans lose them."""
    return fnmatch.fnmatchcase(bare(text.casefold()), bare(pattern.casefold()))


def _why(outcome: Outcome, priority: int) -> str:
    because = "; ".join(condition.vi for condition in outcome.conditions) or "quy tắc chung, không điều kiện"
    return f"Quy tắc «{outcome.rule.name}»: {because}. Mức khẩn: {URGENCY[priority][0]}."
