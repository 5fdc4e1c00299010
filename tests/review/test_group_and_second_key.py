"""Group verification and the blind second key."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from intake.review import second_key
from intake.review.app import create_app
from intake.states import State
from intake.store import reading
from tests.review.station import GOOD, Clerk, Paper, Served, Station, picture, signed_in


def version(station: Station, document: str) -> int:
    return reading.whole(station.store, document).version


def test_doubtful_dates_are_mended_and_confirmed_on_one_screen(station: Station, browser: Browser) -> None:
    documents = [
        station.document(Paper(number=str(n), issued=f"2026-11-{n:02d}", doubtful=("IssuedDate",), subject=f"Việc {n}"))
        for n in range(1, 13)
    ]
    misread = station.document(
        Paper(number="13", issued="2026-11-13", read={"IssuedDate": "2026-11-18"}, doubtful=("IssuedDate",))
    )
    unclear = station.document(Paper(number="14", doubtful=("IssuedDate",)))
    certain = station.document(Paper(number="15"))
    with Served(create_app(station.store, station.settings, sign=None)) as url:
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN")
        page = context.new_page()
        signed_in(page, url, "lan")
        page.goto(f"{url}/group")
        expect(page.locator(".grid li")).to_have_count(14)
        assert page.locator(f"[name='value.{certain}']").count() == 0
        for _ in range(12):
            page.keyboard.press("Enter")
        page.keyboard.press("Control+a")
        page.keyboard.type("13/11/2026")
        page.locator(f"[value='{unclear}']").uncheck()
        picture(page, "group")
        page.locator(f"[name='value.{misread}']").press("Control+Enter")
        expect(page.locator(".notice")).to_contain_text("13 ô")
        expect(page.locator(".grid li")).to_have_count(1)
        context.close()
    for day, document in enumerate([*documents, misread], start=1):
        known = reading.whole(station.store, document)
        assert known.row["issued_date"] == f"2026-11-{day:02d}"
        assert known.state is State.ASSEMBLED, "a field is confirmed, not the document"
        assert known.row["fields"]["IssuedDate"]["source"] == "clerk"
    assert reading.whole(station.store, unclear).row["fields"]["IssuedDate"]["source"] == "ocr"


def test_what_cannot_be_true_or_has_changed_stays_and_says_why(station: Station) -> None:
    future = station.document(Paper(number="1", doubtful=("IssuedDate",)))
    changed = station.document(Paper(number="2", doubtful=("IssuedDate",)))
    lan = Clerk(station, "lan")
    form = {
        "csrf": lan.csrf,
        "document": [future, changed],
        f"version.{future}": version(station, future),
        f"value.{future}": "24/12/2026",
        f"version.{changed}": version(station, changed) - 1,
        f"value.{changed}": "20/11/2026",
    }
    page = lan.http.post("/group/IssuedDate", data=form).text
    assert "muộn hơn ngày đến" in page
    assert "ô này chưa được lưu" in page
    assert reading.whole(station.store, future).row["issued_date"] == "2026-11-20"


def test_a_document_open_at_somebody_else_is_not_offered(station: Station) -> None:
    document = station.document(Paper(doubtful=("CodeNumber",)))
    Clerk(station, "hoa").get(f"/documents/{document}")
    assert document not in Clerk(station, "lan").get("/group/CodeNumber").text


def test_a_crop_holds_the_zone_and_is_never_made_of_a_refused_document(station: Station) -> None:
    document = station.document(Paper(doubtful=("CodeNumber",)))
    lan = Clerk(station, "lan")
    answer = lan.get(f"/documents/{document}/crops/1/CodeNumber.webp")
    crop = Image.open(io.BytesIO(answer.content))
    assert crop.width == pytest.approx((14 + 8) / 210 * 1100, abs=3)
    assert min(crop.convert("L").getdata()) < 80, "there is print in it"
    lan.post(f"/documents/{document}/reject", version=version(station, document), reason="secret")
    assert lan.get(f"/documents/{document}/crops/1/CodeNumber.webp").status_code in (403, 422)


@pytest.fixture
def twice(station: Station, tmp_path: Path) -> Station:
    """A station whose profile has number and date of every document typed twice."""
    station.settings = station.settings.model_copy(
        update={"profile": {"incoming": {"review": {"second_key_share": 1.0}}}}
    )
    return station


def first_key(station: Station, document: str) -> Clerk:
    lan = Clerk(station, "lan")
    answer = lan.confirm(document, version(station, document), **GOOD)
    assert answer.status_code == 200, answer.text
    return lan


def test_two_keys_that_agree_approve_the_document_as_the_first_person_confirmed_it(twice: Station) -> None:
    document = twice.document()
    lan = first_key(twice, document)
    assert reading.whole(twice.store, document).state is State.ASSEMBLED
    assert lan.post(f"/second/{document}", field__CodeNumber="252").status_code == 403, "not both keys by one person"
    assert "chờ người thứ hai" in lan.get(f"/documents/{document}").text
    hoa = Clerk(twice, "hoa")
    assert hoa.get(f"/documents/{document}").headers["location"] == f"/second/{document}"
    typed = {"field__CodeNumber": "252", "field__CodeNotation": "qđ-ubnd", "field__IssuedDate": "20112026"}
    assert hoa.post(f"/second/{document}", **typed).json()["next"] == "/second"
    known = reading.whole(twice.store, document)
    assert known.state is State.APPROVED
    assert known.row["confirmed"]["CodeNotation"] == "QĐ-UBND"
    assert [row["actor"] for row in known.history if row["action"] in ("first_key", "second_key")] == [
        "lan (clerk)",
        "hoa (clerk)",
    ]


def test_the_second_person_is_shown_neither_the_reading_nor_the_first_key(twice: Station) -> None:
    document = twice.document(Paper(number="4711", read={"CodeNumber": "4717"}, notation="XX-YZ", issued="2026-03-09"))
    lan = Clerk(twice, "lan")
    given = {**GOOD, "CodeNumber": "4711", "CodeNotation": "XX-YZ", "IssuedDate": "09/03/2026"}
    assert lan.confirm(document, version(twice, document), **given).status_code == 200
    page = Clerk(twice, "hoa").get(f"/second/{document}").text
    assert re.search("4711|4717|XX-YZ|09/03/2026|2026-03-09", page) is None
    assert f"/documents/{document}/crops/" in page


def test_two_keys_that_differ_go_to_the_senior_with_both_readings(twice: Station) -> None:
    document = twice.document()
    lan = first_key(twice, document)
    Clerk(twice, "hoa").post(
        f"/second/{document}", field__CodeNumber="262", field__CodeNotation="QĐ-UBND", field__IssuedDate="20/11/2026"
    )
    known = reading.whole(twice.store, document)
    assert known.state is State.HELD
    minh = Clerk(twice, "minh")
    page = minh.get(f"/documents/{document}").text
    assert "lan: <b>252</b>" in page
    assert "hoa: <b>262</b>" in page
    minh.post(f"/documents/{document}/release", version=known.version, text="đã xem bản giấy")
    assert lan.confirm(document, version(twice, document), **GOOD).status_code == 403
    assert minh.confirm(document, version(twice, document), **GOOD).status_code == 200
    assert reading.whole(twice.store, document).state is State.APPROVED


def test_the_share_is_drawn_evenly_and_the_same_each_time() -> None:
    names = [f"20261123-{n:06d}" for n in range(4000)]
    drawn = [name for name in names if second_key.sampled(name, 0.1)]
    assert 320 <= len(drawn) <= 480
    assert drawn == [name for name in names if second_key.sampled(name, 0.1)]
    assert not any(second_key.sampled(name, 0.0) for name in names)
    assert all(second_key.sampled(name, 1.0) for name in names)
