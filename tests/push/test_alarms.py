"""The clock of an urgent document: it rings once, goes on from person to person, and ends when the document is there."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from intake.model import Actor
from intake.states import State
from intake.store import Store, alarms, audit, connections
from intake.store.reading import whole
from tests.document_system.server import DocumentSystem
from tests.push.following import Followed
from tests.surroundings.clock import ManualClock
from workers.station.alarms import watch

CHAIN = {"unmatched_unit": "Văn thư", "escalate_to": "Chánh Văn phòng", "escalation": ["Phó Giám đốc", "Giám đốc"]}


@pytest.fixture
def followed(sqlite_store: Store, clock: ManualClock, tmp_path) -> Iterator[Followed]:
    with DocumentSystem(tmp_path / "system") as system:
        yield Followed(sqlite_store, clock, system, tmp_path, forward=CHAIN)


def told(followed: Followed, document_id: str) -> list[str]:
    found = alarms.of(followed.store, document_id)
    return [each["to"] for each in found["told"]] if found else []


def history(followed: Followed, document_id: str) -> list[tuple[str, dict]]:
    rows = whole(followed.store, document_id).history
    return [(row["action"], json.loads(row["data"])) for row in rows if row["action"].startswith("alarm.")]


def test_hoa_toc_rings_after_its_minutes_and_goes_from_person_to_person(followed):
    """15 minutes for hỏa tốc, wherever the document stands; then every 15 minutes the next one; nobody twice."""
    document_id = followed.read("hoa-toc", priority=3)
    followed.clock.forward(14 * 60)
    assert watch(followed.store, followed.settings) == 0
    followed.clock.forward(60)
    assert watch(followed.store, followed.settings) == 1
    assert watch(followed.store, followed.settings) == 0
    assert told(followed, document_id) == ["Chánh Văn phòng"]
    for so_far in (2, 3, 3):
        followed.clock.forward(15 * 60)
        watch(followed.store, followed.settings)
        assert told(followed, document_id) == ["Chánh Văn phòng", "Phó Giám đốc", "Giám đốc"][:so_far]
    assert [name for name, _ in history(followed, document_id)] == ["alarm.rung", "alarm.escalated", "alarm.escalated"]
    assert history(followed, document_id)[0][1]["state"] == "assembled"
    assert [each["document_id"] for each in alarms.ringing(followed.store)] == [document_id]


def test_it_is_silent_for_what_is_there_in_time_and_ends_when_the_document_arrives(followed):
    in_time, late, ordinary = (
        followed.forwarded("in-time", priority=3),
        followed.signed("late", priority=1),
        followed.signed("ordinary"),
    )
    followed.clock.forward(61 * 60)
    assert watch(followed.store, followed.settings) == 1
    assert [told(followed, each) for each in (in_time, late, ordinary)] == [[], ["Chánh Văn phòng"], []]
    followed.push(late)
    followed.forward_on(late)
    followed.clock.forward(20 * 60)
    assert watch(followed.store, followed.settings) == 0
    assert alarms.ringing(followed.store) == []
    (name, data) = history(followed, late)[-1]
    assert (name, data["state"]) == ("alarm.settled", State.FORWARDED)
    assert audit.verify(followed.store).whole


def test_other_systems_are_told_by_webhook(followed):
    connections.add_hook(followed.store, "https://example.vn/hook", Actor("admin", "admin"))
    followed.read("thuong-khan", priority=2)
    followed.clock.forward(31 * 60)
    watch(followed.store, followed.settings)
    (hook,) = connections.hooks(followed.store)
    assert "alarm.rung" in [event.action for event in connections.untold(followed.store, hook)]


def test_without_a_chain_the_head_clerk_is_told(followed):
    followed.forward = {"unmatched_unit": "Văn thư"}
    document_id = followed.read("hoa-toc", priority=4)
    watch(followed.store, followed.settings)
    assert told(followed, document_id) == ["Văn thư"]
