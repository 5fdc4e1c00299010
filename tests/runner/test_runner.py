"""The runner with real stages: one claim to its commit, in a child process, and what happens when the house is not in order."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from time import monotonic

import psutil
import pytest

from intake.folder import ORIGINAL, document_root
from intake.settings import Settings, load
from intake.states import State
from intake.store import Store
from intake.store.claim import claim
from intake.store.coming import coming
from intake.store.reading import every, jobs, whole
from intake.store.rescue import rescue
from tests.store.paper import arrive
from tests.surroundings.clock import ManualClock
from tests.surroundings.patience import until
from workers.queues.local import HAND_BACK_SECONDS, LocalPool
from workers.runner.run import FAIR, Runner

HOME = """
[station.vanthu]
folder = "scan"
[workers]
lease_seconds = 30
{more}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    return made


@pytest.fixture
def settings_of(home: Path) -> Callable[[str], Settings]:
    def make(more: str = "") -> Settings:
        (home / "sohoa.toml").write_text(HOME.format(more=more), encoding="utf-8")
        return load(home, {})

    return make


@pytest.fixture
def runner(sqlite_store: Store, settings_of: Callable[[str], Settings]) -> Iterator[Runner]:
    made = Runner(sqlite_store, settings_of(""), "w1")
    yield made
    made.close()


def _paper(store: Store, home: Path, scan: Path, lane: str = "desk") -> str:
    document_id = arrive(store, scan.name + lane, scan.read_bytes() + lane.encode(), lane).document_id
    folder = document_root(home / "documents", document_id) / ORIGINAL
    folder.mkdir(parents=True)
    shutil.copyfile(scan, folder / f"001{scan.suffix}")
    return document_id


def test_a_scan_goes_from_received_to_assembled(runner: Runner, sqlite_store: Store, home: Path, samples: Path) -> None:
    """check, ocr, pdf: each publishes a folder whose files have the hashes the row says; then a person is due."""
    document_id = _paper(sqlite_store, home, samples / "scans" / "cong-van-bao-cao-so-lieu.jpg")
    assert [runner.once() for _ in range(4)] == [State.CHECKED, State.RECOGNISED, State.ASSEMBLED, None]

    found = whole(sqlite_store, document_id)
    root = document_root(home / "documents", document_id)
    for stage in ("check", "ocr", "pdf"):
        for artefact in found.published[stage]["artefacts"]:
            path = root / f"{stage}.1" / artefact["name"]
            assert path.stat().st_size == artefact["bytes"]
    assert found.row["code_notation"] == "SNV-CCHC"
    assert not list(root.glob("*.tmp"))


def test_every_fifth_claim_looks_from_the_least_urgent_lane(
    runner: Runner, sqlite_store: Store, home: Path, tmp_path: Path
) -> None:
    """Urgent overtakes four times, then the back-file gets its turn: nobody starves."""
    broken = tmp_path / "x.jpg"
    broken.write_bytes(b"not an image at all, but long enough")
    for number in range(FAIR + 1):
        broken.write_bytes(f"not an image at all, but long enough {number}".encode())
        _paper(sqlite_store, home, broken, "urgent")
    broken.write_bytes(b"not an image either, and long enough too")
    bulk = _paper(sqlite_store, home, broken, "bulk")
    for _ in range(FAIR - 1):
        runner.once()
    assert whole(sqlite_store, bulk).state is State.RECEIVED
    runner.once()

    assert whole(sqlite_store, bulk).state is State.REJECTED


def test_nearly_full_disk_takes_no_work_and_loses_none(
    sqlite_store: Store, settings_of: Callable[[str], Settings], home: Path, samples: Path
) -> None:
    document_id = _paper(sqlite_store, home, samples / "scans" / "giay-moi-hop.png")
    full = Runner(sqlite_store, settings_of("disk_free_min_bytes = 1000000000000000"), "w1")
    assert full.once() is None
    full.close()

    assert whole(sqlite_store, document_id).state is State.RECEIVED
    assert jobs(sqlite_store) == [("check", "desk", "ready", 1)]


