"""What a service manager does: SIGTERM, thirty seconds, and then the axe. And what stands in the log meanwhile."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from intake.settings import SystemClock, load
from intake.states import State
from intake.store import Store
from intake.store.reading import counts, every, jobs, whole
from tests.crash.home import ROOT, build
from tests.surroundings.patience import until
from tests.surroundings.servers import RedisServer
from workers.station.station import Station

SCAN = "cong-van-bao-cao-so-lieu.jpg"
MANAGER_SECONDS = 30
"""TimeoutStopSec of the units in deploy/"""


def _begin(home: Path, command: str) -> subprocess.Popen[bytes]:
    code = "from intake.cli.main import run; run()"
    with (home / f"{command}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-c", code, command, "--home", str(home)], cwd=ROOT, stdout=log, stderr=log
        )


@pytest.mark.parametrize("command", ["run", pytest.param("work", marks=pytest.mark.slow)])
def test_sigterm_in_the_middle_of_a_stage_hands_it_back_in_time(
    tmp_path: Path, samples: Path, command: str, request: pytest.FixtureRequest
) -> None:
    """The stage would never end: the job goes back unharmed, the process ends well, and the next one goes on."""
    home = tmp_path / "home"
    redis: RedisServer | None = request.getfixturevalue("redis_server") if command == "work" else None
    build(home, redis=redis.url if redis else None, lease_seconds=60)
    text = (home / "sohoa.toml").read_text(encoding="utf-8").replace("port = 8640", "port = 0")
    (home / "sohoa.toml").write_text(text, encoding="utf-8")
    settings = load(home, {})
    store = Store(settings.database_url, SystemClock())
    shutil.copyfile(samples / "scans" / SCAN, settings.scan_folder("vanthu") / SCAN)
    bells = Station(settings, Store(settings.database_url, SystemClock())) if redis else None
    if bells:
        bells.start()
    process = _begin(home, command)
    try:
        until(lambda: jobs(store) == [("ocr", "desk", "running", 1)])
        for child in psutil.Process(process.pid).children(recursive=True):
            if "spawn_main" in " ".join(child.cmdline()):
                child.suspend()
        process.send_signal(signal.SIGTERM)
        assert process.wait(MANAGER_SECONDS) == 0
    finally:
        process.kill()
        if bells:
            bells.stop()

    (row,) = every(store)
    (ocr,) = [job for job in whole(store, row["id"]).jobs if job["stage"] == "ocr"]
    assert (ocr["state"], ocr["troubles"], ocr["lease_until"]) == ("ready", 0, None)
    said = (home / f"{command}.log").read_text(encoding="utf-8")
    told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    finished = [line for line in told if line["event"] == "stage finished"]
    assert [(line["stage"], line["document"]) for line in finished] == [("check", row["id"])]

    process = _begin(home, command)
    bells = Station(settings, Store(settings.database_url, SystemClock())) if redis else None
    if bells:
        bells.start()
    try:
        until(lambda: counts(store) == {State.ASSEMBLED: 1})
        process.send_signal(signal.SIGTERM)
        assert process.wait(MANAGER_SECONDS) == 0
    finally:
        process.kill()
        if bells:
            bells.stop()
    said = (home / f"{command}.log").read_text(encoding="utf-8").casefold()
    fields = whole(store, row["id"]).row["fields"]
    read = [str(fields[name]["value"]) for name in ("Subject", "OrganName", "SignerFullName")]
    assert [words for words in read if words.casefold() in said] == []
    store.close()
