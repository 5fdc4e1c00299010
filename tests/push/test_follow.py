"""After the receipt: the document system's word changes what is true here, both ways, and the books are compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from intake.errors import Undelivered
from intake.model import Receipt
from intake.states import State
from intake.store import Store, audit, follow
from intake.store.claim import claim
from intake.store.decide import approve, recall, release
from intake.store.deliveries import targets
from intake.store.fail import fail
from intake.store.outbox import OWED_LONGEST
from intake.store.reading import whole
from intake.store.redrive import deliver_again
from tests.conformance.connector import make_package
from tests.document_system.hostility import Hostility
from tests.document_system.server import DocumentSystem
from tests.push.following import Followed
from tests.push.test_edxml import FULL
from tests.store.paper import CLERK, SENIOR, WORKER
from tests.surroundings.clock import ManualClock
from workers.chain import connectors
from workers.push.edxml import Business, Organ, ResponseFor, Status, StatusCode
from workers.push.edxml_read import read as read_edxml
from workers.push.edxml_write import save
from workers.push.stage import Try
from workers.station.follow import compare, look_after
from workers.tools.receipt import receipt_of

XSD = etree.XMLSchema(etree.parse(Path(__file__).parents[2] / "workers" / "push" / "edxml.xsd"))


@pytest.fixture
def followed(sqlite_store: Store, clock: ManualClock, tmp_path) -> Iterator[Followed]:
    with DocumentSystem(tmp_path / "system") as system:
        yield Followed(sqlite_store, clock, system, tmp_path)


@pytest.fixture
def followed_on_both(store: Store, clock: ManualClock, tmp_path) -> Iterator[Followed]:
    """On either database, for what locks rows of several tables."""
    with DocumentSystem(tmp_path / "system") as system:
        yield Followed(store, clock, system, tmp_path)


def look(followed: Followed, minutes: float = 300) -> None:
    """Let time pass in two steps and look at everything that is due, as the station does every few seconds."""
    for _ in range(2):
        followed.clock.forward(minutes * 30)
        while look_after(followed.store, followed.settings):
            pass


def test_the_sender_is_told_the_same_day_that_the_document_was_received(followed):
    """QĐ 12/2020 Đ10.3: the first look, a minute after the receipt, tells 03 through every target that can."""
    document_id = followed.forwarded()
    look(followed, 2)
    assert followed.system.store.reports(followed.remote(document_id)) == ["03"]
    row = followed.row(document_id)
    assert (row["report"], row["reported"]) == (None, "03")
    assert row["reported_at"] - row["sent_at"] <= timedelta(minutes=2)
    folder = followed.home / "deliver" / followed.row(document_id, "share")["receipt"]["remote_id"]
    assert json.loads((folder / "report.json").read_text("utf-8"))["status"] == "03"


@pytest.mark.parametrize("code", ["01", "03", "04", "05", "06", "16"])
def test_the_status_there_is_known_here(followed, code):
    """States that end nothing are shown and audited; the document stays where it is."""
    document_id = followed.forwarded()
    followed.system.store.set_status(followed.remote(document_id), code, "theo quy định")
    look(followed)
    row = followed.row(document_id)
    assert (row["status"], row["status_reason"]) == (code, "theo quy định")
    assert followed.state(document_id) is State.FORWARDED
    told = [
        json.loads(each["data"])
        for each in whole(followed.store, document_id).history
        if each["action"] == "push.status"
    ]
    assert [each["code"] for each in told if each["target"] == "dms"] == [code]
    assert (row["look_at"] is None) == (code == "06")


@pytest.mark.parametrize(
    ("code", "reason", "state"),
    [("03", "", State.FORWARDED), ("02", "Gửi sai nơi nhận", State.HELD), ("13", "", State.RECALLED)],
)
def test_an_edxml_status_package_changes_the_documents_state(followed, code, reason, state):
    """The package a gateway lays into the answers folder, through connector, follow-up and store."""
    document_id, remote = with_gateway(followed)
    about = ResponseFor("H26", "15/QĐ-BNV", remote.detail["document_id"], date(2026, 11, 20))
    answer = Status(Organ("H26.1"), about, StatusCode(code), followed.clock.now(), reason)
    save(answer, followed.home / "in" / "tra-loi.edxml")
    look(followed)
    assert followed.state(document_id) is state
    row = followed.row(document_id, "axis")
    assert (row["status"], row["status_reason"] or "") == (code, reason)
    if reason:
        assert reason in whole(followed.store, document_id).row["held_vi"]


def test_a_recall_by_its_sender_cancels_the_document_and_is_answered_with_15(followed):
    """Đ10.4 by edXML: BussinessDocType 1 about the same DocumentId comes in, a status package 15 goes out; 03 went out
    the day it was received (Đ10.3)."""
    document_id, remote = with_gateway(followed)
    look(followed, 2)
    recalled = replace(
        FULL, document_id=remote.detail["document_id"], business=Business.RECALL, reason="ban hành nhầm", attachments=()
    )
    save(recalled, followed.home / "in" / "thu-hoi.edxml")
    look(followed)
    assert followed.state(document_id) is State.RECALLED
    told = {path.name[-8:-6]: read_edxml(path) for path in (followed.home / "out").glob("*-trang-thai-*.edxml")}
    assert sorted(told) == ["03", "15"]
    answer = told["15"]
    assert isinstance(answer, Status)
    assert (answer.code, answer.response_for.document_id) == ("15", remote.detail["document_id"])
    assert answer.sender.organ_id == FULL.receivers[0].organ_id
    assert XSD.validate(etree.parse(next((followed.home / "out").glob("*-trang-thai-15.edxml")))), XSD.error_log


def with_gateway(followed: Followed) -> tuple[str, Receipt]:
    """A document delivered to an edXML gateway by folder."""
    options = {"path": "out", "answers": "in"}
    followed.targets = [{"name": "axis", "connector": "edxml", "options": options}]
    (followed.home / "in").mkdir()
    document_id = followed.forwarded()
    return document_id, receipt_of(followed.row(document_id, "axis")["receipt"])


def test_a_refusal_reopens_the_document_with_the_reason_and_the_mended_copy_goes_out(followed_on_both):
    """02 with a reason (Đ5.3, Đ10.2) → held with it → back to the clerk → mended, signed, sent under a new key."""
    followed = followed_on_both
    document_id = followed.forwarded()
    first = followed.row(document_id)
    followed.system.store.set_status(followed.remote(document_id), "02", "Sai nơi nhận, thiếu phụ lục")
    look(followed)
    found = whole(followed.store, document_id)
    assert found.state is State.HELD
    assert "Sai nơi nhận, thiếu phụ lục" in found.row["held_vi"]
    assert "push.refused" in {each.code for each in found.findings}

    assert release(followed.store, document_id, found.version, SENIOR, "sửa lại").state is State.ASSEMBLED
    version = whole(followed.store, document_id).version
    approve(followed.store, document_id, version, CLERK, {"Subject": "Về việc khác, kèm phụ lục"})
    followed.sign(document_id, copy="2")
    followed.push(document_id)
    followed.forward_on(document_id)
    again = followed.row(document_id)
    assert again["key"] != first["key"]
    assert [each["remote_id"] for each in again["earlier"]] == [first["receipt"]["remote_id"]]
    assert len(followed.system.store.all()) == 2
    look(followed)
    assert followed.state(document_id) is State.FORWARDED
    assert audit.verify(followed.store).whole


@pytest.mark.parametrize("code", ["13", "15"])
def test_a_recall_from_outside_cancels_everywhere_and_the_sender_is_told(followed, code):
    """Đ10.4: recalled here, cancelled at the other target, 15 said to the sender."""
    document_id = followed.forwarded()
    remote = followed.remote(document_id)
    followed.system.store.set_status(remote, code)
    look(followed)
    assert followed.state(document_id) is State.RECALLED
    assert followed.system.store.reports(remote) == ["03", "15"]
    share = followed.row(document_id, "share")
    assert share["recall"] == "told"
    notice = followed.home / "deliver" / share["receipt"]["remote_id"] / "recall.json"
    assert json.loads(notice.read_text("utf-8"))["status"] == "13"
    look(followed)
    assert followed.system.store.reports(remote) == ["03", "15"]


def test_of_what_we_release_ourselves_no_sender_is_told(followed):
    """Outgoing: we are the sender; the status there is ours to know, and nobody's to be reported to."""
    followed.direction = "outgoing"
    document_id = followed.forwarded()
    look(followed, 300)
    assert followed.system.store.reports(followed.remote(document_id)) == []
    assert followed.row(document_id)["reported"] is None
    assert followed.row(document_id)["status"] == "01"


