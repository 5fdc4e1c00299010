"""The signing desk: only the văn thư, exactly what was shown, and a PIN that leaves no trace."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from intake.errors import OperatorError
from intake.model import Actor, Box
from intake.review.app import create_app
from intake.review.signing import MarkPreview, Progress
from intake.store import Store, reading, signing
from intake.store.signing import FrozenSet
from tests.review.station import GOOD, Clerk, Paper, Served, Station, picture, signed_in

PIN = "73915548"


class PaperSigner:
    """The station's side of the socket without a device: it notes outcomes in the store as the real one does."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.go = threading.Event()
        self.go.set()
        self.stopped = threading.Event()
        self.said: dict[str, tuple[str, str]] = {}

    def preview(self, frozen: FrozenSet) -> Sequence[MarkPreview]:
        return [
            MarkPreview(item["document_id"], "SAO Y", ("SAO Y; UBND huyện Ba Vì; …",), box=Box(120, 8, 80, 5))
            for item in frozen.items
        ]

    def start(self, set_id: str, actor: Actor, pin: str) -> None:
        if pin != PIN:
            self.said[set_id] = ("Mã PIN sai, còn 2 lần thử.", "Wrong PIN, 2 tries left.")
            return
        self.said.pop(set_id, None)
        frozen = signing.begin(self.store, set_id, actor)
        threading.Thread(target=self._sign, args=(frozen, actor), daemon=True).start()

    def _sign(self, frozen: FrozenSet, actor: Actor) -> None:
        for item in frozen.items:
            self.go.wait(30)
            if self.stopped.is_set():
                signing.end(self.store, frozen.id, actor, "stopped")
                return
            signing.note(self.store, frozen.id, item["document_id"], "signed")
        signing.end(self.store, frozen.id, actor, "done")

    def progress(self, set_id: str) -> Progress:
        frozen = signing.load(self.store, set_id)
        vi, en = self.said.get(set_id, ("", ""))
        outcomes = {key: (value["outcome"], value["message"]) for key, value in frozen.results.items()}
        state = "refused" if vi else frozen.state
        return Progress(state, len(frozen.items), len(outcomes), outcomes, vi, en)  # type: ignore[arg-type]

    def answer(self, set_id: str, pin: str) -> None:
        raise OperatorError("Không hỏi PIN.", "No PIN is asked for.")

    def stop(self, set_id: str) -> None:
        self.stopped.set()
        self.go.set()


@pytest.fixture
def signer(station: Station) -> PaperSigner:
    return PaperSigner(station.store)


def approved(station: Station, number: str = "252") -> str:
    document = station.document(Paper(number=number))
    clerk = Clerk(station, "lan")
    version = reading.whole(station.store, document).version
    answer = clerk.confirm(document, version, **{**GOOD, "CodeNumber": number})
    assert answer.status_code == 200, answer.text
    return document


def assigned(station: Station, name: str = "dung") -> None:
    signing.assign_key(station.store, name, "pkcs11", "15/QĐ-VP", None, Actor("root", "admin"))


def test_only_a_van_thu_with_the_device_in_writing_makes_a_set(station: Station, signer: PaperSigner) -> None:
    document = approved(station)
    for name in ("lan", "minh"):
        clerk = Clerk(station, name, sign=signer)
        assert clerk.post("/signing/freeze", document=document).status_code == 403
    page = Clerk(station, "dung", sign=signer).get("/signing").text
    assert "chưa được giao thiết bị" in page
    assert 'name="document"' not in page
    assigned(station)
    page = Clerk(station, "dung", sign=signer).get("/signing").text
    assert "15/QĐ-VP" in page
    assert f'value="{document}"' in page


