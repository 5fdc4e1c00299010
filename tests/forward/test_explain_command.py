"""`sohoa profile explain` tells why, in both languages, and refuses to read a secret document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from intake.errors import DocumentError, OperatorError
from workers.cli.explain import command

SAMPLES = Path(__file__).parents[2] / "samples"
PROFILE = """
name = "thu"
title = "Thử"
title_en = "Trial"
holds_from = "2020-03-05"
[check]
dpi_min = { value = 200, source = "x", holds_from = 2020-03-05 }
colour = { value = "rgb", source = "x", holds_from = 2020-03-05 }
scale = { value = 1.0, source = "x", holds_from = 2020-03-05 }
[pdf]
version_min = { value = "1.4", source = "x", holds_from = 2020-03-05 }
[sign]
agency = "x"
mark = { value = "x", source = "x", holds_from = 2020-03-05 }
[push]
target = []
[forward]
unmatched_unit = "Chánh Văn phòng"
[[forward.rule]]
name = "đất đai"
keywords = ["đất đai"]
type_name = ["Quyết định"]
unit = "Phòng Đất đai"
working_days = 1
"""


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(command)
    return app


@pytest.fixture
def profile(tmp_path) -> str:
    (tmp_path / "thu.toml").write_text(PROFILE, "utf-8")
    return str(tmp_path / "thu.toml")


@pytest.fixture
def fields(tmp_path) -> str:
    said = {"fields": {"Subject": {"value": "V/v quản lý đất đai"}, "TypeName": {"value": "Quyết định"}}}
    (tmp_path / "ocr.json").write_text(json.dumps(said), "utf-8")
    return str(tmp_path / "ocr.json")


def test_the_json_carries_the_assignment_and_every_condition(app, profile, fields):
    shown = CliRunner().invoke(app, [fields, "--profile", profile, "--arrived", "2026-11-20T09:00:00", "--json"])
    told = json.loads(shown.stdout)
    assert told["assignment"]["unit"] == "Phòng Đất đai"
    assert told["assignment"]["due"] == "2026-11-23T17:00:00+07:00"
    assert [item["key"] for item in told["rules"][0]["conditions"]] == ["type_name", "keywords"]


def test_people_read_it_in_both_languages(app, profile, fields):
    shown = CliRunner().invoke(app, [fields, "--profile", profile])
    assert "✔ đất đai" in shown.stdout
    assert "trích yếu có «đất đai» / abstract has «đất đai»" in shown.stdout
    assert "→ Phòng Đất đai" in shown.stdout


def test_a_plain_table_of_fields_is_read_too(app, profile, tmp_path):
    (tmp_path / "a.json").write_text('{"Subject": "Lịch họp"}', "utf-8")
    shown = CliRunner().invoke(app, [str(tmp_path / "a.json"), "--profile", profile])
    assert "→ Chánh Văn phòng" in shown.stdout
    assert "no rule matches" in " ".join(shown.stdout.split())


def test_other_json_is_named(app, profile, tmp_path):
    (tmp_path / "a.json").write_text("[1]", "utf-8")
    shown = CliRunner().invoke(app, [str(tmp_path / "a.json"), "--profile", profile])
    assert isinstance(shown.exception, OperatorError)


def secret_scans() -> list[Path]:
    documents = json.loads((SAMPLES / "truth.json").read_text("utf-8"))["documents"]
    refused = next(document for document in documents if document["end"] == "refused")
    return [SAMPLES / name for name in refused["files"]]


def test_a_secret_document_is_refused_unread(app, profile):
    shown = CliRunner().invoke(app, [*(str(path) for path in secret_scans()), "--profile", profile])
    assert isinstance(shown.exception, DocumentError)
    assert shown.stdout == ""
