"""The head of page 1 beside the truth: shown while its attempt runs, fenced like a finish, gone with the reading."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from intake.errors import DocumentError, EnvironmentTrouble
from intake.model import Actor, StageResult
from intake.states import State
from intake.store import Store, head
from intake.store.admit import superseded
from intake.store.claim import Claim, hand_back
from intake.store.coming import coming
from intake.store.fail import fail
from intake.store.finish import finish
from intake.store.reading import jobs, whole
from intake.store.rescue import rescue
from tests.store.paper import FIELDS, WORKER, arrive, facts, take, work
from tests.surroundings.clock import ManualClock

URGENT: dict[str, Any] = {**FIELDS, "Priority": {"value": 3, "confidence": 0.97}}


def _read(store: Store, lane: str = "desk", lease: timedelta = timedelta(minutes=5)) -> Claim:
    """A document that has passed its check, with its reading begun."""
    arrive(store, lane=lane)
    work(store, until=State.CHECKED)
    return take(store, "w1", lease=lease)


def _shown(store: Store) -> list[str]:
    return [f"{row['code_number']}/{row['code_notation']}" for row in coming(store)]


def test_the_head_is_shown_and_nothing_else_changes(store: Store) -> None:
    """State, version, fields, history: only finish says what was read, and takes the head away in the same commit."""
    taken = _read(store)
    before = whole(store, taken.document_id)
    assert head.show(store, taken, FIELDS, actor=WORKER)
    after = whole(store, taken.document_id)

    assert _shown(store) == ["15/QĐ-BNV"]
    assert after.head is not None
    assert after.head["fields"] == FIELDS
    assert (after.row, after.history, after.jobs) == (before.row, before.history, before.jobs)

    finish(store, taken, StageResult(facts=facts("ocr")), (), actor=WORKER)
    assert whole(store, taken.document_id).head is None
    assert [row.get("provisional") for row in coming(store)] == [None]


def test_a_zombies_head_is_dropped(store: Store, clock: ManualClock) -> None:
    """The lease ran out while it read: nothing of it is shown, before and after its successor began."""
    zombie = _read(store, lease=timedelta(seconds=10))
    clock.forward(11)
    assert rescue(store, "/nowhere") == 1
    assert not head.show(store, zombie, FIELDS, actor=WORKER)
    successor = take(store, "w1")
    assert not head.show(store, zombie, FIELDS, actor=WORKER)
    assert _shown(store) == []
    assert head.show(store, successor, FIELDS, actor=WORKER)


def test_killed_between_head_and_finish_the_attempt_is_repeated_and_nothing_doubled(
    store: Store, clock: ManualClock
) -> None:
    """The early view outlives the worker, is replaced by the next attempt's, and there is one document all the time."""
    killed = _read(store, lease=timedelta(seconds=10))
    head.show(store, killed, FIELDS, actor=WORKER)
    clock.forward(11)
    rescue(store, "/nowhere")
    assert _shown(store) == ["15/QĐ-BNV"]
    again = take(store, "w2")
    assert again.attempt == 2
    head.show(store, again, {**FIELDS, "CodeNumber": {"value": "16"}}, actor=WORKER)
    assert _shown(store) == ["16/QĐ-BNV"]
    head.show(store, again, {**FIELDS, "CodeNumber": {"value": "17"}}, actor=WORKER)
    assert _shown(store) == ["17/QĐ-BNV"]
    finish(store, again, StageResult(facts=facts("ocr")), (), actor=WORKER)
    assert _shown(store) == ["15/QĐ-BNV"]
    assert whole(store, again.document_id).row["code_number"] == "15"


def test_an_urgent_head_moves_the_document_ahead_at_once(store: Store, clock: ManualClock) -> None:
    """Into the urgent lane with the job that reads it (should it be done again) and all to come; written down once."""
    taken = _read(store, lane="bulk", lease=timedelta(seconds=10))
    version = whole(store, taken.document_id).version
    head.show(store, taken, URGENT, actor=Actor("worker:w1"))
    head.show(store, taken, URGENT, actor=Actor("worker:w1"))
    found = whole(store, taken.document_id)
    assert (found.row["lane"], found.row["priority"], found.version) == ("urgent", 0, version)
    changed = [row for row in found.history if row["action"] == "lane.changed"]
    assert [(row["actor"], row["version"]) for row in changed] == [("worker:w1 (worker)", None)]
    assert [row["priority"] for row in coming(store)] == [3]
    clock.forward(11)
    rescue(store, "/nowhere")
    assert jobs(store) == [("ocr", "urgent", "ready", 1)]


def test_an_ordinary_head_leaves_its_lane_alone(store: Store) -> None:
    taken = _read(store, lane="bulk")
    head.show(store, taken, FIELDS, actor=WORKER)
    assert whole(store, taken.document_id).row["lane"] == "bulk"


@pytest.mark.parametrize("end", ["held", "superseded"])
def test_what_ends_the_reading_takes_the_head_away(store: Store, end: str) -> None:
    """Held, or the source changed and the document is replaced: nothing read of it stays behind, nothing more comes."""
    taken = _read(store)
    head.show(store, taken, FIELDS, actor=WORKER)
    if end == "held":
        assert fail(store, taken, DocumentError("x", "x"), actor=WORKER) == "held"
    else:
        superseded(store, 1)
    assert whole(store, taken.document_id).head is None
    assert coming(store) == []
    assert not head.show(store, taken, FIELDS, actor=WORKER)
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM head").scalar_one() == 0


def test_nothing_is_shown_before_the_gate_let_the_document_through(store: Store) -> None:
    arrive(store)
    checking = take(store)
    assert checking.stage == "check"
    assert not head.show(store, checking, FIELDS, actor=WORKER)
    assert coming(store) == []


def test_trouble_and_a_clean_stop_keep_it(store: Store) -> None:
    """The document waits to be read again; what was seen of it is no less true for that."""
    taken = _read(store)
    head.show(store, taken, FIELDS, actor=WORKER)
    hand_back(store, taken)
    assert _shown(store) == ["15/QĐ-BNV"]
    taken = take(store, "w2")
    assert fail(store, taken, EnvironmentTrouble("x", "x"), actor=WORKER) == "retry"
    assert _shown(store) == ["15/QĐ-BNV"]


def test_no_more_than_a_few_are_shown_those_a_clerk_takes_first(store: Store) -> None:
    for number in range(12):
        arrive(store, f"{number}.jpg", str(number).encode(), identifier=f"20261123-{number:010}")
    for _ in range(12):
        taken = take(store)
        assert taken.stage == "check"
        finish(store, taken, StageResult(facts=facts("check")), (), actor=WORKER)
    for number in range(12):
        fields = URGENT if number == 11 else FIELDS
        head.show(store, take(store), {**fields, "CodeNumber": {"value": str(number)}}, actor=WORKER)
    shown = [row["code_number"] for row in coming(store)]
    assert shown == ["11", *map(str, range(9))]
