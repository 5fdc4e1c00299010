"""Stage «pdf»: one validated PDF/A-2b with text and description, and the pictures the desk shows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from intake.errors import DocumentError
from intake.folder import DocumentFolder
from intake.model import Finding, Severity, StageResult, sha256_of
from intake.profile.sections import PdfSection
from workers.pdf import preview
from workers.pdf.assemble import Assembled, assemble
from workers.pdf.textlayer import load_words
from workers.tools import pdfa
from workers.tools.pages import PageSource, list_pages, sniff
from workers.tools.record import proper, record

DOCUMENT = "document.pdf"


def run(document: DocumentFolder, section: PdfSection, out: Path) -> StageResult:
    """Write document.pdf, preview/NNN.webp and thumb/NNN.webp.

    Raises DocumentError when a page cannot be kept as delivered or the result is not PDF/A-2b.
    """
    pages = list_pages(document.originals, turned=document.turned)
    signed = signed_original(document.originals)
    if signed:
        shutil.copyfile(signed, out / DOCUMENT)
        findings: tuple[Finding, ...] = (kept_as_signed(signed),)
        standing = "pass" if pdfa.validate(out / DOCUMENT).passed else "fail"
    else:
        read = document.of("ocr")
        values, left_out = _values(document, read, len(pages))
        done = assemble(
            pages, lambda page: load_words(read / "words" / f"{page.number:03d}.json"), values, out / DOCUMENT
        )
        findings = (*left_out, *findings_of(done))
        standing = "pass"
    pictures = tuple(_pictures(pages, section, out))
    facts = {
        "pages": len(pages),
        "sha256": sha256_of(out / DOCUMENT),
        "pdfa": standing,
        "bytes": (out / DOCUMENT).stat().st_size,
        "signed_original": signed is not None,
    }
    return StageResult(findings, (DOCUMENT, *pictures), facts)


def _pictures(pages: Sequence[PageSource], section: PdfSection, out: Path) -> Iterator[str]:
    for folder in ("preview", "thumb"):
        (out / folder).mkdir(exist_ok=True)
    for page in pages:
        name = f"{page.number:03d}.webp"
        preview.write(page, out / "preview" / name, out / "thumb" / name, section.preview_width)
        yield f"preview/{name}"
        yield f"thumb/{name}"


def signed_original(originals: Sequence[Path]) -> Path | None:
    """The delivered PDF that bears signatures and must therefore pass on byte for byte.

    Raises DocumentError when it came together with other files: neither may it be rewritten nor they be lost.
    """
    signed = [path for path in originals if sniff(path) == "pdf" and pdfa.is_signed(path)]
    if not signed:
        return None
    if len(originals) > 1:
        raise DocumentError(
            f"«{signed[0].name}» đã được ký số nên không thể ghép với tệp khác. Hãy nộp tệp đã ký thành hồ sơ riêng.",
            f"«{signed[0].name}» is signed and cannot be joined with other files. Deliver it as a document of its own.",
        )
    return signed[0]


def kept_as_signed(path: Path) -> Finding:
    return Finding(
        "pdf.signed_original",
        Severity.NOTE,
        f"«{path.name}» đến đã có chữ ký số: giữ nguyên văn, không thêm lớp chữ, không ghi lại.",
        f"«{path.name}» arrived signed: passed on byte for byte, no text layer added, nothing rewritten.",
    )


def findings_of(done: Assembled) -> tuple[Finding, ...]:
    """What was assumed or taken out while assembling."""
    assumed = (
        Finding(
            "pdf.dpi_assumed",
            Severity.WARN,
            f"Trang {page} không ghi độ phân giải; kích thước trang được tính theo {why}. Hãy kiểm tra tỷ lệ 100 %.",
            f"Page {page} states no resolution; its size was taken from {why}. Check the 100 % scale.",
            page=page,
            measured=round(dpi_x, 1),
            unit="dpi",
        )
        for page, (dpi_x, _, why) in sorted(done.assumed.items())
    )
    acted = (
        Finding(
            "pdf.active_content_removed",
            Severity.NOTE,
            f"«{name}» có mã lệnh, liên kết hoặc biểu mẫu; PDF lập ra không giữ chúng (bản gốc vẫn còn nguyên).",
            f"«{name}» held scripts, links or forms; the PDF made does not keep them (the original is untouched).",
        )
        for name in done.acted
    )
    return (*assumed, *acted)


def _values(document: DocumentFolder, read: Path, pages: int) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """The record to write: confirmed values, or before review the values read; one that breaks the decree's
    lengths is left out with a note, because the clerk has not seen it yet."""
    if document.confirmed:
        return record(document.confirmed, pages=pages), ()
    fields = json.loads((read / "ocr.json").read_text(encoding="utf-8"))["fields"]
    return readable_record(fields, pages)


def readable_record(fields: Mapping[str, Mapping[str, Any]], pages: int) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """The Appendix VI record of fields as read (the shape of ``fields`` in ocr.json), and what did not fit."""
    values: dict[str, Any] = {}
    notes: list[Finding] = []
    for name, data in fields.items():
        try:
            values[name] = proper(name, data.get("value"))
        except DocumentError as error:
            notes.append(Finding("pdf.field_left_out", Severity.NOTE, error.vi, error.en, measured=name))
    return record(values, pages=pages), tuple(notes)
