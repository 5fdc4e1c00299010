"""Deliveries at the desk: who may see and do what, and what each button does to the document."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient

from intake.model import StageResult
from intake.review.app import create_app
from intake.states import State
from intake.store import Store, audit
from intake.store.claim import claim
from intake.store.finish import finish
from intake.store.reading import whole
from tests.document_system.server import DocumentSystem
from tests.push.following import Followed
from tests.push.test_follow import dead_letter, look
from tests.store.paper import WORKER
from tests.surroundings.clock import ManualClock
from workers.forward.calendar import HANOI
from workers.station.alarms import watch
from workers.station.follow import compare

PASSWORD = "mat-khau-thu-123"


class Knowing:
    """What the station's own suggestions look like to the page."""

    def suggest(self, record: Mapping[str, Any]) -> tuple[str, float] | None:
        return ("Phòng Tài chính", 0.87) if record.get("Subject") else None

    def measured(self) -> Mapping[str, int]:
        return {"decisions": 100, "tested": 20, "spoke": 18, "right": 17}


@pytest.fixture
def followed(with_people, clock: ManualClock, tmp_path) -> Iterator[Followed]:
    shutil.copyfile(with_people, tmp_path / "truth.db")
    store = Store(f"sqlite:///{tmp_path / 'truth.db'}", clock)
    with DocumentSystem(tmp_path / "system") as system:
        yield Followed(store, clock, system, tmp_path, forward={"unmatched_unit": "Văn thư"})
    store.close()


class Person:
    def __init__(self, followed: Followed, name: str) -> None:
        app = create_app(followed.store, followed.settings, sign=None)
        app.state.suggest = Knowing()
        self.http = TestClient(app, follow_redirects=False)
        answer = self.http.post(
            "/login", data={"name": name, "password": PASSWORD}, headers={"accept": "application/json"}
        )
        self.csrf = answer.json()["csrf"]

    def get(self, path: str, **headers: str) -> Any:
        return self.http.get(path, headers=headers)

    def post(self, path: str, csrf: str | None = None, **form: Any) -> Any:
        headers = {"accept": "application/json", "x-csrf": self.csrf if csrf is None else csrf}
        return self.http.post(path, data=form, headers=headers)


def test_a_dead_letter_is_shown_with_its_last_answer_and_sent_again_by_a_senior(followed) -> None:
    document_id = followed.signed()
    dead_letter(followed, document_id)
    clerk, senior = Person(followed, "lan"), Person(followed, "minh")
    page = clerk.get("/deliveries").text
    assert "mất trả lời" in page
    assert f"/deliveries/{document_id}/redrive" not in page
    assert f"/deliveries/{document_id}/redrive" in senior.get("/deliveries").text
    version = whole(followed.store, document_id).version
    assert clerk.post(f"/deliveries/{document_id}/redrive", version=version).status_code == 403
    assert senior.post(f"/deliveries/{document_id}/redrive", csrf="x", version=version).status_code == 403
    assert senior.post(f"/deliveries/{document_id}/redrive", version=version - 1).status_code == 409
    assert senior.post(f"/deliveries/{document_id}/redrive", version=version, text="đã sửa").json()["state"] == "signed"
    (row,) = [each for each in whole(followed.store, document_id).history if each["action"] == "redrive"]
    assert row["actor"] == "minh (senior)"
    assert audit.verify(followed.store).whole


def test_all_dead_letters_go_with_one_press(followed) -> None:
    ids = [followed.signed(name) for name in "ab"]
    for each in ids:
        dead_letter(followed, each)
    assert Person(followed, "minh").post("/deliveries/redrive").json()["sent"] == 2
    assert {followed.state(each) for each in ids} == {State.SIGNED}


def test_every_try_can_be_seen_and_asked_for_as_json(followed) -> None:
    document_id = followed.forwarded()
    clerk = Person(followed, "lan")
    page = clerk.get(f"/deliveries/{document_id}").text
    assert "r1" in page
    assert "đúng một lần" in page, "what the connector promises"
    assert f'href="/deliveries/{document_id}"' in clerk.get(f"/documents/{document_id}").text
    told = clerk.get(f"/deliveries/{document_id}", accept="application/json").json()
    assert [(each["target"], each["outcome"], each["request_id"]) for each in told["tries"]] == [
        ("dms", "receipt", "r1"),
        ("share", "receipt", "r1"),
    ]
    assert "viewed" in {each["action"] for each in whole(followed.store, document_id).history}


