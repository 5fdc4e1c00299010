"""The pages of deliveries under axe-core in real Chromium, full of what they can show, and one press that does its work."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from intake.model import StageResult
from intake.review.app import create_app
from intake.states import State
from intake.store import Store
from intake.store.claim import claim
from intake.store.finish import finish
from tests.document_system.server import DocumentSystem
from tests.push.following import Followed
from tests.push.test_deliveries_page import PASSWORD, Knowing
from tests.push.test_follow import dead_letter, look
from tests.review.station import Served
from tests.review.test_access import wrong
from tests.store.paper import WORKER
from tests.surroundings.clock import ManualClock
from workers.forward.calendar import HANOI
from workers.station.alarms import watch
from workers.station.follow import compare


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def full(with_people: Path, clock: ManualClock, tmp_path: Path) -> Iterator[tuple[Followed, dict[str, str]]]:
    """A desk with a dead letter, a lost copy, a late urgent document, one for the head clerk, and a day's report."""
    shutil.copyfile(with_people, tmp_path / "truth.db")
    store = Store(f"sqlite:///{tmp_path / 'truth.db'}", clock)
    with DocumentSystem(tmp_path / "system") as system:
        followed = Followed(store, clock, system, tmp_path, forward={"unmatched_unit": "Văn thư"})
        ids = {"lost": followed.forwarded("lost"), "kept": followed.forwarded("kept", priority=1)}
        look(followed, 2)
        system.store.set_status(followed.remote(ids["kept"]), "05", "đang xem")
        followed.system.store.lose(followed.remote(ids["lost"]))
        compare(store, followed.settings)
        ids["late"] = followed.read("late", priority=3)
        ids["unmatched"] = followed.delivered("unmatched")
        taken = claim(store, "w", "/nowhere", stages={"forward"}, document_id=ids["unmatched"])
        assert taken is not None
        told = {"unit": "Văn thư", "person": None, "rule": "–", "why": "Không quy tắc nào khớp", "coordinators": []}
        finish(store, taken, StageResult(facts={"assignment": told}), (), actor=WORKER)
        ids["dead"] = followed.signed("dead")
        dead_letter(followed, ids["dead"])
        watch(store, followed.settings)
        yield followed, ids
    store.close()


def test_the_pages_hold_wcag_and_one_press_sends_a_dead_letter_again(full, browser: Browser) -> None:
    followed, ids = full
    app = create_app(followed.store, followed.settings, sign=None)
    app.state.suggest = Knowing()
    with Served(app) as url:
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN", base_url=url)
        page = context.new_page()
        page.goto("/login")
        page.fill("#name", "minh")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("#rows")
        day = followed.row(ids["kept"])["received_at"].astimezone(HANOI).date().isoformat()
        found = {}
        for path in (f"/deliveries?day={day}", *(f"/deliveries/{each}" for each in ids.values())):
            page.goto(path)
            found[path] = wrong(page)
        assert {path: each for path, each in found.items() if each} == {}
        page.goto("/deliveries")
        page.locator(f"form[action='/deliveries/{ids['dead']}/redrive'] button").first.click()
        page.wait_for_url("**/deliveries")
        assert followed.state(ids["dead"]) is State.SIGNED
        context.close()
