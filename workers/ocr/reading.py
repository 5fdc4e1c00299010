"""Files to fields: every page decoded once and read once, the head of page 1 first."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from intake.errors import DocumentError
from intake.model import Field, FieldName, Finding, Severity
from intake.plugins import load
from intake.ports import OcrEngine, OcrLine
from intake.profile.sections import OcrSection
from workers.ocr.fields import decide, extract
from workers.ocr.page import PageReading, scaled, true_dpi
from workers.ocr.reading_image import blank_row, one_channel, resampled, scale_for
from workers.tools.pages import PageSource, decode, list_pages

HEAD_SHARE = 0.32
"""share of page 1's height read first: the abstract, the lowest of the head, ends above 95 mm of 297 on all but a few"""


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """What was read of one document; ``pages`` holds page 1's head only when that was all that was asked."""

    files: tuple[Path, ...]
    page_count: int
    pages: tuple[PageReading, ...]
    fields: Mapping[FieldName, Field]
    decision: str
    findings: tuple[Finding, ...]
    evidence: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The shape of ``sohoa ocr --json``."""
        return {
            "files": [str(path) for path in self.files],
            "pages": self.page_count,
            "decision": self.decision,
            "fields": {name.value: field.as_json() for name, field in self.fields.items()},
            "findings": [finding.as_json() for finding in self.findings],
            "text": [page.text for page in self.pages],
        }


@cache
def engine_for(name: str, language: str) -> OcrEngine:
    """The engine by name, once per process: its model stays loaded."""
    return load("sohoa.ocr_engines", name)(language)


def read(
    files: Sequence[Path],
    section: OcrSection,
    header_only: bool = False,
    *,
    jobs: int = 1,
    engine: OcrEngine | None = None,
    on_header: Callable[[DocumentReading], None] | None = None,
) -> DocumentReading:
    """Read the pages of one document, in order.

    ``header_only`` reads the head of page 1 and stops; ``on_header`` is told the same fields as soon as they are
    there, before the other pages are read, and nothing is read twice for it. ``jobs`` pages are read side by side.
    Raises DocumentError when no page can be opened; damage inside pages is a finding of that page.
    """
    engine = engine or engine_for(section.engine, section.language)
    sources = list_pages(files)
    if not sources:
        raise DocumentError("Văn bản không có trang nào; hãy quét lại.", "The document has no page; scan it again.")
    first, gray_rest = _read_head(sources[0], engine, section)
    if header_only or on_header:
        head = _gathered(files, sources, [first], engine, section, header_only=True)
        if header_only:
            return head
        on_header(head)
    first = _complete(first, gray_rest, engine, section)
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        rest = pool.map(_read_page, sources[1:], itertools.repeat(engine), itertools.repeat(section))
        pages = [first, *rest]
    return _gathered(files, sources, pages, engine, section, header_only=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A page read; of page 1 also its pixels as displayed and the channel that was read, for looking at ink."""

    reading: PageReading
    pixels: np.ndarray | None = None
    gray: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """What of page 1 is still to be read: the image, its scale and the y in px where the head ended."""

    image: np.ndarray
    scale: float
    dpi: float
    below: int


def _open(source: PageSource) -> tuple[np.ndarray, np.ndarray, float, tuple[float, float]]:
    """Pixels as displayed, the channel to read, the factor it is resampled by for reading, dpi."""
    pixels = decode(source)
    dpi = true_dpi(pixels.shape[1], pixels.shape[0], source.shown_dpi)
    return pixels, one_channel(pixels), scale_for(dpi[0]), dpi


def _read_head(source: PageSource, engine: OcrEngine, section: OcrSection) -> tuple[Opened, Rest | None]:
    pixels, gray, scale, dpi = _open(source)
    image = resampled(gray, scale)
    cut = blank_row(image, 0.28, 0.46, HEAD_SHARE) or round(image.shape[0] * HEAD_SHARE)
    lines, findings = _timed(engine, image, dpi[0] * scale, (0, 0, image.shape[1], cut), section, source)
    page = PageReading(source.number, pixels.shape[1], pixels.shape[0], dpi, scaled(lines, scale), findings)
    return Opened(page, pixels, gray), Rest(image, scale, dpi[0] * scale, cut)


def _complete(opened: Opened, rest: Rest | None, engine: OcrEngine, section: OcrSection) -> Opened:
    if rest is None:
        return opened
    page = opened.reading
    area = (0, rest.below, rest.image.shape[1], rest.image.shape[0])
    lines, findings = _timed(engine, rest.image, rest.dpi, area, section, page)
    whole = PageReading(
        page.number,
        page.width_px,
        page.height_px,
        page.dpi,
        page.lines + scaled(lines, rest.scale),
        page.findings + findings,
    )
    return Opened(whole, opened.pixels, opened.gray)


def _read_page(source: PageSource, engine: OcrEngine, section: OcrSection) -> Opened:
    try:
        pixels, gray, scale, dpi = _open(source)
    except DocumentError as error:
        damaged = Finding("ocr.page_damaged", Severity.BLOCK, error.vi, error.en, source.number)
        dpi = true_dpi(*source.shown_px, source.shown_dpi)
        return Opened(PageReading(source.number, *source.shown_px, dpi, (), (damaged,)))
    lines, findings = _timed(engine, resampled(gray, scale), dpi[0] * scale, None, section, source)
    page = PageReading(source.number, pixels.shape[1], pixels.shape[0], dpi, scaled(lines, scale), findings)
    return Opened(page)


def _timed(
    engine: OcrEngine,
    image: np.ndarray,
    dpi: float,
    area: tuple[int, int, int, int] | None,
    section: OcrSection,
    page: PageSource | PageReading,
) -> tuple[tuple[OcrLine, ...], tuple[Finding, ...]]:
    """Lines, or a finding when the page takes longer than the profile allows."""
    try:
        return engine.read(image, dpi, area=area, seconds=section.page_seconds), ()
    except TimeoutError:
        finding = Finding(
            "ocr.page_timeout",
            Severity.WARN,
            f"Trang {page.number} chưa nhận dạng xong sau {section.page_seconds:g} giây nên không có lớp chữ. "
            "Hãy kiểm tra trang tại bàn duyệt.",
            f"Page {page.number} could not be read within {section.page_seconds:g} seconds, so it has no text layer. "
            "Look at the page at the desk.",
            page.number,
            measured=section.page_seconds,
            unit="s",
        )
        return (), (finding,)


def _gathered(
    files: Sequence[Path],
    sources: Sequence[PageSource],
    opened: Sequence[Opened],
    engine: OcrEngine,
    section: OcrSection,
    *,
    header_only: bool,
) -> DocumentReading:
    pages = tuple(one.reading for one in opened)
    first = opened[0]
    fields, findings, evidence = extract(
        pages, first.pixels, first.gray, len(sources), engine, section, header_only=header_only
    )
    findings = tuple(f for page in pages for f in page.findings) + findings
    decision = decide(fields, findings, evidence, section)
    return DocumentReading(tuple(files), len(sources), pages, fields, decision, findings, evidence)