def test_the_set_shows_hash_pages_fields_and_the_mark_and_nothing_else_can_be_signed(
    station: Station, signer: PaperSigner
) -> None:
    document = approved(station)
    assigned(station)
    dung = Clerk(station, "dung", sign=signer)
    answer = dung.post("/signing/freeze", document=document)
    page = dung.get(answer.headers["location"]).text
    for shown in ("252/QĐ-UBND", "20/11/2026", "ab" * 32, "SAO Y; UBND huyện Ba Vì"):
        assert shown in page
    assert 'autocomplete="off"' in page
    again = dung.post("/signing/freeze", document=[document, "20261123-999999"])
    assert again.status_code == 409, "a document that does not wait for a signature"


def test_the_pin_is_in_no_answer_no_log_and_no_table(
    station: Station, signer: PaperSigner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    document = approved(station)
    assigned(station)
    dung = Clerk(station, "dung", sign=signer)
    path = dung.post("/signing/freeze", document=document).headers["location"]
    texts = [dung.post(f"{path}/start", pin=PIN).text, dung.get(path).text, dung.get(f"{path}/progress").text]
    texts += [dung.post(f"{path}/start", pin=PIN).text, dung.post(f"{path}/start", pin="x" * 65).text]
    tables = b"".join(file.read_bytes() for file in Path(station.settings.home).glob("sohoa.db*"))
    assert PIN not in "".join(texts) + caplog.text
    assert PIN.encode() not in tables


def test_nobody_starts_or_stops_the_set_of_another(station: Station, signer: PaperSigner) -> None:
    station.person("yen", "van_thu")
    document = approved(station)
    assigned(station)
    assigned(station, "yen")
    path = Clerk(station, "dung", sign=signer).post("/signing/freeze", document=document).headers["location"]
    yen = Clerk(station, "yen", sign=signer)
    assert yen.post(f"{path}/start", pin=PIN).status_code == 403
    assert yen.post(f"{path}/stop").status_code == 403
    assert 'name="pin"' not in yen.get(path).text


def test_a_set_left_too_long_offers_no_pin_field(station: Station, signer: PaperSigner) -> None:
    document = approved(station)
    assigned(station)
    dung = Clerk(station, "dung", sign=signer)
    path = dung.post("/signing/freeze", document=document).headers["location"]
    station.clock.forward(minutes=11)
    page = dung.get(path).text
    assert "hết hạn" in page
    assert 'name="pin"' not in page


def test_without_a_device_the_desk_says_so(station: Station) -> None:
    answer = Clerk(station, "dung").get("/signing", accept="application/json")
    assert answer.status_code == 400
    assert "không có thiết bị ký" in answer.json()["vi"]
    with pytest.raises(OperatorError):
        signing.load(station.store, "no-such-set")


def test_signing_in_the_browser_shows_a_wrong_pin_progress_and_the_end(
    station: Station, signer: PaperSigner, browser: Browser
) -> None:
    documents = [approved(station, str(300 + n)) for n in range(3)]
    assigned(station)
    with Served(create_app(station.store, station.settings, sign=signer)) as url:
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN")
        page = context.new_page()
        signed_in(page, url, "dung")
        page.goto(f"{url}/signing")
        expect(page.locator("#chosen")).to_have_text("3")
        page.locator("#choose button.primary").click()
        page.wait_for_selector("#pin")
        expect(page.locator("#pin")).to_be_focused()
        picture(page, "signing")
        page.keyboard.type("0000")
        page.keyboard.press("Enter")
        expect(page.locator("#set-message")).to_contain_text("còn 2 lần thử")
        expect(page.locator("#pin")).to_have_value("")
        signer.go.clear()
        page.keyboard.type(PIN)
        page.keyboard.press("Enter")
        expect(page.locator("#set-word")).to_have_text("Đang ký…")
        expect(page.locator("#stop-form")).to_be_visible()
        signer.go.set()
        expect(page.locator("#set-word")).to_have_text("Đã xong.", timeout=15_000)
        expect(page.locator("td.outcome.signed")).to_have_count(len(documents))
        context.close()
