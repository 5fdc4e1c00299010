"""Reports: the figures are those of the audit chain, and a chart marks what is out of control."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.model import Finding, Severity
from intake.review import charts
from intake.store import figures, reading
from tests.review.station import GOOD, Clerk, Paper, Station


def test_today_counts_what_was_done_today_and_by_whom(station: Station) -> None:
    yesterday = station.document()
    Clerk(station, "lan").confirm(yesterday, reading.whole(station.store, yesterday).version, **GOOD)
    station.clock.forward(days=1)
    start = station.clock.now() - timedelta(hours=1)
    right, wrong, back = (station.document(Paper(number=number)) for number in ("1", "2", "3"))
    lan = Clerk(station, "lan")
    lan.get(f"/documents/{right}")
    station.clock.forward(seconds=6)
    same = {"CodeNumber": "1", "CodeNotation": "QĐ-UBND", "IssuedDate": "20/11/2026", "Subject": Paper().subject}
    assert lan.confirm(right, reading.whole(station.store, right).version, **same).status_code == 200
    lan.get(f"/documents/{wrong}")
    station.clock.forward(seconds=10)
    assert (
        lan.confirm(wrong, reading.whole(station.store, wrong).version, **{**same, "CodeNumber": "7"}).status_code
        == 200
    )
    lan.post(
        f"/documents/{back}/reject", version=reading.whole(station.store, back).version, reason="rescan", text="mờ"
    )
    today = figures.worked(station.store, start, station.clock.now() + timedelta(seconds=1))
    assert (today.received, today.approved, today.sent_back) == (3, 2, {"rescan": 1})
    assert today.corrected == {"CodeNumber": 1}
    assert today.straight_through == pytest.approx(0.5)
    assert today.seconds == pytest.approx(8)
    page = lan.get("/reports").text
    assert "8 giây" in page, page[page.index("<main") :]
    assert "50 %" in page


def test_a_document_the_gate_stops_counts_as_held(station: Station) -> None:
    blur = Finding("check.blurred", Severity.BLOCK, "mờ", "blurred", page=1)
    station.document(findings=(blur,), upto="check")
    now = station.clock.now()
    assert figures.worked(station.store, now - timedelta(hours=1), now + timedelta(hours=1)).held == 1


def test_ageing_puts_each_waiting_document_where_it_belongs(station: Station) -> None:
    station.document()
    station.clock.forward(hours=3)
    station.document()
    station.clock.forward(days=2)
    station.document()
    table = figures.ageing(
        station.store, (timedelta(hours=1), timedelta(hours=4), timedelta(days=1), timedelta(days=3))
    )
    assert table["assembled"] == [1, 0, 0, 2, 0]


def test_a_scanner_that_drifts_is_marked_and_a_steady_one_is_not() -> None:
    steady = charts.control([(str(n), 1.0 + 0.001 * (n % 2)) for n in range(30)])
    drifted = charts.control([(str(n), 1.0 + 0.001 * (n % 2)) for n in range(30)] + [("bad", 0.94)])
    assert steady is not None
    assert drifted is not None
    assert not any(point.out for point in steady.points)
    assert [point.name for point in drifted.points if point.out] == ["bad"]


@given(st.lists(st.floats(min_value=0.1, max_value=3, allow_nan=False), max_size=80))
def test_every_point_of_a_chart_lies_inside_it(values: list[float]) -> None:
    chart = charts.control([(str(n), value) for n, value in enumerate(values)])
    assert (chart is None) == (len(values) < 2)
    if chart is not None:
        assert all(0 <= point.x <= charts.WIDTH and 0 <= point.y <= charts.HEIGHT for point in chart.points)


def test_an_operator_without_other_roles_sees_figures_but_decides_nothing(station: Station) -> None:
    station.person("tam", "operator")
    document = station.document()
    tam = Clerk(station, "tam")
    assert tam.get("/reports").status_code == 200
    assert tam.post(f"/documents/{document}/reject", version=4, reason="other", text="x").status_code == 403


def test_each_measure_of_a_station_has_a_chart_of_its_own_and_what_was_not_measured_has_none(station: Station) -> None:
    for n in range(12):
        measure = {"scale": 1.0, "dpi_optical": 300.0 + n % 2 if n < 11 else 190.0, "streaks": None}
        station.document(Paper(number=str(n), measure=measure, pages=2))
    station.document(Paper(measure={"scale": 1.0}), station="quay-2")
    first, second = figures.stations(station.store, station.clock.now() - timedelta(days=1))
    assert [len(first.measured[name]) for name in figures.MEASURES] == [12, 12, 0, 0]
    assert len(second.measured["scale"]) == 1
    page = Clerk(station, "lan").get("/reports").text
    assert "Độ phân giải thật, 12 văn bản: trung bình 291 dpi, 1 điểm ngoài giới hạn" in page
    assert "100.0%" in page
    assert "Vệt sọc" not in page
    assert page.count('class="chart"') == 2, "one value is no chart"
