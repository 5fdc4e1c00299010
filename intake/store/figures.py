"""Figures for the desk's reports: what was done, what waits, how well the stations scan; nothing here writes."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import sqlalchemy as sa

from intake.states import State
from intake.store.engine import Store
from intake.store.schema import audit, document, finding, published

LONGEST_LOOK = timedelta(minutes=30)
"""a screen left open over lunch says nothing about how long a document takes"""


MEASURES = ("scale", "dpi_optical", "blur", "streaks")
"""what is charted of the gate's measures of a page, where it took them"""


@dataclass(frozen=True, slots=True)
class Worked:
    """One span of time at the desk. ``seconds``: median from opening a document to confirming it, None if none was."""

    received: int
    approved: int
    automatic: int
    sent_back: Mapping[str, int]
    held: int
    signed: int
    forwarded: int
    duplicates: int
    seconds: float | None
    by_person: Mapping[str, int]
    corrected: Mapping[str, int]
    reviewed: int

    @property
    def straight_through(self) -> float | None:
        """Share of the documents that passed the review without any field being corrected."""
        passed = self.approved + self.automatic
        return None if not passed else (passed - self.reviewed_with_correction) / passed

    reviewed_with_correction: int = 0


@dataclass(slots=True)
class StationQuality:
    """How one station scanned: documents, those stopped, its findings, and per measure the mean over each document's
    pages, in order of arrival: measure → (document id, value)."""

    station: str
    documents: int = 0
    stopped: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    measured: dict[str, list[tuple[str, float]]] = field(default_factory=lambda: {name: [] for name in MEASURES})


def worked(store: Store, since: datetime, until: datetime) -> Worked:
    """What happened between two moments, from the audit chain."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    people: Counter[str] = Counter()
    corrected: Counter[str] = Counter()
    with_correction = 0
    opened: dict[tuple[str, str], datetime] = {}
    seconds: list[float] = []
    query = (
        sa.select(audit.c.at, audit.c.actor, audit.c.action, audit.c.document_id, audit.c.data)
        .where(audit.c.at >= since, audit.c.at < until, audit.c.document_id.is_not(None))
        .order_by(audit.c.seq)
    )
    with store.read() as connection:
        for row in connection.execute(query):
            person = row.actor.split(" (")[0]
            if row.action == "viewed":
                opened.setdefault((person, row.document_id), row.at)
                continue
            counts[row.action] += 1
            data = json.loads(row.data)
            counts["held"] += data.get("to") == State.HELD
            if row.action == "reject":
                reasons[data["reason"]] += 1
            elif row.action == "approve":
                people[person] += 1
                names = data["corrected"]
                corrected.update(names)
                with_correction += bool(names)
                looked = opened.pop((person, row.document_id), None)
                if looked is not None and row.at - looked <= LONGEST_LOOK:
                    seconds.append((row.at - looked).total_seconds())
            elif row.action == "pdf.finished" and data["to"] == State.APPROVED:
                counts["automatic"] += 1
    return Worked(
        received=counts["admitted"],
        approved=counts["approve"],
        automatic=counts["automatic"],
        sent_back=dict(reasons),
        held=counts["held"],
        signed=counts["sign.finished"],
        forwarded=counts["forward.finished"],
        duplicates=counts["duplicate"],
        seconds=median(seconds) if seconds else None,
        by_person=dict(people.most_common()),
        corrected=dict(corrected.most_common()),
        reviewed=counts["approve"],
        reviewed_with_correction=with_correction,
    )


def ageing(store: Store, limits: tuple[timedelta, ...]) -> dict[str, list[int]]:
    """State → how many documents have waited up to each limit, and longer than the last one."""
    now = store.clock.now()
    waiting = (State.ASSEMBLED, State.HELD, State.APPROVED)
    table = {state.value: [0] * (len(limits) + 1) for state in waiting}
    query = sa.select(document.c.state, document.c.arrived_at).where(document.c.state.in_(waiting))
    with store.read() as connection:
        for state, arrived in connection.execute(query):
            place = next((n for n, limit in enumerate(limits) if now - arrived <= limit), len(limits))
            table[state][place] += 1
    return table


def stations(store: Store, since: datetime) -> list[StationQuality]:
    """Every station that delivered since then."""
    found: dict[str, StationQuality] = {}
    recent = sa.select(document.c.id, document.c.station, document.c.state).where(document.c.arrived_at >= since)
    with store.read() as connection:
        of: dict[str, str] = {}
        for row in connection.execute(recent.order_by(document.c.id)):
            quality = found.setdefault(row.station, StationQuality(row.station))
            quality.documents += 1
            quality.stopped += row.state in (State.REJECTED, State.REFUSED)
            of[row.id] = row.station
        codes = (
            sa.select(finding.c.document_id, finding.c.code)
            .join(document, document.c.id == finding.c.document_id)
            .where(document.c.arrived_at >= since, finding.c.stage == "check", finding.c.severity != "note")
            .distinct()
        )
        for document_id, code in connection.execute(codes):
            found[of[document_id]].codes[code] += 1
        checks = (
            sa.select(published.c.document_id, published.c.facts)
            .join(document, document.c.id == published.c.document_id)
            .where(document.c.arrived_at >= since, published.c.stage == "check")
            .order_by(published.c.document_id)
        )
        for document_id, facts in connection.execute(checks):
            for name, values in found[of[document_id]].measured.items():
                mean = _mean(facts, name)
                if mean is not None:
                    values.append((document_id, mean))
    return [found[name] for name in sorted(found)]


def monthly(store: Store, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """The documents of a register month in the order they came; refused ones are left to the secrets' own register."""
    query = (
        sa.select(document)
        .where(document.c.arrived_at >= since, document.c.arrived_at < until)
        .where(document.c.state.not_in([State.REJECTED, State.REFUSED]))
        .order_by(document.c.arrived_at, document.c.id)
    )
    facts = sa.select(published.c.document_id, published.c.stage, published.c.at, published.c.facts).where(
        published.c.stage.in_(["push", "forward"]),
        published.c.document_id.in_(
            sa.select(document.c.id).where(document.c.arrived_at >= since, document.c.arrived_at < until)
        ),
    )
    with store.read() as connection:
        more: dict[str, dict[str, Any]] = defaultdict(dict)
        for row in connection.execute(facts):
            more[row.document_id][row.stage] = {"at": row.at, **row.facts}
        return [{**row, "stages": more[row["id"]]} for row in connection.execute(query).mappings()]


def _mean(facts: Mapping[str, Any], name: str) -> float | None:
    values = [page.get(name) for page in facts.get("measures", [])]
    numbers = [float(value) for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
    return sum(numbers) / len(numbers) if numbers else None
