"""One story per guarantee of the five transaction scripts, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from intake.errors import (
    DocumentError,
    EnvironmentTrouble,
    NotAllowed,
    OperatorError,
    StageCrashed,
    StaleClaim,
    StaleVersion,
)
from intake.model import Actor, Finding, Severity, StageResult
from intake.states import State
from intake.store import Store, audit
from intake.store.admit import Delivered, notice, superseded
from intake.store.amend import amend
from intake.store.backoff import backoff
from intake.store.claim import claim, extend, hand_back
from intake.store.decide import approve, hold, recall, reject, release
from intake.store.decide import take as take_lease
from intake.store.fail import TROUBLES_MAX, TROUBLES_OTHERS, fail
from intake.store.finish import finish
from intake.store.reading import arrivals, counts, idle, queue, whole
from intake.store.rescue import RESCUES_MAX, rescue
from tests.store.paper import CLERK, SENIOR, STAGES, WORKER, arrive, block, confirm, facts, sign, take, work
from tests.surroundings.clock import ManualClock


def test_same_bytes_are_one_document(store: Store) -> None:
    """The second arrival of the same bytes is recognised by the unique key and pointed at the first."""
    first = arrive(store, "a.jpg", b"x")
    second = arrive(store, "b.jpg", b"x")

    assert (first.outcome, second.outcome) == ("admitted", "duplicate")
    assert second.document_id == first.document_id
    assert counts(store) == {"received": 1}
    assert arrivals(store) == {"admitted": 1, "duplicate": 1}


def test_two_admitters_of_the_same_bytes_at_once_make_one_document(store: Store) -> None:
    """The constraint decides, not a look-up: eight threads, one document."""
    outcomes: list[str] = []
    gate = threading.Barrier(8)

    def admit_one(number: int) -> None:
        gate.wait()
        outcomes.append(arrive(store, f"{number}.jpg", b"same").outcome)

    threads = [threading.Thread(target=admit_one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["admitted"] + ["duplicate"] * 7
    assert audit.verify(store).whole


def test_noticing_twice_is_one_ledger_row(store: Store) -> None:
    """A capture that is still settling keeps its row."""
    assert notice(store, "vanthu", "a.jpg") == notice(store, "vanthu", "a.jpg")
    assert notice(store, "khac", "a.jpg") != notice(store, "vanthu", "a.jpg")


def test_two_workers_never_hold_one_job(store: Store) -> None:
    """Eight workers, twenty documents: every job is claimed once."""
    for number in range(20):
        arrive(store, f"{number}.jpg", str(number).encode())
    claimed: list[int] = []
    gate = threading.Barrier(8)

    def worker(number: int) -> None:
        gate.wait()
        while (taken := claim(store, f"w{number}", "/nowhere", stages={"check"})) is not None:
            claimed.append(taken.job_id)

    threads = [threading.Thread(target=worker, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == len(set(claimed)) == 20


def test_zombie_cannot_commit(store: Store, clock: ManualClock) -> None:
    """A worker whose lease was rescued cannot finish; its successor can."""
    arrive(store)
    zombie = take(store, "w1", lease=timedelta(seconds=10))
    clock.forward(11)
    assert rescue(store, "/nowhere") == 1
    successor = take(store, "w2")

    with pytest.raises(StaleClaim):
        finish(store, zombie, StageResult(facts=facts("check")), (), actor=WORKER)
    assert finish(store, successor, StageResult(facts=facts("check")), (), actor=WORKER) is State.CHECKED


def test_same_worker_name_does_not_let_a_zombie_commit(store: Store, clock: ManualClock) -> None:
    """The attempt number fences, not only the worker's name."""
    arrive(store)
    zombie = take(store, "w1", lease=timedelta(seconds=10))
    clock.forward(11)
    rescue(store, "/nowhere")
    take(store, "w1")

    with pytest.raises(StaleClaim):
        finish(store, zombie, StageResult(facts=facts("check")), (), actor=WORKER)
    assert fail(store, zombie, EnvironmentTrouble("x", "x"), actor=WORKER) == "stale"
    assert not extend(store, zombie, timedelta(seconds=10))


