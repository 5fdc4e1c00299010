"""The sockets of the house: what a stage, a driver, a connector, a signer, an OCR engine and a clock must offer.

Each socket is an entry-point group (``sohoa.<socket>``); ours enter by the same door as anybody's, and each
has a conformance suite in tests/conformance that a third party can run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from intake.folder import DocumentFolder
from intake.model import Assignment, Receipt, StageResult

Stage = Callable[[DocumentFolder, Any, Path], StageResult]
"""``run(document, its own profile section, out)``: reads earlier folders, writes only to ``out``; no database,
clock or environment. Raises DocumentError or EnvironmentTrouble; anything else is a bug."""

Tell = Callable[[Mapping[str, Any]], None]
"""What a stage may say before it is done: small JSON that is shown at once and proves nothing. ``ocr`` tells ``fields``
of page 1's head. Called at most a few times, from any thread of the stage, never after it returned."""


class Clock(Protocol):
    """Time is handed in: tests never wait and a stepping clock can be played."""

    def now(self) -> datetime:
        """Aware, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait, or let a test's clock jump."""


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What is asked of a scanner; nothing may be silently replaced (no nearest dpi, no grey for colour)."""

    source: Literal["flatbed", "feeder", "duplex"] = "flatbed"
    mode: Literal["color"] = "color"
    resolution: int = 300
    """dpi, both axes"""
    area_mm: tuple[float, float, float, float] = (0.0, 0.0, 210.0, 297.0)
    """x, y, width, height"""
    expected_pages: int | None = None


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """One page as delivered by the device: ``path`` is complete and final."""

    number: int
    path: Path
    sha256: str


@runtime_checkable
class ScannerDriver(Protocol):
    """One way paper is captured. ``scan`` yields pages written under ``out``; the caller admits them."""

    name: str

    def devices(self) -> tuple[str, ...]:
        """Device names this driver can reach now."""

    def scan(self, device: str, request: ScanRequest, out: Path) -> Iterator[ScannedPage]:
        """Scan; raises EnvironmentTrouble (jam, cover open, offline) or OperatorError (setting not offered)."""


@dataclass(frozen=True, slots=True)
class OcrWord:
    """One word as an engine read it: ``box`` is x0, y0, x1, y1 in px of the whole image, ``confidence`` 0–1.

    ``rivals``: the word with another mark on one of its letters («chuyền» for «chuyển»), and how far behind that was in
    the engine's own cost, nearest first; None when they were not asked for, or the engine cannot tell.
    """

    text: str
    box: tuple[int, int, int, int]
    confidence: float
    rivals: tuple[tuple[str, float], ...] | None = None


OcrLine = tuple[OcrWord, ...]
"""Words of one printed line in reading order."""


@runtime_checkable
class OcrEngine(Protocol):
    """One reader of print. Safe to call from several threads at once; keeps its language model loaded."""

    name: str

    def read(
        self,
        image: Any,
        dpi: float,
        *,
        area: tuple[int, int, int, int] | None = None,
        layout: Literal["page", "block", "line"] = "page",
        seconds: float = 60.0,
        rivals: bool = False,
    ) -> tuple[OcrLine, ...]:
        """Lines of an H×W uint8 image, dark ink on light paper; ``area`` (x0, y0, x1, y1 px) reads only a part.
        ``rivals`` asks for ``OcrWord.rivals`` too (a fifth more time).

        Raises TimeoutError after ``seconds``; DependencyMissing when the language model is not installed.
        """


@runtime_checkable
class SigningSession(Protocol):
    """A key unlocked by a person for one set of documents; it ends with the ``with`` block that opened it."""

    certificate: bytes
    """X.509, DER: the organisation's certificate"""
    chain: tuple[bytes, ...]
    """DER of the other certificates the device carries"""
    device: str
    """what the evidence calls the device: module, token label, serial; never a PIN"""
    demo: bool
    """a key anybody could have: refused unless the station's settings allow demo keys"""
    engine: Any
    """pyHanko's ``Signer`` over this key; its ``async_sign_raw`` is all that a set asks of it between two documents"""

    def await_person(self) -> None:
        """Called before each signature: a key that demands a fresh PIN for it asks now, so that the time of signing is
        taken after the person has answered. Returns at once for all other keys."""


@runtime_checkable
class Signer(Protocol):
    """One way to the organisation's key. Built from the settings: ``Signer(**options)``, none of them secret."""

    name: str

    def tries_left(self) -> int | None:
        """PIN tries that remain: 0 locked, 1 the last one, None when the device does not tell."""

    def open(self, pin: str, ask: Callable[[], str] | None = None) -> AbstractContextManager[SigningSession]:
        """Unlock. ``ask`` is called for a fresh PIN by keys that demand one per signature; without it such a key
        signs once. OperatorError: wrong PIN (with the tries left), locked, or in use by another set.
        EnvironmentTrouble: device, module or service not there. The PIN is kept nowhere and named in no error."""


@dataclass(frozen=True, slots=True)
class Package:
    """What is handed to a document system: PDF, Appendix VI record (JSON and XML), edXML, manifest with SHA-256.

    ``files`` maps the file's role (``pdf``, ``record_json``, ``record_xml``, ``edxml``, ``manifest``) to its path.
    """

    document_id: str
    key: str
    record: Mapping[str, Any]
    files: Mapping[str, Path]


@runtime_checkable
class Connector(Protocol):
    """One document system. ``delivery`` is shown at the desk: a connector that can neither find nor
    put-if-absent must say at-least-once.

    Two methods may be there or not: ``answer(receipt) -> (code, reason)``, the status with the reason given for it,
    and ``report(receipt, code, reason) -> bool``, which has the sender told a status (QĐ 12/2020/QĐ-UBND Đ10.3,
    Đ10.4), once however often it is said; False when this target has no way to say it."""

    name: str
    delivery: Literal["exactly-once", "at-least-once"]

    def find(self, key: str) -> Receipt | None:
        """The receipt of an earlier delivery under this key, or None."""

    def put_if_absent(self, key: str, package: Package) -> Receipt:
        """Store once; a second call with the same key returns the first receipt. EnvironmentTrouble → retry;
        DocumentError → refused by the system."""

    def forward(self, receipt: Receipt, assignment: Assignment) -> Receipt:
        """Hand to the unit or person; idempotent for the same receipt and assignment."""

    def status(self, receipt: Receipt) -> str:
        """edXML status code of the document there (``01``–``16``)."""

    def recall(self, receipt: Receipt) -> None:
        """Take back (status 13); idempotent."""
