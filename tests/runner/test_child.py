"""The child process: limits bite, a crash costs one attempt, and nobody is left behind."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from intake.errors import DocumentError, EnvironmentTrouble, StageCrashed
from intake.folder import DocumentFolder, new_attempt
from intake.profile import load
from intake.settings import shipped_profiles
from workers.chain import Surroundings
from workers.runner.child import Child, StageBug, Task

GIGABYTE = 1_000_000_000


def _task(root: Path, scan: Path, stage: str = "check") -> Task:
    (root / "original").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(scan, root / "original" / f"001{scan.suffix}")
    profile = load(shipped_profiles() / "incoming.toml").model_dump_json()
    around = Surroundings(root, "vanthu", datetime(2026, 11, 23, tzinfo=UTC))
    return Task(stage, DocumentFolder("20261123-aa", root), profile, new_attempt(root, stage, 1), around)


@pytest.fixture
def scan(samples: Path) -> Path:
    return samples / "scans" / "giay-moi-hop.png"


def _stopped(child: Child, task: Task) -> int:
    """The pid of the child's process, which has served ``task`` and now answers nothing (SIGSTOP)."""
    child.call(task, lambda: None, lambda: False)
    pid = child._process.pid  # type: ignore[union-attr]
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    return pid


def test_one_child_serves_one_task_after_the_other(tmp_path: Path, scan: Path) -> None:
    """Start-up is paid once; the same process answers twice, and is replaced when its count is full."""
    child = Child(6 * GIGABYTE, 120, recycle_after=2)
    pids = []
    for number in range(3):
        child.call(_task(tmp_path / str(number), scan), lambda: None, lambda: False)
        pids.append(child._process.pid)  # type: ignore[union-attr]
    child.close()

    assert pids[0] == pids[1] != pids[2]


def test_a_stage_that_takes_too_long_is_killed(tmp_path: Path, scan: Path) -> None:
    child = Child(6 * GIGABYTE, 0.0, recycle_after=9)

    with pytest.raises(StageCrashed, match="s"):
        child.call(_task(tmp_path, scan, "ocr"), lambda: None, lambda: False)
    assert child._process is None


def test_a_stage_that_takes_too_much_memory_fails_alone(tmp_path: Path, scan: Path) -> None:
    """The address space is already larger than the limit: the first allocation is refused, the parent lives."""
    child = Child(200_000_000, 120, recycle_after=9)

    with pytest.raises((StageCrashed, StageBug, DocumentError)):
        child.call(_task(tmp_path, scan, "ocr"), lambda: None, lambda: False)
    child.close()


def test_a_killed_child_is_an_attempt_that_failed(tmp_path: Path, scan: Path) -> None:
    """As the kernel's out-of-memory killer would do it."""
    child = Child(6 * GIGABYTE, 120, recycle_after=9)
    pid = _stopped(child, _task(tmp_path / "warm", scan))

    def kill() -> None:
        os.kill(pid, signal.SIGKILL)

    with pytest.raises(StageCrashed, match="SIGKILL"):
        child.call(_task(tmp_path / "next", scan), kill, lambda: False)
    child.close()


def test_stopping_hands_the_work_back(tmp_path: Path, scan: Path) -> None:
    child = Child(6 * GIGABYTE, 120, recycle_after=9)
    pid = _stopped(child, _task(tmp_path / "warm", scan))

    with pytest.raises(InterruptedError):
        child.call(_task(tmp_path / "next", scan), lambda: None, lambda: True)
    assert not psutil.pid_exists(pid)


def test_an_answer_nobody_waited_for_is_never_the_next_documents(tmp_path: Path, samples: Path) -> None:
    """The database goes away while the lease is extended: the stage's answer still comes, and must not be read as the
    answer about whatever document the worker takes next."""
    child = Child(6 * GIGABYTE, 120, recycle_after=9)
    first, second = (samples / "scans" / name for name in ("giay-moi-hop.png", "cong-van-bao-cao-so-lieu.jpg"))
    pid = _stopped(child, _task(tmp_path / "warm", first))

    def away() -> None:
        os.kill(pid, signal.SIGCONT)
        raise EnvironmentTrouble("Cơ sở dữ liệu không phản hồi.", "The database does not answer.")

    with pytest.raises(EnvironmentTrouble):
        child.call(_task(tmp_path / "first", first), away, lambda: False)
    task = _task(tmp_path / "second", second)
    result = child.call(task, lambda: None, lambda: False)
    child.close()

    assert sorted(result.artefacts) == sorted(path.name for path in task.out.iterdir()) != []


def test_errors_of_a_stage_come_back_as_themselves(tmp_path: Path, scan: Path) -> None:
    """pdf without an ocr folder: a DocumentError with both languages, across the process boundary."""
    child = Child(6 * GIGABYTE, 120, recycle_after=9)

    with pytest.raises(DocumentError) as caught:
        child.call(_task(tmp_path, scan, "pdf"), lambda: None, lambda: False)
    assert caught.value.vi
    assert caught.value.en
    child.close()


def test_a_stage_is_heard_before_it_is_done_and_what_it_said_is_no_answer(tmp_path: Path, scan: Path) -> None:
    """The head of page 1 comes while nothing is written yet (the child is stopped for the look); a child that is killed
    after it was heard has failed all the same."""
    child = Child(6 * GIGABYTE, 120, recycle_after=9)
    task = _task(tmp_path / "a", scan, "ocr")
    heard: list[tuple[str, list[Path]]] = []

    def look(word: Mapping[str, Any]) -> None:
        pid = child._process.pid  # type: ignore[union-attr]
        os.kill(pid, signal.SIGSTOP)
        heard.append((word["fields"]["CodeNotation"]["value"], list(task.out.iterdir())))
        os.kill(pid, signal.SIGCONT)

    def kill(_: Mapping[str, Any]) -> None:
        os.kill(child._process.pid, signal.SIGKILL)  # type: ignore[union-attr]

    result = child.call(task, lambda: None, lambda: False, look)
    assert heard == [(result.facts["fields"]["CodeNotation"]["value"], [])]
    with pytest.raises(StageCrashed, match="SIGKILL"):
        child.call(_task(tmp_path / "b", scan, "ocr"), lambda: None, lambda: False, kill)
