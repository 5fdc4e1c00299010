"""Reports: today at the desk, what has waited how long, how each station scans, which fields are corrected."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from fastapi import APIRouter
from starlette.responses import Response

from intake.review import charts
from intake.review.seat import VIETNAM, Seated
from intake.store import figures

router = APIRouter()

AGES = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1), timedelta(days=3))
QUALITY_DAYS = 30
READERS = frozenset({"clerk", "senior", "van_thu", "admin", "auditor", "operator"})


@router.get("/reports")
def reports(seat: Seated) -> Response:
    """All figures come from the audit chain and the store as they are now; nothing is kept beside them."""
    seat.acting(READERS)
    today = datetime.combine(seat.desk.today(), time(), VIETNAM)
    month = today - timedelta(days=QUALITY_DAYS)
    soon = seat.store.clock.now() + timedelta(seconds=1)
    lately = figures.worked(seat.store, month, soon)
    stations = figures.stations(seat.store, month)
    return seat.page(
        "reports.html",
        today=figures.worked(seat.store, today, soon),
        lately=lately,
        days=QUALITY_DAYS,
        ageing=figures.ageing(seat.store, AGES),
        ages=len(AGES) + 1,
        corrected=charts.bars(lately.corrected),
        stations=[(each, charts.bars(each.codes, 5), charts.control(each.scale)) for each in stations],
        size=(charts.WIDTH, charts.HEIGHT, charts.LEFT, charts.BOTTOM),
    )
