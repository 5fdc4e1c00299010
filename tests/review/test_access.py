"""Every page of the desk under axe-core in real Chromium: WCAG 2.2 AA without a violation, at 100 % and at 200 %."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from intake.model import Actor
from intake.review.app import create_app
from intake.store import reading, signing
from tests.review.station import GOOD, Clerk, Paper, Served, Station, picture, signed_in
from tests.review.test_signing_desk import PaperSigner

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
TRUSTED = """({
  inline: document.querySelectorAll("[onclick], script:not([src])").length,
  positive: document.querySelectorAll("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").length,
  sideways: document.documentElement.scrollWidth > innerWidth,
})"""


def verified(file: Path) -> Mapping[str, Any]:
    return {"file": file.name, "signatures": [{"level": "PAdES-B-LTA", "valid": True}]}


@pytest.fixture
def paths(station: Station) -> dict[str, str]:
    """Every kind of page a desk has, each with something on it: name → address."""
    station.person("quan", "admin", "senior", "van_thu", "operator")
    waiting = station.document(
        Paper(
            doubtful=("CodeNumber", "Subject"),
            read={"IssuedDate": "2026-12-30"},
            suggestions={"CodeNumber": "7"},
            pages=3,
            priority=2,
        )
    )
    held, approved = station.document(Paper(number="31", pages=2)), station.document(Paper(number="32"))
    clerk = Clerk(station, "lan")
    clerk.post(f"/documents/{held}/reject", version=reading.whole(station.store, held).version, reason="rescan", page=2)
    version = reading.whole(station.store, approved).version
    clerk.confirm(approved, version, **{**GOOD, "CodeNumber": "32"})
    elsewhere = station.document(Paper(number="33"))
    clerk.get(f"/documents/{elsewhere}")
    station.document(due=None)
    being_read, _ = station.being_read(Paper(number="34", priority=3))
    signing.assign_key(station.store, "quan", "pkcs11", "15/QĐ-VP", None, Actor("root", "admin"))
    frozen = signing.freeze(station.store, Actor("quan", "van_thu"), [approved], cap=50)
    return {
        "queue": "/queue",
        "everything": "/queue?view=all",
        "search": "/queue?text=khongcogi",
        "batches": "/batches",
        "review": f"/documents/{waiting}",
        "held": f"/documents/{held}",
        "being read": f"/documents/{being_read}",
        "with somebody else": f"/documents/{elsewhere}",
        "refused": f"/documents/{station.refused()}",
        "pages": f"/documents/{waiting}/arrange",
        "group": "/group",
        "rescans": "/rescans",
        "signing": "/signing",
        "set": f"/signing/{frozen.id}",
        "verify": "/verify",
        "reports": "/reports",
        "register": "/register",
        "people": "/people",
        "connections": "/connections",
        "account": "/account",
        "nothing": "/nothing",
    }


@pytest.fixture
def page(station: Station, browser: Browser) -> Iterator[Page]:
    app = create_app(station.store, station.settings, sign=PaperSigner(station.store), verify=verified)
    with Served(app) as url:
        context = browser.new_context(
            viewport={"width": 1366, "height": 768}, locale="vi-VN", reduced_motion="reduce", base_url=url
        )
        opened = context.new_page()
        opened.set_default_timeout(20_000)
        yield opened
        context.close()


def wrong(page: Page) -> list[str]:
    """What axe finds, and what no tool of its kind asks: nothing inline, no forced order of tabs, no sideways scrolling."""
    found = [
        f"{rule['id']}: {node['html'][:140]} {[each['message'] for each in (*node['any'], *node['all'], *node['none'])]}"
        for rule in Axe().run(page, options=RULES).response["violations"]
        for node in rule["nodes"]
    ]
    own = page.evaluate(TRUSTED)
    return found + [name for name, bad in own.items() if bad]


def test_no_page_breaks_a_rule_of_accessibility(paths: dict[str, str], page: Page) -> None:
    """In Vietnamese at 100 %, with the dialogs; the busiest ones in English at 200 % (1366 × 768 as 683 × 384)."""
    page.goto("/login")
    troubles = {"login": wrong(page)}
    signed_in(page, "", "quan")
    for name, path in paths.items():
        page.goto(path)
        troubles[name] = wrong(page)
        if name in ("pages", "batches"):
            picture(page, name)
    page.goto(paths["review"])
    for key in ("F1", "F2"):
        page.keyboard.press(key)
        troubles[f"review, {key}"] = wrong(page)
        page.keyboard.press("Escape")
    page.set_viewport_size({"width": 683, "height": 384})
    for name, path in paths.items():
        page.goto(path)
        troubles[f"{name}, narrow"] = ["sideways"] if page.evaluate(TRUSTED)["sideways"] else []
        if name == "review":
            picture(page, "zoomed")
    page.locator("[name=language]").click()
    for name in ("queue", "review", "held", "pages", "set", "reports", "people"):
        page.goto(paths[name])
        troubles[f"{name}, narrow, English"] = wrong(page)
    assert page.evaluate("document.documentElement.lang") == "en"
    assert {name: found for name, found in troubles.items() if found} == {}
