"""A station for the desk's tests: a real store, real document folders with drawn pages, and the desk served by uvicorn."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page

from intake.folder import attempt_folder, digest, document_root, new_attempt, publish
from intake.model import Actor, Field, FieldName, Finding, Severity, StageResult
from intake.model import Box as BoxMm
from intake.review.app import create_app
from intake.review.seat import Desk
from intake.settings import Settings, StationSettings
from intake.store import Store, head, people, reading
from intake.store.admit import Delivered, admit, notice
from intake.store.claim import Claim, claim
from intake.store.finish import finish

FONT = "/usr/share/fonts/truetype/liberation2/LiberationSerif-{}.ttf"
ROOT = Actor("test", "admin")
PASSWORD = "mat-khau-thu-123"
DPI = 133
"""dpi of the drawn previews: 1100 px across an A4 page, as the pdf stage writes them"""
WORKER = Actor("worker:test", "worker")


class HandClock:
    """A clock a test moves by hand."""

    def __init__(self, at: datetime = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass
class Paper:
    """What stands on a drawn sheet, and how sure the reading of each field is said to be."""

    number: str = "252"
    notation: str = "QĐ-UBND"
    issued: str = "2026-11-20"
    kind: str = "Quyết định"
    organ: str = "Ủy ban nhân dân huyện Ba Vì"
    subject: str = "Về việc phê duyệt kế hoạch số hóa tài liệu lưu trữ năm 2026"
    priority: int = 0
    doubtful: tuple[str, ...] = ()
    read: Mapping[str, str | None] = field(default_factory=dict)
    """field → what the reading claims instead of the truth"""
    suggestions: Mapping[str, str] = field(default_factory=dict)
    pages: int = 1
    name: str = ""
    measure: Mapping[str, float | None] = field(default_factory=dict)
    """what the gate is said to have measured of every page"""

    @property
    def printed(self) -> tuple[str, ...]:
        """The words a sheet carries."""
        return self.number, self.notation, self.issued, self.kind, self.organ, self.subject


BOXES = {
    "OrganName": (32, 22, 70, 10),
    "CodeNumber": (45, 38, 14, 6),
    "CodeNotation": (60, 38, 28, 6),
    "IssuedDate": (112, 38, 74, 6),
    "TypeName": (85, 53, 42, 7),
    "Subject": (45, 61, 120, 12),
    "SignerPosition": (118, 200, 60, 7),
    "SignerFullName": (122, 245, 50, 7),
}


@cache
def pictures(printed: tuple[str, ...], page: int) -> tuple[bytes, bytes, bytes]:
    """A Decree 30 first page (or a page of text) as preview and thumb, WebP, and as the scan itself, JPEG."""
    image = _draw(printed, page)
    files = []
    for picture, kind, quality in ((image, "webp", 80), (image.resize((200, 283)), "webp", 70), (image, "jpeg", 80)):
        stream = io.BytesIO()
        picture.save(stream, kind, quality=quality, method=0, dpi=(DPI, DPI))
        files.append(stream.getvalue())
    return files[0], files[1], files[2]


def _draw(printed: tuple[str, ...], page: int) -> Image.Image:
    number, notation, issued, kind, organ, subject = printed
    image = Image.new("RGB", (round(210 / 25.4 * DPI), round(297 / 25.4 * DPI)), "white")
    pen = ImageDraw.Draw(image)

    def text(x: float, y: float, words: str, style: str = "Regular", pt: float = 13, colour: str = "black") -> None:
        font = ImageFont.truetype(FONT.format(style), round(pt / 72 * DPI))
        pen.text((x / 25.4 * DPI, y / 25.4 * DPI), words, font=font, fill=colour)

    if page == 1:
        year, month, day = issued.split("-")
        text(112, 20, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Bold", 11)
        text(122, 26, "Độc lập - Tự do - Hạnh phúc", "Bold", 12)
        text(32, 23, organ.upper()[:34], "Bold", 11)
        text(37, 38, f"Số: {number}/{notation}")
        text(112, 38, f"Hà Nội, ngày {day} tháng {month} năm {year}", "Italic")
        text(85, 53, kind.upper(), "Bold", 14)
        text(45, 61, subject[:60], "Bold", 12)
        text(45, 67, subject[60:120], "Bold", 12)
        text(118, 200, "CHỦ TỊCH", "Bold")
        text(122, 245, "Nguyễn Văn An", "Bold")
        pen.ellipse([round(v / 25.4 * DPI) for v in (100, 205, 136, 241)], outline=(200, 20, 30), width=4)
    for line in range(26):
        text(32, 82 + line * 4.4, "Căn cứ Luật Tổ chức chính quyền địa phương và quy định về công tác văn thư;", pt=10)
    return image


class Station:
    """Store, settings and documents of one test."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        self.clock = HandClock()
        self.settings = Settings(
            home=home, station={"quay-1": StationSettings(folder="scan/quay-1"), "quay-2": StationSettings(folder="s2")}
        )
        home.mkdir(parents=True, exist_ok=True)
        self.store = Store(url or self.settings.database_url, self.clock)
        self.store.migrate()
        self.made = 0
        self._desks: dict[tuple[int, int], FastAPI] = {}

    def desk(self, sign: Any = None) -> FastAPI:
        """The desk of this station; built once per signer and settings, as a station does."""
        key = (id(sign), id(self.settings))
        if key not in self._desks:
            self._desks[key] = create_app(self.store, self.settings, sign=sign)
        return self._desks[key]

    def person(self, name: str, *roles: str, full_name: str = "") -> None:
        people.add(self.store, name, full_name or name.title(), roles, PASSWORD, ROOT)

    def document(
        self,
        paper: Paper | None = None,
        *,
        upto: str = "pdf",
        findings: tuple[Finding, ...] = (),
        station: str = "quay-1",
        due: timedelta | None = timedelta(hours=4),
        sheet: Sequence[float] = (1654, 2339, 200, 200),
    ) -> str:
        """A document as the line would leave it after ``upto`` (``admit``, ``check``, ``ocr`` or ``pdf``); ``sheet`` is
        what the reading says of every page: px and dpi, across and down."""
        paper = paper or Paper()
        self.made += 1
        identifier = f"{self.clock.now():%Y%m%d}-{hashlib.sha256(str(self.made).encode()).hexdigest()[:10]}"
        self.clock.forward(microseconds=1)  # two documents never arrive in the same instant
        root = document_root(self.settings.documents, identifier)
        (root / "original").mkdir(parents=True)
        for page in range(1, paper.pages + 1):
            (root / "original" / f"{page:03d}.jpg").write_bytes(pictures(paper.printed, min(page, 2))[2])
        name = paper.name or f"scan-{self.made:03d}.pdf"
        admit(
            self.store,
            notice(self.store, station, name),
            identifier,
            [Delivered(name, f"{self.made:064x}", 1000)],
            profile="incoming",
            profile_digest="0" * 64,
            due_at=self.clock.now() + due if due else None,
        )
        for stage in ("check", "ocr", "pdf"):
            if upto == "admit":
                break
            self._run(stage, identifier, root, paper, findings if stage == "check" else (), sheet)
            if stage == upto or (stage == "check" and findings and max(f.severity for f in findings) >= Severity.BLOCK):
                break
        return identifier

    def being_read(self, paper: Paper | None = None, station: str = "quay-1") -> tuple[str, Claim]:
        """A document whose head is known while a worker still reads the rest, and that worker's claim."""
        paper = paper or Paper()
        identifier = self.document(paper, upto="check", station=station)
        taken = claim(self.store, "test", str(self.settings.documents), stages=["ocr"], document_id=identifier)
        assert taken is not None
        fields = {str(name): item.as_json() for name, item in reading_of(paper).items()}
        assert head.show(self.store, taken, fields, actor=WORKER)
        return identifier, taken

    def rerun(self, identifier: str, paper: Paper) -> None:
        """Let the line go over the newest revision, as the workers would."""
        revision = reading.whole(self.store, identifier).row["revision"]
        root = document_root(self.settings.documents, identifier, revision)
        for stage in ("check", "ocr", "pdf"):
            self._run(stage, identifier, root, paper, ())

    def _run(
        self,
        stage: str,
        identifier: str,
        root: Path,
        paper: Paper,
        findings: tuple[Finding, ...],
        sheet: Sequence[float] = (1654, 2339, 200, 200),
    ) -> None:
        taken = claim(self.store, "test", str(self.settings.documents), stages=[stage], document_id=identifier)
        assert taken is not None
        out = new_attempt(root, stage, taken.attempt)
        facts: dict[str, Any] = {}
        if stage == "check":
            facts = {"verdict": "pass", "measures": [dict(paper.measure)] * paper.pages, "pages": paper.pages}
        elif stage == "ocr":
            fields = reading_of(paper)
            facts = {
                "fields": {str(name): item.as_json() for name, item in fields.items()},
                "decision": "review",
                "sheets": [list(sheet)] * paper.pages,
            }
            (out / "ocr.json").write_text(json.dumps(facts), encoding="utf-8")
        else:
            for kind in ("preview", "thumb"):
                (out / kind).mkdir()
            for page in range(1, paper.pages + 1):
                preview, thumb, _ = pictures(paper.printed, min(page, 2))
                (out / "preview" / f"{page:03d}.webp").write_bytes(preview)
                (out / "thumb" / f"{page:03d}.webp").write_bytes(thumb)
            (out / "document.pdf").write_bytes(b"%PDF-1.7\n% a page\n%%EOF\n")
            facts = {"pages": paper.pages, "sha256": "ab" * 32, "pdfa": "pass"}
        publish(out)
        folder = attempt_folder(root, stage, taken.attempt)
        names = tuple(str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file())
        finish(
            self.store,
            taken,
            StageResult(findings=findings, artefacts=names, facts=facts),
            digest(folder, names),
            actor=WORKER,
        )

    def refused(self) -> str:
        """A document the secrecy gate stopped."""
        secret = Finding("check.secrecy_mark", Severity.REFUSE, "Có dấu mật.", "A secrecy mark.", page=1)
        return self.document(Paper(name="mat.pdf"), findings=(secret,), upto="check")


