"""The queue's cost per document, and that it does not grow with the table.

    .venv/bin/python bench/claims.py [--quick] [--history 1000 10000 100000 1000000] [--documents 10000]

Part 1: median and p95 of one claim + finish with N finished documents of history, per back-end; the ratio of each
size to the smallest is what counts (machines differ). Part 2: documents a second through the bare queue, SQLite, and
PostgreSQL with RQ on Redis; stages do nothing, so all of it is queue.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import sqlalchemy as sa
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

sys.path.insert(0, str(Path(__file__).parents[1]))

import bench.claims as shared
from intake.model import StageResult
from intake.settings import SystemClock
from intake.store import Store
from intake.store.claim import claim, to_ring
from intake.store.finish import finish
from intake.store.schema import Json, UtcTime, document, job
from tests.store.paper import STAGES, WORKER, arrive, facts
from tests.surroundings.servers import PostgresServer, RedisServer
from workers.chain import WORKED
from workers.queues.rq import connect

BATCH = 100_000
DROPPED, TURNS = 20, 15


def history(store: Store, have: int, want: int) -> None:
    """Finished documents with their six finished jobs, as a year of work leaves them; made by the database itself."""
    now = sa.literal(store.clock.now() - timedelta(days=30), UtcTime())
    for start in range(have, want, BATCH):
        numbers = sa.select(sa.literal(start).label("n")).cte("numbers", recursive=True)
        last = min(start + BATCH, want) - 1
        numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < last))
        digits = sa.cast(numbers.c.n + 1_000_000_000, sa.Text)
        name = "20250101-" + digits
        values = {
            "id": name, "revision": 1, "station": "vanthu", "name": name + ".jpg", "profile": "incoming",
            "content_key": digits, "profile_digest": "-", "version": 8, "state": "forwarded", "lane": "desk",
            "arrived_at": now, "updated_at": now, "pages": 2, "fields": sa.literal({}, Json),
            "confirmed": sa.literal({}, Json), "priority": 0, "search": name + " quyet dinh ve viec",
            "code_number": digits, "code_notation": "QĐ-UBND", "subject": "Về việc", "due_at": now,
        }  # fmt: skip
        done = {
            "document_id": name, "revision": 1, "stage": None, "state": "done", "lane": "desk", "attempt": 1,
            "troubles": 0, "run_after": now, "created_at": now, "finished_at": now,
        }  # fmt: skip
        with store.write() as connection:
            connection.execute(document.insert().from_select(list(values), _row(values).select_from(numbers)))
            for stage in (*STAGES, "sign"):
                made = _row({**done, "stage": stage}).select_from(numbers)
                connection.execute(job.insert().from_select(list(done), made))
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))


def _row(values: dict[str, Any]) -> sa.Select[Any]:
    return sa.select(*(each if isinstance(each, sa.ColumnElement) else sa.literal(each) for each in values.values()))


def measure(store: Store, tag: str) -> tuple[list[float], list[float]]:
    """Seconds of each claim and of each finish: DROPPED fresh documents through check, ocr and pdf, claimed as a worker
    does it (any stage, any lane). None is left over: the next measure must find the same queue."""
    for number in range(DROPPED):
        arrive(store, f"{tag}-{number}.jpg", f"{tag}-{number}".encode(), identifier=f"20261122-{tag}-{number:06d}")
    claims, finishes = [], []
    for _ in range(3 * DROPPED):
        start = perf_counter()
        taken = claim(store, "bench", "/nowhere", stages=WORKED)
        middle = perf_counter()
        assert taken is not None
        finish(store, taken, StageResult(facts=facts(taken.stage)), (), actor=WORKER)
        claims.append(middle - start)
        finishes.append(perf_counter() - middle)
    assert claim(store, "bench", "/nowhere", stages=WORKED) is None
    return claims, finishes


def part_one(name: str, stores: dict[int, Store]) -> None:
    """The sizes take turns, so that whatever else the machine does meets all of them alike."""
    for size, store in stores.items():
        history(store, 0, size)
        measure(store, "warm")
    took: dict[int, tuple[list[float], list[float]]] = {size: ([], []) for size in stores}
    for turn in range(TURNS):
        for size, store in stores.items():
            claims, finishes = measure(store, f"t{turn}")
            took[size][0].extend(claims)
            took[size][1].extend(finishes)
    print(f"\n{name}: one claim and one finish, ms (median / p95), with finished documents behind")
    base = _p95(next(iter(took.values()))[0])
    for size, (claims, finishes) in took.items():
        print(
            f"  {size:>9,}  claim {median(claims) * 1e3:6.2f} / {_p95(claims) * 1e3:6.2f}   "
            f"finish {median(finishes) * 1e3:6.2f} / {_p95(finishes) * 1e3:6.2f}   "
            f"claim p95 ratio to smallest {_p95(claims) / base:4.2f}",
            flush=True,
        )


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


def part_two(name: str, store: Store, number: int, redis: RedisServer | None) -> None:
    for index in range(number):
        arrive(store, f"q-{index}.jpg", f"{name}-{index}".encode(), identifier=f"20261123-{index:010d}")
    times: list[float] = []
    started = perf_counter()
    if redis is None:
        while _one(store, times, None):
            pass
    else:
        client = connect(redis.url)
        queue = Queue("bench", connection=client, serializer=JSONSerializer)
        shared.UNDER_TEST.append((store, times))
        while rung := to_ring(store, {"check"}, timedelta(minutes=5), limit=1000):
            for job_id, _ in rung:
                queue.enqueue("bench.claims.answer", job_id, result_ttl=0, job_timeout=-1)
            SimpleWorker([queue], connection=client, serializer=JSONSerializer).work(burst=True, logging_level="ERROR")
    took = perf_counter() - started
    print(
        f"  {name}: {number:,} documents, {took / number * 1e3:.2f} ms each; claim + finish median "
        f"{median(times) * 1e3:.2f} ms, p95 {_p95(times) * 1e3:.2f} ms"
    )


UNDER_TEST: list[tuple[Store, list[float]]] = []
"""what RQ's job finds: it imports this module by name, so it is another copy than ``__main__``"""


