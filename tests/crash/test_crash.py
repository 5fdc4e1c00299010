"""The crash matrix: SIGKILL at every place where the world changes, restart, and nothing is lost or doubled."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from intake.crashpoint import POINTS
from tests.crash.home import build, prove, run

PARENT_DIES = -9
STAGED = ("claim.before_commit", "claim.committed", "stage.ran", "publish.synced", "publish.renamed",
          "finish.before_commit", "finish.committed")  # fmt: skip
STAGES = ("check", "ocr", "pdf", "push", "forward")
IN_CHILD = ("push.before_put", "push.after_put")
ONLY_RQ = ("enqueue.before", "enqueue.after")

MATRIX = [
    *(point for point in POINTS if point not in STAGED),
    *(f"{point}@{stage}" for point in STAGED for stage in STAGES),
    *(f"{point}@sign" for point in STAGED if point != "stage.ran"),
]
SLICE = ("admit.committed", "finish.before_commit@ocr", "sign.after", "push.after_put")
"""What `make test` runs; `make crash` runs all."""


def _scans(samples: Path) -> list[Path]:
    return [samples / "scans" / "cong-van-bao-cao-so-lieu.jpg"]


def _prove_crash(home: Path, samples: Path, point: str, mode: str) -> None:
    scans = _scans(samples)
    for scan in scans:
        shutil.copyfile(scan, home / "scan" / "vanthu" / scan.name)
    died = run(home, mode, crash_at=point)
    # A point inside a stage's child kills the child: the station lives, rescues the attempt and goes on.
    assert died in ((0,) if point in IN_CHILD else (PARENT_DIES, 0) if mode == "rq" else (PARENT_DIES,)), died
    if died != 0:
        assert run(home, mode) == 0, (home / "drive.log").read_text()[-3000:]
    prove(home, scans)


@pytest.mark.parametrize("point", SLICE)
def test_killed_and_restarted_loses_nothing(tmp_path: Path, samples: Path, point: str) -> None:
    build(tmp_path / "home")
    _prove_crash(tmp_path / "home", samples, point, "local")


@pytest.mark.slow
@pytest.mark.parametrize("point", [point for point in MATRIX if point not in ONLY_RQ])
def test_matrix_sqlite_local(tmp_path: Path, samples: Path, point: str) -> None:
    build(tmp_path / "home")
    _prove_crash(tmp_path / "home", samples, point, "local")


@pytest.mark.slow
@pytest.mark.parametrize("point", [point for point in MATRIX if point not in ONLY_RQ])
def test_matrix_postgresql_local(tmp_path: Path, samples: Path, point: str, postgres_url: Callable[[], str]) -> None:
    build(tmp_path / "home", database=postgres_url())
    _prove_crash(tmp_path / "home", samples, point, "local")


@pytest.mark.slow
@pytest.mark.parametrize("point", MATRIX)
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_matrix_rq(tmp_path: Path, samples: Path, point: str, backend: str, request: pytest.FixtureRequest) -> None:
    """With RQ the point is armed in station and worker alike: whoever meets it first dies."""
    database = request.getfixturevalue("postgres_url")() if backend == "postgresql" else None
    redis = request.getfixturevalue("redis_server")
    redis.flush()
    build(tmp_path / "home", database=database, redis=redis.url)
    _prove_crash(tmp_path / "home", samples, point, "rq")
