"""RQ on Redis: a doorbell that carries job ids to workers on many machines. The truth stays in the database.

Flushing Redis loses nothing (the sweep rings again), a bell rung twice finds the job already taken, and while Redis
is away a worker looks into the database itself.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from intake import crashpoint
from intake.errors import EnvironmentTrouble
from intake.settings import Settings, SystemClock, load
from intake.store import Store
from intake.store.claim import LANES, to_ring
from workers.chain import WORKED
from workers.runner.run import FAIR, Runner

log = structlog.get_logger()

RING_AGAIN = timedelta(seconds=30)
"""A ready job whose bell was rung this long ago is rung again: Redis may have been flushed."""
GRACE_SECONDS = 20.0
FALLBACK_SECONDS = 5.0
PREFIX = "sohoa-"


def connect(url: str) -> Redis:
    """Fails at once when Redis is away (the default retries would block the sweep for seconds)."""
    return Redis.from_url(url, retry=None, socket_timeout=10, socket_connect_timeout=2)


def ring(store: Store, settings: Settings, redis: Redis) -> int:
    """Ring for every ready job not yet rung; returns how many bells were rung. Redis away → EnvironmentTrouble."""
    queues = {lane: Queue(PREFIX + lane, connection=redis, serializer=JSONSerializer) for lane in LANES}
    rung = 0
    try:
        redis.ping()
        for job_id, lane in to_ring(store, WORKED, RING_AGAIN):
            crashpoint.reached("enqueue.before")
            queues[lane].enqueue(answer, str(settings.home), job_id, job_timeout=-1, result_ttl=0, failure_ttl=3600)
            crashpoint.reached("enqueue.after")
            rung += 1
    except RedisError as error:
        raise EnvironmentTrouble(
            f"Redis không phản hồi ({type(error).__name__}); việc vẫn nằm trong cơ sở dữ liệu và được làm chậm hơn.",
            f"Redis does not answer ({type(error).__name__}); the jobs are safe in the database and go on more slowly.",
        ) from error
    return rung


_runners: dict[str, Runner] = {}


def answer(home: str, job_id: int) -> str:
    """What a bell makes a worker do: claim that very job, if it is still there to claim."""
    return str(_runner(home).once(job_id=job_id))


def _runner(home: str) -> Runner:
    """One per worker process: its child process and database connections serve job after job."""
    if home not in _runners:
        settings = load(Path(home))
        _runners[home] = Runner(Store(settings.database_url, SystemClock()), settings)
    return _runners[home]


class FairWorker(SimpleWorker):
    """Takes the lanes in order, but every fifth time from the least urgent up (4:1). No fork: stages have their own
    child process, and a forked copy of database connections would be shared by two processes."""

    _taken = 0

    def reorder_queues(self, reference_queue: Queue) -> None:
        self._taken += 1
        lanes = sorted(self.queues, key=lambda queue: LANES.index(queue.name.removeprefix(PREFIX)))
        self._ordered_queues = lanes[::-1] if self._taken % FAIR == FAIR - 1 else lanes


def work(settings: Settings, lanes: Sequence[str] = LANES, *, burst: bool = False) -> None:
    """Answer bells until SIGTERM or SIGINT; with ``burst`` only until the queues are empty."""
    if settings.queue.redis is None:
        raise EnvironmentTrouble(
            "Chưa đặt queue.redis trong sohoa.toml; dùng «sohoa run» cho một máy.",
            "queue.redis is not set in sohoa.toml; use «sohoa run» on a single machine.",
        )
    redis = connect(settings.queue.redis)
    fallback = _Fallback(settings, lanes, redis)
    fallback.start()
    try:
        worker = _worker(lanes, redis, _runner(str(settings.home)))
        worker.work(burst=burst, logging_level="WARNING", with_scheduler=False)
    except RedisError as error:
        raise EnvironmentTrouble(
            f"Mất kết nối Redis ({type(error).__name__}); dịch vụ sẽ khởi động lại.",
            f"Redis was lost ({type(error).__name__}); the service restarts.",
        ) from error
    finally:
        fallback.stop()
        for runner in _runners.values():
            runner.close()


def _worker(lanes: Sequence[str], redis: Redis, runner: Runner) -> FairWorker:
    class Stopping(FairWorker):
        def request_stop(self, signum: int, frame: object) -> None:
            timer = threading.Timer(GRACE_SECONDS, runner.stop)
            timer.daemon = True
            timer.start()
            super().request_stop(signum, frame)

    queues = [Queue(PREFIX + lane, connection=redis, serializer=JSONSerializer) for lane in lanes]
    return Stopping(queues, connection=redis, serializer=JSONSerializer, worker_ttl=60, maintenance_interval=60)


class _Fallback(threading.Thread):
    """While Redis is away, look into the database: slower, never stuck."""

    def __init__(self, settings: Settings, lanes: Collection[str], redis: Redis) -> None:
        super().__init__(name="fallback", daemon=True)
        self._settings, self._lanes, self._redis = settings, tuple(lanes), redis
        self._stopping = threading.Event()

    def run(self) -> None:
        runner: Runner | None = None
        while not self._stopping.wait(FALLBACK_SECONDS):
            try:
                self._redis.ping()
                continue
            except RedisError:
                log.warning("redis away, looking into the database")
            if runner is None:
                runner = Runner(Store(self._settings.database_url, SystemClock()), self._settings)
            try:
                while not self._stopping.is_set() and runner.once(lanes=self._lanes) is not None:
                    pass
            except EnvironmentTrouble as trouble:
                log.warning("worker waits", reason=trouble.en)
        if runner is not None:
            runner.stop()
            runner.close()

    def stop(self) -> None:
        self._stopping.set()
        self.join(GRACE_SECONDS)
