"""Scale-out: truth in PostgreSQL, ids over RQ on Redis, workers in other processes; Redis may forget or die."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from intake.settings import SystemClock, load
from intake.states import State
from intake.store import Store, audit
from intake.store.reading import counts, every, idle, jobs
from tests.crash.home import ROOT, build
from tests.surroundings.patience import until
from tests.surroundings.servers import PostgresServer, RedisServer
from workers.chain import WORKED
from workers.station.station import Station


def _worker(home: Path) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SOHOA_")}
    log = (home / "work.log").open("ab")
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash.work", str(home)], cwd=ROOT, env=environment, stdout=log, stderr=log
    )


@pytest.mark.parametrize("calamity", ["flush", "restart", "worker killed", "database restarted"])
def test_documents_arrive_once_whatever_happens_to_redis_or_a_worker(
    tmp_path: Path, samples: Path, postgres: PostgresServer, postgres_url: Callable[[], str], calamity: str
) -> None:
    """Four documents; in the middle of a job Redis is flushed or restarted, or a worker is killed: each is assembled
    once, and a worker that was not killed is still there."""
    redis = RedisServer()
    home = tmp_path / "home"
    build(home, database=postgres_url(), redis=redis.url, lease_seconds=3)
    settings = load(home, {})
    store = Store(settings.database_url, SystemClock())
    scans = [
        "cong-van-bao-cao-so-lieu.jpg",
        "giay-moi-hop.png",
        "cong-dien-hoa-toc.jpg",
        "cong-van-khan-xam-nhap-man.jpg",
    ]
    for scan in scans:
        shutil.copyfile(samples / "scans" / scan, settings.scan_folder("vanthu") / scan)
    station = Station(settings, store)
    worker = _worker(home)
    try:
        station.start()
        until(
            lambda: (
                sum(counts(store).values()) == len(scans) and any(state == "running" for _, _, state, _ in jobs(store))
            )
        )
        if calamity == "flush":
            redis.flush()
        elif calamity == "restart":
            redis.stop()
            redis.start()
        elif calamity == "database restarted":
            postgres.stop("fast")
            postgres.start()
        else:
            worker.kill()
            worker.wait()
            worker = _worker(home)
        until(lambda: counts(store) == {State.ASSEMBLED: len(scans)} and idle(store, WORKED))
        assert len(every(store)) == len(scans)
        assert audit.verify(store).whole
        assert worker.poll() is None, "Redis took the worker with it"
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(45) == 0
    finally:
        worker.kill()
        station.stop()
        redis.close()