def test_extended_lease_is_not_rescued(store: Store, clock: ManualClock) -> None:
    arrive(store)
    taken = take(store, lease=timedelta(seconds=10))
    clock.forward(9)
    assert extend(store, taken, timedelta(seconds=10))
    clock.forward(9)

    assert rescue(store, "/nowhere") == 0


def test_a_job_that_kills_its_workers_is_held(store: Store, clock: ManualClock) -> None:
    """Rescue does not go on for ever: after the limit the document is held and says why."""
    document_id = arrive(store).document_id
    for _ in range(RESCUES_MAX + 1):
        take(store, lease=timedelta(seconds=1))
        clock.forward(2)
        rescue(store, "/nowhere")

    found = whole(store, document_id)
    assert found.state is State.HELD
    assert found.findings[0].code == "check.trouble"


def test_handed_back_job_is_ready_at_once(store: Store) -> None:
    arrive(store)
    hand_back(store, take(store, "w1"))

    assert take(store, "w2").attempt == 2


def test_urgent_overtakes(store: Store) -> None:
    """Lanes are served in order, each oldest first."""
    arrive(store, "bulk.jpg", b"1", lane="bulk")
    arrive(store, "desk.jpg", b"2", lane="desk")
    arrive(store, "urgent.jpg", b"3", lane="urgent")

    assert [take(store).lane for _ in range(3)] == ["urgent", "desk", "bulk"]


def test_urgency_read_by_ocr_changes_the_lane(store: Store) -> None:
    arrive(store)
    finish(store, take(store), StageResult(facts=facts("check")), (), actor=WORKER)
    urgent = facts("ocr", fields={"Priority": {"value": 3}})
    finish(store, take(store), StageResult(facts=urgent), (), actor=WORKER)

    taken = take(store)
    assert (taken.stage, taken.lane) == ("pdf", "urgent")


def test_the_whole_life(store: Store) -> None:
    """From received to forwarded: state, versions without gap, a whole audit chain, nothing live at the end."""
    arrive(store)
    document_id = work(store, until=State.ASSEMBLED)
    assert confirm(store, document_id) is State.APPROVED
    assert sign(store, document_id) is State.SIGNED
    receipt = {"remote_id": "7", "received_at": "2026-11-23T02:00:00+00:00", "key": "k"}
    finish(store, take(store), StageResult(facts={"receipts": {"deliver": receipt}}), (), actor=WORKER)
    assert finish(store, take(store), StageResult(facts=facts("forward")), (), actor=WORKER) is State.FORWARDED

    found = whole(store, document_id)
    assert found.outbox[0]["state"] == "delivered"
    assert [row["version"] for row in found.history if row["version"]] == list(range(1, found.version + 1))
    assert audit.verify(store).whole
    assert idle(store, [*STAGES, "sign"])


def test_secrecy_wins_over_everything(store: Store) -> None:
    """One refuse finding beside blocks refuses the document and owes no further job."""
    document_id = arrive(store).document_id
    secret = Finding("check.secrecy_mark", Severity.REFUSE, "Dừng.", "Stop.")
    state = finish(store, take(store), StageResult((block(), secret), (), facts("check")), (), actor=WORKER)

    assert state is State.REFUSED
    assert idle(store, STAGES)
    assert whole(store, document_id).row["fields"] == {}


@pytest.mark.parametrize(("code", "state"), [("check.dpi_low", State.HELD), ("check.file_truncated", State.REJECTED)])
def test_blocked_captures_wait_or_go_back(store: Store, code: str, state: State) -> None:
    """A bad capture waits for an operator; an unreadable file can only be scanned again."""
    document_id = arrive(store).document_id
    finish(store, take(store), StageResult((block(code),), (), facts("check")), (), actor=WORKER)

    assert whole(store, document_id).state is state
    assert idle(store, STAGES)


def test_released_document_goes_on_past_its_finding(store: Store) -> None:
    document_id = arrive(store).document_id
    finish(store, take(store), StageResult((block(),), (), facts("check")), (), actor=WORKER)
    seen = whole(store, document_id)

    assert release(store, document_id, seen.version, SENIOR, "bản gốc chỉ có vậy").state is State.CHECKED
    assert take(store).stage == "ocr"


