"""The frozen values that stages, store and screens exchange."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any


class Severity(IntEnum):
    """How much a finding weighs. Ordered: the verdict of a document is the greatest of its findings."""

    NOTE = 0
    WARN = 1
    BLOCK = 2
    """The capture is not lawful or not usable: a person must act (usually rescan)."""
    REFUSE = 3
    """State secret (QĐ 12/2020/QĐ-UBND Đ1.2): everything stops, nothing of the content is kept or shown."""

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the page as displayed: mm from the top left corner."""

    x: float
    y: float
    width: float
    height: float

    def as_list(self) -> list[float]:
        return [round(value, 2) for value in (self.x, self.y, self.width, self.height)]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule saw. Quality is a value, never an exception.

    ``code`` is ``<stage>.<rule>``; ``page`` counts from 1, None for the whole document; ``box`` in mm.
    ``vi`` and ``en`` say what to do now (at the scanner, at the desk).
    """

    code: str
    severity: Severity
    vi: str
    en: str
    page: int | None = None
    box: Box | None = None
    measured: float | str | None = None
    limit: float | str | None = None
    unit: str = ""

    def as_json(self) -> dict[str, Any]:
        """The shape of ``findings[]`` in ``sohoa check --json`` (docs/reference/json.md)."""
        return {
            "code": self.code,
            "severity": self.severity.word,
            "page": self.page,
            "box_mm": self.box.as_list() if self.box else None,
            "measured": self.measured,
            "limit": self.limit,
            "unit": self.unit,
            "message": self.vi,
            "message_en": self.en,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        box = data.get("box_mm")
        return cls(
            code=data["code"],
            severity=Severity[data["severity"].upper()],
            vi=data["message"],
            en=data.get("message_en", ""),
            page=data.get("page"),
            box=Box(*box) if box else None,
            measured=data.get("measured"),
            limit=data.get("limit"),
            unit=data.get("unit") or "",
        )


def verdict(findings: Iterable[Finding]) -> str:
    """``pass|warn|block|refuse``: the greatest severity, notes counting as pass."""
    worst = max((finding.severity for finding in findings), default=Severity.NOTE)
    return "pass" if worst is Severity.NOTE else worst.word


class FieldName(StrEnum):
    """Fields read from or confirmed for a document: NĐ 30/2020 Phụ lục VI Phần II (names verbatim)."""

    TYPE_NAME = "TypeName"
    CODE_NUMBER = "CodeNumber"
    CODE_NOTATION = "CodeNotation"
    ISSUED_DATE = "IssuedDate"
    ORGAN_NAME = "OrganName"
    SUBJECT = "Subject"
    LANGUAGE = "Language"
    PAGE_AMOUNT = "PageAmount"
    DESCRIPTION = "Description"
    SIGNER_POSITION = "SignerPosition"
    """SignerInfo/Position in Phụ lục VI."""
    SIGNER_FULL_NAME = "SignerFullName"
    """SignerInfo/FullName in Phụ lục VI."""
    PRIORITY = "Priority"
    """0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc hẹn giờ (edXML's codes)."""
    DUE_DATE = "DueDate"
    """Hạn trả lời / thời hạn giải quyết; with Priority 4 the hẹn giờ moment, ISO 8601."""
    FILE_CODE = "FileCode"
    """Mã hồ sơ in one string, OrganId.year.FileNotation (QĐ 12/2020/QĐ-UBND Đ21.2); a file may be unknown at the desk,
    so it is never required. Phụ lục VI has it as a group."""


FIELD_LENGTH: Mapping[FieldName, int] = {
    FieldName.TYPE_NAME: 100,
    FieldName.CODE_NUMBER: 11,
    FieldName.CODE_NOTATION: 30,
    FieldName.ISSUED_DATE: 10,
    FieldName.ORGAN_NAME: 200,
    FieldName.SUBJECT: 500,
    FieldName.LANGUAGE: 30,
    FieldName.PAGE_AMOUNT: 3,
    FieldName.DESCRIPTION: 500,
    FieldName.SIGNER_POSITION: 100,
    FieldName.SIGNER_FULL_NAME: 50,
    FieldName.PRIORITY: 1,
}
"""Lengths of Phụ lục VI Phần II, in characters."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field with where it was read and how sure we are.

    ``confidence`` is a calibrated probability that ``value`` is exactly right; ``value`` is None with
    confidence 0 when it cannot be read, never a guess. ``source`` is ``ocr``, ``rule`` or ``clerk``.
    ``suggestion`` is offered beside the reading, never put in its place.
    """

    name: FieldName
    value: str | int | None
    confidence: float = 0.0
    page: int | None = None
    box: Box | None = None
    source: str = "ocr"
    suggestion: str | None = None
    handwritten: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "confidence": round(self.confidence, 4),
            "page": self.page,
            "box_mm": self.box.as_list() if self.box else None,
            "source": self.source,
            "suggestion": self.suggestion,
            "handwritten": self.handwritten,
        }

    @classmethod
    def from_json(cls, name: str, data: Mapping[str, Any]) -> Field:
        box = data.get("box_mm")
        return cls(
            name=FieldName(name),
            value=data.get("value"),
            confidence=float(data.get("confidence") or 0.0),
            page=data.get("page"),
            box=Box(*box) if box else None,
            source=data.get("source", "ocr"),
            suggestion=data.get("suggestion"),
            handwritten=bool(data.get("handwritten", False)),
        )


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file a stage published: path relative to its attempt folder, and its SHA-256 (hex)."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class StageResult:
    """What a stage says after it wrote its files into ``out``.

    ``artefacts`` are paths relative to ``out`` (the runner hashes them); ``facts`` is small JSON that the
    store and the next screens need (``ocr``: ``fields`` and ``decision``; ``push``: ``receipt``).
    """

    findings: tuple[Finding, ...] = ()
    artefacts: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person's user name, or a worker (``worker:host/pid``)."""

    name: str
    role: str = "worker"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The document system's answer to a delivery; ``arrival_number`` (số đến) is its to give."""

    key: str
    remote_id: str
    received_at: datetime
    arrival_number: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a document goes for handling, until when, and why (the rule that matched)."""

    unit: str
    person: str | None
    coordinators: tuple[str, ...]
    due: datetime
    rule: str
    why: str


def sha256_of(path: Path) -> str:
    """SHA-256 (lower-case hex) of a file's bytes, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


COPY_FORMS: dict[str, tuple[str, ...]] = {
    "bản gốc": ("SAO Y", "TRÍCH SAO"),
    "bản chính": ("SAO Y", "TRÍCH SAO"),
    "bản sao y": ("SAO LỤC",),
}
"""What the paper is → the forms its copy may have, the usual one first (NĐ 30/2020 Đ3.10–3.12)"""
