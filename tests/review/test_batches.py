"""Batches: what one station scanned in one go, counted as a pile of paper is counted."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from intake.review.batches import PAUSE, batches_of
from intake.states import State
from tests.review.station import Clerk, Paper, Station
from tests.surroundings.clock import ManualClock

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["quay-1", "quay-2"]), st.integers(0, 40), st.sampled_from(list(State)), st.integers(0, 9)
    )
)


@given(ROWS)
def test_every_document_is_in_one_batch_and_batches_of_a_station_lie_apart(
    rows: list[tuple[str, int, State, int]],
) -> None:
    now = ManualClock().now()
    given_rows = []
    for station, minutes, state, pages in rows:
        now += timedelta(minutes=minutes)
        row = {"station": station, "arrived_at": now, "state": state, "pages": pages, "priority": 0, "due_at": None}
        given_rows.append(row)
    found = batches_of(given_rows)
    assert sum(batch.documents for batch in found) == len(rows)
    assert sum(batch.pages for batch in found) == sum(row["pages"] for row in given_rows)
    assert all(sum(batch.standing.values()) == batch.documents for batch in found)
    for station in ("quay-1", "quay-2"):
        own = sorted((batch for batch in found if batch.station == station), key=lambda batch: batch.since)
        assert all(later.since - earlier.until > PAUSE for earlier, later in pairwise(own))


def test_a_batch_leads_to_its_documents_and_to_no_others(station: Station) -> None:
    first = [station.document(Paper(number=str(n))) for n in (101, 102)]
    other = station.document(Paper(number="103"), station="quay-2")
    station.clock.forward(minutes=30)
    second = station.document(Paper(number="104", pages=3, priority=2))
    refused = station.refused()
    lan = Clerk(station, "lan")
    page = lan.get("/batches").text
    rows = re.findall(r"<tr class.*?</tr>", page, re.DOTALL)
    assert len(rows) == 3
    newest = rows[0]
    assert "<b>2</b>" in newest
    assert "1 khẩn" in newest
    link = re.search(r'href="(/queue[^"]+view=all)"', newest)
    assert link is not None
    shown = lan.get(link[1].replace("&amp;", "&")).text
    assert [document in shown for document in (*first, other, second, refused)] == [False, False, False, True, True]
    assert "Lô 09:00–09:00" in shown
    assert lan.get("/queue?since=yesterday&until=2026").status_code == 200, "what is no moment narrows nothing"
    assert "Ngày này không có" in lan.get("/batches?day=2026-11-22").text
    assert "quay-2" not in "".join(re.findall(r"<tr class.*?</tr>", lan.get("/batches?station=quay-1").text, re.DOTALL))
