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
from rq import Queue
from rq.serializers import JSONSerializer

from intake.settings import SystemClock, load
from intake.states import State
from intake.store import Store, audit
from intake.store.claim import LANES
from intake.store.reading import counts, every, idle, jobs
from tests.crash.home import ROOT, build
from tests.surroundings.patience import until
from tests.surroundings.servers import PostgresServer, RedisServer
from workers.chain import WORKED
from workers.queues.rq import PREFIX, FairWorker, connect
from workers.station.station import Station


def _worker(home: Path) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SOHOA_")}
    log = (home / "work.log").open("ab")
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash.work", str(home)], cwd=ROOT, env=environment, stdout=log, stderr=log
    )


@pytest.mark.parametrize("calamity", ["flush", "restart", "gone for good", "worker killed", "database restarted"])
def test_documents_arrive_once_whatever_happens_to_redis_or_a_worker(
    tmp_path: Path, samples: Path, postgres: PostgresServer, postgres_url: Callable[[], str], calamity: str
) -> None:
    """Four documents; in the middle of a job Redis is flushed, restarted or gone when the next stage is to be rung for,
    or a worker is killed: each is assembled once, and a worker that was not killed is still there."""
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
        elif calamity == "gone for good":
            redis.stop()
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
        print((home / "work.log").read_text(encoding="utf-8")[-6000:], *_unfinished(store), sep="\n")
        station.stop()
        redis.close()


def _unfinished(store: Store) -> list[object]:
    """What pytest shows when the documents did not arrive: every job that is not done."""
    with store.read() as connection:
        rows = connection.exec_driver_sql("select * from job where state <> 'done'").mappings().all()
    return [dict(row) for row in rows]


_order: list[str] = []


def _note(lane: str) -> None:
    _order.append(lane)


def test_every_fifth_bell_is_answered_from_the_least_urgent_lane(redis_server: RedisServer) -> None:
    """4:1 over Redis too: however many urgent ones wait, the back-file gets its turn."""
    client = connect(redis_server.url)
    queues = {lane: Queue(PREFIX + lane, connection=client, serializer=JSONSerializer) for lane in LANES}
    for queue in queues.values():
        queue.empty()
    for lane, number in (("bulk", 3), ("desk", 1), ("urgent", 9)):
        for _ in range(number):
            queues[lane].enqueue(_note, lane, result_ttl=0)
    _order.clear()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    FairWorker(list(queues.values()), connection=client, serializer=JSONSerializer).work(
        burst=True, logging_level="WARNING"
    )
    for number, handler in before.items():
        signal.signal(number, handler)

    assert _order == [*["urgent"] * 4, "bulk", *["urgent"] * 4, "bulk", "urgent", "desk", "bulk"]
