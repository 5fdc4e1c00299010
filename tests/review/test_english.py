"""On an English page nothing is said in Vietnamese: only what people and papers brought with them is."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from intake.model import Actor, Finding, Severity
from intake.states import State
from intake.store import decide, people, reading, signing
from tests.review.station import Clerk, Paper, Station
from tests.review.test_signing_desk import PaperSigner

VIETNAMESE = re.compile(r"[àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ]", re.IGNORECASE)
LAW = ("bản gốc", "bản chính", "bản sao y", "SAO LỤC", "TRÍCH SAO", "12/2020/QĐ-UBND", "Văn thư", "Tiếng Việt")
"""the law's own words stay beside their translation, and the other language calls itself by its name"""
PRINTED = ("Chủ tịch", "Nguyễn Văn An", "UBND huyện Ba Vì")
PAPER = Paper(notation="QD-UBND", kind="Quyet dinh", organ="UBND huyen Ba Vi", subject="Ve viec phe duyet", pages=2)
TYPED = {
    "CodeNumber": "252",
    "CodeNotation": "QD-UBND",
    "IssuedDate": "20/11/2026",
    "Subject": "Ve viec phe duyet",
    "OrganName": "UBND huyen Ba Vi",
    "TypeName": "Quyet dinh",
}


class Said(HTMLParser):
    """What a page says: its text, and the attributes that are read out, shown as hints, or shown later by scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        spoken = ("title", "alt", "placeholder", "aria-label")
        self.said += [value or "" for name, value in attrs if name in spoken or name.startswith("data-")]

    def handle_data(self, data: str) -> None:
        self.said.append(data.strip())


@pytest.fixture
def quan(station: Station) -> Clerk:
    station.person("quan", "admin", "senior", "van_thu", "operator", "clerk")
    clerk = Clerk(station, "quan", sign=PaperSigner(station.store))
    clerk.http.cookies.set("lang", "en")
    return clerk


def filled(station: Station, quan: Clerk) -> dict[str, str]:
    """A desk where every page has something on it: name → address."""
    soft = Finding("check.blank_page", Severity.WARN, "Trang 2 trống.", "Page 2 is blank.", page=2)
    paper = replace(PAPER, doubtful=("CodeNumber", "Subject"), read={"IssuedDate": "2026-12-30"})
    doubtful = station.document(paper, findings=(soft,))
    lying = Finding(
        "check.orientation_180", Severity.BLOCK, "Trang 1 ngược.", "Page 1 is upside down.", 1, measured=180.0
    )
    stopped = station.document(PAPER, findings=(lying,), upto="check")
    held, asked, approved, out, later = (station.document(PAPER) for _ in range(5))
    seen = {each: reading.whole(station.store, each).version for each in (held, asked, approved, out, later)}
    quan.post(f"/documents/{asked}/reject", version=seen[asked], reason="rescan", page=2, text="blurred")
    quan.post(f"/documents/{held}/hold", version=seen[held], text="please look")
    quan.post(f"/documents/{later}/postpone", text="phone call")
    decide.reject(station.store, out, seen[out], Actor("quan", "senior"), "wrong_pages", "mixed")
    signing.assign_key(station.store, "quan", "pkcs11", "15/QD-VP", None, Actor("root", "admin"))
    answer = quan.confirm(approved, seen[approved], **TYPED)
    keys = " ".join(item["key"] for item in answer.json().get("problems", []))
    typed = {f"field.{name}": value for name, value in TYPED.items()}
    quan.post(
        f"/documents/{approved}/approve", version=seen[approved], source_kind="bản chính", confirmed=keys, **typed
    )
    assert reading.whole(station.store, approved).state is State.APPROVED
    frozen = signing.freeze(station.store, Actor("quan", "van_thu"), [approved], cap=50)
    pages = {
        f"queue {view}": f"/queue?view={view}" for view in ("review", "later", "held", "sign", "out", "all", "done")
    }
    pages |= {f"document {each}": f"/documents/{each}" for each in (doubtful, stopped, held, asked, approved, out)}
    pages |= {"refused": f"/documents/{station.refused()}", "set": f"/signing/{frozen.id}"}
    pages |= {"pages": f"/documents/{doubtful}/arrange", "turned": f"/documents/{stopped}/arrange"}
    pages |= {"doubts": "/group/CodeNumber", "dates": "/group/IssuedDate", "none": "/queue?text=khongcogi"}
    names = (
        "batches",
        "signing",
        "rescans",
        "reports",
        "register",
        "people",
        "connections",
        "deliveries",
        "account",
        "nothing",
    )
    return pages | {name: f"/{name}" for name in names}


def test_an_english_page_says_nothing_in_vietnamese(station: Station, quan: Clerk) -> None:
    pages = filled(station, quan)
    brought = (*LAW, *PRINTED, *(person.full_name for person in people.everyone(station.store)))
    left: dict[str, list[str]] = {}
    stranger = Clerk(station)
    stranger.http.cookies.set("lang", "en")
    for name, path in {"login": "/login", **pages}.items():
        page = (stranger if name == "login" else quan).get(path).text
        for each in brought:
            page = page.replace(each, "")
        assert '<html lang="en">' in page, name
        left[name] = [text for text in Said(page).said if VIETNAMESE.search(text)]
    assert {name: said for name, said in left.items() if said} == {}


def test_an_english_answer_to_a_script_says_nothing_in_vietnamese(station: Station, quan: Clerk) -> None:
    """What the desk refuses, and why, in the language of who asked."""
    document = station.document(PAPER)
    version = reading.whole(station.store, document).version
    wrong = {
        "field.IssuedDate": "32/13/2026",
        "field.Subject": "x" * 600,
        "field.CodeNumber": "",
        "field.PageAmount": "0",
    }
    answers = [
        quan.post(f"/documents/{document}/approve", version=version, source_kind="bản chính", **wrong),
        quan.post(f"/documents/{document}/check", **wrong),
        quan.post(f"/documents/{document}/approve", version=version, source_kind="?"),
        quan.post(f"/documents/{document}/approve", version=version + 1, source_kind="bản chính", **wrong),
        quan.post(f"/documents/{document}/reject", version=version, reason="other"),
        quan.post(f"/documents/{document}/reject", version=version, reason="?"),
        quan.post(f"/documents/{document}/hold", version=version),
        quan.post(f"/documents/{document}/arrange", version=version),
        quan.post(f"/documents/{document}/join", version=version),
        quan.post("/people", name="x", full_name="", password="short"),
        quan.post("/people/quan/close"),
        quan.post(f"/documents/{document}/take", csrf="wrong"),
        quan.post("/login", name="quan", password="wrong"),
    ]
    for number, answer in enumerate(answers):
        data = answer.json()
        said = [data.get("message", ""), *(item["text"] for item in data.get("problems", []))]
        assert any(said), number
        assert not any(VIETNAMESE.search(text) for text in said), said
