"""forward: choose by the profile's rules, tell every document system that holds the copy, keep the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from intake.errors import DocumentError, EnvironmentTrouble, SohoaError
from intake.folder import DocumentFolder
from intake.model import Assignment, Receipt, StageResult
from intake.ports import Connector
from intake.profile.sections import ForwardSection
from workers.forward.calendar import WorkingCalendar, calendar_of
from workers.forward.choose import BY_PERSON, alarm_at, choose, priority_of
from workers.tools.assignment import assignment_json
from workers.tools.receipt import receipt_json, receipt_of
from workers.tools.record import LANGUAGE


def run(
    document: DocumentFolder,
    section: ForwardSection,
    out: Path,
    *,
    connectors: Mapping[str, Connector],
    receipts: Mapping[str, Receipt] | None = None,
    station: str,
    arrived_at: datetime,
) -> StageResult:
    """``connectors`` and ``receipts``: target name → connector, → receipt of the delivery (by default those in the
    facts of push). ``arrived_at``: when the last byte of the scan arrived.

    Telling is idempotent, so after a failure half-way the next try tells everybody again. Raises EnvironmentTrouble
    when a target could not be told, DocumentError when one refused.
    """
    given = receipts if receipts is not None else delivered(document)
    calendar = calendar_of(section)
    record = {"Language": LANGUAGE, **document.confirmed}
    assignment = choose(record, section, station=station, arrived_at=arrived_at, calendar=calendar)
    assignment = _by_person(document, assignment)
    told: dict[str, dict[str, Any]] = {}
    failed: list[SohoaError] = []
    for target, receipt in given.items():
        try:
            told[target] = receipt_json(connectors[target].forward(receipt, assignment))
        except (EnvironmentTrouble, DocumentError) as error:
            failed.append(type(error)(f"Nơi nhận «{target}»: {error.vi}", f"Target «{target}»: {error.en}"))
    if failed:
        kind = DocumentError if any(isinstance(error, DocumentError) for error in failed) else EnvironmentTrouble
        raise kind("\n".join(error.vi for error in failed), "\n".join(error.en for error in failed))
    return StageResult(
        facts={"assignment": _facts(assignment, section, record, arrived_at, calendar), "receipts": told}
    )


def _by_person(document: DocumentFolder, chosen: Assignment) -> Assignment:
    """What the head clerk decided stands over every rule; the deadline stays the rule's."""
    told = document.facts.get("assign")
    if not told:
        return chosen
    return replace(
        chosen,
        unit=str(told["unit"]),
        person=str(told["person"]) or None,
        coordinators=(),
        rule=BY_PERSON,
        why=f"Người phụ trách phân phối: {told['by']}. {told['text']}".strip(),
    )


def delivered(document: DocumentFolder) -> dict[str, Receipt]:
    """The receipts push left; raises DocumentError when there is none, for nothing can be forwarded unreceived."""
    known = document.facts.get("push", {}).get("receipts")
    if not isinstance(known, Mapping) or not known:
        raise DocumentError(
            f"Hồ sơ {document.document_id} chưa có biên nhận của nơi nhận nào; hãy chạy lại bước «push».",
            f"Document {document.document_id} has no receipt from any target; run it again from «push».",
        )
    return {target: receipt_of(receipt) for target, receipt in known.items()}


def _facts(
    assignment: Assignment,
    section: ForwardSection,
    record: Mapping[str, Any],
    arrived_at: datetime,
    calendar: WorkingCalendar,
) -> dict[str, Any]:
    """The assignment, and the clocks the desk shows: present_by and latest (QĐ 12/2020/QĐ-UBND Đ6.2), for an urgent
    document alarm_at and who is told when it rings."""
    wanted, latest = calendar.registry_deadline(arrived_at)
    clocks: dict[str, Any] = {"present_by": wanted.isoformat(), "latest": latest.isoformat()}
    priority = priority_of(record)
    if priority:
        clocks |= {
            "alarm_at": alarm_at(section, priority, arrived_at).isoformat(),
            "escalate_to": section.escalate_to or section.unmatched_unit,
        }
    return {**assignment_json(assignment), "priority": priority, **clocks}
