"""The sections of a profile, one per stage: what each may be told, with the bounds of sense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field as Bound
from pydantic import field_validator

from intake.profile.rule import Rule, Section


class CheckSection(Section):
    """``[check]``: what a capture must be (QĐ 12/2020/QĐ-UBND Đ11.2; NĐ 30/2020 Phụ lục I Phần II.I)."""

    dpi_min: Rule[float]
    """dpi, both axes"""
    dpi_tolerance: float = Bound(default=0.02, ge=0, le=0.05)
    """relative; scanners tag 198–204 for 200"""
    colour: Rule[Literal["rgb", "any"]]
    scale: Rule[float]
    """1.0 = 100 %"""
    scale_tolerance: float = Bound(default=0.02, gt=0, le=0.1)
    skew_max_deg: float = Bound(default=2.5, gt=0, le=15)
    pixels_max: int = Bound(default=200_000_000, ge=1_000_000)
    """px per page, refused before decoding"""
    pages_max: int = Bound(default=1000, ge=1)
    seal_diameter_mm: float | None = Bound(default=None, ge=20, le=60)
    """the agency's own registered seal; None = not registered"""
    incoming_stamp_mm: tuple[float, float] | None = None
    """width, height of the agency's own ĐẾN stamp as measured (NĐ 30/2020 Phụ lục IV.V: 50 × 35); None = not registered"""


class OcrSection(Section):
    """``[ocr]``"""

    language: str = "vie"
    engine: str = "tesserocr"
    accept_probability: float = Bound(default=0.995, gt=0.5, le=1)
    """all required fields right, together"""
    required: tuple[str, ...] = ("CodeNumber", "CodeNotation", "IssuedDate", "Subject")
    page_seconds: float = Bound(default=60, gt=0)
    """per page; a page that takes longer gets a finding and no text"""
    jobs: int = Bound(default=1, ge=1, le=64)
    """pages of one document read side by side in one worker"""


class PdfSection(Section):
    """``[pdf]`` (QĐ 12/2020/QĐ-UBND Đ11.2: PDF 1.4 or later)"""

    version_min: Rule[Literal["1.4", "1.5", "1.6", "1.7"]]
    """PDF/A-2b is written as PDF 1.7, which answers every value that may stand here"""
    conformance: Literal["2b"] = "2b"
    preview_width: int = Bound(default=1100, ge=400, le=4000)
    """px of the prepared page previews"""


class ReviewSection(Section):
    """``[review]``"""

    auto_accept: bool = False
    """let a document whose OCR decision is ``accept`` pass without a person"""
    lease_minutes: int = Bound(default=15, ge=1, le=240)
    second_key_share: float = Bound(default=0.0, ge=0, le=1)
    """share of the documents whose number and date a second person types without seeing the first; needs two clerks"""


class SignSection(Section):
    """``[sign]`` (NĐ 30/2020 Phụ lục I Phần II.I.3; Mẫu 3.2)"""

    agency: str = Bound(min_length=1, max_length=200)
    certificate_names: tuple[str, ...] = ()
    """other spellings of the agency in its own certificate's CN (without marks, abbreviated)"""
    form: Literal["SAO Y", "SAO LỤC", "TRÍCH SAO", ""] = "SAO Y"
    mark_form: Literal["copy", "attachment"] = "copy"
    """``copy``: Mẫu 3.2; ``attachment``: Mẫu 2.2, number and notation instead of form and agency"""
    level: Literal["B-B", "B-T", "B-LT", "B-LTA"] = "B-B"
    mark: Rule[str]
    """where and how the mark stands"""
    time_pattern: str = "%Y-%m-%dT%H:%M:%S%:z"
    conversion_statement: bool = False
    """second line of NĐ 137/2024 Đ4.1.a"""
    converter: str = ""
    """who converted, on the second line; empty = the agency"""
    docmdp: Literal["none", "no-changes", "fill-forms", "annotate"] = "none"
    countersign_incoming: bool = False
    """add the agency's signature to PDFs that arrive signed, as one more incremental update; never the mark of a copy"""
    cap_per_pin: int = Bound(default=100, ge=1, le=500)
    revocation: Literal["require", "when-reachable", "off"] = "when-reachable"
    """before signing: refuse without CRL/OCSP, note its absence, or do not ask"""
    tsa_url: str | None = None
    tsa_seconds: float = Bound(default=180, gt=0, le=600)
    """the Government's time-stamp authority took 2–131 s per call"""
    tsa_tries: int = Bound(default=1, ge=1, le=5)
    """tries while the person waits; what stays without a time-stamp is queued for later"""
    timestamp_wait_hours: float = Bound(default=4, ge=0, le=240)
    """how long the delivery of a document that is not urgent waits for a time-stamp that was away at signing"""


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


