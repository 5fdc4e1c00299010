"""The outbox over several workers: every target for itself, a breaker and a pace that all workers share, dead letters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from intake.errors import DeliveryRefused, NotAllowed, OperatorError, Undelivered
from intake.model import StageResult
from intake.states import State
from intake.store import Store, audit
from intake.store.claim import Claim, claim
from intake.store.decide import reject, release
from intake.store.fail import fail
from intake.store.finish import OutboxEntry, finish
from intake.store.outbox import BREAKER_AFTER, BREAKER_FIRST, BREAKER_LONGEST, OWED_LONGEST, PROBE, TRIES_MAX
from intake.store.reading import attempts, whole
from intake.store.redrive import deliver_again, redrive
from tests.store.paper import CLERK, FIELDS, SENIOR, WORKER, arrive, confirm, facts, take
from tests.surroundings.clock import ManualClock

RECEIVED = "2026-11-23T02:00:00+00:00"


def signed(
    store: Store, name: str = "a", targets: Iterable[str] = ("dms",), *, per_minute: int = 0, priority: int = 0
) -> str:
    """A document that owes its delivery to each target."""
    document_id = arrive(store, f"{name}.jpg", name.encode()).document_id
    for stage in ("check", "ocr", "pdf"):
        due = claim(store, "w", "/nowhere", stages={stage}, document_id=document_id)
        assert due is not None
        more = {"fields": {**FIELDS, "Priority": {"value": priority}}} if stage == "ocr" else {}
        finish(store, due, StageResult(facts=facts(stage, **more)), (), actor=WORKER)
    confirm(store, document_id)
    taken = claim(store, "sign:v", "/nowhere", stages={"sign"}, document_id=document_id)
    assert taken is not None
    owed = [OutboxEntry(target, f"{target}-{document_id}", per_minute) for target in targets]
    finish(store, taken, StageResult(facts={"sha256": "11"}), (), actor=WORKER, owed=owed)
    return document_id


def pushing(store: Store, worker: str = "w") -> Claim | None:
    return claim(store, worker, "/nowhere", stages={"push"})


def told(taken: Claim, target: str, outcome: str = "receipt") -> dict[str, object]:
    key = f"{target}-{taken.document_id}"
    receipt = {"key": key, "remote_id": "7", "received_at": RECEIVED, "arrival_number": "12", "detail": {}}
    return {
        "target": target,
        "key": key,
        "request_id": f"{key}.{taken.attempt}",
        "at": "2026-11-23T01:00:00+00:00",
        "seconds": 0.5,
        "outcome": outcome,
        "answer": {"receipt": "7", "trouble": "HTTP 500", "refused": "thiếu trích yếu"}[outcome],
        "receipt": receipt if outcome == "receipt" else None,
        "acknowledged_at": "2026-11-23T01:00:01+00:00" if outcome == "receipt" else None,
    }


def trouble(store: Store, taken: Claim, *tries: dict[str, object]) -> str:
    error = Undelivered("Nơi nhận bận.", "The target is busy.", tries or (told(taken, "dms", "trouble"),))
    return fail(store, taken, error, actor=WORKER)


def rows(store: Store, document_id: str) -> dict[str, dict]:
    return {row["target"]: dict(row) for row in whole(store, document_id).outbox}


def test_a_receipt_counts_at_once_whatever_the_other_target_says(store: Store, clock: ManualClock) -> None:
    """Sending time is the acknowledgement, receipt time the receiver's own word (QĐ 12/2020 Đ7); the next attempt
    knows the receipt and leaves that target in peace."""
    document_id = signed(store, targets=("dms", "share"))
    taken = pushing(store)
    assert taken is not None
    assert trouble(store, taken, told(taken, "dms", "trouble"), told(taken, "share")) == "retry"

    share = rows(store, document_id)["share"]
    assert (share["state"], share["receipt"]["remote_id"]) == ("delivered", "7")
    assert share["sent_at"] == datetime(2026, 11, 23, 1, 0, 1, tzinfo=UTC)
    assert share["received_at"] == datetime.fromisoformat(RECEIVED)
    assert pushing(store) is None
    clock.forward(3)
    again = pushing(store)
    assert again is not None
    assert (set(again.booked), again.not_now) == ({"share"}, frozenset())
    finish(store, again, StageResult(facts={"receipts": {}, "tries": [told(again, "dms")]}), (), actor=WORKER)
    assert whole(store, document_id).state is State.DELIVERED
    assert {row["state"] for row in rows(store, document_id).values()} == {"delivered"}


def test_every_try_is_written_down(store: Store, clock: ManualClock) -> None:
    """Time, worker, request id, answer, seconds, outcome: refused by none of them, in order."""
    document_id = signed(store)
    taken = pushing(store, "w1")
    assert taken is not None
    trouble(store, taken)
    clock.forward(10)
    again = pushing(store, "w2")
    assert again is not None
    finish(store, again, StageResult(facts={"receipts": {}, "tries": [told(again, "dms")]}), (), actor=WORKER)
    seen = [
        (each["worker"], each["outcome"], each["answer"], each["request_id"], each["seconds"])
        for each in attempts(store, document_id)
    ]
    assert seen == [
        ("w1", "trouble", "HTTP 500", f"dms-{document_id}.1", 0.5),
        ("w2", "receipt", "7", f"dms-{document_id}.2", 0.5),
    ]


def test_the_breaker_opens_for_all_workers_and_one_probe_closes_it(store: Store, clock: ManualClock) -> None:
    """After some troubles in a row nothing is sent for a while; then one document looks, and all the others follow."""
    for number in range(BREAKER_AFTER + 3):
        signed(store, str(number))
    for number in range(BREAKER_AFTER):
        taken = pushing(store, f"w{number}")
        assert taken is not None
        trouble(store, taken)
    assert pushing(store, "another") is None
    clock.forward(BREAKER_FIRST.total_seconds() + 1)
    probe = pushing(store, "probe")
    assert probe is not None
    assert pushing(store, "another") is None
    finish(store, probe, StageResult(facts={"receipts": {}, "tries": [told(probe, "dms")]}), (), actor=WORKER)
    assert len([claimed for n in range(10) if (claimed := pushing(store, f"x{n}"))]) == BREAKER_AFTER + 2


def test_a_failing_probe_waits_longer_and_a_dead_worker_does_not_hold_the_breaker(
    sqlite_store: Store, clock: ManualClock
) -> None:
    document_ids = [signed(sqlite_store, str(number)) for number in range(BREAKER_AFTER + 2)]
    for _ in range(BREAKER_AFTER):
        taken = pushing(sqlite_store)
        assert taken is not None
        trouble(sqlite_store, taken)
    pauses = []
    for _ in range(7):
        waited = timedelta()
        while (taken := pushing(sqlite_store)) is None:
            clock.forward(20)
            waited += timedelta(seconds=20)
        pauses.append(waited)
        trouble(sqlite_store, taken)
    assert pauses[0] < pauses[2]
    assert max(pauses) <= BREAKER_LONGEST + timedelta(seconds=20)
    assert {whole(sqlite_store, each).state for each in document_ids} == {State.SIGNED}
    while pushing(sqlite_store) is None:
        clock.forward(10)
    clock.forward(PROBE.total_seconds() + 1)  # that worker died
    assert pushing(sqlite_store) is not None


def test_an_outage_of_the_target_costs_no_document_its_tries(sqlite_store: Store, clock: ManualClock) -> None:
    """A whole day off: documents wait, none is a dead letter, all go when the system is back."""
    document_ids = [signed(sqlite_store, str(number)) for number in range(BREAKER_AFTER + 2)]
    for _ in range(2 * TRIES_MAX):
        while (taken := pushing(sqlite_store)) is None:
            clock.forward(1300)
        trouble(sqlite_store, taken)
    assert {whole(sqlite_store, each).state for each in document_ids} == {State.SIGNED}
    clock.forward(BREAKER_LONGEST.total_seconds())
    while (taken := pushing(sqlite_store)) is not None:
        finish(
            sqlite_store, taken, StageResult(facts={"receipts": {}, "tries": [told(taken, "dms")]}), (), actor=WORKER
        )
        clock.forward(1)
    assert all(whole(sqlite_store, each).state is State.DELIVERED for each in document_ids)


def test_one_targets_breaker_leaves_the_other_alone(store: Store, clock: ManualClock) -> None:
    for number in range(BREAKER_AFTER):
        signed(store, str(number))
        taken = pushing(store)
        assert taken is not None
        trouble(store, taken)
    document_id = signed(store, "two", targets=("dms", "share"))
    taken = pushing(store)
    assert taken is not None
    assert (taken.document_id, taken.not_now) == (document_id, frozenset({"dms"}))
    assert trouble(store, taken, told(taken, "share")) == "retry"
    assert pushing(store) is None
    assert rows(store, document_id)["dms"]["tries"] == 0


def test_the_pace_holds_over_all_workers_and_urgent_documents_come_first(store: Store, clock: ManualClock) -> None:
    """Thirty a minute: one every two seconds, whoever asks."""
    for number in range(4):
        signed(store, str(number), per_minute=30)
    assert pushing(store, "w1") is not None
    assert pushing(store, "w2") is None
    urgent = signed(store, "urgent", per_minute=30, priority=3)
    clock.forward(2)
    taken = pushing(store, "w2")
    assert taken is not None
    assert taken.document_id == urgent
    assert pushing(store, "w1") is None


def test_a_dead_letter_waits_for_a_person_who_sends_it_again(store: Store, clock: ManualClock) -> None:
    """After all its tries it is held; a senior re-drives it, a clerk may not, and the chain tells who did."""
    document_id = signed(store, targets=("dms", "share"))
    answers = []
    while whole(store, document_id).state is State.SIGNED:
        taken = pushing(store)
        if taken is None:
            clock.forward(1300 if len(answers) < 10 else OWED_LONGEST.total_seconds())
            continue
        tries = [told(taken, "dms", "trouble")] if "dms" not in taken.not_now else []
        if taken.attempt == 3:
            tries.append(told(taken, "share"))
        answers.append(trouble(store, taken, *tries))
    assert answers == ["retry"] * (len(answers) - 1) + ["held"]
    seen = whole(store, document_id)
    assert (seen.state, rows(store, document_id)["dms"]["state"]) == (State.HELD, "dead")

    with pytest.raises(NotAllowed):
        redrive(store, document_id, seen.version, CLERK, "đã sửa mạng")
    assert redrive(store, document_id, seen.version, SENIOR, "đã sửa mạng").state is State.SIGNED
    clock.forward(BREAKER_LONGEST.total_seconds() * 2)
    again = pushing(store)
    assert again is not None
    assert (set(again.booked), again.not_now) == ({"share"}, frozenset())
    finish(store, again, StageResult(facts={"receipts": {}, "tries": [told(again, "dms")]}), (), actor=WORKER)
    assert whole(store, document_id).state is State.DELIVERED
    assert "redrive" in [row["action"] for row in whole(store, document_id).history]
    assert audit.verify(store).whole


def test_a_document_that_only_one_target_cannot_take_is_a_dead_letter_after_its_tries(
    sqlite_store: Store, clock: ManualClock
) -> None:
    """The target takes the others, so its breaker stays closed and the tries count."""
    document_id = signed(sqlite_store)
    tries = 0
    while whole(sqlite_store, document_id).state is State.SIGNED:
        taken = claim(sqlite_store, "w", "/nowhere", stages={"push"}, document_id=document_id)
        if taken is None:
            clock.forward(300)
            continue
        tries += 1
        trouble(sqlite_store, taken)
        if tries % (BREAKER_AFTER - 1) == 0:
            signed(sqlite_store, f"good-{tries}")
            good = pushing(sqlite_store)
            assert good is not None
            finish(
                sqlite_store, good, StageResult(facts={"receipts": {}, "tries": [told(good, "dms")]}), (), actor=WORKER
            )
    assert (tries, whole(sqlite_store, document_id).state) == (TRIES_MAX, State.HELD)


def test_a_refusal_holds_the_document_with_the_targets_words_and_keeps_the_others_receipt(store: Store) -> None:
    document_id = signed(store, targets=("dms", "share"))
    taken = pushing(store)
    assert taken is not None
    error = DeliveryRefused(
        "«dms»: thiếu trích yếu.", "«dms»: no abstract.", (told(taken, "dms", "refused"), told(taken, "share"))
    )
    assert fail(store, taken, error, actor=WORKER) == "held"
    found = whole(store, document_id)
    assert (found.state, found.row["held_vi"]) == (State.HELD, "«dms»: thiếu trích yếu.")
    assert rows(store, document_id)["share"]["state"] == "delivered"
    assert release(store, document_id, found.version, SENIOR, "đã bổ sung").state is State.SIGNED
    again = pushing(store)
    assert again is not None
    assert again.not_now == frozenset()


def test_rejected_after_half_a_delivery_the_other_copy_is_called_back(store: Store) -> None:
    document_id = signed(store, targets=("dms", "share"))
    taken = pushing(store)
    assert taken is not None
    tries = (told(taken, "dms", "refused"), told(taken, "share"))
    fail(store, taken, DeliveryRefused("x", "x", tries), actor=WORKER)
    reject(store, document_id, whole(store, document_id).version, SENIOR, "wrong_pages")
    found = rows(store, document_id)
    assert (found["share"]["recall"], found["dms"]["state"]) == ("owed", "dropped")


def test_what_a_target_lost_is_delivered_again_under_the_same_key(store: Store) -> None:
    document_id = signed(store, targets=("dms", "share"))
    taken = pushing(store)
    assert taken is not None
    tries = [told(taken, "dms"), told(taken, "share")]
    finish(store, taken, StageResult(facts={"receipts": {}, "tries": tries}), (), actor=WORKER)
    finish(store, take(store), StageResult(facts=facts("forward")), (), actor=WORKER)
    key = rows(store, document_id)["dms"]["key"]
    version = whole(store, document_id).version
    with pytest.raises(OperatorError):
        deliver_again(store, document_id, version, SENIOR, ["nobody"], "")
    assert deliver_again(store, document_id, version, SENIOR, ["dms"], "mất").state is State.SIGNED
    again = pushing(store)
    assert again is not None
    assert set(again.booked) == {"share"}
    assert rows(store, document_id)["dms"]["key"] == key


def test_a_target_that_left_the_profile_is_owed_nothing(store: Store) -> None:
    document_id = signed(store, targets=("dms", "old"))
    taken = pushing(store)
    assert taken is not None
    finish(store, taken, StageResult(facts={"receipts": {}, "tries": [told(taken, "dms")]}), (), actor=WORKER)
    assert rows(store, document_id)["old"]["state"] == "dropped"
    assert whole(store, document_id).state is State.DELIVERED
