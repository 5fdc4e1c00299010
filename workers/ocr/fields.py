"""A page's words to the fields of Appendix VI, each with its place and its confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from intake.model import Field, FieldName, Finding, Severity
from intake.profile.sections import OcrSection
from workers.ocr.anchors import Anchors, find_anchors
from workers.ocr.ink import Page
from workers.ocr.issued import read_date
from workers.ocr.issuer import find_issuer
from workers.ocr.layout import Sheet, lay_out
from workers.ocr.number import read_number
from workers.ocr.page import PageReading
from workers.ocr.signer import find_signer
from workers.ocr.title import find_title, subject_under_number, subject_under_title
from workers.ocr.urgency import find_urgency

ORDER = (
    FieldName.TYPE_NAME,
    FieldName.CODE_NUMBER,
    FieldName.CODE_NOTATION,
    FieldName.ISSUED_DATE,
    FieldName.ORGAN_NAME,
    FieldName.SUBJECT,
    FieldName.PRIORITY,
    FieldName.SIGNER_POSITION,
    FieldName.SIGNER_FULL_NAME,
    FieldName.PAGE_AMOUNT,
    FieldName.LANGUAGE,
)


def extract(
    pages: Sequence[PageReading],
    first_pixels: np.ndarray,
    first_gray: np.ndarray,
    page_count: int,
    *,
    header_only: bool,
) -> tuple[Mapping[FieldName, Field], tuple[Finding, ...]]:
    """Every field, null ones included, in Appendix VI's order, and what the clerk should know about the reading."""
    found: dict[FieldName, Field] = {}
    findings: list[Finding] = []
    first = pages[0]
    sheet = _sheet(first)
    confident = [w for line in first.lines for w in line if w.confidence > 0.6 and sum(c.isalpha() for c in w.text) > 1]
    if len(confident) < 8:
        findings.append(_no_text(first))
    else:
        anchors = find_anchors(sheet)
        if anchors.certain:
            _head(found, Page(first_pixels, first_gray, sheet), anchors)
        else:
            findings.append(_no_head(first))
        if not header_only:
            _signature(found, pages, sheet)
    found[FieldName.PAGE_AMOUNT] = Field(FieldName.PAGE_AMOUNT, page_count, 0.99, source="rule")
    return {name: found.get(name, Field(name, None)) for name in ORDER}, tuple(findings)


def _sheet(page: PageReading) -> Sheet:
    return lay_out(page.lines, page.width_px, page.height_px, page.dpi)


def _head(found: dict[FieldName, Field], page: Page, anchors: Anchors) -> None:
    sheet = page.sheet

    def put(name: FieldName, value: str | int | None, confidence: float, tokens: Sequence = (), **more: object) -> None:
        if value is not None and value != "":
            found[name] = Field(name, value, confidence, 1, sheet.box(tokens), **more)  # type: ignore[arg-type]

    title = find_title(sheet, anchors)
    if anchors.number is not None:
        number = read_number(anchors.number)
        sure = anchors.number.confidence
        if sure > 0.8:
            put(FieldName.CODE_NUMBER, number.number, sure * 0.95, number.number_tokens)
        put(FieldName.CODE_NOTATION, number.notation, sure * 0.95, number.notation_tokens)
    if anchors.date is not None:
        issued = read_date(anchors.date)
        if anchors.date.confidence > 0.7:
            put(FieldName.ISSUED_DATE, issued.value, anchors.date.confidence * 0.95, issued.tokens)
    if title is not None:
        put(FieldName.TYPE_NAME, title.kind.title, title.likeness / 100, title.tokens)
        subject = subject_under_title(page, title)
    else:
        subject = subject_under_number(sheet, anchors)
        if subject is not None:
            put(FieldName.TYPE_NAME, "Công văn", 0.9, source="rule")
    if subject is not None and subject.text:
        put(FieldName.SUBJECT, subject.text, min(t.word.confidence for t in subject.tokens) * 0.9, subject.tokens)
    issuer = find_issuer(sheet, anchors)
    if issuer is not None:
        put(FieldName.ORGAN_NAME, issuer.name, min(t.word.confidence for t in issuer.tokens) * 0.9, issuer.tokens)
    urgency = find_urgency(sheet, anchors)
    found[FieldName.PRIORITY] = Field(
        FieldName.PRIORITY, urgency.priority, 0.95, 1, sheet.box(urgency.row.tokens) if urgency.row else None
    )
    found[FieldName.LANGUAGE] = Field(FieldName.LANGUAGE, "Tiếng Việt", 0.95, source="rule")


def _signature(found: dict[FieldName, Field], pages: Sequence[PageReading], first: Sheet) -> None:
    for page in reversed(pages):
        sheet = first if page is pages[0] else _sheet(page)
        signer = find_signer(sheet)
        if signer is None:
            continue
        found[FieldName.SIGNER_POSITION] = Field(
            FieldName.SIGNER_POSITION, signer.position, 0.8, page.number, sheet.box(signer.position_tokens)
        )
        if signer.name:
            sure = min(t.word.confidence for t in signer.name_tokens)
            found[FieldName.SIGNER_FULL_NAME] = Field(
                FieldName.SIGNER_FULL_NAME, signer.name, sure * 0.9, page.number, sheet.box(signer.name_tokens)
            )
        return


def decide(fields: Mapping[FieldName, Field], findings: Sequence[Finding], section: OcrSection) -> str:
    """``accept`` only when all required fields together are right with the profile's probability; else ``review``."""
    together = 1.0
    for name in section.required:
        together *= fields[FieldName(name)].confidence
    troubled = any(finding.severity >= Severity.WARN for finding in findings)
    return "accept" if together >= section.accept_probability and not troubled else "review"


def _no_text(page: PageReading) -> Finding:
    return Finding(
        "ocr.no_text",
        Severity.WARN,
        "Trang 1 không đọc được chữ nào đáng tin (trang trắng, ảnh chụp, quét ngược hoặc quá mờ). "
        "Hãy xem lại trang, quay đúng chiều hoặc quét lại.",
        "No trustworthy text could be read on page 1 (blank, a photo, upside down or too faint). "
        "Look at the page, turn it or scan it again.",
        page.number,
    )


def _no_head(page: PageReading) -> Finding:
    return Finding(
        "ocr.no_header",
        Severity.WARN,
        "Trang 1 không có phần đầu của một văn bản hành chính (Quốc hiệu, số, ngày tháng) nên các trường để trống. "
        "Hãy nhập tại bàn duyệt.",
        "Page 1 does not bear the head of an administrative document (state title, number, date), so the fields are "
        "left empty. Fill them in at the desk.",
        page.number,
    )