class ConnectorTarget(Section):
    """``[[push.target]]``: one document system."""

    name: str = Bound(min_length=1, max_length=60)
    """unique in the profile; part of the idempotency key, so a renamed target is a new target"""
    connector: str
    per_minute: int = Bound(default=0, ge=0, le=6000)
    """deliveries begun in a minute, at most, by all workers together; 0 = no limit"""
    options: dict[str, str | int | float | bool] = Bound(default={})
    """what the connector's page in docs/push.md lists; a secret is never written here, only ``env:NAME`` or
    ``file:path``"""

    @field_validator("options", mode="before")
    @classmethod
    def _dotted(cls, given: Any) -> Any:
        """``options.answer.id = "ma"`` is a table in TOML; connectors know it as the option ``answer.id``."""
        return dict(_flat(given)) if isinstance(given, dict) else given


class PushSection(Section):
    """``[push]``"""

    target: tuple[ConnectorTarget, ...]
    organ_id: str = Bound(default="", pattern=r"^(\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(\.[A-Z0-9]{1,3}){0,8})?$")
    """Mã định danh of this agency (QĐ 20/2020/QĐ-TTg ``H26.1.2`` or QCVN 102:2016 ``000.00.01.H26``), as configured;
    never derived"""
    organ_name: str = Bound(default="", max_length=200)
    """this agency's name in the edXML package"""
    direction: Literal["incoming", "outgoing"] = "incoming"
    """edXML From and To: ``incoming`` = from the issuing agency to us, ``outgoing`` = from us to the receivers"""
    receivers: dict[str, str] = Bound(default={})
    """``outgoing``: mã định danh → name"""
    organ_ids: dict[str, str] = Bound(default={})
    """issuing agency's name → its mã định danh, where the agency knows it"""


class ForwardRule(Section):
    """``[[forward.rule]]``: first match wins; every condition given must hold, one word of its list is enough."""

    name: str
    type_name: tuple[str, ...] = ()
    notation: tuple[str, ...] = ()
    """patterns with ``*``: ``QĐ-*``, ``*-STNMT``"""
    organ: tuple[str, ...] = ()
    """words of the issuing agency's name"""
    keywords: tuple[str, ...] = ()
    """words of the abstract; typed without marks they match any marks, with marks the marks must agree (both tone
    placements: hoà = hòa)"""
    priority_min: int = Bound(default=0, ge=0, le=4)
    language: tuple[str, ...] = ()
    station: tuple[str, ...] = ()
    unit: str
    person: str | None = None
    coordinators: tuple[str, ...] = ()
    working_days: float = Bound(default=5, ge=0, le=365)
    """0 = at once"""


class ForwardSection(Section):
    """``[forward]``"""

    rule: tuple[ForwardRule, ...] = ()
    unmatched_unit: str
    unmatched_person: str | None = None
    unmatched_working_days: float = Bound(default=1, ge=0, le=365)
    holidays: tuple[str, ...] = ()
    """ISO dates that are not working days, beside Saturdays, Sundays and profiles/calendar/vietnam.toml"""
    workdays: tuple[str, ...] = ()
    """ISO dates worked although a Saturday, Sunday or holiday"""
    morning: tuple[str, str] = ("08:00", "12:00")
    afternoon: tuple[str, str] = ("13:00", "17:00")
    alarm_minutes: tuple[int, int, int, int] = (60, 30, 15, 0)
    """minutes by the clock until a khẩn, thượng khẩn, hỏa tốc, hỏa tốc hẹn giờ document must be at the handler's unit
    (QĐ 12/2020/QĐ-UBND Đ6.2 says «ngay»; the figures are this agency's)"""
    escalate_to: str = ""
    """unit or person told when an alarm rings; empty = ``unmatched_unit``"""
    escalation: tuple[str, ...] = ()
    """who is told next, one after the other, while the document is still not there"""
    escalate_minutes: int = Bound(default=15, ge=1, le=1440)
    """minutes from one to the next"""


class IntakeSection(Section):
    """``[intake]``: how files in the scan folder become documents."""

    quiet_seconds: float = Bound(default=2.0, ge=0.2, le=600)
    damaged_after_seconds: float = Bound(default=20.0, ge=1, le=3600)
    """a file that is quiet this long but structurally broken is taken, so that its fault can be explained"""
    bytes_max: int = Bound(default=2_000_000_000, ge=1)
    originals_kept_days: int = Bound(default=0, ge=0)
    """days after the end that the scans as delivered are kept beside the signed copy, which holds their images; 0 = for
    ever"""


class Profile(Section):
    """One profile: what a class of documents and its station demand."""

    name: str
    title: str
    title_en: str
    holds_from: str
    intake: IntakeSection = IntakeSection()
    check: CheckSection
    ocr: OcrSection = OcrSection()
    pdf: PdfSection
    review: ReviewSection = ReviewSection()
    sign: SignSection
    push: PushSection
    forward: ForwardSection
