"""``sohoa deliveries`` and ``sohoa profile dry-run``: what they print is what the store and the other side hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

import pytest
from typer.testing import CliRunner

from intake.cli.main import app
from intake.errors import ExitCode
from intake.settings import shipped_profiles
from intake.store import Store
from tests.document_system.server import DocumentSystem
from tests.push.following import Followed
from tests.push.test_follow import dead_letter
from tests.surroundings.clock import ManualClock
from workers.forward.calendar import HANOI
from workers.station.alarms import watch

RUN = CliRunner()


@pytest.fixture
def followed(tmp_path, sqlite_store: Store, clock: ManualClock) -> Iterator[Followed]:
    with DocumentSystem(tmp_path / "system") as system:
        made = Followed(sqlite_store, clock, system, tmp_path, forward={"unmatched_unit": "Văn thư"})
        url = str(sqlite_store.engine.url)
        (tmp_path / "sohoa.toml").write_text(
            f"""
            [database]
            url = "{url}"
            [profile.incoming.push]
            target = [{{ name = "dms", connector = "rest", options = {{ url = "{system.url}" }} }},
                      {{ name = "share", connector = "folder" }}]
            [profile.incoming.forward]
            unmatched_unit = "Văn thư"
            """
        )
        yield made


def said(followed: Followed, *arguments: str, code: int = 0) -> object:
    answer = RUN.invoke(app, [*arguments, "--home", str(followed.home), "--json"])
    assert answer.exit_code == code, answer.output
    return json.loads(answer.stdout)


def test_show_tells_targets_dead_letters_and_what_is_late(followed):
    dead, late = followed.signed("dead"), followed.read("late", priority=3)
    dead_letter(followed, dead)
    watch(followed.store, followed.settings)
    found = said(followed, "deliveries", "show")
    assert {each["name"]: each["dead"] for each in found["targets"]} == {"dms": 1, "share": 1}
    assert {each["document_id"] for each in found["dead_letters"]} == {dead}
    assert [each["document_id"] for each in found["late"]] == [late]
    assert RUN.invoke(app, ["deliveries", "show", "--home", str(followed.home)]).exit_code == 0


def test_compare_finds_what_is_missing_and_says_so_by_its_exit_code(followed):
    document_id = followed.forwarded()
    assert said(followed, "deliveries", "compare")["dms"]["missing"] == []
    followed.system.store.lose(followed.remote(document_id))
    found = said(followed, "deliveries", "compare", "dms", code=int(ExitCode.FINDINGS))
    assert [each["document_id"] for each in found["dms"]["missing"]] == [document_id]


def test_the_days_report_has_both_times_and_the_number(followed):
    document_id = followed.forwarded()
    day = followed.row(document_id)["received_at"].astimezone(HANOI).date().isoformat()
    (dms,) = [each for each in said(followed, "deliveries", "report", day) if each["target"] == "dms"]
    assert (dms["document_id"], dms["receipt"]["arrival_number"]) == (document_id, "1")
    assert datetime.fromisoformat(dms["sent_at"]) == followed.row(document_id)["sent_at"]
    assert datetime.fromisoformat(dms["received_at"]) == followed.row(document_id)["received_at"]


def test_a_dry_run_plays_new_rules_over_past_documents(followed, tmp_path):
    document_id = followed.forwarded()
    profile = tmp_path / "moi.toml"
    profile.write_text(
        (shipped_profiles() / "incoming.toml").read_text("utf-8")
        + '\n[[forward.rule]]\nname = "hòa giải"\nkeywords = ["hoà giải"]\nunit = "Phòng Tư pháp"\n'
        + '\n[[forward.rule]]\nname = "không bao giờ"\nkeywords = ["xyz"]\nunit = "Phòng X"\n'
    )
    found = said(followed, "profile", "dry-run", str(profile))
    assert found["documents"] == 1
    assert found["by_rule"] == {"hòa giải": 1}
    assert found["moved"] == [{"document": document_id, "was": "Phòng Đất đai", "would_be": "Phòng Tư pháp"}]
    assert "không bao giờ" in found["idle"]
