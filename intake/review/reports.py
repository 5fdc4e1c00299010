"""Reports: today at the desk, what has waited how long, how each station scans, which fields are corrected."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from fastapi import APIRouter
from starlette.responses import Response

from intake.review import charts, drift
from intake.review.seat import VIETNAM, Seated
from intake.store import figures

router = APIRouter()

AGES = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1), timedelta(days=3))
QUALITY_DAYS = 30
FORMS = {"scale": "{:.1%}", "dpi_optical": "{:.0f} dpi", "blur": "{:.2f}", "streaks": "{:.2f}"}
"""how a measure is written beside its chart"""
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
        stations=[
            (each, charts.bars(each.codes, 5), [*_charts(each), *drift.drawn(seat.desk.settings.home, each.station)])
            for each in stations
        ],
        size=(charts.WIDTH, charts.HEIGHT, charts.LEFT, charts.BOTTOM),
    )


def _charts(station: figures.StationQuality) -> list[tuple[str, str, charts.Control]]:
    """Every measure with something to draw: its name, how its numbers are written, its chart."""
    drawn = ((name, charts.control(values)) for name, values in station.measured.items())
    return [(name, FORMS[name], chart) for name, chart in drawn if chart is not None]
