"""Commands on plain files: the JSON others rely on, and the first rule kept everywhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from intake.errors import ExitCode
from workers.cli.doctor import CALENDAR_AHEAD, holidays
from workers.cli.run import part_died
from workers.forward.calendar import known_until

ROOT = Path(__file__).parents[2]


def sohoa(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    code = "from intake.cli.main import run; run()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=200
    )


@pytest.mark.parametrize("command", ["ocr", "pdf"])
def test_a_secret_is_not_read_by_any_command(samples: Path, tmp_path: Path, command: str) -> None:
    """Refused with instructions; no word of it on the screen and no file written."""
    secret = samples / "scans" / "mat-bai-tap-gia-dinh.jpg"
    out = tmp_path / "out.pdf"
    done = sohoa(command, secret, *(["-o", out] if command == "pdf" else ["--json"]))

    assert done.returncode == ExitCode.NOT_ALLOWED
    assert done.stdout == ""
    assert "Đ1.2" in done.stderr
    assert not out.exists()


def test_check_tells_its_verdict_by_exit_code_and_json(samples: Path) -> None:
    good = sohoa("check", samples / "scans" / "giay-moi-hop.png", "--json")
    assert (good.returncode, json.loads(good.stdout)["verdict"]) == (ExitCode.OK, "pass")

    bad = sohoa("check", samples / "scans" / "loi-quet-xam.jpg", "--json")
    told = json.loads(bad.stdout)
    assert (bad.returncode, told["verdict"]) == (ExitCode.FINDINGS, "block")
    assert set(told) >= {"files", "pages", "verdict", "findings", "measures"}
    assert set(told["findings"][0]) >= {"code", "severity", "page", "box_mm", "measured", "limit", "unit", "message"}


def test_ocr_json_has_every_field(samples: Path) -> None:
    done = sohoa("ocr", samples / "scans" / "giay-moi-hop.png", "--json")
    told = json.loads(done.stdout)

    assert done.returncode == ExitCode.OK
    assert set(told["fields"]) >= {
        "CodeNumber", "CodeNotation", "IssuedDate", "TypeName", "Subject", "OrganName", "Priority", "SignerPosition",
        "SignerFullName", "PageAmount",
    }  # fmt: skip
    assert told["fields"]["CodeNumber"]["value"] == "58"
    assert len(told["text"]) == told["pages"] == 1


def test_unknown_station_says_what_to_run(tmp_path: Path) -> None:
    done = sohoa("status", "--home", tmp_path / "nowhere")

    assert done.returncode == ExitCode.USAGE
    assert "sohoa init" in done.stderr


def test_wrong_profile_names_file_key_and_what_to_write(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    text = (ROOT / "profiles" / "incoming.toml").read_text(encoding="utf-8")
    wrong.write_text(text.replace("dpi_min =", "dpi_minimum ="), encoding="utf-8")
    done = sohoa("profile", "check", wrong)

    assert done.returncode == ExitCode.PROFILE
    assert "wrong.toml" in done.stderr
    assert "check.dpi_min" in done.stderr
    assert "dpi_minimum" in done.stderr


def test_a_profile_value_out_of_bounds_is_told_in_vietnamese(tmp_path: Path) -> None:
    """A home whose agency is not named yet: the Vietnamese line has no English in it."""
    assert sohoa("init", "--home", tmp_path / "home").returncode == 0
    done = sohoa("doctor", "--home", tmp_path / "home", "--json")
    rows = {row["what"]: row for row in json.loads(done.stdout)}
    said = rows["hồ sơ quy tắc / profile: incoming"]["said"]
    assert "sign.agency" in said
    assert "ít nhất 1 ký tự" in said


def test_a_station_whose_agency_is_not_named_does_not_start(tmp_path: Path) -> None:
    """It would watch nothing and say nothing: the message names the settings file and the key."""
    assert sohoa("init", "--home", tmp_path / "home").returncode == 0
    done = sohoa("run", "--home", tmp_path / "home")

    assert done.returncode == ExitCode.PROFILE
    assert "sohoa.toml [profile.incoming]" in done.stderr
    assert "sign.agency" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_scan_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert sohoa("init", "--home", home, "--agency", "SỞ THỬ").returncode == 0
    shutil.rmtree(home / "scan")
    (home / "scan").write_text("not a folder")
    done = sohoa("run", "--no-desk", "--home", home)

    assert done.returncode == ExitCode.ENVIRONMENT
    assert str(home / "scan" / "vanthu") in done.stderr
    assert "Traceback" not in done.stderr


def test_a_part_of_the_station_that_dies_stops_it(capfd: pytest.CaptureFixture[str]) -> None:
    """Its name and frames are logged, not its message (which may hold document text); then the station ends."""
    failed: list[str] = []
    stopping = threading.Event()
    before, threading.excepthook = threading.excepthook, partial(part_died, failed=failed, stopping=stopping)
    try:
        thread = threading.Thread(target=int, args=["số 12/BC"], name="watch-vanthu")
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before
    assert failed == ["watch-vanthu"]
    assert stopping.is_set()
    assert "số 12" not in capfd.readouterr().out


def test_the_doctor_tells_when_the_holiday_calendar_ends() -> None:
    """A deadline computed beyond the data would count Tết as working days."""
    end = known_until()
    assert holidays(end - CALENDAR_AHEAD).good
    late = holidays(end - CALENDAR_AHEAD + timedelta(days=1))
    assert not late.good
    assert "vietnam.toml" in late.said
