"""A time-stamp that was away at signing is owed: its delivery waits, it is asked for again, and it is never silent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from intake.cli.status import snapshot
from intake.errors import EnvironmentTrouble
from intake.model import sha256_of
from intake.states import State
from intake.store import Store, audit, timestamps
from intake.store.claim import claim
from intake.store.reading import whole
from tests.sign.authority import PASSWORD, Authority
from tests.sign.station import HOA, SigningStation
from tests.surroundings.clock import ManualClock
from workers.push.key import delivery_key
from workers.sign.verify import verify
from workers.station.metrics import instrument
from workers.station.timestamps import complete_one
from workers.tools.pki import load_trust

Make = Callable[..., SigningStation]


@pytest.fixture
def clock(now: datetime) -> ManualClock:
    """The store's clock starts at the time the test CA's certificates are made around."""
    return ManualClock(now)


@pytest.fixture
def station(sqlite_store: Store, ca: Authority, tmp_path: Path) -> Make:
    return lambda **sign: SigningStation(tmp_path / "home", sqlite_store, ca, **sign)


@pytest.fixture
def either(store: Store, ca: Authority, tmp_path: Path) -> Make:
    """On both back-ends: what is committed, and when it may be."""
    return lambda **sign: SigningStation(tmp_path / "home", store, ca, **sign)


def push_of(station: SigningStation) -> Any:
    return claim(station.store, "w", str(station.settings.documents), stages={"push"})


def findings(station: SigningStation, document: str) -> list[str]:
    return [item.code for item in whole(station.store, document).findings]


def test_it_is_signed_at_once_held_back_from_delivery_and_visible_everywhere(station: Make, ca: Authority) -> None:
    at = station(level="B-T", tsa_url=ca.tsa("500"), timestamp_wait_hours=2)
    document = at.approved()
    at.sign(document)

    assert whole(at.store, document).state is State.SIGNED
    assert findings(at, document) == ["sign.timestamp_pending"]
    [owed] = timestamps.waiting(at.store)
    assert (owed["document_id"], owed["level"], owed["tries"]) == (document, "B-T", 0)
    assert owed["held_until"] == at.store.clock.now() + timedelta(hours=2)
    assert "HTTP 500" in owed["last_vi"]
    assert push_of(at) is None, "its delivery waits"
    [told] = snapshot(at.store)["timestamps"]  # type: ignore[misc]
    assert told["document_id"] == document
    app = FastAPI()
    instrument(app, at.store, at.settings)
    assert "sohoa_timestamps_waiting 1.0" in TestClient(app).get("/metrics").text


def test_when_the_authority_answers_the_file_gets_a_new_hash_with_an_audit_row_and_is_delivered(
    either: Make, ca: Authority, now: datetime
) -> None:
    at = either(level="B-T", tsa_url=ca.tsa("500"))
    document = at.approved()
    at.sign(document)
    before = at.signed(document).read_bytes()
    assert not complete_one(at.store, at.settings), "not due yet"
    at.store.clock.sleep(31)
    assert not complete_one(at.store, at.settings), "still away"
    assert [row["tries"] for row in timestamps.waiting(at.store)] == [1]

    at.with_profile(level="B-T", tsa_url=ca.tsa())
    at.store.clock.sleep(61)
    assert complete_one(at.store, at.settings)
    signed = at.signed(document)
    assert signed.read_bytes().startswith(before)
    found = whole(at.store, document)
    facts = found.published["sign"]["facts"]
    assert facts["sha256"] == sha256_of(signed) != sha256_of(signed.parent.with_name("sign.1") / "signed.pdf")
    assert facts["level"] == "B-T"
    report = verify(signed, load_trust(ca.trust), now + timedelta(minutes=9), online=True)
    assert (report.verdict, report.own[0].level) == ("valid", "B-T")
    assert facts["proven_at"] == report.own[0].proven_at
    evidence = json.loads((signed.parent / "evidence.json").read_text())
    assert evidence["sha256"] == facts["sha256"]
    assert evidence["completed"]["revocation"]["checked"]
    assert evidence["certificate"]["sha256"], "what was known at signing time is still there"
    assert [item["code"] for item in evidence["findings"]] == ["sign.timestamp_added"] == findings(at, document)
    row = next(row for row in found.history if row["action"] == "sign.timestamped")
    told = json.loads(row["data"])
    assert (told["kept"], told["sha256"], told["tries"]) == ("replaces", facts["sha256"], 2)
    assert told["before"] != told["sha256"]
    assert audit.verify(at.store).whole
    assert timestamps.waiting(at.store) == []
    for entry in found.outbox:
        assert entry["key"] == delivery_key(entry["target"], document, 1, facts["sha256"])
    claimed = push_of(at)
    assert claimed is not None, "nothing holds its delivery any more"
    assert claimed.folder.of("sign") / "signed.pdf" == signed


def test_the_wait_ends_and_what_was_delivered_is_never_exchanged(either: Make, ca: Authority) -> None:
    at = either(level="B-T", tsa_url=ca.tsa("500"), timestamp_wait_hours=1)
    document = at.approved()
    at.sign(document)
    delivered = whole(at.store, document).published["sign"]["facts"]["sha256"]
    at.store.clock.sleep(3601)
    assert push_of(at) is not None, "the limit is over: the B-B file, lawfully signed, goes out"

    at.with_profile(level="B-T", tsa_url=ca.tsa())
    assert complete_one(at.store, at.settings)
    found = whole(at.store, document)
    assert found.published["sign"]["facts"]["sha256"] == delivered
    beside = at.signed(document, "timestamp")
    assert beside.read_bytes().startswith(at.signed(document).read_bytes())
    assert found.published["timestamp"]["facts"]["sha256"] == sha256_of(beside)
    assert findings(at, document) == ["sign.timestamp_beside"]
    assert timestamps.waiting(at.store) == []


def test_an_urgent_document_does_not_wait(station: Make, ca: Authority) -> None:
    at = station(level="B-T", tsa_url=ca.tsa("500"))
    document = at.approved(Priority=3)
    at.sign(document)
    assert push_of(at) is not None
    [owed] = timestamps.waiting(at.store)
    assert owed["held_until"] is None


def test_the_tries_go_on_for_ever_further_and_further_apart(station: Make, ca: Authority) -> None:
    at = station(level="B-T", tsa_url=ca.tsa("nonce"))
    document = at.approved()
    at.sign(document)
    apart = []
    for _ in range(7):
        [owed] = timestamps.waiting(at.store)
        apart.append((owed["next_at"] - at.store.clock.now()).total_seconds())
        at.store.clock.sleep(apart[-1])
        assert not complete_one(at.store, at.settings)
    assert apart == sorted(apart)
    assert (apart[0], apart[-1]) == (30, 1800)
    assert list(at.signed(document).parent.parent.glob("*.tmp")) == []
    [owed] = timestamps.waiting(at.store)
    assert "wrong nonce" in owed["last_vi"]


def test_a_certificate_revoked_meanwhile_holds_the_document_with_the_reason(station: Make, ca: Authority) -> None:
    at = station(level="B-T", tsa_url=ca.tsa("500"))
    document = at.approved()
    at.sign(document)
    at.with_profile(level="B-T", tsa_url=ca.tsa())
    at.store.clock.sleep(900 * 86400)  # expired since
    assert complete_one(at.store, at.settings)
    found = whole(at.store, document)
    assert found.state is State.HELD
    assert "dấu thời gian" in found.row["held_vi"]
    assert findings(at, document) == ["sign.timestamp_impossible"]
    assert push_of(at) is None
    assert timestamps.waiting(at.store) == []


def test_a_try_whose_process_died_commits_nothing_and_another_one_does(either: Make, ca: Authority) -> None:
    at = either(level="B-T", tsa_url=ca.tsa("500"))
    document = at.approved()
    at.sign(document)
    at.with_profile(level="B-T", tsa_url=ca.tsa())
    at.store.clock.sleep(31)
    dead = timestamps.take_due(at.store, str(at.settings.documents))
    assert dead is not None
    assert timestamps.take_due(at.store, str(at.settings.documents)) is None, "nobody else takes it meanwhile"
    at.store.clock.sleep(timestamps.WORKING.total_seconds())
    assert complete_one(at.store, at.settings)
    attempt = whole(at.store, document).published["sign"]["attempt"]
    timestamps.try_later(at.store, dead, EnvironmentTrouble("chết", "dead"))
    assert timestamps.waiting(at.store) == [], "the dead one has nothing to say any more"
    assert whole(at.store, document).published["sign"]["attempt"] == attempt == 3


def test_a_slow_try_has_nothing_to_say_once_the_next_has_begun(either: Make, ca: Authority) -> None:
    """Given up as dead, it comes back with bad news: neither the next try nor the document hears of it."""
    at = either(level="B-T", tsa_url=ca.tsa("500"))
    document = at.approved()
    at.sign(document)
    at.store.clock.sleep(31)
    slow = timestamps.take_due(at.store, str(at.settings.documents))
    at.store.clock.sleep(timestamps.WORKING.total_seconds())
    assert timestamps.take_due(at.store, str(at.settings.documents)) is not None
    assert slow is not None
    before = timestamps.waiting(at.store)
    timestamps.try_later(at.store, slow, EnvironmentTrouble("chậm", "slow"))
    timestamps.give_up(at.store, slow, EnvironmentTrouble("chậm", "slow"))

    assert timestamps.waiting(at.store) == before
    assert whole(at.store, document).state is State.SIGNED


def test_what_lacks_only_its_evidence_is_owed_too(station: Make, ca: Authority) -> None:
    at = station(level="B-LT", tsa_url=ca.tsa())
    document = at.approved()
    frozen = at.freeze(document)
    ca.server.closed_for = ("/ocsp", "/crls")
    try:
        at.desk.start(frozen.id, HOA, PASSWORD)
        at.desk.join(frozen.id)
        assert "sign.level_pending" in findings(at, document)
        at.store.clock.sleep(31)
        asked = len(ca.server.asked)
        assert not complete_one(at.store, at.settings)
        assert [path for path in ca.server.asked[asked:] if "tsa" in path] == [], "no second time-stamp for nothing"
    finally:
        ca.server.closed_for = ()
    at.store.clock.sleep(61)
    assert complete_one(at.store, at.settings)
    assert whole(at.store, document).published["sign"]["facts"]["level"] == "B-LT"
    report = verify(at.signed(document), load_trust(ca.trust), at.store.clock.now())
    assert (report.verdict, report.own[0].level) == ("valid", "B-LTA"), "evidence, and a time-stamp over it"