def test_a_recall_before_the_forwarding_stops_it(followed):
    document_id = followed.delivered()
    followed.system.store.set_status(followed.remote(document_id), "13")
    look(followed)
    assert followed.state(document_id) is State.RECALLED
    assert [job["state"] for job in whole(followed.store, document_id).jobs if job["stage"] == "forward"] == ["failed"]


def test_our_own_recall_reaches_every_target(followed_on_both):
    followed = followed_on_both
    document_id = followed.forwarded()
    recall(followed.store, document_id, whole(followed.store, document_id).version, SENIOR, "nhầm")
    look(followed, 1)
    assert followed.system.store.get(followed.remote(document_id))["status"] == "13"
    assert {row["recall"] for row in whole(followed.store, document_id).outbox} == {"told"}


def test_a_system_that_is_away_is_asked_again_and_the_notice_is_not_lost(followed):
    document_id = followed.forwarded()
    recall(followed.store, document_id, whole(followed.store, document_id).version, SENIOR, "nhầm")
    followed.system.hostility = Hostility(error_before=1.0)
    look(followed, 10)
    assert followed.row(document_id)["recall"] == "owed"
    followed.system.hostility = Hostility()
    look(followed, 10)
    assert followed.row(document_id)["recall"] == "told"


def test_while_a_worker_is_busy_with_the_document_nothing_is_changed(followed):
    """Otherwise its result would land on a document that is not what it saw."""
    document_id = followed.delivered()
    followed.system.store.set_status(followed.remote(document_id), "02", "thiếu")
    assert claim(followed.store, "busy", "/nowhere", stages={"forward"}, lease=timedelta(days=1)) is not None
    look(followed, 10)
    assert followed.state(document_id) is State.DELIVERED
    assert followed.row(document_id)["status"] is None


