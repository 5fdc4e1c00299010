"""RQ on Redis: a doorbell that carries job ids to workers on many machines. The truth stays in the database.

Flushing Redis loses nothing (the sweep rings again), a bell rung twice finds the job already taken, and while Redis
is away a worker looks into the database itself.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path
from types import FrameType

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from intake import crashpoint
from intake.errors import EnvironmentTrouble
from intake.settings import Settings, SystemClock, load
from intake.store import Store
from intake.store.claim import LANES, forget_bells, to_ring
from workers.chain import WORKED
from workers.runner.run import FAIR, Runner

log = structlog.get_logger()

RING_AGAIN = timedelta(seconds=30)
"""A ready job whose bell was rung this long ago is rung again: a worker may have died with the bell in its hand."""
GRACE_SECONDS = 20.0
FALLBACK_SECONDS = 5.0
COME_BACK_SECONDS = 1.0
PREFIX = "sohoa-"
MEMORY = "sohoa:memory"
"""A key without expiry: when it is gone, Redis was flushed or restarted, and every ready job is rung again at once."""


def connect(url: str) -> Redis:
    """Fails at once when Redis is away (the default retries would block the sweep for seconds)."""
    return Redis.from_url(url, retry=None, socket_timeout=10, socket_connect_timeout=2)


def ring(store: Store, settings: Settings, redis: Redis) -> int:
    """Ring for every ready job not yet rung; returns how many bells were rung. Redis away → EnvironmentTrouble."""
    queues = {lane: Queue(PREFIX + lane, connection=redis, serializer=JSONSerializer) for lane in LANES}
    rung = 0
    try:
        if redis.set(MEMORY, "1", nx=True):
            forget_bells(store)
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

    max_connection_wait_time = FALLBACK_SECONDS
    _taken = 0

    def reorder_queues(self, reference_queue: Queue) -> None:
        self._taken += 1
        lanes = sorted(self.queues, key=lambda queue: LANES.index(queue.name.removeprefix(PREFIX)))
        self._ordered_queues = lanes[::-1] if self._taken % FAIR == FAIR - 1 else lanes


def work(settings: Settings, lanes: Sequence[str] = LANES, *, burst: bool = False) -> None:
    """Answer bells until SIGTERM or SIGINT; with ``burst`` only until the queues are empty.

    RQ's own worker leaves its loop when Redis is lost during a job; ours comes back by itself, so that a restart of
    Redis needs no hand and no service manager.
    """
    if settings.queue.redis is None:
        raise EnvironmentTrouble(
            "Chưa đặt queue.redis trong sohoa.toml; dùng «sohoa run» cho một máy.",
            "queue.redis is not set in sohoa.toml; use «sohoa run» on a single machine.",
        )
    redis = connect(settings.queue.redis)
    leaving = _Leaving(settings, lanes, redis)
    leaving.listen()
    leaving.fallback.start()
    try:
        while not leaving.asked.is_set():
            try:
                _worker(lanes, redis, leaving).work(burst=burst, logging_level="WARNING", with_scheduler=False)
            except StopRequested:
                break
            except RedisError as error:
                if burst:
                    raise EnvironmentTrouble(
                        f"Redis không phản hồi ({type(error).__name__}); hãy kiểm tra máy chủ Redis rồi chạy lại.",
                        f"Redis does not answer ({type(error).__name__}); check the Redis server and run this again.",
                    ) from error
                log.warning("redis lost, the worker comes back by itself", reason=type(error).__name__)
            if burst:
                break
            leaving.listen()
            leaving.asked.wait(COME_BACK_SECONDS)
    finally:
        leaving.fallback.stop()
        for runner in _runners.values():
            runner.close()


class _Leaving:
    """SIGTERM and SIGINT: no new job; the running ones get ``GRACE_SECONDS`` and are handed back after that."""

    def __init__(self, settings: Settings, lanes: Collection[str], redis: Redis) -> None:
        self.asked = threading.Event()
        self.fallback = _Fallback(settings, lanes, redis)
        self._runner = _runner(str(settings.home))

    def listen(self) -> None:
        """While no RQ worker listens (it sets its own handlers and forgets them bound when it dies)."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.ask())

    def ask(self) -> None:
        self.asked.set()
        self.fallback.asked.set()
        timer = threading.Timer(GRACE_SECONDS, self._hand_back)
        timer.daemon = True
        timer.start()

    def _hand_back(self) -> None:
        self._runner.stop()
        self.fallback.hand_back()


def _worker(lanes: Sequence[str], redis: Redis, leaving: _Leaving) -> FairWorker:
    class Stopping(FairWorker):
        def request_stop(self, signum: int, frame: FrameType | None) -> None:
            leaving.ask()
            try:
                super().request_stop(signum, frame)
            except RedisError:
                raise StopRequested from None  # it asks Redis for its own state; away must not mean deaf

    queues = [Queue(PREFIX + lane, connection=redis, serializer=JSONSerializer) for lane in lanes]
    return Stopping(queues, connection=redis, serializer=JSONSerializer, worker_ttl=60, maintenance_interval=60)


class _Fallback(threading.Thread):
    """While Redis is away, look into the database: slower, never stuck."""

    def __init__(self, settings: Settings, lanes: Collection[str], redis: Redis) -> None:
        super().__init__(name="fallback", daemon=True)
        self._settings, self._lanes, self._redis = settings, tuple(lanes), redis
        self.asked = threading.Event()
        self._runner: Runner | None = None

    def run(self) -> None:
        while not self.asked.wait(FALLBACK_SECONDS):
            try:
                self._redis.ping()
                continue
            except RedisError:
                log.warning("redis away, looking into the database")
            if self._runner is None:
                self._runner = Runner(Store(self._settings.database_url, SystemClock()), self._settings)
            try:
                while not self.asked.is_set() and self._runner.once(lanes=self._lanes) is not None:
                    pass
            except EnvironmentTrouble as trouble:
                log.warning("worker waits", reason=trouble.en)
        if self._runner is not None:
            self._runner.close()

    def hand_back(self) -> None:
        if self._runner is not None:
            self._runner.stop()

    def stop(self) -> None:
        self.asked.set()
        self.join(GRACE_SECONDS)
