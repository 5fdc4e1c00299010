"""The queue does not slow down as years of finished work pile up behind it: what is asked all day reads no history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bench.claims import history
from intake.store import Store, alarms
from intake.store.claim import claim, to_ring
from intake.store.haste import newest
from intake.store.reading import idle, jobs
from intake.store.rescue import rescue
from tests.store.paper import STAGES, arrive

ALL_DAY: dict[str, Callable[[Store], object]] = {
    "claim": lambda store: claim(store, "w1", "/nowhere", stages=STAGES),
    "bells": lambda store: to_ring(store, STAGES, timedelta(0)),
    "glance": lambda store: newest(store, ()),
    "rescue": lambda store: rescue(store, "/nowhere"),
    "alarms": alarms.settle,
    "status": jobs,
    "idle": lambda store: idle(store, STAGES),
}


@pytest.mark.parametrize("what", ALL_DAY)
def test_what_is_asked_all_day_reads_no_history(sqlite_store: Store, what: str) -> None:
    """Found by the bench: bells and glance walked the whole job table, a claim sorted the whole queue."""
    history(sqlite_store, 0, 2000)
    for number in range(30):
        arrive(sqlite_store, f"{number}.jpg", str(number).encode(), "bulk" if number % 2 else "desk")
    asked: list[tuple[str, object]] = []
    sa.event.listen(
        sqlite_store.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, values, *_: asked.append((statement, values)),
    )
    ALL_DAY[what](sqlite_store)

    questions = [(statement, values) for statement, values in asked if statement.startswith("SELECT")]
    assert questions
    with sqlite_store.read() as connection:
        plans = [
            str(row[3])
            for statement, values in questions
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    whole = [step for step in plans if step.startswith(("SCAN job", "SCAN document")) and "USING INDEX" not in step]
    assert whole == [], plans
    if what == "claim":
        assert not any("ORDER BY" in step for step in plans), plans
