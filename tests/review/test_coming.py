"""What is still being read is at the desk already: marked as that, and not to be decided on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from intake.errors import OperatorError
from intake.model import Actor, Finding, Severity, StageResult
from intake.states import State
from intake.store import decide, reading
from intake.store.finish import finish
from tests.review.station import GOOD, WORKER, Clerk, Paper, Station, reading_of
from tests.review.test_api import System

STILL = "Đang đọc tiếp"
LAN = Actor("lan", "clerk")


def _row(page: str, identifier: str) -> str:
    return page.split(f'data-id="{identifier}"')[1].split("</tr>")[0]


def test_a_document_being_read_stands_in_the_queue_with_its_head_and_is_marked(station: Station) -> None:
    """Number, abstract, urgency; in the place it will have; in both languages; and gone as such when it is read."""
    waiting = station.document(Paper(number="1"))
    urgent, taken = station.being_read(Paper(number="77", priority=3, subject="Về việc chống bão"))
    clerk = Clerk(station, "lan")
    page = clerk.get("/queue").text
    row = _row(page, urgent)
    assert STILL in row
    assert "77/QĐ-UBND" in row
    assert "Về việc chống bão" in row
    assert "urgent u3" in row
    assert page.index(urgent) < page.index(waiting)
    assert STILL not in _row(page, waiting)
    assert STILL in _row(clerk.get("/queue?view=running").text, urgent)
    english = Clerk(station, "hoa")
    english.http.cookies.set("lang", "en")
    assert "Still being read" in _row(english.get("/queue").text, urgent)

    fields = {str(name): item.as_json() for name, item in reading_of(Paper(number="78")).items()}
    finish(station.store, taken, StageResult(facts={"fields": fields, "decision": "review"}), (), actor=WORKER)
    row = _row(clerk.get("/queue").text, urgent)
    assert STILL not in row
    assert "Đang tạo PDF" in row
    assert "78/QĐ-UBND" in row


def test_what_is_still_being_read_cannot_be_decided_on(station: Station) -> None:
    """No next document, no lease, no confirmation, no rejection; its screen shows the fields read-only and says why."""
    identifier, _ = station.being_read()
    clerk = Clerk(station, "lan")
    assert clerk.get("/queue/next").headers["location"] == "/queue"
    screen = clerk.get(f"/documents/{identifier}").text
    assert "Máy đang đọc tiếp văn bản này" in screen
    assert 'value="252"' in screen
    assert 'id="confirm"' not in screen
    assert 'data-editable="0"' in screen
    assert 'data-sure="sure"' not in screen, "what may still change is not called certain"
    version = reading.whole(station.store, identifier).version
    assert clerk.confirm(identifier, version, **GOOD).status_code == 400
    with pytest.raises(OperatorError):
        decide.reject(station.store, identifier, version, LAN, "secret")
    assert clerk.post(f"/documents/{identifier}/take").json()["taken"] is False
    assert reading.whole(station.store, identifier).state is State.CHECKED
    assert identifier not in clerk.get("/group/CodeNumber").text


def test_the_lists_that_a_person_narrowed_stay_narrow(station: Station) -> None:
    here, _ = station.being_read(Paper(number="5", subject="Về việc xây cầu"))
    there, _ = station.being_read(Paper(number="6", subject="Về việc xây chợ"), station="quay-2")
    clerk = Clerk(station, "lan")

    def shown(path: str) -> list[bool]:
        page = clerk.get(path).text
        return [here in page, there in page]

    assert shown("/queue") == [True, True]
    assert shown("/queue?station=quay-2") == [False, True]
    assert shown("/queue?text=xay+cau") == [True, False]
    assert shown("/queue?text=6/qd") == [False, True]
    assert shown("/queue?text=((") == [False, False]
    assert shown("/queue?mine=1") == [False, False]
    assert shown("/queue?view=later") == [False, False]
    since, until = (station.clock.now() + timedelta(hours=hours) for hours in (1, 2))
    assert shown(f"/queue?since={since:%Y-%m-%dT%H:%MZ}&until={until:%Y-%m-%dT%H:%MZ}") == [False, False]


def test_the_api_gives_the_head_as_provisional_and_no_field_as_confirmed(station: Station) -> None:
    identifier, taken = station.being_read(Paper(number="77"))
    system = System(station)
    told = system.get(f"/documents/{identifier}").json()
    assert told["fields"] == {}
    assert told["provisional"]["CodeNumber"] == "77"
    finish(station.store, taken, StageResult(facts={"fields": {}, "decision": "review"}), (), actor=WORKER)
    assert system.get(f"/documents/{identifier}").json()["provisional"] is None


def test_of_a_document_that_turns_out_secret_no_head_is_left(station: Station) -> None:
    """A mark found only by the stage that reads: the commit that refuses the document takes its head away."""
    identifier, taken = station.being_read(Paper(subject="Về việc tuyệt mật"))
    found = Finding("ocr.secrecy_mark", Severity.REFUSE, "Có dấu mật.", "A secrecy mark.", page=1)
    finish(station.store, taken, StageResult((found,)), (), actor=WORKER)
    assert "tuyệt mật" not in Clerk(station, "lan").get("/queue?view=out").text
    assert reading.whole(station.store, identifier).head is None
    assert System(station).get(f"/documents/{identifier}").json()["provisional"] is None


def test_the_queue_is_the_same_on_postgresql(tmp_path: Path, postgres_url: Callable[[], str]) -> None:
    station = Station(tmp_path / "station", postgres_url())
    station.person("lan", "clerk")
    identifier, _ = station.being_read(Paper(number="77", priority=2))
    read = station.document(Paper(number="5"), upto="ocr")
    waiting = station.document(Paper(number="6"))
    clerk = Clerk(station, "lan")
    page = clerk.get("/queue").text
    assert STILL in _row(page, identifier)
    assert page.index(identifier) < page.index(read) < page.index(waiting)
    assert identifier in clerk.get("/queue?text=77/qd").text
    assert STILL in _row(clerk.get("/queue?view=all").text, identifier)
    station.store.close()