def test_an_operator_sees_nothing_of_it_and_an_auditor_changes_nothing(followed) -> None:
    document_id = followed.forwarded()
    assert Person(followed, "quet").get("/deliveries").status_code == 403
    auditor = Person(followed, "ngoc")
    assert auditor.get("/deliveries").status_code == 200
    version = whole(followed.store, document_id).version
    for act in ("redrive", "recall", "assign"):
        answer = auditor.post(f"/deliveries/{document_id}/{act}", version=version, text="x", unit="x")
        assert answer.status_code == 403, act


def test_what_the_comparison_found_missing_is_delivered_again(followed) -> None:
    document_id = followed.forwarded()
    followed.system.store.lose(followed.remote(document_id))
    compare(followed.store, followed.settings)
    senior = Person(followed, "minh")
    assert "Nơi nhận không còn bản này" in senior.get("/deliveries").text
    answer = senior.post(f"/deliveries/{document_id}/redrive", target="dms")
    assert answer.json()["state"] == "signed"
    assert followed.row(document_id)["state"] == "waiting"


def test_a_recall_needs_a_reason_and_reaches_every_target(followed) -> None:
    document_id = followed.forwarded()
    senior = Person(followed, "minh")
    version = whole(followed.store, document_id).version
    assert senior.post(f"/deliveries/{document_id}/recall", version=version).status_code == 400
    assert senior.post(f"/deliveries/{document_id}/recall", version=version, text="nhầm").json()["state"] == "recalled"
    look(followed, 2)
    assert followed.system.store.get(followed.remote(document_id))["status"] == "13"
    assert "đã báo thu hồi" in senior.get(f"/deliveries/{document_id}").text


def test_the_days_report_says_when_it_was_sent_received_and_told(followed) -> None:
    """QĐ 12/2020 Đ7 and Đ10.3, of the day the receiver says it came in."""
    document_id = followed.forwarded()
    look(followed, 2)
    row = followed.row(document_id)
    day = row["received_at"].astimezone(HANOI).date().isoformat()
    page = Person(followed, "lan").get(f"/deliveries?day={day}").text
    assert "03 đã tiếp nhận" in page
    assert ">1<" in page, "the arrival number the system gave"


def test_a_late_urgent_document_is_shown_with_who_was_told(followed) -> None:
    followed.read("hoa-toc", priority=3)
    followed.clock.forward(16 * 60)
    watch(followed.store, followed.settings)
    page = Person(followed, "lan").get("/deliveries").text
    assert "Văn bản khẩn đang trễ" in page
    assert "Văn thư" in page


def test_the_head_clerk_distributes_with_a_suggestion_and_its_measured_accuracy(followed) -> None:
    """No rule matched: suggested, decided by a person, forwarded once more to that unit, and gone from the queue."""
    document_id = followed.delivered()
    taken = claim(followed.store, "w", "/nowhere", stages={"forward"}, document_id=document_id)
    assert taken is not None
    unmatched = {"unit": "Văn thư", "person": None, "rule": "–", "why": "Không quy tắc nào khớp"}
    finish(followed.store, taken, StageResult(facts={"assignment": unmatched}), (), actor=WORKER)
    senior = Person(followed, "minh")
    page = senior.get("/deliveries").text
    assert "Phòng Tài chính (87 %)" in page
    assert "Đo trên 20 quyết định gần nhất: gợi ý 18 lần, đúng 17 lần." in page
    version = whole(followed.store, document_id).version
    assert senior.post(f"/deliveries/{document_id}/assign", version=version, unit="").status_code == 400
    answer = senior.post(f"/deliveries/{document_id}/assign", version=version, unit="Phòng Tài chính")
    assert answer.json()["state"] == "delivered"
    again = claim(followed.store, "w", "/nowhere", stages={"forward"}, document_id=document_id)
    assert again is not None
    assert again.folder.facts["assign"]["unit"] == "Phòng Tài chính"
    assert f"/deliveries/{document_id}/assign" not in senior.get("/deliveries").text
