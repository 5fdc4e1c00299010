"""The queue: in which order, found how, and never slower because much lies behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from intake.model import Actor
from intake.store import decide, desk, reading
from tests.review.station import Clerk, Paper, Station

LAN = Actor("lan", "clerk")


def order(of: Station, /, **filters: object) -> list[str]:
    return [row["id"] for row in reading.queue(of.store, **filters)]  # type: ignore[arg-type]


def test_urgent_comes_first_then_the_deadline_then_arrival(station: Station) -> None:
    late = station.document(due=timedelta(hours=9))
    soon = station.document(due=timedelta(hours=1))
    same_deadline = station.document(due=timedelta(hours=9))
    urgent = station.document(Paper(priority=1), due=timedelta(hours=20))
    flash = station.document(Paper(priority=3), due=timedelta(hours=30))
    assert order(station) == [flash, urgent, soon, late, same_deadline]


def test_what_is_put_off_leaves_the_queue_and_comes_back_by_the_clock(station: Station) -> None:
    first, second = station.document(), station.document()
    clerk = Clerk(station, "lan")
    answer = clerk.post(f"/documents/{first}/postpone", text="chờ hỏi lại")
    assert answer.json()["next"] == f"/documents/{second}"
    assert first not in clerk.get("/queue").text
    assert "chờ hỏi lại" in clerk.get("/queue?view=later").text
    station.clock.forward(minutes=30)
    assert clerk.get("/queue/next").headers["location"] == f"/documents/{second}"
    decide.reject(station.store, second, reading.whole(station.store, second).version, LAN, "other", "x")
    assert clerk.get("/queue/next").headers["location"] == "/queue"
    station.clock.forward(hours=2)
    assert Clerk(station, "lan").get("/queue/next").headers["location"] == f"/documents/{first}"


def test_the_next_document_is_one_nobody_else_holds(station: Station) -> None:
    first, second = station.document(), station.document()
    assert Clerk(station, "lan").get(f"/documents/{first}").status_code == 200
    assert Clerk(station, "hoa").get("/queue/next").headers["location"] == f"/documents/{second}"
    assert Clerk(station, "lan").get("/queue/next").headers["location"] == f"/documents/{first}"
    station.clock.forward(minutes=16)
    assert Clerk(station, "hoa").get("/queue/next").headers["location"] == f"/documents/{first}", "a lease ends"


@pytest.mark.parametrize(
    "text",
    [
        "Hòa Bình",
        "hoà bình",
        "HOA BINH",
        "hoa  binh",
        "bình hòa",
        "Ho\u0300a Bi\u0300nh",
        "118",
        "118/QĐ",
        "118/qd-ubnd",
        "QĐ-UBND 118",
        "scan-hoa",
        "hoa-binh",
    ],
)
def test_one_document_is_found_however_its_words_are_typed(station: Station, text: str) -> None:
    wanted = station.document(Paper(number="118", subject="Về công tác hoà giải tại xã Hòa Bình", name="scan-hoa.pdf"))
    station.document(Paper(number="9", notation="TB-VP", subject="Họp giao ban", organ="Văn phòng"))
    assert order(station, text=text) == [wanted]


@pytest.mark.parametrize("text", ["%", "_", "'", '"', "*", "a OR b", "NEAR(", "();--", "\x00", "- -", "/", "(" * 300])
def test_no_typed_character_is_a_command_to_the_search(station: Station, text: str) -> None:
    station.document()
    assert order(station, text=text) in ([], [order(station)[0]])
    assert Clerk(station, "lan").http.get("/queue", params={"text": text}).status_code == 200


def test_a_correction_is_found_by_its_new_words_only(station: Station) -> None:
    document = station.document(Paper(subject="Về việc xây chợ"))
    version = reading.whole(station.store, document).version
    decide.approve(station.store, document, version, LAN, {"Subject": "Về việc xây cầu"})
    assert order(station, states=("approved",), text="xây cầu") == [document]
    assert order(station, states=("approved",), text="chợ") == []


def test_a_search_as_common_as_all_documents_still_keeps_the_order(station: Station) -> None:
    """Above ``FEW`` matches the queue is walked instead of the index; both ways give the same answer."""
    documents = [station.document(Paper(priority=n % 2, subject=f"Kế hoạch chung số {n}")) for n in range(6)]
    by_index = order(station, text="ke hoach")
    assert sorted(by_index) == sorted(documents)
    assert by_index == order(station)


def test_a_filter_by_station_and_by_owner(station: Station) -> None:
    here, there = station.document(), station.document(station="quay-2")
    assert order(station, station="quay-2") == [there]
    decide.take(station.store, here, LAN, timedelta(minutes=15))
    assert order(station, owner="lan") == [here]
    station.clock.forward(minutes=16)
    assert order(station, owner="lan") == []


def test_what_is_done_is_listed_newest_first_and_pages_do_not_overlap(station: Station) -> None:
    documents = [station.document() for _ in range(5)]
    first = order(station, newest=True, limit=3)
    second = order(station, newest=True, limit=3, skip=3)
    assert first + second == documents[::-1]


def test_the_table_says_nothing_new_while_nothing_changed(station: Station) -> None:
    document = station.document()
    clerk = Clerk(station, "lan")
    mark = clerk.get("/queue/rows").headers["etag"]
    assert clerk.get("/queue/rows", **{"if-none-match": mark}).status_code == 304
    decide.take(station.store, document, Actor("hoa", "clerk"), timedelta(minutes=15))
    changed = clerk.get("/queue/rows", **{"if-none-match": mark})
    assert changed.status_code == 200
    assert "hoa" in changed.text


def test_postponing_is_written_down(station: Station) -> None:
    document = station.document()
    desk.postpone(station.store, document, LAN, station.clock.now() + timedelta(hours=2), "sau")
    assert reading.whole(station.store, document).history[-1]["action"] == "postponed"


def test_order_and_search_are_the_same_on_postgresql(tmp_path: Path, postgres_url: Callable[[], str]) -> None:
    station = Station(tmp_path / "station", postgres_url())
    wanted = station.document(Paper(number="118", subject="Về công tác hoà giải tại xã Hòa Bình", name="scan-hoa.pdf"))
    other = station.document(Paper(number="9", notation="TB-VP", subject="Họp giao ban", organ="Văn phòng", priority=1))
    for text in ("Hòa Bình", "hoà bình", "118/QĐ", "QĐ-UBND 118", "scan-hoa", "bình hòa"):
        assert order(station, text=text) == [wanted], text
    for text in ("%", "'", '"', "a | b", "!", ":*", "\x00", "/"):
        assert order(station, text=text) in ([], [wanted], [other, wanted]), text
    assert order(station) == [other, wanted]
    assert order(station, states=("assembled", "held"), newest=True) == [other, wanted]
    assert order(station, text="hop giao") == [other]
    desk.postpone(station.store, other, LAN, station.clock.now() + timedelta(hours=1), "")
    assert order(station, later=False) == [wanted]
    assert order(station, later=True) == [other]
    version = reading.whole(station.store, wanted).version
    decide.approve(station.store, wanted, version, LAN, {"Subject": "Về việc xây cầu"})
    assert order(station, states=("approved",), text="xay cau") == [wanted]
    assert order(station, states=("approved",), text="giải") == []
    station.store.close()