def test_missing_language_model_is_trouble_that_says_what_to_install(
    sqlite_store: Store,
    settings_of: Callable[[str], Settings],
    home: Path,
    samples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The document waits where it is; the reason names the package."""
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    document_id = _paper(sqlite_store, home, samples / "scans" / "ke-hoach-kiem-ke-tai-san.tif")
    runner = Runner(sqlite_store, settings_of(""), "w1")
    outcomes = [runner.once(), runner.once()]
    runner.close()

    assert "retry" in outcomes
    errors = [str(job["error"]) for job in whole(sqlite_store, document_id).jobs if job["error"]]
    assert any("tesseract-ocr-vie" in error for error in errors)


def test_wrong_profile_holds_the_document_with_file_and_key(
    sqlite_store: Store, settings_of: Callable[[str], Settings], home: Path, samples: Path
) -> None:
    document_id = _paper(sqlite_store, home, samples / "scans" / "giay-moi-hop.png")
    runner = Runner(sqlite_store, settings_of("[profile.incoming.check]\ndpi_minimum = 300\n"), "w1")
    assert runner.once() == "held"
    runner.close()

    words = whole(sqlite_store, document_id).row["held_vi"]
    assert "sohoa.toml [profile.incoming]" in words
    assert "dpi_minimum" in words


def test_the_head_of_a_rescued_job_is_dropped_and_its_stage_stopped(
    runner: Runner, sqlite_store: Store, home: Path, samples: Path, clock: ManualClock
) -> None:
    """The lease ran out before page 1's head was read: what the first worker sees is not shown, and it reads no further."""
    document_id = _paper(sqlite_store, home, samples / "scans" / "giay-moi-hop.png")
    assert runner.once() is State.CHECKED
    mine = claim(sqlite_store, "w1", str(home / "documents"), stages={"ocr"})
    assert mine is not None
    clock.forward(3600)
    assert rescue(sqlite_store, str(home / "documents")) == 1

    assert runner.run(mine) == "stale"
    assert coming(sqlite_store) == []
    assert not (document_root(home / "documents", document_id) / "ocr.1.tmp" / "ocr.json").exists()


def test_result_of_a_rescued_job_is_dropped(
    runner: Runner, sqlite_store: Store, home: Path, samples: Path, clock: ManualClock
) -> None:
    """The lease ran out while the stage worked: the second worker owns the job, the first one's result is stale."""
    document_id = _paper(sqlite_store, home, samples / "scans" / "giay-moi-hop.png")
    mine = claim(sqlite_store, "w1", str(home / "documents"), stages={"check"})
    assert mine is not None
    clock.forward(3600)
    assert rescue(sqlite_store, str(home / "documents")) == 1

    assert runner.run(mine) == "stale"
    assert whole(sqlite_store, document_id).state is State.RECEIVED


def _stage_process(runner: Runner) -> int:
    """The id of the runner's stage process."""
    process = runner._child._process
    assert process is not None
    assert process.pid is not None
    return process.pid


def test_a_stopped_worker_hands_its_job_back(
    runner: Runner, sqlite_store: Store, settings_of: Callable[[str], Settings], home: Path, samples: Path
) -> None:
    """In the middle of a stage: the job is ready for the next worker at once, and nobody counts it as trouble."""
    document_id = _paper(sqlite_store, home, samples / "scans" / "giay-moi-hop.png")
    assert runner.once() is State.CHECKED
    os.kill(_stage_process(runner), signal.SIGSTOP)  # it would be at it for ever
    runner.stop()
    assert runner.once() == "stopped"

    (waiting,) = [job for job in whole(sqlite_store, document_id).jobs if job["stage"] == "ocr"]
    assert (waiting["state"], waiting["lease_until"], waiting["worker"], waiting["troubles"]) == (
        "ready",
        None,
        None,
        0,
    )
    fresh = Runner(sqlite_store, settings_of(""), "w2")
    assert fresh.once() is State.RECOGNISED
    fresh.close()


def test_a_worker_whose_lease_was_given_away_stops_its_stage(
    runner: Runner, sqlite_store: Store, home: Path, samples: Path, clock: ManualClock
) -> None:
    """It hears of it with its next heartbeat, kills the stage and does not touch the job of the other."""
    document_id = _paper(sqlite_store, home, samples / "scans" / "giay-moi-hop.png")
    assert runner.once() is State.CHECKED
    stage = _stage_process(runner)
    os.kill(stage, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(runner.once)
        until(lambda: jobs(sqlite_store) == [("ocr", "desk", "running", 1)])

        def given_away() -> bool:
            clock.forward(3600)  # the machine slept; its heartbeat comes too late
            return rescue(sqlite_store, str(home / "documents")) == 1

        until(given_away)
        assert slow.result(60) == "stale"

    assert not psutil.pid_exists(stage)
    assert whole(sqlite_store, document_id).state is State.CHECKED


def test_a_heartbeat_keeps_the_lease_of_a_long_stage(
    runner: Runner, sqlite_store: Store, home: Path, samples: Path, clock: ManualClock
) -> None:
    _paper(sqlite_store, home, samples / "scans" / "giay-moi-hop.png")
    assert runner.once() is State.CHECKED
    stage = _stage_process(runner)
    os.kill(stage, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(runner.once)
        until(lambda: jobs(sqlite_store) == [("ocr", "desk", "running", 1)])
        for _ in range(4):
            before = _lease(sqlite_store)
            clock.forward(20)
            until(lambda before=before: _lease(sqlite_store) > before)  # type: ignore[misc]
            assert rescue(sqlite_store, str(home / "documents")) == 0
        os.kill(stage, signal.SIGCONT)
        assert slow.result(120) is State.RECOGNISED


def _lease(store: Store) -> datetime:
    (row,) = every(store)
    (running,) = [job for job in whole(store, row["id"]).jobs if job["state"] == "running"]
    lease: datetime = running["lease_until"]
    return lease


def test_the_pool_stops_within_its_grace_and_loses_nothing(
    sqlite_store: Store, settings_of: Callable[[str], Settings], home: Path, samples: Path
) -> None:
    """Two workers at stages that never end: one grace for both, then both jobs are ready again."""
    for lane in ("urgent", "desk"):
        _paper(sqlite_store, home, samples / "scans" / "giay-moi-hop.png", lane)
    pool = LocalPool(sqlite_store, settings_of("processes = 2"))
    pool.start()
    until(lambda: [job[2:] for job in jobs(sqlite_store)] == [("running", 1)] * 2)
    until(lambda: all(getattr(runner._child._process, "pid", None) for runner in pool._runners))
    for runner in pool._runners:
        os.kill(_stage_process(runner), signal.SIGSTOP)
    begun = monotonic()
    pool.stop(grace=0.5)
    took = monotonic() - begun

    assert took < 0.5 + HAND_BACK_SECONDS + 2
    assert {state for _, _, state, _ in jobs(sqlite_store)} == {"ready"}
