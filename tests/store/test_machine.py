"""A random walk over the store: whatever clerks, workers, crashes and clocks do, five invariants hold after every step."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from intake.errors import EnvironmentTrouble, OperatorError, StaleClaim
from intake.model import Actor, StageResult
from intake.states import BY_PERSON, DUE, TERMINAL, State
from intake.store import Store, audit
from intake.store.claim import Claim, claim
from intake.store.decide import approve, recall, reject, release
from intake.store.fail import fail
from intake.store.finish import OutboxEntry, finish
from intake.store.reading import arrivals, every, whole
from intake.store.rescue import rescue
from intake.store.schema import document, job
from tests.store.paper import CLERK, SENIOR, STAGES, WORKER, arrive, block, facts
from tests.surroundings.clock import ManualClock

ORDER = list(State)
LEASE = timedelta(seconds=30)


class Registry(RuleBasedStateMachine):
    """Documents, workers that may die or come back late, clerks with stale screens, a clock that jumps."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="sohoa-walk-"))
        self.clock = ManualClock()
        self.running: list[Claim] = []
        self.zombies: list[Claim] = []
        self.screens: list[tuple[str, int]] = []
        self.world: dict[str, int] = {}
        self.appeared = 0

    @initialize()
    def open(self) -> None:
        shutil.copyfile(self.template, self.folder / "truth.db")
        self.store = Store(f"sqlite:///{self.folder / 'truth.db'}", self.clock)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @rule(content=st.integers(0, 4), lane=st.sampled_from(["desk", "bulk", "urgent"]))
    def paper_arrives(self, content: int, lane: str) -> None:
        self.appeared += 1
        arrive(self.store, f"{self.appeared}.jpg", bytes([content]), lane, f"20261123-{self.appeared:010d}")

    @rule(worker=st.sampled_from(["w1", "w2"]), stage=st.sampled_from([*STAGES, "sign"]))
    def worker_claims(self, worker: str, stage: str) -> None:
        taken = claim(self.store, worker, "/nowhere", stages={stage}, lease=LEASE)
        if taken:
            self.running.append(taken)

    @rule(worker=st.sampled_from(["w1", "w2"]), steps=st.integers(1, 4))
    def worker_makes_headway(self, worker: str, steps: int) -> None:
        """Gives the walk reach: without it the end of the line is hardly ever seen."""
        for _ in range(steps):
            taken = claim(self.store, worker, "/nowhere", stages={*STAGES, "sign"}, lease=LEASE)
            if taken is None:
                return
            self._finish(taken)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), blocked=st.booleans())
    def worker_finishes(self, data: st.DataObject, blocked: bool) -> None:
        taken = data.draw(st.sampled_from(self.running))
        self.running.remove(taken)
        self._finish(taken, (block(),) if blocked and taken.stage == "check" else ())

    @precondition(lambda self: self.zombies)
    @rule(data=st.data())
    def zombie_finishes(self, data: st.DataObject) -> None:
        """A worker whose lease was given away comes back: it must not commit."""
        zombie = data.draw(st.sampled_from(self.zombies))
        self.zombies.remove(zombie)
        before = whole(self.store, zombie.document_id).version
        try:
            self._finish(zombie)
        except StaleClaim:
            assert whole(self.store, zombie.document_id).version == before
        else:
            raise AssertionError("a zombie committed")

    @precondition(lambda self: self.running)
    @rule(data=st.data(), kind=st.sampled_from(["trouble", "bug"]))
    def worker_fails(self, data: st.DataObject, kind: str) -> None:
        taken = data.draw(st.sampled_from(self.running))
        self.running.remove(taken)
        error = EnvironmentTrouble("mạng", "network") if kind == "trouble" else ZeroDivisionError()
        fail(self.store, taken, error, actor=WORKER)

    @rule(seconds=st.sampled_from([1, 31, 1000]))
    def time_passes_and_the_sweep_runs(self, seconds: int) -> None:
        self.clock.forward(seconds)
        rescue(self.store, "/nowhere")
        still = []
        for taken in self.running:
            row = self._job(taken.job_id)
            alive = row["state"] == "running" and row["attempt"] == taken.attempt
            (still if alive else self.zombies).append(taken)
        self.running = still

    @rule()
    def clerk_opens_the_queue(self) -> None:
        self.screens = [(row["id"], row["version"]) for row in every(self.store)]

    @precondition(lambda self: self.screens)
    @rule(data=st.data(), word=st.sampled_from(["approve", "approve", "approve", "reject", "release", "recall"]))
    def person_decides(self, data: st.DataObject, word: str) -> None:
        """Screens may be old: a decision on another version than the one seen must change nothing."""
        document_id, seen = data.draw(st.sampled_from(self.screens))
        before = whole(self.store, document_id)
        try:
            if word == "approve":
                approve(self.store, document_id, seen, CLERK, {"CodeNumber": "15"})
            elif word == "reject":
                reject(self.store, document_id, seen, CLERK, "rescan")
            elif word == "release":
                release(self.store, document_id, seen, SENIOR, "")
            else:
                recall(self.store, document_id, seen, SENIOR, "")
        except OperatorError:
            assert whole(self.store, document_id).version == before.version
        else:
            assert seen == before.version

    def _finish(self, taken: Claim, findings: tuple = ()) -> None:
        owed: tuple[OutboxEntry, ...] = ()
        more: dict[str, object] = {}
        if taken.stage == "sign":
            owed = (OutboxEntry("deliver", f"key-{taken.document_id}"),)
        if taken.stage == "push":
            key = f"key-{taken.document_id}"
            self.world[key] = self.world.get(key, 0) or 1  # put-if-absent
            receipt = {"key": key, "remote_id": key, "received_at": "2026-11-23T02:00:00+00:00"}
            more = {"receipts": {"deliver": receipt}}
        finish(
            self.store,
            taken,
            StageResult(findings, (), facts(taken.stage, **more)),
            (),
            actor=Actor("v", "van_thu") if taken.stage == "sign" else WORKER,
            owed=owed,
        )

    def _job(self, job_id: int) -> sa.RowMapping:
        with self.store.read() as connection:
            return connection.execute(sa.select(job).where(job.c.id == job_id)).mappings().one()

    @invariant()
    def every_arrival_is_accounted_for(self) -> None:
        if not hasattr(self, "store"):
            return
        ledger = arrivals(self.store)
        assert sum(ledger.values()) == self.appeared
        assert ledger.get("admitted", 0) == len(every(self.store))

    @invariant()
    def every_state_owes_exactly_one_job_or_a_person(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.read() as connection:
            for row in connection.execute(sa.select(document)).mappings():
                live = connection.execute(
                    sa.select(job.c.stage).where(job.c.document_id == row["id"], job.c.state.in_(["ready", "running"]))
                ).scalars()
                stage = DUE.get(State(row["state"]))
                by_worker = stage is not None and (stage not in BY_PERSON or stage == "sign")
                assert list(live) == ([stage] if by_worker else []), (row["state"],)

    @invariant()
    def the_audit_chain_is_whole_and_gapless(self) -> None:
        if not hasattr(self, "store"):
            return
        assert audit.verify(self.store).whole
        for row in every(self.store):
            versions = [item["version"] for item in whole(self.store, row["id"]).history if item["version"]]
            assert sorted(set(versions)) == list(range(1, row["version"] + 1))

    @invariant()
    def a_receipt_stands_behind_every_delivery(self) -> None:
        if not hasattr(self, "store"):
            return
        for row in every(self.store):
            if row["state"] in (State.DELIVERED, State.FORWARDED, State.RECALLED):
                found = whole(self.store, row["id"])
                assert [item["state"] for item in found.outbox] == ["delivered"]
                assert self.world[found.outbox[0]["key"]] == 1

    @invariant()
    def the_end_is_the_end(self) -> None:
        if not hasattr(self, "store"):
            return
        for row in every(self.store):
            if State(row["state"]) in TERMINAL - {State.FORWARDED}:
                told = [item["action"] for item in whole(self.store, row["id"]).history]
                actions = [action for action in told if action != "duplicate"]  # the same paper may come again
                assert actions[-1] in ("reject", "recall", "superseded", "check.finished")


def test_the_walk_keeps_every_invariant(sqlite_template: Path) -> None:
    """Hypothesis walks; the settings bound its time, the seed is random."""
    Registry.template = sqlite_template
    case = type("Walk", (Registry.TestCase,), {})
    case.settings = settings(
        max_examples=25,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    case("runTest").runTest()
