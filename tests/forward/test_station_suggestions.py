"""What the desk is told of past decisions: learnt from the store's own documents, with a measured accuracy."""

from __future__ import annotations

from intake.model import Actor
from intake.states import State
from intake.store import Store, deliveries
from intake.store.reading import whole
from intake.store.redrive import assign
from intake.store.schema import document, published
from tests.forward.register import decisions
from tests.surroundings.clock import ManualClock
from workers.station.suggest import FRESH, Suggestions, decisions_of, measure

SENIOR = Actor("minh", "senior")


def remember(store: Store, number: int, *, rule: str = "đất đai") -> None:
    """Forwarded documents as a year of work leaves them."""
    now = store.clock.now()
    with store.write() as connection:
        for index, (record, unit) in enumerate(decisions(number, seed=7)):
            name = f"20251101-{rule[:1]}{index:09d}"
            connection.execute(
                document.insert().values(
                    id=name, revision=1, station="vanthu", name=f"{name}.jpg", content_key=name, profile="incoming",
                    profile_digest="-", state="forwarded", version=8, lane="desk", arrived_at=now, updated_at=now,
                    pages=1, fields={}, confirmed=dict(record), priority=0, search="",
                )
            )  # fmt: skip
            facts = {"assignment": {"unit": unit, "rule": rule}}
            connection.execute(
                published.insert().values(
                    document_id=name, revision=1, stage="forward", attempt=1, at=now, facts=facts, artefacts=[]
                )
            )


def test_the_station_learns_from_its_own_register_and_says_how_often_it_was_right(sqlite_store: Store) -> None:
    remember(sqlite_store, 600)
    suggestions = Suggestions(sqlite_store)
    told = suggestions.measured()
    assert (told["decisions"], told["tested"]) == (600, 120)
    assert told["spoke"] > 90
    assert told["right"] / told["spoke"] > 0.75
    known = decisions(50, seed=7)
    spoken = [(suggestions.suggest(record), unit) for record, unit in known]
    assert sum(one is not None and one[0] == unit for one, unit in spoken) > 35


def test_what_no_rule_matched_and_nobody_decided_teaches_nothing(sqlite_store: Store) -> None:
    remember(sqlite_store, 100, rule="–")
    assert decisions_of(sqlite_store) == []
    suggestions = Suggestions(sqlite_store)
    assert suggestions.suggest({"Subject": "Về việc giao đất"}) is None
    assert suggestions.measured() == {"decisions": 0, "tested": 0, "spoke": 0, "right": 0}


def test_it_learns_anew_when_it_is_old(sqlite_store: Store, clock: ManualClock) -> None:
    suggestions = Suggestions(sqlite_store)
    assert suggestions.measured()["decisions"] == 0
    remember(sqlite_store, 80)
    assert suggestions.measured()["decisions"] == 0
    clock.forward(FRESH.total_seconds())
    assert suggestions.measured()["decisions"] == 80


def test_what_the_head_clerk_decides_leaves_her_queue_at_once(sqlite_store: Store) -> None:
    remember(sqlite_store, 3, rule="–")
    waiting = deliveries.unmatched(sqlite_store, "–")
    assert len(waiting) == 3
    first = waiting[0]
    assert assign(sqlite_store, first["id"], first["version"], SENIOR, "Phòng Nội vụ").state is State.DELIVERED
    assert len(deliveries.unmatched(sqlite_store, "–")) == 2
    assert whole(sqlite_store, first["id"]).published["assign"]["facts"]["by"] == "minh"


def test_too_little_is_not_measured() -> None:
    assert measure(decisions(20, seed=1))["tested"] == 0
