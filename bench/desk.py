"""How much slower the desk's queue gets when a hundred times more lies behind it: ratios side by side in one run.

Run: python -m bench.desk [--url postgresql+psycopg://…]   (SQLite in a temporary folder without --url; two empty
databases are needed for PostgreSQL: give --url twice). Prints p95 of CPU-and-wait per question to the store and per
whole page as a browser gets it, 1,000 against 100,000.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient

from intake.model import Actor
from intake.review.app import create_app
from intake.settings import Settings, StationSettings, SystemClock
from intake.store import Store, coming, people, reading
from intake.store.schema import document, head

SMALL, LARGE = 1_000, 100_000
ROUNDS = 300
HEADS = 8
WORDS = (
    "ke hoach so hoa tai lieu luu tru phe duyet quyet dinh thong bao lich lam viec giao ban cong tac uy ban nhan dan "
    "huyen xa phuong dau tu xay dung dat dai giao duc y te"
).split()
STATES = ["assembled"] * 90 + ["forwarded"] * 5 + ["approved"] * 3 + ["held", "received"]


def fill(store: Store, count: int) -> None:
    """``count`` documents, nine of ten waiting for review: the worst case for the queue page."""
    chance = random.Random(count)
    now = store.clock.now()
    for start in range(0, count, 2000):
        rows = []
        for number in range(start, min(count, start + 2000)):
            arrived = now - timedelta(minutes=count - number)
            text = " ".join(chance.choice(WORDS) for _ in range(14))
            rows.append(
                {
                    "id": f"20261123-{number * 7919 % 1000003:07d}",
                    "revision": 1,
                    "station": chance.choice(("quay-1", "quay-2", "quay-3")),
                    "name": f"scan{number}.pdf",
                    "content_key": f"{number:064x}",
                    "profile": "incoming",
                    "profile_digest": "0",
                    "state": chance.choice(STATES),
                    "version": 4,
                    "lane": "desk",
                    "arrived_at": arrived,
                    "updated_at": arrived,
                    "due_at": arrived + timedelta(hours=6),
                    "fields": {},
                    "confirmed": {},
                    "priority": 0 if chance.random() < 0.95 else chance.randint(1, 3),
                    "search": f"scan{number}.pdf {text} {number}/qd-ubnd so{number}",
                }
            )
        with store.write() as connection:
            connection.execute(document.insert(), rows)
    being_read(store, rows[-HEADS:])
    # What PostgreSQL's autovacuum does by itself within minutes of a bulk load.
    vacuum = "VACUUM ANALYZE" if store.engine.dialect.name == "postgresql" else "ANALYZE"
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(vacuum))


def being_read(store: Store, rows: Sequence[Mapping[str, Any]]) -> None:
    """As many documents as a few machines read at once, each with its head at the desk."""
    with store.write() as connection:
        connection.execute(
            document.update().where(document.c.id.in_([row["id"] for row in rows])).values(state="checked")
        )
        early = {"revision": 1, "attempt": 1, "at": store.clock.now(), "fields": {"CodeNumber": {"value": "7"}}}
        connection.execute(head.insert(), [{"document_id": row["id"], **early} for row in rows])


def questions(store: Store, count: int, home: Path) -> dict[str, Callable[[], object]]:
    everything = tuple(sorted(set(STATES)))
    pages = browser(store, home)
    return {
        "list, first page": lambda: reading.queue(store, limit=51),
        "list, all states": lambda: reading.queue(store, states=everything, newest=True, limit=51),
        "search, common words": lambda: reading.queue(store, text="kế hoạch", limit=51),
        "search, one document": lambda: reading.queue(store, text=f"{count // 2}/QĐ", limit=51),
        "search, a hundred": lambda: reading.queue(store, text=str(count // 2)[:-2], limit=51),
        "search, nothing": lambda: reading.queue(store, text="khongcogi", limit=51),
        "what is coming": lambda: coming.coming(store),
        "next document": lambda: reading.queue(store, free_for="lan", later=False, limit=2),
        "numbers on the tabs": lambda: reading.tally(store),
        "page: queue": lambda: pages("/queue"),
        "page: everything": lambda: pages("/queue?view=all"),
        "page: search": lambda: pages(f"/queue?view=all&text={count // 2}/qd"),
    }


def browser(store: Store, home: Path) -> Callable[[str], None]:
    """A clerk's browser at the desk of this store: path → its page, asked for and received."""
    people.add(store, "lan", "Lan", ["clerk"], "mat-khau-thu-123", Actor("bench", "admin"))
    settings = Settings(home=home, station={"quay-1": StationSettings(folder="scan")})
    client = TestClient(create_app(store, settings, sign=None))
    client.post("/login", data={"name": "lan", "password": "mat-khau-thu-123"})

    def ask(path: str) -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")

    return ask


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", action="append", default=[])
    urls = parser.parse_args().url
    with tempfile.TemporaryDirectory() as folder:
        urls = urls or [f"sqlite:///{folder}/{count}.db" for count in (SMALL, LARGE)]
        stores = []
        for url, count in zip(urls, (SMALL, LARGE), strict=True):
            store = Store(url, SystemClock())
            store.migrate()
            fill(store, count)
            stores.append(questions(store, count, Path(folder)))
        print(f"{'question':<24}{'p95 1,000':>12}{'p95 100,000':>13}{'ratio':>8}")
        for name in stores[0]:
            taken: list[list[float]] = [[], []]
            for turn in range(ROUNDS):  # turn and turn about, so that a busy machine slows both alike
                for which in (0, 1) if turn % 2 else (1, 0):
                    begun = time.perf_counter()
                    stores[which][name]()
                    taken[which].append(time.perf_counter() - begun)
            small, large = (sorted(times)[int(ROUNDS * 0.95)] * 1000 for times in taken)
            print(f"{name:<24}{small:>9.2f} ms{large:>10.2f} ms{large / small:>8.2f}")


if __name__ == "__main__":
    main()
