"""What may be seen, by whom, and what is written down about it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from intake.model import Finding, Severity
from intake.review.seat import Views
from intake.store import reading
from tests.review.station import Clerk, Paper, Station


def views(station: Station, document: str) -> list[tuple[str, str]]:
    rows = reading.audit_rows(station.store, 500, document)
    return [(row["actor"], row["data"]) for row in rows if row["action"] == "viewed"]


def test_of_a_refused_document_only_its_id_file_name_station_and_time_are_shown(station: Station) -> None:
    document = station.refused()
    clerk = Clerk(station, "minh")
    page = clerk.get(f"/documents/{document}")
    assert page.status_code == 200
    for shown in (document, "mat.pdf", "quay-1", "08:30 23/11/2026"):
        assert shown in page.text
    assert "webp" not in page.text
    for path in ("pages/1/1.webp", "thumbs/1/1.webp", "document.pdf"):
        assert clerk.get(f"/documents/{document}/{path}").status_code == 403


def test_a_document_a_clerk_calls_secret_vanishes_at_once_everywhere(station: Station) -> None:
    document = station.document(Paper(subject="Kế hoạch tuyệt đối kín", number="777"))
    clerk = Clerk(station, "lan")
    assert "tuyệt đối kín" in clerk.get("/queue").text
    version = reading.whole(station.store, document).version
    answer = clerk.post(f"/documents/{document}/reject", version=version, reason="secret", text="đoạn nói về kín")
    assert answer.headers["clear-site-data"] == '"cache"'
    for path in ("/queue?view=all", "/queue?view=out", "/queue?view=all&text=tuyet+doi", f"/documents/{document}"):
        text = clerk.get(path).text
        assert "tuyệt đối kín" not in text
        assert "777" not in text
    assert clerk.get(f"/documents/{document}/pages/1/1.webp").status_code == 403
    audited = str(reading.audit_rows(station.store, 500, document))
    assert "tuyệt đối" not in audited
    assert "đoạn nói" not in audited


@pytest.mark.parametrize("upto", ["admit", "check", "ocr"])
def test_pages_are_shown_only_once_the_gate_let_them_through_and_previews_exist(station: Station, upto: str) -> None:
    document = station.document(upto=upto)
    clerk = Clerk(station, "lan")
    assert clerk.get(f"/documents/{document}").status_code == 200
    assert clerk.get(f"/documents/{document}/pages/1/1.webp").status_code == 403


def test_a_held_scan_shows_its_finding_in_the_readers_language(station: Station) -> None:
    blur = Finding(
        "check.blurred", Severity.BLOCK, "Trang 1 bị mờ, hãy quét lại.", "Page 1 is blurred; rescan.", page=1
    )
    document = station.document(findings=(blur,), upto="check")
    clerk = Clerk(station, "minh")
    assert "Trang 1 bị mờ" in clerk.get(f"/documents/{document}").text
    clerk.http.cookies.set("lang", "en")
    english = clerk.get(f"/documents/{document}").text
    assert "Page 1 is blurred" in english
    assert "Let it go on" in english


def test_every_view_of_a_document_is_written_down_with_who(station: Station) -> None:
    document = station.document()
    lan, tra = Clerk(station, "lan"), None
    station.person("tra", "auditor")
    tra = Clerk(station, "tra")
    lan.get(f"/documents/{document}")
    lan.get(f"/documents/{document}/pages/1/1.webp")
    tra.get(f"/documents/{document}")
    tra.get(f"/documents/{document}/document.pdf")
    assert [actor for actor, _ in views(station, document)] == [
        "tra (auditor)",
        "tra (auditor)",
        "lan (clerk)",
    ], "a screen with its pictures is one view"


def test_a_picture_asked_for_without_its_screen_is_a_view_too(station: Station) -> None:
    document = station.document()
    Clerk(station, "hoa").get(f"/documents/{document}/pages/1/1.webp")
    assert [actor for actor, _ in views(station, document)] == ["hoa (clerk)"]


@pytest.mark.parametrize("path", ["../../sohoa.toml", "..%2f..%2fsohoa.toml", "20261123-000001%2f..", "x'; DROP TABLE"])
def test_no_address_leads_out_of_the_documents(station: Station, path: str) -> None:
    station.document()
    clerk = Clerk(station, "lan")
    for address in (f"/documents/{path}", f"/documents/{path}/pages/1/1.webp", f"/static/{path}"):
        assert clerk.get(address).status_code in (303, 400, 403, 404)


def test_without_a_session_nothing_of_a_document_is_served(station: Station) -> None:
    document = station.document()
    stranger = Clerk(station)
    for path in ("", "/pages/1/1.webp", "/thumbs/1/1.webp", "/document.pdf"):
        answer = stranger.get(f"/documents/{document}{path}")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")


def test_the_memory_of_views_is_bounded_and_forgets_towards_writing_again() -> None:
    seen = Views(most=2)
    assert [seen.first("s", each) for each in ("a", "b", "a", "c", "b")] == [True, True, False, True, True]


def test_the_audit_holds_no_text_of_the_document(station: Station) -> None:
    document = station.document(Paper(subject="Trích yếu rất riêng"))
    clerk = Clerk(station, "lan")
    clerk.get(f"/documents/{document}")
    with station.store.read() as connection:
        rows = str(connection.execute(sa.text("SELECT data FROM audit")).all())
    assert "rất riêng" not in rows
