"""The monthly register: ten columns, A4 landscape, every document once, and closed for good."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.model import Actor
from intake.review import register_pdf
from intake.store import decide, reading
from tests.review.station import Clerk, Paper, Station

LAN = Actor("lan", "clerk")


def text_of(data: bytes) -> tuple[str, int]:
    pdf = pypdfium2.PdfDocument(data)
    assert all(page.get_size() == pytest.approx((841.89, 595.28), abs=1) for page in pdf)
    return "\n".join(page.get_textpage().get_text_range() for page in pdf), len(pdf)


def test_every_document_of_the_month_stands_in_it_once_and_no_secret_one(station: Station) -> None:
    for number in range(20):
        station.document(
            upto="ocr", paper=Paper(number=str(1000 + number), subject=f"Về việc kiểm kê tài sản đợt {number}")
        )
    rejected = station.document(Paper(number="9999"))
    decide.reject(station.store, rejected, reading.whole(station.store, rejected).version, LAN, "other", "x")
    station.refused()
    station.clock.at = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
    station.document(Paper(number="7777"))
    text, pages = text_of(Clerk(station, "dung").get("/register/2026-11.pdf").content)
    assert pages > 1
    for number in range(20):
        assert text.count(f"{1000 + number}/QĐ-UBND") == 1
    assert "9999" not in text
    assert "7777" not in text
    assert "mat.pdf" not in text
    assert "SỔ ĐĂNG KÝ VĂN BẢN ĐẾN" in text
    assert "Tổng số trong tháng: 20 văn bản." in text
    assert "Ký nhận" in text


def test_a_closed_month_never_changes_again(station: Station) -> None:
    document = station.document(Paper(number="118"))
    dung = Clerk(station, "dung")
    assert dung.post("/register/2026-11/close").status_code == 400, "the month is not over"
    station.clock.at = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
    dung = Clerk(station, "dung")
    assert Clerk(station, "lan").post("/register/2026-11/close").status_code == 403
    assert dung.post("/register/2026-11/close").status_code == 200
    before = dung.get("/register/2026-11.pdf").content
    assert "người khóa sổ: Phạm Dung" in text_of(before)[0]
    decide.reject(station.store, document, reading.whole(station.store, document).version, LAN, "other", "x")
    assert dung.get("/register/2026-11.pdf").content == before
    assert dung.post("/register/2026-11/close").status_code == 400
    assert "register.closed" in [row["action"] for row in reading.audit_rows(station.store)]


@pytest.mark.parametrize("month", ["2026-13", "1999-01", "x", "2026-11-01", "..%2f2026-11"])
def test_what_is_not_a_month_is_refused(station: Station, month: str) -> None:
    assert Clerk(station, "dung").get(f"/register/{month}.pdf").status_code in (400, 404)


@given(st.text(max_size=200), st.floats(min_value=20, max_value=300))
def test_no_line_is_wider_than_its_column_and_no_letter_is_lost(text: str, width: float) -> None:
    lines = register_pdf.broken(text, width, 9.0)
    face = register_pdf.face("Regular")
    assert all(face.width(line, 9.0) <= width or len(line) == 1 for line in lines)
    assert "".join("".join(lines).split()) == "".join(face.known(text).split())


def test_a_hostile_name_cannot_break_the_page(tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    rows = [["\x00\u202e<b>&%(\\)" * 40, "字" * 50, *[""] * 8]]
    columns = [("cột", 0.1)] * 10
    assert register_pdf.write(path, agency="A", title="T", subtitle="S", columns=columns, rows=rows, ending=("x",)) >= 1
    text_of(path.read_bytes())