def test_released_after_a_bug_runs_the_stage_again(store: Store) -> None:
    document_id = arrive(store).document_id
    assert fail(store, take(store), ZeroDivisionError(), "trace", actor=WORKER) == "held"
    seen = whole(store, document_id)
    assert seen.findings[0].code == "check.bug"

    assert release(store, document_id, seen.version, SENIOR, "đã sửa").state is State.RECEIVED
    assert take(store).stage == "check"


def test_what_only_a_new_scan_can_cure_is_never_released(store: Store) -> None:
    """The check let it pass with a warning, a later stage could make nothing of it: not even a senior sends it on."""
    document_id = arrive(store).document_id
    cut = Finding(
        "check.file_truncated", Severity.WARN, "Tệp bị cắt ở cuối.", "The file is cut off at its end.", page=1
    )
    finish(store, take(store), StageResult((cut,), (), facts("check")), (), actor=WORKER)
    fail(store, take(store), DocumentError("Trang 1 không đọc được.", "Page 1 cannot be read."), actor=WORKER)
    held = whole(store, document_id)
    assert held.state is State.HELD

    with pytest.raises(NotAllowed):
        release(store, document_id, held.version, SENIOR, "cứ cho đi")
    assert whole(store, document_id).state is State.HELD


def test_clerk_may_not_release(store: Store) -> None:
    document_id = arrive(store).document_id
    finish(store, take(store), StageResult((block(),), (), facts("check")), (), actor=WORKER)

    with pytest.raises(NotAllowed):
        release(store, document_id, whole(store, document_id).version, CLERK, "")


def test_trouble_is_tried_again_later_and_then_held(store: Store, clock: ManualClock) -> None:
    """Back-off grows, the document stays where it was, and a person is asked in the end."""
    document_id = arrive(store).document_id
    trouble = EnvironmentTrouble("Đĩa đầy.", "Disk full.")
    for number in range(TROUBLES_OTHERS):
        taken = take(store)
        assert fail(store, taken, trouble, actor=WORKER) == "retry"
        assert claim(store, "w", "/nowhere", stages=STAGES) is None
        clock.forward(backoff(number, f"{document_id}/check").total_seconds())

    assert fail(store, take(store), trouble, actor=WORKER) == "held"
    assert "Chạy lại" in whole(store, document_id).row["held_vi"]


def test_push_is_tried_longer_than_the_rest() -> None:
    assert TROUBLES_MAX["push"] > TROUBLES_OTHERS


def test_document_that_crashes_its_stage_twice_is_held(store: Store, clock: ManualClock) -> None:
    arrive(store)
    assert fail(store, take(store), StageCrashed("x", "x"), actor=WORKER) == "retry"
    clock.forward(60)
    assert fail(store, take(store), StageCrashed("x", "x"), actor=WORKER) == "held"


def test_bad_document_is_held_with_its_words(store: Store) -> None:
    document_id = arrive(store).document_id
    fail(store, take(store), DocumentError("Trang 2 hỏng.", "Page 2 is damaged."), actor=WORKER)

    found = whole(store, document_id)
    assert (found.state, found.findings[0].code, found.findings[0].vi) == (
        State.HELD,
        "check.document_error",
        "Trang 2 hỏng.",
    )


def test_stale_version_is_refused(store: Store) -> None:
    """Two clerks, one document: the second one's word does not land on what she did not see."""
    arrive(store)
    document_id = work(store, until=State.ASSEMBLED)
    seen = whole(store, document_id).version
    confirm(store, document_id)

    with pytest.raises(StaleVersion):
        approve(store, document_id, seen, SENIOR, {})


def test_someone_elses_lease_keeps_others_out_until_taken_over(store: Store, clock: ManualClock) -> None:
    arrive(store)
    document_id = work(store, until=State.ASSEMBLED)
    lease = timedelta(minutes=15)
    assert take_lease(store, document_id, CLERK, lease)
    assert not take_lease(store, document_id, SENIOR, lease)
    with pytest.raises(StaleVersion):
        approve(store, document_id, whole(store, document_id).version, SENIOR, {})
    assert take_lease(store, document_id, SENIOR, lease, take_over_reason="chị Lan nghỉ")
    assert any(row["action"] == "take_over" for row in whole(store, document_id).history)
    clock.forward(16 * 60)

    assert take_lease(store, document_id, CLERK, lease)


