"""Forwarding tells the document system who handles it, keeps the reason and the clocks, and may be said twice."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from intake.errors import DocumentError, EnvironmentTrouble
from intake.folder import DocumentFolder
from intake.profile import load
from intake.profile.sections import ForwardRule, ForwardSection
from tests.conformance.connector import key_of, make_package
from tests.document_system.hostility import Hostility
from tests.document_system.server import DocumentSystem
from workers.cli.explain import explain
from workers.forward.calendar import HANOI
from workers.forward.stage import run
from workers.push.folder import FolderConnector
from workers.push.rest import RestConnector
from workers.tools.receipt import receipt_json

ARRIVED = datetime(2026, 11, 20, 9, 0, tzinfo=HANOI)
RULES = ForwardSection(
    rule=(
        ForwardRule(name="khẩn", priority_min=1, unit="Lãnh đạo", working_days=0),
        ForwardRule(name="đất", keywords=("đất",), unit="Phòng Đất đai", coordinators=("Thanh tra",)),
    ),
    unmatched_unit="Văn thư phụ trách",
)
CONFIRMED = {"CodeNumber": "252", "Subject": "Về việc giao đất", "Priority": 0}


@pytest.fixture
def system(tmp_path):
    with DocumentSystem(tmp_path / "system") as system:
        yield system


@pytest.fixture
def connectors(system, tmp_path):
    return {"dms": RestConnector({"url": system.url}, tmp_path), "share": FolderConnector({}, tmp_path)}


@pytest.fixture
def delivered(connectors, tmp_path) -> DocumentFolder:
    """A document that both targets hold, as push leaves it."""
    package = make_package(tmp_path / "package", key_of("one"))
    receipts = {name: receipt_json(one.put_if_absent(package.key, package)) for name, one in connectors.items()}
    return DocumentFolder("D1", tmp_path, confirmed=CONFIRMED, facts={"push": {"receipts": receipts}})


def forward(document: DocumentFolder, connectors, tmp_path: Path, section: ForwardSection = RULES):
    return run(document, section, tmp_path, connectors=connectors, station="quầy 1", arrived_at=ARRIVED)


def test_the_document_system_knows_who_handles_it(delivered, connectors, system, tmp_path):
    result = forward(delivered, connectors, tmp_path)
    (said,) = system.store.assignments("1")
    assert said["unit"] == result.facts["assignment"]["unit"] == "Phòng Đất đai"
    assert said["coordinators"] == ["Thanh tra"]
    assert said["due"] == "2026-11-27T17:00:00+07:00"
    assert "«đất»" in said["why"]
    assert system.store.get("1")["status"] == "04"
    assert list(tmp_path.glob("deliver/*/assignment.json"))


def test_saying_it_twice_is_saying_it_once(delivered, connectors, system, tmp_path):
    first, second = (forward(delivered, connectors, tmp_path) for _ in range(2))
    assert first == second
    assert len(system.store.assignments("1")) == 1


def test_the_clocks_of_the_desk_are_in_the_facts(delivered, connectors, tmp_path):
    ordinary = forward(delivered, connectors, tmp_path).facts["assignment"]
    assert ordinary["present_by"] == "2026-11-20T17:00:00+07:00"
    assert ordinary["latest"] == "2026-11-23T12:00:00+07:00"
    assert "alarm_at" not in ordinary
    urgent_document = DocumentFolder("D1", tmp_path, confirmed={**CONFIRMED, "Priority": 3}, facts=delivered.facts)
    urgent = forward(urgent_document, connectors, tmp_path).facts["assignment"]
    assert urgent["unit"] == "Lãnh đạo"
    assert urgent["alarm_at"] == urgent["due"] == "2026-11-20T09:15:00+07:00"
    assert urgent["escalate_to"] == "Văn thư phụ trách"


def test_a_system_in_trouble_is_told_again_and_the_others_are_told_now(delivered, connectors, system, tmp_path):
    system.hostility = Hostility(error_before=1.0)
    with pytest.raises(EnvironmentTrouble, match="«dms»"):
        forward(delivered, connectors, tmp_path)
    assert list(tmp_path.glob("deliver/*/assignment.json"))
    system.hostility = Hostility()
    forward(delivered, connectors, tmp_path)
    assert len(system.store.assignments("1")) == 1


def test_what_was_never_received_cannot_be_forwarded(connectors, tmp_path):
    with pytest.raises(DocumentError, match="receipt"):
        forward(DocumentFolder("D1", tmp_path, confirmed=CONFIRMED), connectors, tmp_path)


@pytest.mark.parametrize("name", ["incoming", "copy", "backfile"])
def test_explain_says_what_the_stage_would_do_for_every_profile_of_ours(name, tmp_path):
    profile = load(Path(__file__).parents[2] / "profiles" / f"{name}.toml")
    told = explain({**CONFIRMED, "Priority": 2}, profile, station="quầy 1", arrived_at=ARRIVED)
    assert told["assignment"]["rule"] == told["rules"][-1]["rule"]
    assert told["rules"][-1]["matches"]
    assert told["rules"][-1]["conditions"][0]["message_en"]
    none = explain(CONFIRMED, profile, station="quầy 1", arrived_at=ARRIVED)
    assert none["assignment"]["unit"] == profile.forward.unmatched_unit
    assert not any(rule["matches"] for rule in none["rules"])


def test_what_the_head_clerk_decided_stands_over_the_rules_and_is_told_everywhere(
    delivered, connectors, system, tmp_path
):
    """Forwarded by a rule first, then distributed anew by a person: the systems know the last word, the rule's deadline
    stays, and the reason names her."""
    first = forward(delivered, connectors, tmp_path).facts["assignment"]
    told = {"unit": "Phòng Tư pháp", "person": "Lê Hoa", "by": "minh", "text": "theo ý kiến lãnh đạo", "at": "–"}
    document = DocumentFolder("D1", tmp_path, confirmed=CONFIRMED, facts={**delivered.facts, "assign": told})
    facts = forward(document, connectors, tmp_path).facts["assignment"]
    assert (facts["unit"], facts["person"], facts["coordinators"]) == ("Phòng Tư pháp", "Lê Hoa", [])
    assert facts["due"] == first["due"]
    assert "minh" in facts["why"]
    assert [said["unit"] for said in system.store.assignments("1")] == ["Phòng Đất đai", "Phòng Tư pháp"]
