"""Mutants: one deliberate fault each in the store, the receiving end or the runner, that the tests must notice.

    .venv/bin/python -m tests.mutation.mutants [--only NUMBER …]      (make mutants)

Each mutant is applied to a copy of the tree and the tests named for it run there; a mutant that survives is a hole.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The file that knows most of it first, then everything near it: the first failing test ends a mutant's run.
STORE = ("tests/store/test_scripts.py", "tests/store")
BACKUP = ("tests/store/test_backup.py", "tests/store")
RETENTION = ("tests/store/test_retention.py", "tests/store")
PLANS = ("tests/store/test_plans.py", "tests/store")
RECEIVE = ("tests/receive/test_watch.py", "tests/receive")
CHILD = ("tests/runner/test_child.py", "tests/runner")
RUNNER = ("tests/runner/test_runner.py", "tests/runner")
OUTBOX = ("tests/push/test_outbox.py", "tests/store/test_machine.py")
TIMES = ("tests/sign/test_timestamps_owed.py",)


@dataclass(frozen=True, slots=True)
class Mutant:
    """``old`` (must occur in ``file``) becomes ``new``; ``breaks`` is the promise it breaks."""

    breaks: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = STORE


MUTANTS = (
    Mutant("attempt fences the finish", "intake/store/finish.py", "job.c.attempt == claimed.attempt,", "sa.true(),"),
    Mutant("running fences the finish", "intake/store/finish.py", 'job.c.state == "running",', "sa.true(),"),
    Mutant("state fences the finish", "intake/store/finish.py", "!= claimed.stage:", "== 'never':"),
    Mutant("finish owes the next job", "intake/store/finish.py", "        owe(connection, claimed", "        0 and owe(connection, claimed"),
    Mutant("finish moves the version", "intake/store/finish.py", '"version": row["version"] + 1', '"version": row["version"]'),
    Mutant("receipts reach the outbox", "intake/store/finish.py", 'if claimed.stage == "push":', 'if claimed.stage == "never":'),
    Mutant("urgency changes the lane", "intake/store/finish.py", '"urgent" if values["priority"]', '"desk" if values["priority"]'),
    Mutant("auto-accept asks the reading", "intake/store/finish.py", 'and row["decision"] == "accept"', ""),
    Mutant("seen version guards a decision", "intake/store/decision.py", 'if row["version"] != seen_version:', "if False:"),
    Mutant("roles guard a decision", "intake/store/decision.py", "if actor.role not in MAY[kind]:", "if False:"),
    Mutant("states guard a decision", "intake/store/decision.py", 'if State(row["state"]) not in allowed:', "if False:"),
    Mutant("unreadable is never released", "intake/store/decide.py", "if codes & UNREADABLE:", "if False:"),
    Mutant("a lease keeps others out", "intake/store/decide.py", "if held_by_other and not take_over_reason:", "if False:"),
    Mutant("taking over is written down", "intake/store/decide.py", '"take_over",', '"taken",'),
    Mutant("secret forgets the fields", "intake/store/decide.py", "if state is State.REFUSED:", "if False:"),
    Mutant("secrecy wins", "intake/states.py", "if worst is Severity.REFUSE:", "if False:"),
    Mutant("blocked is not passed on", "intake/states.py", "if worst is Severity.BLOCK:", "if False:"),
    Mutant("only ready jobs are claimed", "intake/store/claim.py", 'job.c.state == "ready", job.c.lane', 'job.c.state != "done", job.c.lane'),
    Mutant("back-off is waited for", "intake/store/claim.py", "job.c.run_after <= now", "sa.true()"),
    Mutant("lanes are in order", "intake/store/claim.py", "for lane in lanes:", "for lane in reversed(lanes):"),
    Mutant("only late leases are rescued", "intake/store/rescue.py", "job.c.lease_until < now", "sa.true()"),
    Mutant("rescue ends in a hold", "intake/store/rescue.py", 'if row["troubles"] >= RESCUES_MAX:', "if False:"),
    Mutant("trouble has an end", "intake/store/fail.py", 'row["troubles"] < most', "True"),
    Mutant("bugs are not tried again", "intake/store/fail.py", "trouble = isinstance(error, EnvironmentTrouble)", "trouble = True"),
    Mutant("chain hashes the data", "intake/store/audit.py", '        row["data"],\n', ""),
    Mutant("chain pins its length", "intake/store/audit.py", "!= (length, previous) if head else length", "== () if head else 0"),
    Mutant("duplicates are recognised", "intake/store/admit.py", "document.c.content_key == key", "document.c.id == key"),
    Mutant("superseded stops the old", "intake/store/admit.py", "if early:", "if False:", (*RECEIVE, *STORE)),
    Mutant("backup takes every revision's files", "intake/store/backup.py", "for root in roots:", "for root in roots[1:]:", BACKUP),
    Mutant("balance re-hashes", "intake/store/balance.py", 'if sha256_of(path) != file["sha256"]', "if False", BACKUP),
    Mutant("quiet time is waited for", "intake/receive/settle.py", "if quiet_for < self.rhythm", "if False and quiet_for < self.rhythm", RECEIVE),
    Mutant("structure is asked", "intake/receive/settle.py", "structure=probe(capture)", "structure=None", RECEIVE),
    Mutant("damaged is taken in the end", "intake/receive/settle.py", "quiet_for >= self._damaged_after", "False", RECEIVE),
    Mutant("the rhythm is learned", "intake/receive/settle.py", "self.rhythm = self.rhythm.learned", "0 and self.rhythm.learned", RECEIVE),
    Mutant("a clock stepping back", "intake/receive/settle.py", "if quiet_for < timedelta(0):", "if False:", RECEIVE),
    Mutant("only unchanged bytes are cleared", "intake/receive/clear.py", "if _same(hidden, row):", "if True:", RECEIVE),
    Mutant("cleared before noticed", "intake/receive/watch.py", "        cleared = self._clear()\n        safe", "        cleared = 0\n        safe", RECEIVE),
    Mutant("symlinks are refused", "intake/receive/listing.py", "follow_symlinks=False)\n            except", "follow_symlinks=True)\n            except", RECEIVE),
    Mutant("page order is natural", "intake/receive/listing.py", "key=lambda file: natural(file.name)", "key=lambda file: file.name", RECEIVE),
    Mutant("an open breaker is kept", "intake/store/outbox.py", 'return bool(gate["open_until"] > now or', 'return bool(', OUTBOX),
    Mutant("the pace is kept", "intake/store/outbox.py", 'if gate["next_at"] and gate["next_at"] > now:', "if False:", OUTBOX),
    Mutant("one probe at a time", "intake/store/outbox.py", 'probe_until=now + PROBE if gate["open_until"] else None', "probe_until=None", OUTBOX),
    Mutant("tries end", "intake/store/outbox.py", "tries_so_far >= TRIES_MAX or", "", OUTBOX),
    Mutant("days end too", "intake/store/outbox.py", ' or now - row["created_at"] > OWED_LONGEST', "", OUTBOX),
    Mutant("a probe costs no try", "intake/store/outbox.py", '(0 if _is_open(connection, told["target"]) else 1)', "1", OUTBOX),
    Mutant("well closes the breaker", "intake/store/outbox.py", '{"failures": 0, "open_until": None,', '{', OUTBOX),
    Mutant("originals wait for receipts", "intake/store/retention.py", "                ~undelivered,\n", "", RETENTION),
    Mutant("originals wait for their time", "intake/store/retention.py", "document.c.updated_at < store.clock.now() - kept", "sa.true()", RETENTION),
    Mutant("the signed copy is proven first", "intake/store/retention.py", "if not _whole(store, row, root):", "if False:", RETENTION),
    Mutant("a late time-stamp is fenced", "intake/store/timestamps.py", "timestamp_owed.c.tries == owed.tries,", "sa.true(),", TIMES),
    Mutant("a look sees one moment", "intake/store/engine.py", '{"isolation_level": "REPEATABLE READ"} if', "{} if", BACKUP),
    Mutant("a claim sorts nothing", "intake/store/schema.py", '        "lane",\n        "id",\n        "stage",\n', '        "lane",\n        "stage",\n        "id",\n', ("tests/store/test_migrations.py",)),
    Mutant("bells go lane by lane", "intake/store/claim.py", "                    job.c.lane == lane,\n", "", PLANS),
    Mutant("a full disk takes nothing in", "intake/receive/take.py", "if left < taking.disk_free_min_bytes:", "if False:", RECEIVE),
    Mutant("a stuck stage is killed", "workers/runner/child.py", "if monotonic() > end:", "if False:", CHILD),
    Mutant("children are recycled", "workers/runner/child.py", "self._served >= self._recycle_after or", "", CHILD),
    Mutant("memory has a limit", "workers/runner/child.py", "resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))", "pass", CHILD),
    Mutant("a dead child is an answer", "workers/runner/child.py", "except (EOFError, ConnectionResetError):", "except ZeroDivisionError:", CHILD),
    Mutant("a stop is heard in a stage", "workers/runner/child.py", "            if stopping():\n", "            if False:\n", CHILD),
    Mutant("a probe dies with its station", "intake/receive/complete.py", "initializer=_die_with_the_station", "initializer=None", ("tests/receive/test_complete.py",)),
    Mutant("an idle probe's death is no file's fault", "intake/receive/complete.py", "for _ in range(2):", "for _ in range(1):", ("tests/receive/test_complete.py",)),
    Mutant("an answer belongs to its document", "workers/runner/child.py", "            self.close()\n            raise\n", "            raise\n", CHILD),
    Mutant("nobody starves", "workers/runner/run.py", "if self._claims % FAIR == 0 else", "if False else", RUNNER),
    Mutant("a full disk takes no work", "workers/runner/run.py", "if free >= self._settings.workers.disk_free_min_bytes:", "if True:", RUNNER),
    Mutant("a stopped job is handed back", "workers/runner/run.py", "hand_back(self._store, claimed)\n", "pass\n", RUNNER),
    Mutant("a lost lease stops the stage", "workers/runner/run.py", "if not extend(self._store, claimed, self._lease):", "if extend(self._store, claimed, self._lease) is None:", RUNNER),
    Mutant("a heartbeat keeps the lease", "intake/store/claim.py", ".values(lease_until=store.clock.now() + lease)", ".values(attempt=claimed.attempt)", RUNNER),
    Mutant("published before committed", "workers/runner/run.py", "published = publish(claimed.folder.root / f", "published = (claimed.folder.root / f", RUNNER),
)  # fmt: skip


def copied(folder: Path) -> Path:
    """One snapshot of the tree for the whole run."""
    copy = folder / "tree"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache"))
    return copy


def passes(copy: Path, tests: tuple[str, ...], tell: bool = False, only: tuple[str, ...] = ()) -> bool:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", "-m", "not slow", *only, *tests]
    environment = {"PYTHONPATH": str(copy), "PATH": os.environ["PATH"]}
    try:
        done = subprocess.run(command, cwd=copy, capture_output=True, timeout=240 if only else 900, env=environment)
    except subprocess.TimeoutExpired:
        return False  # a fault that makes a test hang is noticed too
    if tell and done.returncode:
        print(done.stdout.decode()[-3000:], done.stderr.decode()[-1000:])
    return done.returncode in (0, 5)  # 5: none of them is chosen by ``only``


def survives(mutant: Mutant, copy: Path) -> bool:
    """Whether the tests still pass with this fault in the code."""
    path = copy / mutant.file
    text = path.read_text(encoding="utf-8")
    if mutant.old not in text:
        raise SystemExit(f"{mutant.file} has no {mutant.old!r} any more: mend the mutant «{mutant.breaks}»")
    path.write_text(text.replace(mutant.old, mutant.new, 1), encoding="utf-8")
    try:
        # Most are noticed by the first file, on SQLite, in seconds; what lives meets all the tests named.
        return passes(copy, mutant.tests[:1], only=("-k", "not postgresql")) and passes(copy, mutant.tests)
    finally:
        path.write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=int, nargs="*")
    given = parser.parse_args()
    alive = 0
    with tempfile.TemporaryDirectory(prefix="sohoa-mutant-") as folder:
        Path(folder).chmod(0o755)  # some tests go on as an ordinary user
        copy = copied(Path(folder))
        chosen = [(number, each) for number, each in enumerate(MUTANTS, 1) if not given.only or number in given.only]
        if not passes(copy, tuple(sorted({test for _, mutant in chosen for test in mutant.tests})), tell=True):
            raise SystemExit("the tests fail without any mutant; a kill would mean nothing")
        for number, mutant in chosen:
            survived = survives(mutant, copy)
            alive += survived
            print(f"{number:3} {'SURVIVED' if survived else 'killed  '} {mutant.breaks}  ({mutant.file})", flush=True)
    print(f"{alive} of {len(chosen)} survived")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