def test_rejecting_needs_a_reason_from_the_list(store: Store) -> None:
    arrive(store)
    document_id = work(store, until=State.ASSEMBLED)
    version = whole(store, document_id).version
    with pytest.raises(OperatorError):
        reject(store, document_id, version, CLERK, "because")

    assert reject(store, document_id, version, CLERK, "rescan", "mờ", 2).state is State.REJECTED


def test_secret_seen_by_a_person_forgets_what_was_read(store: Store) -> None:
    """The clerk sees a secrecy mark the machine missed: refused, and no field stays in the row or in the audit."""
    arrive(store)
    document_id = work(store, until=State.ASSEMBLED)
    reject(store, document_id, whole(store, document_id).version, CLERK, "secret", "nội dung mật")

    found = whole(store, document_id)
    assert found.state is State.REFUSED
    assert found.row["fields"] == {}
    assert found.row["subject"] is None
    assert "hoa giai" not in found.row["search"]
    assert all("nội dung mật" not in row["data"] for row in found.history)


def test_held_by_a_clerk_comes_back_to_review(store: Store) -> None:
    arrive(store)
    document_id = work(store, until=State.ASSEMBLED)
    hold(store, document_id, whole(store, document_id).version, CLERK, "hỏi chị Hoa")

    assert release(store, document_id, whole(store, document_id).version, SENIOR, "được").state is State.ASSEMBLED


def test_unknown_field_is_refused(store: Store) -> None:
    arrive(store)
    document_id = work(store, until=State.ASSEMBLED)

    with pytest.raises(OperatorError):
        approve(store, document_id, whole(store, document_id).version, CLERK, {"Colour": "red"})


def test_recall_after_delivery(store: Store) -> None:
    arrive(store)
    document_id = work(store, until=State.ASSEMBLED)
    with pytest.raises(OperatorError):
        recall(store, document_id, whole(store, document_id).version, SENIOR, "nhầm")
    confirm(store, document_id)
    sign(store, document_id, targets=())
    finish(store, take(store), StageResult(facts=facts("push")), (), actor=WORKER)

    assert recall(store, document_id, whole(store, document_id).version, SENIOR, "nhầm").state is State.RECALLED


def test_result_of_a_document_rejected_meanwhile_is_dropped(store: Store) -> None:
    """A stage that was running while its source changed cannot bring the document back."""
    admission = arrive(store)
    running = take(store)
    superseded(store, admission.arrival_id)

    with pytest.raises(StaleClaim):
        finish(store, running, StageResult(facts=facts("check")), (), actor=WORKER)
    assert whole(store, admission.document_id).state is State.REJECTED


@pytest.mark.parametrize("end", ["trouble", "bug", "silence"])
def test_what_ended_while_a_stage_ran_does_not_come_back(store: Store, clock: ManualClock, end: str) -> None:
    """Rejected while the token was signing: however the signing ends, the document stays rejected."""
    arrive(store)
    document_id = work(store, until=State.ASSEMBLED)
    confirm(store, document_id)
    signing = claim(store, "sign:v", "/nowhere", stages={"sign"})
    assert signing is not None
    reject(store, document_id, whole(store, document_id).version, CLERK, "rescan", "mờ", 1)
    if end == "silence":
        clock.forward(3600)
        assert rescue(store, "/nowhere") == 0
    else:
        error = EnvironmentTrouble("token", "token") if end == "trouble" else RuntimeError("x")
        assert fail(store, signing, error, actor=WORKER) == "stale"

    assert not extend(store, signing, timedelta(seconds=60))
    assert claim(store, "sign:v", "/nowhere", stages={"sign"}) is None
    assert whole(store, document_id).state is State.REJECTED


def test_a_copy_recalled_before_it_was_forwarded_goes_nowhere(store: Store) -> None:
    arrive(store)
    document_id = work(store, until=State.ASSEMBLED)
    confirm(store, document_id)
    sign(store, document_id)
    receipt = {"remote_id": "7", "received_at": "2026-11-23T02:00:00+00:00", "key": f"key-deliver-{document_id}"}
    result = StageResult(facts=facts("push", receipts={"deliver": receipt}))
    assert finish(store, take(store), result, (), actor=WORKER) is State.DELIVERED
    recall(store, document_id, whole(store, document_id).version, SENIOR, "phát hành nhầm")

    assert claim(store, "w1", "/nowhere", stages=STAGES) is None
    assert idle(store, STAGES)
    assert whole(store, document_id).state is State.RECALLED