def answer(job_id: int) -> None:
    store, times = UNDER_TEST[-1]
    _one(store, times, job_id)


def _one(store: Store, times: list[float], job_id: int | None) -> bool:
    start = perf_counter()
    taken = claim(store, "bench", "/nowhere", stages={"check"}, job_id=job_id)
    if taken is None:
        return False
    finish(store, taken, StageResult(facts=facts("check")), (), actor=WORKER)
    times.append(perf_counter() - start)
    return True


@contextmanager
def opened(url: str) -> Iterator[Store]:
    store = Store(url, SystemClock())
    store.migrate()
    yield store
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1k and 10k rows, 500 documents")
    parser.add_argument("--history", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--documents", type=int, default=10_000)
    given = parser.parse_args()
    sizes = [1000, 10_000] if given.quick else given.history
    number = 500 if given.quick else given.documents
    folder = Path(tempfile.mkdtemp(prefix="sohoa-bench-"))
    postgres, redis = PostgresServer(), RedisServer()
    try:
        for name, url in (
            ("SQLite", lambda size: f"sqlite:///{folder / f'{size}.db'}"),
            ("PostgreSQL", lambda size: postgres.new_database(f"history{size}")),
        ):
            with ExitStack() as stack:
                part_one(name, {size: stack.enter_context(opened(url(size))) for size in sizes})
        print("\nthrough the bare queue")
        with opened(f"sqlite:///{folder / 'queue.db'}") as store:
            part_two("SQLite", store, number, None)
        with opened(postgres.new_database("queue")) as store:
            part_two("PostgreSQL + RQ", store, number, redis)
    finally:
        redis.close()
        postgres.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