def reading_of(paper: Paper) -> dict[FieldName, Field]:
    """The fields as the reading stage would give them."""
    truth: dict[str, str | int | None] = {
        "OrganName": paper.organ,
        "CodeNumber": paper.number,
        "CodeNotation": paper.notation,
        "IssuedDate": paper.issued,
        "TypeName": paper.kind,
        "Subject": paper.subject,
        "Priority": paper.priority,
        "SignerPosition": "Chủ tịch",
        "SignerFullName": "Nguyễn Văn An",
        "PageAmount": paper.pages,
        "Language": "Tiếng Việt",
    }
    fields = {}
    for name, right in truth.items():
        value = paper.read.get(name, right)
        confidence = 0.0 if value is None else 0.62 if name in paper.doubtful else 0.9995
        fields[FieldName(name)] = Field(
            FieldName(name),
            value,
            confidence,
            page=1 if name in BOXES else None,
            box=BoxMm(*BOXES[name]) if name in BOXES else None,
            suggestion=paper.suggestions.get(name),
        )
    return fields


class Served:
    """The desk on a free port of this machine, in a thread."""

    def __init__(self, app: Any) -> None:
        self.server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        async def serve() -> None:
            self.server.config.load()
            self.server.lifespan = self.server.config.lifespan_class(self.server.config)
            await self.server.startup()
            self.port = self.server.servers[0].sockets[0].getsockname()[1]
            self.ready.set()
            await self.server.main_loop()
            await self.server.shutdown()

        asyncio.run(serve())

    def __enter__(self) -> str:
        self.thread.start()
        assert self.ready.wait(30)
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(30)