def test_auto_accept_passes_only_what_the_reading_accepts(store: Store) -> None:
    for decision, state in (("accept", State.APPROVED), ("review", State.ASSEMBLED)):
        arrive(store, decision, decision.encode())
        finish(store, take(store), StageResult(facts=facts("check")), (), actor=WORKER)
        finish(store, take(store), StageResult(facts=facts("ocr", decision=decision)), (), actor=WORKER)
        taken = take(store)
        got = finish(store, taken, StageResult(facts=facts("pdf")), (), actor=WORKER, auto_accept=True)

        assert got is state


def test_search_finds_both_tone_placements_and_no_marks(store: Store) -> None:
    """`hoà giải`, `hòa giải` and `hoa giai` all find the document; the number does too."""
    arrive(store)
    document_id = work(store, until=State.ASSEMBLED)

    for text in ("hoà giải", "hòa giải", "HOA GIAI", "15/QĐ-BNV", "15/qd-bnv"):
        assert [row["id"] for row in queue(store, text=text)] == [document_id], text
    assert queue(store, text="hoả hoạn") == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE audit SET data = '{}' WHERE seq = 2",
        "UPDATE audit SET actor = 'ai đó' WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
    ],
)
def test_tampered_audit_is_noticed(store: Store, damage: str) -> None:
    """A changed, removed or cut-off row breaks the chain."""
    arrive(store)
    work(store, until=State.ASSEMBLED)
    assert audit.verify(store).whole
    with store.write() as connection:
        connection.execute(sa.text(damage))

    report = audit.verify(store)
    assert not report.whole
    assert report.vi
    assert report.en


def test_crash_inside_a_commit_leaves_nothing(store: Store) -> None:
    """Everything of a finish, or nothing: an error before the commit leaves the job running and the state as it was."""
    document_id = arrive(store).document_id
    taken = take(store)
    with pytest.raises(AttributeError):
        finish(store, taken, StageResult(facts={"fields": {}}), (object(),), actor=WORKER)  # type: ignore[arg-type]

    found = whole(store, document_id)
    assert (found.state, found.version, found.jobs[0]["state"]) == (State.RECEIVED, 1, "running")


def test_actor_is_in_the_audit(store: Store) -> None:
    arrive(store)
    document_id = work(store, until=State.ASSEMBLED)
    confirm(store, document_id, CodeNumber="16")

    last = whole(store, document_id).history[-1]
    assert last["actor"] == f"{CLERK.name} ({CLERK.role})"
    assert '"corrected":["CodeNumber"]' in last["data"]
    assert Actor("x").role == "worker"


def test_the_documents_state_alone_fences_a_finish_too(store: Store) -> None:
    """Every script that ends a document ends its job as well; but a row that was mended by hand did not."""
    document_id = arrive(store).document_id
    running = take(store)
    with store.write() as connection:
        connection.execute(sa.text("UPDATE document SET state = 'refused'"))

    with pytest.raises(StaleClaim):
        finish(store, running, StageResult(facts=facts("check")), (), actor=WORKER)
    assert whole(store, document_id).state is State.REFUSED


def test_a_slow_workers_result_does_not_count_for_the_next_revision(store: Store, clock: ManualClock) -> None:
    """Given up as dead and held, its document was mended by a clerk and is due for the very same stage again: neither
    attempt nor worker tells the two apart, only that the job is over."""
    document_id = arrive(store).document_id
    for _ in range(RESCUES_MAX + 1):
        slow = take(store)
        clock.forward(3600)
        assert rescue(store, "/nowhere") == 1
    assert whole(store, document_id).state is State.HELD
    pages = [Delivered("001.jpg", "22", 2)]
    amend(store, document_id, whole(store, document_id).version, CLERK, pages, {}, lambda: None)

    with pytest.raises(StaleClaim):
        finish(store, slow, StageResult(facts=facts("check")), (), actor=WORKER)
    assert whole(store, document_id).state is State.RECEIVED
    fresh = take(store)
    assert (fresh.stage, fresh.revision) == ("check", 2)
    assert finish(store, fresh, StageResult(facts=facts("check")), (), actor=WORKER) is State.CHECKED
