"""Redis forgets everything, again and again, while 500 documents are on their way: each is delivered once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from intake.settings import SystemClock, load
from intake.states import State
from intake.store import Store
from intake.store.reading import counts
from tests.crash.home import ROOT, begin, build, prove, scans_for
from tests.surroundings.patience import until
from tests.surroundings.servers import RedisServer

NUMBER = 500
FLUSHES = (10, 100, 250, 400, 490)
"""forwarded documents at which Redis loses its memory"""


@pytest.mark.slow
def test_five_hundred_documents_are_delivered_once_though_redis_forgets(
    tmp_path: Path, samples: Path, redis_server: RedisServer, postgres_url: Callable[[], str]
) -> None:
    """PostgreSQL, two RQ workers, a real token; FLUSHALL five times on the way."""
    home = tmp_path / "home"
    build(home, database=postgres_url(), redis=redis_server.url)
    sample = samples / "scans" / "cong-van-bao-cao-so-lieu.jpg"
    settings = load(home, {})
    folder = settings.scan_folder("vanthu")
    scans = scans_for([f"{number:04}" for number in range(NUMBER)], sample, tmp_path / "scans")
    folder.mkdir(parents=True, exist_ok=True)
    for scan in scans:
        (folder / scan.name).write_bytes(scan.read_bytes())
    store = Store(settings.database_url, SystemClock())
    second = subprocess.Popen([sys.executable, "-m", "tests.crash.work", str(home)], cwd=ROOT)
    station = begin(home, "rq", number=NUMBER)
    try:
        for reached in FLUSHES:
            until(lambda wanted=reached: counts(store).get(State.FORWARDED, 0) >= wanted, 3600)  # type: ignore[misc]
            redis_server.flush()
        assert station.wait(3600) == 0, (home / "drive.log").read_text()[-3000:]
    finally:
        station.kill()
        second.kill()
        second.wait()
        store.close()
    prove(home, scans)
