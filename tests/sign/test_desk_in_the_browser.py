"""The signing desk and the page where a file is checked, in a real browser, over a real token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from intake.review.app import create_app
from intake.settings import SignerSettings
from intake.store import Store, timestamps
from tests.review.station import Served, picture
from tests.sign.authority import PIN, Authority
from tests.sign.station import PASSWORD_HOA, SigningStation
from tests.surroundings.clock import ManualClock
from workers.sign import demo_ca
from workers.sign.demo_ca import DemoAuthority
from workers.station.desk import verifier


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def clock(now: object) -> ManualClock:
    return ManualClock(now)  # type: ignore[arg-type]


@pytest.fixture
def station(sqlite_store: Store, ca: Authority, demo: DemoAuthority, token: Path, tmp_path: Path) -> SigningStation:
    """At a token whose key demands the PIN for every signature, under a profile whose time-stamp authority is away."""
    signer = SignerSettings(options={"module": str(demo_ca.softhsm_module()), "token_label": "each"}, demo=True)
    made = SigningStation(tmp_path / "home", sqlite_store, ca, signer)
    made.settings = made.settings.model_copy(update={"trust": str(demo.trust)})
    made.with_profile(level="B-T", tsa_url=ca.tsa("500"))
    return made


@pytest.fixture
def page(station: SigningStation, browser: Browser) -> Iterator[Page]:
    app = create_app(
        station.store, station.settings, sign=station.desk, verify=verifier(station.store, station.settings)
    )
    with Served(app) as url:
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN", base_url=url)
        opened = context.new_page()
        opened.set_default_timeout(30_000)
        opened.goto("/login")
        opened.fill("input[name=name]", "hoa")
        opened.fill("input[name=password]", PASSWORD_HOA)
        opened.keyboard.press("Enter")
        opened.wait_for_url(lambda address: "/login" not in address)
        yield opened
        context.close()


def test_the_van_thu_chooses_types_her_pin_for_each_signature_and_sees_what_lacks_a_time_stamp(
    page: Page, station: SigningStation
) -> None:
    documents = [station.approved(str(number)) for number in (12, 13)]
    page.goto("/signing")
    expect(page.locator("text=15/QĐ-VP")).to_be_visible()
    page.select_option(f"select[name='kind-{documents[1]}']", "bản sao y")
    expect(page.locator(f"select[name='form-{documents[1]}']")).to_have_value("SAO LỤC")
    page.locator("#choose button.primary").click()
    page.wait_for_selector("#pin")
    expect(page.locator(".stamp").first).to_contain_text("SAO Y; Ủy ban nhân dân")
    expect(page.locator(".stamp").last).to_contain_text("SAO LỤC; Ủy ban nhân dân")
    picture(page, "signing-set")
    page.fill("#pin", PIN)
    page.keyboard.press("Enter")
    expect(page.locator("#ask-form")).to_be_visible()
    expect(page.locator("#next-pin")).to_be_focused()
    picture(page, "signing-again")
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    expect(page.locator("#set-word")).to_have_text("Đã xong.")
    expect(page.locator("td.outcome.signed")).to_have_count(2)
    assert len(timestamps.waiting(station.store)) == 2
    page.goto("/signing")
    expect(page.locator("#lacking tbody tr")).to_have_count(2)
    expect(page.locator("#lacking")).to_contain_text("HTTP 500")
    picture(page, "signing-lacking")


def test_a_dropped_file_is_answered_in_the_reader_s_language(page: Page, station: SigningStation) -> None:
    document = station.approved("14")
    station.with_profile()
    station.sign(document, pin=PIN)
    signed = station.signed(document)
    page.goto("/verify")
    page.set_input_files("#file", signed)
    page.locator("#drop button.primary").click()
    answer = page.locator("#answer")
    expect(answer.locator(".verdict")).to_contain_text("Hợp lệ")
    for words in ("Toàn vẹn", "Thu hồi lúc ký", "Dấu sao trên trang", "ô 14", "Nơi cấp chứng thư", "PDF/A", "B-B"):
        expect(answer).to_contain_text(words)
    picture(page, "verify")
    broken = bytearray(signed.read_bytes())
    broken[broken.index(b"DCTDecode") + 3000] ^= 0x10
    with page.expect_navigation():
        page.evaluate(
            """(hex) => {
                const bytes = Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
                const carried = new DataTransfer();
                carried.items.add(new File([bytes], "sua.pdf", { type: "application/pdf" }));
                document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true }));
            }""",
            bytes(broken).hex(),
        )
    expect(page.locator("#answer h2")).to_have_text("sua.pdf")
    expect(page.locator("#answer .verdict")).to_contain_text("KHÔNG hợp lệ")
    page.context.add_cookies([{"name": "lang", "value": "en", "url": page.url}])
    page.goto("/verify")
    page.set_input_files("#file", signed)
    page.locator("#drop button.primary").click()
    expect(page.locator("#answer")).to_contain_text("Revocation at signing")
    expect(page.locator("#answer")).to_contain_text("The certificate was not revoked.")
