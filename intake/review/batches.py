"""Batches: what each station scanned in one go, and how far the pile is; who scanned it sees that nothing is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from intake.review.queue import VIEWS
from intake.review.seat import VIETNAM, Seated
from intake.states import State
from intake.store import reading

router = APIRouter()

PAUSE = timedelta(minutes=10)
"""a longer pause at a station begins a new batch"""
STANDING = ("review", "held", "sign", "running", "done", "out")
"""the queue's tabs a batch is counted by"""


@dataclass(slots=True)
class Batch:
    """Documents of one station that came with no longer pause than ``PAUSE`` between two of them."""

    station: str
    since: datetime
    until: datetime
    documents: int = 0
    pages: int = 0
    urgent: int = 0
    due: datetime | None = None
    standing: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STANDING, 0))

    @property
    def open(self) -> int:
        """Documents that somebody or something still has to do with."""
        return self.documents - self.standing["done"] - self.standing["out"]

    def add(self, row: Mapping[str, Any]) -> None:
        self.until = row["arrived_at"]
        self.documents += 1
        self.pages += row["pages"] or 0
        self.urgent += bool(row["priority"])
        tab = next(name for name in STANDING if State(row["state"]) in VIEWS[name])
        self.standing[tab] += 1
        if tab not in ("done", "out") and row["due_at"] is not None:
            self.due = min(self.due or row["due_at"], row["due_at"])


def batches_of(rows: Iterable[Mapping[str, Any]]) -> list[Batch]:
    """Rows in order of arrival → batches, the newest first."""
    found: list[Batch] = []
    running: dict[str, Batch] = {}
    for row in rows:
        batch = running.get(row["station"])
        if batch is None or row["arrived_at"] - batch.until > PAUSE:
            batch = running[row["station"]] = Batch(row["station"], row["arrived_at"], row["arrived_at"])
            found.append(batch)
        batch.add(row)
    return sorted(found, key=lambda each: (each.until, each.station), reverse=True)


@router.get("/batches")
def batches(seat: Seated, day: str = "", station: str = "") -> Response:
    """One day's batches; of a refused document only that it was refused is counted."""
    chosen = _day(day) or seat.desk.today()
    since = datetime.combine(chosen, time(), VIETNAM)
    rows = reading.arrived(seat.store, since, since + timedelta(days=1))
    found = batches_of(rows)
    return seat.page(
        "batches.html",
        batches=[each for each in found if station in ("", each.station)],
        standing=STANDING,
        day=chosen,
        before=chosen - timedelta(days=1),
        after=chosen + timedelta(days=1) if chosen < seat.desk.today() else None,
        station=station,
        stations=sorted({*seat.desk.settings.station, *(each.station for each in found)}),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