class Clerk:
    """One person with a browser that runs no script: requests with her cookies and her page's protection code."""

    def __init__(
        self, station: Station | None, name: str | None = None, app: FastAPI | None = None, **desk: Any
    ) -> None:
        served = app or station.desk(**desk)
        self.desk: Desk = served.state.desk
        self.http = TestClient(served)
        self.http.follow_redirects = False
        self.csrf = ""
        if name:
            self.sign_in(name)

    def sign_in(self, name: str, password: str = PASSWORD) -> Response:
        answer = self.http.post(
            "/login", data={"name": name, "password": password}, headers={"accept": "application/json"}
        )
        self.csrf = answer.json().get("csrf", "")
        return answer

    def get(self, path: str, **headers: str) -> Response:
        return self.http.get(path, headers=headers)

    def post(self, path: str, csrf: str | None = None, **form: Any) -> Response:
        return self.http.post(
            path,
            data={name.replace("__", "."): value for name, value in form.items()},
            headers={"accept": "application/json", "x-csrf": self.csrf if csrf is None else csrf},
        )

    def confirm(self, identifier: str, version: int, **fields: str) -> Response:
        typed = {f"field.{name}": value for name, value in fields.items()}
        return self.http.post(
            f"/documents/{identifier}/approve",
            data={"version": version, "source_kind": "bản chính", **typed},
            headers={"accept": "application/json", "x-csrf": self.csrf},
        )


GOOD = {
    "CodeNumber": "252",
    "CodeNotation": "QĐ-UBND",
    "IssuedDate": "20/11/2026",
    "Subject": "Về việc phê duyệt kế hoạch",
    "OrganName": "Ủy ban nhân dân huyện Ba Vì",
    "TypeName": "Quyết định",
}


def signed_in(page: Page, url: str, name: str) -> None:
    """Sign in through the page itself."""
    page.goto(f"{url}/login")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#rows")


PICTURES = os.environ.get("SOHOA_PICTURES")
"""a folder to keep the pictures of the documentation in: SOHOA_PICTURES=docs/images pytest tests/review"""


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"desk-{name}.png"))


def noted(name: str, text: str) -> None:
    """Figures of the same run, beside its pictures."""
    if PICTURES:
        (Path(PICTURES) / f"desk-{name}.txt").write_text(text + "\n", encoding="utf-8")
