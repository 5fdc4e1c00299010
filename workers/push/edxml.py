"""What an edXML package says (QCVN 102:2016/BTTTT), as values: the document package and the status package.

Names are those of the standard in Python's spelling; the tree they are written to is in edxml_write.py. Dates are
dates here and ``yyyy/MM/dd`` on paper; times carry +07:00 here and are Vietnamese wall time on paper.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
PREFIX = "edXML"
SUFFIX = ".edxml"


class StatusCode(StrEnum):
    """States a receiver answers with."""

    ARRIVED = "01"
    REFUSED = "02"
    ACCEPTED = "03"
    ASSIGNED = "04"
    IN_PROGRESS = "05"
    DONE = "06"
    RECALLED = "13"
    RECALL_AGREED = "15"
    RECALL_DENIED = "16"


STATUS_WORDS: dict[StatusCode, tuple[str, str]] = {
    StatusCode.ARRIVED: ("đã đến", "arrived"),
    StatusCode.REFUSED: ("từ chối tiếp nhận", "refused"),
    StatusCode.ACCEPTED: ("đã tiếp nhận", "accepted"),
    StatusCode.ASSIGNED: ("phân công", "assigned"),
    StatusCode.IN_PROGRESS: ("đang xử lý", "in progress"),
    StatusCode.DONE: ("đã hoàn thành", "completed"),
    StatusCode.RECALLED: ("lấy lại, thu hồi", "recalled"),
    StatusCode.RECALL_AGREED: ("đồng ý lấy lại, cập nhật", "recall or update agreed"),
    StatusCode.RECALL_DENIED: ("từ chối lấy lại, cập nhật", "recall or update denied"),
}


class Business(StrEnum):
    """BussinessDocType: what a package does to an earlier one."""

    NEW = "0"
    RECALL = "1"
    UPDATE = "2"
    REPLACE = "3"


@dataclass(frozen=True, slots=True)
class Organ:
    """From, To: an agency. Empty strings are not written."""

    organ_id: str = ""
    in_charge: str = ""
    name: str = ""
    address: str = ""
    email: str = ""
    telephone: str = ""
    fax: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    number: str = ""
    notation: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.number, self.notation) if part)


@dataclass(frozen=True, slots=True)
class ResponseFor:
    """The document a package answers."""

    organ_id: str
    code: str
    document_id: str
    promulgation_date: date | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """StaffInfo: who acted."""

    department: str = ""
    staff: str = ""
    email: str = ""
    mobile: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """TraceHeader: an agency the package passed, and when."""

    organ_id: str
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of the package. ``content_id`` is ``cid:UUID``; ``data`` or ``path`` holds the bytes of the file as
    its owner has it (zipping for the wire is the writer's and reader's business)."""

    name: str
    content_type: str
    content_id: str
    path: Path | None = None
    data: bytes | None = None
    description: str = ""

    def content(self) -> bytes:
        if self.data is not None:
            return self.data
        return self.path.read_bytes() if self.path else b""


@dataclass(frozen=True, slots=True)
class Message:
    """A document package."""

    sender: Organ
    receivers: tuple[Organ, ...]
    document_id: str
    code: Code
    subject: str
    place: str = ""
    promulgation_date: date | None = None
    document_type: int = 2
    """DocumentType/Type: the meaning of the numbers is not settled between vendors; 2 = văn bản hành chính"""
    type_detail: int | None = None
    type_name: str = ""
    content: str = ""
    competence: str = ""
    signer_position: str = ""
    signer_name: str = ""
    due_date: date | None = None
    priority: int = 0
    sphere: str = ""
    typer_notation: str = ""
    amount: int | None = None
    """PromulgationAmount"""
    pages: int | None = None
    """PageAmount"""
    appendixes: tuple[str, ...] = ()
    responses: tuple[ResponseFor, ...] = ()
    steering_type: int = 1
    """1 not steering, 2 steering, 3 report on steering"""
    to_places: tuple[str, ...] = ()
    business: Business = Business.NEW
    reason: str = ""
    """BussinessDocReason, with a recall or replacement"""
    on_paper: bool = True
    """Paper: the document also exists on paper, as everything scanned does"""
    staff: Staff = Staff()
    traces: tuple[Trace, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A status package: what became of a document."""

    sender: Organ
    response_for: ResponseFor
    code: StatusCode
    timestamp: datetime
    description: str = ""
    """the reason; required with 02 (từ chối)"""
    staff: Staff = field(default_factory=Staff)


def document_id(organ_id: str, issued: date | None, code: Code, *, fallback: str) -> str:
    """``{OrganId},{yyyy/MM/dd},{số}/{ký hiệu}`` as the national axis has it; without agency id, date or number a UUID
    made of ``fallback``, which is as stable as the document itself."""
    if organ_id and issued and code.number:
        return f"{organ_id},{issued:%Y/%m/%d},{code}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}/{fallback}"))


def content_id(key: str, name: str) -> str:
    """``cid:UUID``, the same for the same file of the same document: a package built twice is the same package."""
    return f"cid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{NAMESPACE}/{key}/{name}')}"
