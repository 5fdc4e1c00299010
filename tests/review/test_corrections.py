"""Corrections of pages: the new page takes its place, nothing else is lost or repeated, and the old revision stays."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from intake.folder import document_root
from intake.model import Finding, Severity, sha256_of
from intake.review import arrange as arrangement
from intake.review.app import create_app
from intake.states import State
from intake.store import audit, reading
from intake.store.balance import balance
from tests.review.station import Clerk, Paper, Served, Station, picture, signed_in
from workers.tools.pages import decode, list_pages


def originals(station: Station, document: str, revision: int = 1) -> list[str]:
    folder = document_root(station.settings.documents, document, revision) / "original"
    return [sha256_of(path) for path in sorted(folder.iterdir())]


def scan(colour: str = "white", kind: str = "png", pages: int = 1) -> bytes:
    stream = io.BytesIO()
    sheets = [Image.new("RGB", (200, 280), colour) for _ in range(pages)]
    sheets[0].save(stream, kind, save_all=pages > 1, append_images=sheets[1:]) if pages > 1 else sheets[0].save(
        stream, kind
    )
    return stream.getvalue()


def ask(station: Station, document: str, page: int, name: str = "lan") -> Clerk:
    clerk = Clerk(station, name)
    version = reading.whole(station.store, document).version
    answer = clerk.post(
        f"/documents/{document}/reject", version=version, reason="rescan", page=page, text="mờ góc dưới"
    )
    assert answer.status_code == 200, answer.text
    return clerk


def send(clerk: Clerk, number: int, data: bytes, name: str = "new.png") -> int:
    answer = clerk.http.post(
        f"/rescans/{number}",
        files={"file": (name, data)},
        data={"csrf": clerk.csrf},
        headers={"accept": "application/json", "x-csrf": clerk.csrf},
    )
    return answer.status_code


@pytest.fixture
def five(station: Station) -> str:
    """A document of five different pages."""
    station.person("tam", "operator", full_name="Đỗ Tâm")
    document = station.document(Paper(pages=5))
    folder = document_root(station.settings.documents, document) / "original"
    for number, path in enumerate(sorted(folder.iterdir())):
        path.write_bytes(scan(f"#{number:02x}8899"))
    return document


def test_reject_rescan_replace_in_the_browser(station: Station, five: str, browser: Browser, tmp_path: Path) -> None:
    """The clerk asks with a key, the operator sees page, reason and picture, and the new page takes its place."""
    before = originals(station, five)
    (tmp_path / "page-3.png").write_bytes(scan("#123456"))
    with Served(create_app(station.store, station.settings, sign=None)) as url:
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN")
        page = context.new_page()
        signed_in(page, url, "lan")
        page.goto(f"{url}/documents/{five}")
        page.keyboard.press("PageDown")
        page.keyboard.press("PageDown")
        page.keyboard.press("F2")
        page.keyboard.press("Tab")
        page.keyboard.type("mờ góc dưới")
        page.keyboard.press("Enter")
        page.wait_for_url("**/queue")
        assert reading.whole(station.store, five).state is State.HELD
        operator = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN").new_page()
        signed_in(operator, url, "tam")
        operator.goto(f"{url}/rescans")
        expect(operator.locator(".ticket")).to_contain_text("mờ góc dưới")
        expect(operator.locator(".ticket")).to_contain_text("Trang 3")
        assert operator.locator(".ticket img").evaluate("image => image.naturalWidth") > 0
        picture(operator, "rescans")
        operator.set_input_files("input[type=file]", str(tmp_path / "page-3.png"))
        operator.locator(".ticket button.primary").click()
        expect(operator.locator(".nothing")).to_be_visible()
        operator.context.close()
        context.close()
    after = originals(station, five, 2)
    assert after[2] == sha256_of(tmp_path / "page-3.png")
    assert after[:2] + after[3:] == before[:2] + before[3:]
    assert originals(station, five) == before, "the old revision stays as it was"
    station.rerun(five, Paper(pages=5))
    known = reading.whole(station.store, five)
    assert (known.state, known.row["revision"], known.row["pages"]) == (State.ASSEMBLED, 2, 5)
    assert Clerk(station, "lan").get(f"/documents/{five}").status_code == 200
    assert audit.verify(station.store).whole


def test_a_rescan_is_answered_once_with_one_page_of_a_kind_that_can_be_read(station: Station, five: str) -> None:
    ask(station, five, 2)
    tam = Clerk(station, "tam")
    assert send(tam, 1, b"not a picture") == 422
    assert send(tam, 1, scan(), "page.exe") == 400
    assert send(tam, 1, scan(kind="tiff", pages=2), "two.tif") == 400
    assert send(tam, 7, scan()) == 400
    assert reading.whole(station.store, five).row["revision"] == 1
    assert send(tam, 1, scan()) == 200
    assert send(tam, 1, scan("red")) == 400, "it is done"
    assert len(originals(station, five, 2)) == 5


def test_a_page_that_is_not_there_cannot_be_asked_for(station: Station, five: str) -> None:
    clerk = Clerk(station, "lan")
    version = reading.whole(station.store, five).version
    for page in (0, 6):
        answer = clerk.post(f"/documents/{five}/reject", version=version, reason="rescan", page=page, text="x")
        assert answer.status_code == 400
    assert reading.whole(station.store, five).state is State.ASSEMBLED


def test_a_request_ends_when_a_senior_lets_the_document_go_on(station: Station, five: str) -> None:
    ask(station, five, 2)
    version = reading.whole(station.store, five).version
    Clerk(station, "minh").post(f"/documents/{five}/release", version=version, text="đọc được")
    assert "mờ góc dưới" not in Clerk(station, "tam").get("/rescans").text
    assert send(Clerk(station, "tam"), 1, scan()) == 400


def arrange(
    clerk: Clerk, station: Station, document: str, places: dict[int, int], drop: tuple[int, ...] = (), **more: object
) -> int:
    """Status of the answer; ``more`` = further fields of the form (``begins__3=1``, ``turn__2=90``)."""
    form = {f"place.{page}": place for page, place in places.items()} | {f"drop.{page}": "1" for page in drop}
    form |= {"version": reading.whole(station.store, document).version, "reason": "thứ tự sai"}
    return clerk.post(f"/documents/{document}/arrange", **form | more).status_code


def test_pages_are_put_in_order_and_one_left_out_with_a_reason(station: Station, five: str) -> None:
    before = originals(station, five)
    clerk = Clerk(station, "lan")
    same = {page: page for page in range(1, 6)}
    assert arrange(clerk, station, five, same) == 400, "nothing changed"
    assert arrange(clerk, station, five, {**same, 2: 3}) == 400, "two pages in one place"
    assert arrange(clerk, station, five, {1: 2, 2: 1, 3: 3, 5: 5}, (4,), reason="") == 400, "no reason"
    assert arrange(clerk, station, five, same, (1, 2, 3, 4, 5)) == 400, "no page left"
    assert reading.whole(station.store, five).row["revision"] == 1
    assert arrange(clerk, station, five, {1: 2, 2: 1, 3: 3, 5: 5}, (4,)) == 200
    assert originals(station, five, 2) == [before[1], before[0], before[2], before[4]]
    row = next(row for row in reading.whole(station.store, five).history if row["action"] == "amended")
    assert '"dropped":[4]' in row["data"]
    assert "thứ tự sai" in row["data"]


def test_of_two_people_correcting_at_once_only_one_wins_and_no_page_is_lost(station: Station, five: str) -> None:
    before = originals(station, five)
    lan, minh = Clerk(station, "lan"), Clerk(station, "minh")
    stale = reading.whole(station.store, five).version
    swapped = {1: 2, 2: 1, 3: 3, 4: 4, 5: 5}
    assert arrange(lan, station, five, swapped, version=stale) == 200
    station.rerun(five, Paper(pages=5))
    assert arrange(minh, station, five, {1: 5, 2: 4, 3: 3, 4: 2, 5: 1}, version=stale) == 409
    assert originals(station, five, 2) == [before[1], before[0], *before[2:]]
    folders = [path.name for path in document_root(station.settings.documents, five).parent.iterdir()]
    assert sorted(folders) == [five, f"{five}.r2"], "nothing half written is left behind"


def test_pages_of_one_pdf_are_taken_apart_without_touching_their_pictures(station: Station) -> None:
    document = station.document(Paper(pages=3))
    folder = document_root(station.settings.documents, document) / "original"
    for path in folder.iterdir():
        path.unlink()
    pdf = pikepdf.new()
    for grey in (10, 120, 240):
        pdf.add_blank_page(page_size=(595, 842))
        pdf.pages[-1].contents_add(f"{grey / 255:.3f} g 0 0 595 842 re f".encode())
    pdf.save(folder / "scan.pdf")
    assert arrange(Clerk(station, "lan"), station, document, {1: 3, 3: 1}, (2,)) == 200
    new = document_root(station.settings.documents, document, 2) / "original"
    assert [path.name for path in sorted(new.iterdir())] == ["001.pdf", "002.pdf"]
    with pikepdf.open(new / "001.pdf") as first:
        first.pages[0].contents_coalesce()
        assert b"0.941" in first.pages[0].Contents.read_bytes()


def test_a_signed_pdf_is_never_taken_apart(station: Station) -> None:
    document = station.document(Paper(pages=2))
    folder = document_root(station.settings.documents, document) / "original"
    for path in folder.iterdir():
        path.unlink()
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.add_blank_page()
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(), SigFlags=3)
    pdf.save(folder / "signed.pdf")
    assert arrange(Clerk(station, "lan"), station, document, {1: 2, 2: 1}) == 422


def only(station: Station, name: str) -> str:
    """The id of the document of that name."""
    return next(str(row["id"]) for row in reading.every(station.store) if row["name"] == name)


def test_pages_split_off_become_a_document_of_their_own_with_a_row_in_the_ledger(station: Station, five: str) -> None:
    before = originals(station, five)
    known = reading.whole(station.store, five)
    same = {page: page for page in range(1, 6)}
    assert arrange(Clerk(station, "lan"), station, five, same, begins__3="1", begins__5="1") == 200
    assert originals(station, five, 2) == before[:2]
    middle, last = only(station, f"{known.row['name']} [3, 4]"), only(station, f"{known.row['name']} [5]")
    assert originals(station, middle) == before[2:4]
    assert originals(station, last) == before[4:]
    assert originals(station, five) == before, "the old revision keeps every page"
    split = reading.whole(station.store, middle)
    assert split.state is State.RECEIVED
    assert [split.row[name] for name in ("station", "arrived_at", "due_at", "profile")] == [
        known.row[name] for name in ("station", "arrived_at", "due_at", "profile")
    ]
    assert {row["action"] for row in split.history} == {"split_off"}
    for document, pages in ((five, 2), (middle, 2), (last, 1)):
        station.rerun(document, Paper(pages=pages))
        assert reading.whole(station.store, document).state is State.ASSEMBLED
    assert audit.verify(station.store).whole
    assert faults(station) == []


def faults(station: Station) -> list[str]:
    """What the balance finds wrong, but for the files `admit` was told of and this fixture drew later."""
    found = balance(station.store, station.settings.documents)
    assert found.arrived == found.accounted
    return [fault for fault in found.faults if "original" not in fault]


def test_the_same_pages_never_become_two_documents(station: Station, five: str) -> None:
    same = {page: page for page in range(1, 6)}
    assert arrange(Clerk(station, "lan"), station, five, same, begins__5="1") == 200
    station.rerun(five, Paper(pages=4))
    again = {1: 1, 2: 2, 3: 3, 4: 4}
    twin = station.document(Paper(pages=5))
    for old, new in zip(
        sorted((document_root(station.settings.documents, five) / "original").iterdir()),
        sorted((document_root(station.settings.documents, twin) / "original").iterdir()),
        strict=True,
    ):
        new.write_bytes(old.read_bytes())
    before = len(reading.every(station.store))
    assert arrange(Clerk(station, "lan"), station, twin, {**again, 5: 5}, begins__5="1") == 400
    assert len(reading.every(station.store)) == before
    assert reading.whole(station.store, twin).row["revision"] == 1


def test_joined_documents_keep_all_their_pages_and_the_other_one_ends(station: Station, five: str) -> None:
    other = station.document(Paper(pages=2))
    pages = originals(station, five), originals(station, other)
    lan = Clerk(station, "lan")
    assert other in lan.get(f"/documents/{five}/arrange").text
    versions = reading.whole(station.store, five).version, reading.whole(station.store, other).version
    form = {"version": versions[0], "other": f"{other}:{versions[1]}", "reason": "hai lần quét của một văn bản"}
    assert lan.post(f"/documents/{five}/join", **{**form, "reason": ""}).status_code == 400
    assert lan.post(f"/documents/{five}/join", **{**form, "other": f"{five}:{versions[0]}"}).status_code in (400, 409)
    assert lan.post(f"/documents/{five}/join", **{**form, "other": f"{other}:{versions[1] + 1}"}).status_code == 409
    assert originals(station, five, 1) == pages[0]
    assert lan.post(f"/documents/{five}/join", **form).status_code == 200
    assert originals(station, five, 2) == [*pages[0], *pages[1]]
    assert originals(station, other) == pages[1]
    ended = reading.whole(station.store, other)
    assert ended.state is State.REJECTED
    assert five in ended.row["held_vi"]
    assert lan.post(f"/documents/{five}/join", **form).status_code in (400, 409), "once"
    station.rerun(five, Paper(pages=7))
    assert reading.whole(station.store, five).row["pages"] == 7
    assert faults(station) == []
    assert audit.verify(station.store).whole


def test_a_turned_page_keeps_every_pixel(station: Station) -> None:
    """JPEG: only the Exif segment is new. PNG and TIFF: the same pixels in another order. PDF: /Rotate."""
    picture_of = Image.effect_noise((60, 90), 80).convert("RGB")
    document = station.document(Paper(pages=4))
    folder = document_root(station.settings.documents, document) / "original"
    for path in folder.iterdir():
        path.unlink()
    picture_of.save(folder / "001.jpg", dpi=(200, 200), quality=92)
    picture_of.save(folder / "002.png", dpi=(200, 300))
    picture_of.convert("1").save(folder / "003.tif", compression="group4", dpi=(300, 300))
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(595, 842))
    pdf.save(folder / "004.pdf")
    before = list_pages(sorted(folder.iterdir()))
    turns = {"turn__1": "90", "turn__2": "270", "turn__3": "180", "turn__4": "90"}
    same = {page: page for page in range(1, 5)}
    assert arrange(Clerk(station, "lan"), station, document, same, **turns) == 200
    new = document_root(station.settings.documents, document, 2) / "original"
    after = list_pages(sorted(new.iterdir()))
    for old, now, quarters in zip(before[:3], after[:3], (1, 3, 2), strict=True):
        assert np.array_equal(np.rot90(decode(old), -quarters), decode(now)), old.file.name
    assert after[1].shown_dpi == pytest.approx((300, 200), rel=0.01)
    assert after[3].rotate == 90
    scan_data = (folder / "001.jpg").read_bytes()
    assert (new / "001.jpg").read_bytes().endswith(scan_data[scan_data.index(b"\xff\xdb") :]), "nothing coded again"


@pytest.mark.parametrize("first", [90, 180, 270])
@pytest.mark.parametrize("second", [90, 180, 270])
def test_turning_twice_is_turning_once_by_the_sum(first: int, second: int) -> None:
    stream = io.BytesIO()
    Image.effect_noise((16, 24), 60).save(stream, "jpeg", dpi=(200, 200), comment=b"kept")
    twice = arrangement.turned_jpeg(arrangement.turned_jpeg(stream.getvalue(), first), second)
    once = arrangement.turned_jpeg(stream.getvalue(), (first + second) % 360)
    assert twice == once
    with Image.open(io.BytesIO(twice)) as image:
        assert image.info["comment"] == b"kept"
        assert image.info["dpi"] == (200, 200)


def test_a_page_the_gate_stopped_for_lying_wrong_is_turned_at_the_desk_unseen(station: Station) -> None:
    """Nothing of it was shown: the gate has not let it through. What it measured is chosen already."""
    lies = Finding("check.orientation_180", Severity.BLOCK, "Trang 1 ngược đầu.", "Upside down.", 1, measured=180.0)
    document = station.document(Paper(pages=2), findings=(lies,), upto="check")
    lan = Clerk(station, "lan")
    assert f"/documents/{document}/arrange" in lan.get(f"/documents/{document}").text
    page = lan.get(f"/documents/{document}/arrange").text
    assert '<option value="180" selected>' in page
    assert "webp" not in page
    assert arrange(lan, station, document, {1: 1, 2: 2}, turn__1="180", turn__2="0") == 200
    station.rerun(document, Paper(pages=2))
    assert reading.whole(station.store, document).state is State.ASSEMBLED