def test_an_unknown_status_and_a_target_that_left_the_profile_harm_nobody(followed):
    document_id = followed.forwarded()
    followed.system.store.set_status(followed.remote(document_id), "99")
    look(followed)
    assert followed.row(document_id)["status"] is None
    assert followed.row(document_id, "share")["status"] == "01"
    followed.targets = [{"name": "share", "connector": "folder", "options": {"path": "deliver"}}]
    look(followed)
    assert followed.state(document_id) is State.FORWARDED


def test_a_profile_that_is_just_being_changed_stops_nobody(followed):
    """A misspelt option makes the connector refuse to be built: asked again when it is mended."""
    document_id = followed.forwarded()
    good, followed.targets = (
        followed.targets,
        [
            {"name": "dms", "connector": "rest", "options": {"urll": "x"}},
            {"name": "share", "connector": "nobody"},
        ],
    )
    look(followed, 4)
    assert compare(followed.store, followed.settings) == 0
    followed.targets = good
    look(followed)
    assert followed.row(document_id)["reported"] == "03"


def test_looks_become_rarer_and_end():
    since = datetime.fromisoformat("2026-11-23T08:00:00+07:00")
    moment, looks = since, []
    while (after := follow.next_look(moment, since)) is not None:
        looks.append(after - moment)
        moment = after
    assert looks[0] == follow.LOOK_SOONEST
    assert looks == sorted(looks)
    assert looks[-1] == follow.LOOK_LATEST
    assert len(looks) < 500


def test_the_books_are_compared_once_a_day_and_what_was_lost_is_delivered_again_by_a_person(followed_on_both):
    """``missing`` waits at the desk; delivered again it is stored once more, under the same key."""
    followed = followed_on_both
    lost, kept = followed.forwarded("lost"), followed.forwarded("kept")
    key = followed.row(lost)["key"]
    followed.system.store.lose(followed.remote(lost))
    assert compare(followed.store, followed.settings) == 2
    assert compare(followed.store, followed.settings) == 0
    (dms,) = [each for each in targets(followed.store) if each["name"] == "dms"]
    found = dms["compared"]
    assert (found["asked"], found["changed"], found["unbooked"]) == (2, [], [])
    assert [each["document_id"] for each in found["missing"]] == [lost]

    deliver_again(followed.store, lost, whole(followed.store, lost).version, SENIOR, ["dms"], "hệ thống mất")
    followed.push(lost)
    followed.forward_on(lost)
    assert {row["document_id"][:2] for row in followed.system.store.all()} == {"D-"}
    assert followed.system.store.find(key) is not None
    followed.clock.forward(24 * 3600)
    assert compare(followed.store, followed.settings) == 2
    (dms,) = [each for each in targets(followed.store) if each["name"] == "dms"]
    assert dms["compared"]["missing"] == []
    assert followed.state(kept) is State.FORWARDED


def test_a_dead_letter_that_arrived_after_all_is_booked_by_the_comparison(followed):
    """The system committed, its answers never came: the comparison finds the copy and the push books it."""
    document_id = followed.signed()
    dead_letter(followed, document_id)
    assert followed.state(document_id) is State.HELD
    compare(followed.store, followed.settings)
    assert followed.state(document_id) is State.SIGNED
    followed.push(document_id)
    assert followed.state(document_id) is State.DELIVERED
    assert len(followed.system.store.all()) == 1


def test_books_that_cannot_be_compared_are_compared_in_an_hour(followed):
    followed.forwarded()
    followed.system.hostility = Hostility(error_before=1.0)
    assert compare(followed.store, followed.settings) == 1
    followed.clock.forward(3700)
    followed.system.hostility = Hostility()
    assert compare(followed.store, followed.settings) == 1


def dead_letter(followed: Followed, document_id: str) -> None:
    """Stored there, and every answer about it lost."""
    links = connectors(followed.settings.profile_of("incoming"), followed.home)
    followed.clock.forward(OWED_LONGEST.total_seconds() + 1)
    taken = claim(followed.store, "w", "/nowhere", stages={"push"}, document_id=document_id)
    assert taken is not None
    told = []
    for row in whole(followed.store, document_id).outbox:
        package = make_package(followed.home / row["key"][:8], row["key"])
        links[row["target"]].put_if_absent(row["key"], package)
        lost = Undelivered("mất trả lời", "answer lost")
        told.append(Try(row["target"], row["key"], "r", followed.clock.now(), 1.0, None, lost).as_json())
    assert fail(followed.store, taken, Undelivered("x", "x", told), actor=WORKER) == "held"
