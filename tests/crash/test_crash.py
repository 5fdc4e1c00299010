"""The crash matrix: SIGKILL at every place where the world changes, restart, and nothing is lost or doubled."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from intake.crashpoint import POINTS
from tests.crash.home import ROOT, build, prove, relay, scans_for

STAGED = ("claim.before_commit", "claim.committed", "stage.ran", "publish.synced", "publish.renamed",
          "finish.before_commit", "finish.committed")  # fmt: skip
STAGES = ("check", "ocr", "pdf", "push", "forward")
ONLY_RQ = ("enqueue.before", "enqueue.after")

MATRIX = [
    *(point for point in POINTS if point not in STAGED),
    *(f"{point}@{stage}" for point in STAGED for stage in STAGES),
    *(f"{point}@sign" for point in STAGED if point != "stage.ran"),
]
SLICE = ("admit.committed", "finish.before_commit@ocr", "sign.after", "push.after_put")
"""What `make test` runs; `make crash` runs all and writes the table of docs/guarantees.md."""


def _prove_relay(tmp_path: Path, samples: Path, mode: str, points: Sequence[str]) -> dict[str, str]:
    """Each point in turn, a fresh scan each, in one home; then every scan is a document, once, delivered once."""
    home = tmp_path / "home"
    scans = scans_for(points, samples / "scans" / "cong-van-bao-cao-so-lieu.jpg", tmp_path / "scans")
    died = relay(home, mode, points)
    assert [point for point, who in died.items() if who == "nobody"] == []
    prove(home, scans)
    return died


def test_killed_and_restarted_loses_nothing(tmp_path: Path, samples: Path) -> None:
    build(tmp_path / "home")
    _prove_relay(tmp_path, samples, "local", SLICE)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["local", "rq"])
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_matrix(
    tmp_path: Path,
    samples: Path,
    backend: str,
    mode: str,
    request: pytest.FixtureRequest,
    postgres_url: Callable[[], str],
) -> None:
    """With RQ the point is armed in station and worker alike: whoever meets it first dies."""
    redis = request.getfixturevalue("redis_server") if mode == "rq" else None
    build(
        tmp_path / "home",
        database=postgres_url() if backend == "postgresql" else None,
        redis=redis.url if redis else None,
    )
    points = [point for point in MATRIX if mode == "rq" or point not in ONLY_RQ]
    died = _prove_relay(tmp_path, samples, mode, points)
    results = ROOT / "var" / "crash"
    results.mkdir(parents=True, exist_ok=True)
    (results / f"{backend}-{mode}.json").write_text(json.dumps(died, indent=1))
