"""The whole line with real parts: a scan dropped into a running station ends signed and delivered, by people's hands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from intake.model import Actor
from intake.settings import Settings, SystemClock, load
from intake.states import State
from intake.store import Store, audit, people
from intake.store.balance import balance
from intake.store.reading import every, idle, whole
from tests.crash.home import build
from tests.crash.life import PIN, VAN_THU
from tests.surroundings.patience import until
from workers.chain import WORKED
from workers.station.desk import DeskServer
from workers.station.station import Station

PASSWORD = "mat-khau-dai-12"


class Running:
    """A station with its desk, in this process."""

    def __init__(self, home: Path) -> None:
        build(home, lease_seconds=60)
        text = (home / "sohoa.toml").read_text(encoding="utf-8").replace("port = 8640", "port = 0")
        (home / "sohoa.toml").write_text(text, encoding="utf-8")
        self.settings: Settings = load(home, {})
        self.store = Store(self.settings.database_url, SystemClock())
        people.add(self.store, "lan", "Nguyễn Thị Lan", ["clerk"], PASSWORD, Actor("test", "admin"))
        self.desk = DeskServer(self.store, self.settings)
        self.station = Station(self.settings, self.store)
        self.station.start()
        self.desk.start()

    def drop(self, source: Path) -> None:
        folder = self.settings.scan_folder("vanthu")
        if source.is_dir():
            shutil.copytree(source, folder / f".{source.name}")
        else:
            shutil.copyfile(source, folder / f".{source.name}")
        (folder / f".{source.name}").rename(folder / source.name)

    def settled(self, number: int) -> None:
        """That many documents, and no worker has anything left to do."""
        until(lambda: len(every(self.store)) == number and idle(self.store, WORKED))

    def states(self) -> dict[str, str]:
        return {row["name"]: row["state"] for row in every(self.store)}

    def close(self) -> None:
        self.desk.stop()
        self.station.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    before = os.environ.get("SOFTHSM2_CONF")
    made = Running(tmp_path_factory.mktemp("line") / "home")
    yield made
    made.close()
    if before is None:
        os.environ.pop("SOFTHSM2_CONF", None)
    else:
        os.environ["SOFTHSM2_CONF"] = before  # other tests of this process have tokens of their own


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield opened
        opened.close()


def _sign_in(browser: Browser, address: str, name: str) -> Page:
    """Each person at a browser of her own."""
    page = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN").new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{address}/login")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    return page


def test_from_the_scan_folder_to_the_handler_through_the_browser(
    running: Running, browser: Browser, samples: Path, tmp_path: Path
) -> None:
    """Drop a scan; it appears at the desk; the clerk confirms by keyboard; the văn thư signs with her PIN; the copy
    is delivered, forwarded, and accepted by `pdfsig` and `qpdf`, which know nothing of us."""
    scan = samples / "scans" / "cong-van-bao-cao-so-lieu.jpg"
    before = len(every(running.store))
    running.drop(scan)
    running.settled(before + 1)
    row = next(row for row in every(running.store) if row["name"] == scan.name)
    assert row["state"] == State.ASSEMBLED
    address = running.desk.address

    page = _sign_in(browser, address, "lan")
    page.goto(f"{address}/documents/{row['id']}")
    expect(page.locator("#f-Subject, [name=Subject]").first).to_be_visible()
    page.keyboard.press("Control+Enter")
    until(lambda: whole(running.store, row["id"]).state is State.APPROVED)

    page = _sign_in(browser, address, VAN_THU.name)
    page.goto(f"{address}/signing")
    page.locator(f"input[name=document][value='{row['id']}']").check()
    page.locator("form[action$='/signing/freeze'] button").first.click()
    page.wait_for_url("**/signing/2*")
    page.fill("#pin", PIN)
    page.keyboard.press("Enter")
    until(lambda: whole(running.store, row["id"]).state is State.FORWARDED)

    found = whole(running.store, row["id"])
    assert found.row["confirmed"]["CodeNumber"] == row["code_number"]
    folders = list((running.settings.home / "deliver").glob("*/signed.pdf"))
    delivered = next(path for path in folders if found.outbox[0]["receipt"]["remote_id"] in str(path.parent))
    said = subprocess.run(["pdfsig", str(delivered)], capture_output=True, text=True).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert subprocess.run(["qpdf", "--check", str(delivered)], capture_output=True).returncode == 0
    told = subprocess.run(
        [
            shutil.which("sohoa") or ".venv/bin/sohoa",
            "verify",
            str(delivered),
            "--trust",
            str(running.settings.trust_folder),
            "--json",
        ],
        capture_output=True,
        text=True,
    )
    assert json.loads(told.stdout)["verdict"] == "valid"
    views = [item for item in found.history if item["action"] == "viewed"]
    assert {item["actor"].split()[0] for item in views} >= {"lan"}


def test_bad_input_is_explained_and_the_rest_goes_on(running: Running, samples: Path, tmp_path: Path) -> None:
    """Empty, cut, wrong-typed, corrupt, encrypted and giant files, each ends with a finding; a good one beside them passes."""
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "rong.jpg").write_bytes(b"")
    (bad / "khong-phai-anh.jpg").write_bytes(b"day la van ban thuong, khong phai anh\n" * 20)
    good = (samples / "scans" / "giay-moi-hop.png").read_bytes()
    (bad / "cut.png").write_bytes(good[: len(good) // 2])
    before = len(every(running.store))
    for path in sorted(bad.iterdir()):
        running.drop(path)
    running.drop(samples / "scans" / "giay-moi-hop.png")
    running.settled(before + 4)

    states = running.states()
    assert states["giay-moi-hop.png"] == State.ASSEMBLED
    for name in ("rong.jpg", "khong-phai-anh.jpg", "cut.png"):
        assert states[name] == State.REJECTED, name
    for row in every(running.store):
        if row["name"] in ("rong.jpg", "khong-phai-anh.jpg", "cut.png"):
            worst = max(whole(running.store, row["id"]).findings, key=lambda item: item.severity)
            assert worst.vi != worst.en
            assert len(worst.vi) > 20
    assert balance(running.store, running.settings.documents).balances


def test_secret_leaves_no_trace_of_its_content(running: Running, samples: Path) -> None:
    """Refused: no text, picture or field anywhere but the untouched original, and no word of it in rows or audit."""
    before = len(every(running.store))
    running.drop(samples / "scans" / "mat-bai-tap-gia-dinh.jpg")
    running.settled(before + 1)
    row = next(row for row in every(running.store) if row["name"] == "mat-bai-tap-gia-dinh.jpg")
    found = whole(running.store, row["id"])

    assert found.state is State.REFUSED
    root = running.settings.documents / row["id"][:8] / row["id"]
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    assert files == ["check.1/check.json", "original/001.jpg"]
    assert found.row["fields"] == {}
    assert {item.code for item in found.findings} == {"check.secrecy_mark"}
    assert audit.verify(running.store).whole
