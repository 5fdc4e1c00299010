"""What shows a station to people and machines: `sohoa status`, `sohoa doctor`, /healthz, /metrics."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from intake.errors import ExitCode
from intake.settings import SystemClock, load
from intake.states import State
from intake.store import Store
from intake.store.admit import notice, trouble
from tests.crash.home import ROOT, build
from tests.line.test_commands import sohoa
from tests.store.paper import FIELDS, arrive, work
from tests.surroundings.servers import RedisServer
from workers.station.metrics import instrument


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A station with one document at the desk and one capture that cannot be taken."""
    made = tmp_path / "home"
    build(made)
    store = Store(load(made, {}).database_url, SystemClock())
    arrive(store, "a.jpg", b"a")
    work(store, until=State.ASSEMBLED)
    trouble(store, notice(store, "vanthu", "b.jpg"), "đĩa gần đầy", "the disk is nearly full")
    store.close()
    return made


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.close()


def _asked(home: Path, database: str | None = None) -> TestClient:
    settings = load(home, {})
    app = FastAPI()
    instrument(app, Store(database or settings.database_url, SystemClock()), settings)
    return TestClient(app)


def test_health_is_ok_full_or_down(home: Path) -> None:
    well = _asked(home).get("/healthz")
    assert (well.status_code, well.json()) == (200, {"status": "ok"})

    nowhere = _asked(home, "postgresql+psycopg://sohoa@127.0.0.1:1/nowhere").get("/healthz")
    assert (nowhere.status_code, nowhere.json()["status"]) == (503, "down")

    text = (home / "sohoa.toml").read_text(encoding="utf-8")
    text = text.replace("[workers]", "[workers]\ndisk_free_min_bytes = 1000000000000000000")
    (home / "sohoa.toml").write_text(text, encoding="utf-8")
    full = _asked(home).get("/healthz")
    assert (full.status_code, full.json()) == (503, {"status": "disk full"})


def test_metrics_are_the_stores_own_numbers_without_document_text(home: Path) -> None:
    told = _asked(home).get("/metrics").text

    assert 'sohoa_documents{state="assembled"} 1.0' in told
    assert 'sohoa_arrivals{state="pending"} 1.0' in told
    assert 'sohoa_arrivals{state="admitted"} 1.0' in told
    assert "sohoa_disk_free_bytes" in told
    for field in ("Subject", "CodeNotation", "TypeName"):
        assert str(FIELDS[field]["value"]) not in told


def test_status_says_where_documents_stand_and_why_a_capture_waits(home: Path) -> None:
    told = json.loads(sohoa("status", "--home", home, "--json").stdout)
    assert told["documents"] == {"assembled": 1}
    (waiting,) = told["waiting"]
    assert (waiting["name"], waiting["reason_vi"]) == ("b.jpg", "đĩa gần đầy")

    table = sohoa("status", "--home", home).stdout
    assert "assembled" in table
    assert "đĩa gần đầy" in table


def test_live_status_goes_on_until_ctrl_c(home: Path) -> None:
    ours, theirs = pty.openpty()
    code = "from intake.cli.main import run; run()"
    watching = subprocess.Popen(
        [sys.executable, "-c", code, "status", "--live", "--home", str(home)],
        cwd=ROOT,
        stdout=theirs,
        stderr=theirs,
        # A test run in the background ignores Ctrl-C, and would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(theirs)
    seen = b""
    while seen.count(b"assembled") < 2:
        seen += os.read(ours, 4096)
    watching.send_signal(signal.SIGINT)
    try:
        while more := os.read(ours, 4096):
            seen += more
    except OSError:
        pass  # the other end of the terminal was closed
    assert watching.wait(30) != 0
    assert b"Traceback" not in seen
    os.close(ours)


def test_the_doctor_looks_at_every_part_and_says_what_to_do(
    tmp_path: Path, postgres_url: Callable[[], str], own_redis: RedisServer
) -> None:
    """Database, Redis, token: found with their versions; then Redis is away and the token is another one."""
    home = tmp_path / "home"
    build(home, database=postgres_url(), redis=own_redis.url)

    def examined() -> tuple[int, dict[str, dict[str, object]]]:
        done = sohoa("doctor", "--home", home, "--json")
        return done.returncode, {row["what"]: row for row in json.loads(done.stdout)}

    code, rows = examined()
    assert code == ExitCode.OK
    wanted = (
        "tesseract",
        "tessdata vie",
        "phông chữ dấu ký / mark font",
        "Redis",
        "cơ sở dữ liệu / database",
        "đồng hồ / clock",
        "thiết bị ký / token",
        "hồ sơ / documents",
        "đĩa trống / free disk",
        "thư mục quét / scan folder: vanthu",
    )
    assert [what for what in wanted if not rows[what]["good"]] == []
    assert str(rows["cơ sở dữ liệu / database"]["said"]).startswith("postgresql 1")

    own_redis.stop()
    text = (home / "sohoa.toml").read_text(encoding="utf-8")
    (home / "sohoa.toml").write_text(text.replace('"crash"', '"another"'), encoding="utf-8")
    code, rows = examined()
    assert code == ExitCode.DEPENDENCY_MISSING
    assert "hãy bật máy chủ Redis" in str(rows["Redis"]["said"])
    assert not rows["thiết bị ký / token"]["good"]
    assert "«another»" in str(rows["thiết bị ký / token"]["said"])
