"""Files to fields: every page decoded once and read once, the head of page 1 first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from intake.errors import DocumentError
from intake.model import Field, FieldName, Finding, Severity
from intake.plugins import load
from intake.ports import OcrEngine, OcrLine
from intake.profile.sections import OcrSection
from workers.ocr.columns import Area, reading_areas
from workers.ocr.decision import decide
from workers.ocr.fields import NAMED_WITHIN, Gathered, Head, all_fields, head_fields, with_signature
from workers.ocr.known import NOTHING, Known
from workers.ocr.misread import reread
from workers.ocr.page import PageReading, scaled, true_dpi
from workers.ocr.reading_image import blank_row, one_channel, resampled, scale_for, without_grain
from workers.ocr.shapes import told_by_shape
from workers.ocr.unread import read_left_out
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
    known: Known = NOTHING,
    turned: Mapping[int, int] | None = None,
) -> DocumentReading:
    """Read the pages of one document, in order. ``turned``: pages the check set upright, and by how many degrees.

    ``header_only`` reads the head of page 1 and stops; ``on_header`` is told the same fields, as a first look gives them
    (from another thread), before the rest of page 1 is read: second looks wait for the whole page, and the engine reads
    no line twice for it. ``jobs`` pages are read side by side. ``known``: what is known of the document before.
    Raises DocumentError when no page can be opened; damage inside pages is a finding of that page.
    """
    engine = engine or engine_for(section.engine, section.language)
    sources = list_pages(files, turned=turned)
    if not sources:
        raise DocumentError("Văn bản không có trang nào; hãy quét lại.", "The document has no page; scan it again.")

    def told_by_head(opened: Sequence[Opened], *, thorough: bool, first_look: bool = False) -> Head:
        pages = [one.reading for one in opened]
        picture = _pictures(sources, opened[0])
        return head_fields(
            pages, picture, opened[0].gray, engine, section, thorough=thorough, known=known, first_look=first_look
        )

    if header_only:
        opened, _ = _read_head(sources[0], engine, section)
        head = told_by_head([opened], thorough=False)
        return _gathered(files, sources, [opened], head, head.gathered, section)

    def read_first() -> Opened:
        opened, rest = _read_head(sources[0], engine, section)
        if on_header:
            head = told_by_head([opened], thorough=False, first_look=True)
            on_header(_gathered(files, sources, [opened], head, head.gathered, section))
        whole = _complete(opened, rest, engine, section)
        # With more pages to come, the pixels would lie idle in memory until all are read: they are decoded again then.
        return whole if len(sources) == 1 else Opened(whole.reading)

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        tasks = [pool.submit(read_first)]
        tasks += [pool.submit(_read_page, source, engine, section) for source in sources[1:NAMED_WITHIN]]
        named_within = tuple(tasks)
        behind = sources[len(tasks) :]
        # Not at the very end, where all but one of the jobs would idle; and no sooner than the pages it asks are read.
        tasks += [pool.submit(_read_page, source, engine, section) for source in behind[: jobs - 1]]
        looked = pool.submit(lambda: told_by_head([task.result() for task in named_within], thorough=True))
        tasks += [pool.submit(_read_page, source, engine, section) for source in behind[jobs - 1 :]]
        try:
            read_pages = [task.result() for task in tasks]
            head = looked.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    gathered = with_signature(
        head, [one.reading for one in read_pages], _pictures(sources, read_pages[0]), engine, section
    )
    return _gathered(files, sources, read_pages, head, gathered, section)


def _pictures(sources: Sequence[PageSource], first: Opened) -> Callable[[int], np.ndarray]:
    def picture(number: int) -> np.ndarray:
        # Of pages with others before or behind none is kept: what must be looked at again is decoded again.
        kept = first.pixels if number == sources[0].number else None
        return decode(sources[number - sources[0].number]) if kept is None else kept

    return picture


@dataclass(frozen=True, slots=True)
class Opened:
    """A page read; of page 1, while it is at hand, also its pixels as displayed and the channel that was read."""

    reading: PageReading
    pixels: np.ndarray | None = None
    gray: np.ndarray | None = None


def _read_head(source: PageSource, engine: OcrEngine, section: OcrSection) -> tuple[Opened, float]:
    """Page 1 with its head read, and the share of its height where that ended."""
    pixels = decode(source)
    gray = one_channel(pixels)
    dpi = true_dpi(pixels.shape[1], pixels.shape[0], source.shown_dpi)
    scale = scale_for(dpi[0])
    image = resampled(gray, scale)
    cut = blank_row(image, 0.28, 0.46, HEAD_SHARE) or round(image.shape[0] * HEAD_SHARE)
    # Read whole, though it has two columns: a pen's tall digits alone in a column pass for a picture, and are left out.
    area = (0, 0, image.shape[1], cut)
    lines, findings = _timed(engine, image, dpi[0] * scale, [area], section, source, head=True)
    page = PageReading(source.number, pixels.shape[1], pixels.shape[0], dpi, scaled(lines, scale), findings)
    return Opened(page, pixels, gray), cut / image.shape[0]


def _complete(opened: Opened, below: float, engine: OcrEngine, section: OcrSection) -> Opened:
    page = opened.reading
    lines, findings = _read_below(below, one_channel(opened.pixels, lift=True), page.dpi[0], engine, section, page)
    whole = replace(page, lines=page.lines + lines, findings=page.findings + findings)
    return replace(opened, reading=whole)


def _read_page(source: PageSource, engine: OcrEngine, section: OcrSection) -> Opened:
    try:
        # Only the channel is kept while Tesseract works: the colours of a page at 300 dpi are 26 MB.
        gray = one_channel(decode(source), lift=True)
    except DocumentError as error:
        damaged = Finding("ocr.page_damaged", Severity.BLOCK, error.vi, error.en, source.number)
        dpi = true_dpi(*source.shown_px, source.shown_dpi)
        return Opened(PageReading(source.number, *source.shown_px, dpi, (), (damaged,)))
    height, width = gray.shape
    dpi = true_dpi(width, height, source.shown_dpi)
    lines, findings = _read_below(0.0, gray, dpi[0], engine, section, source)
    return Opened(PageReading(source.number, width, height, dpi, lines, findings))


def _read_below(
    share: float, gray: np.ndarray, dpi: float, engine: OcrEngine, section: OcrSection, page: PageSource | PageReading
) -> tuple[tuple[OcrLine, ...], tuple[Finding, ...]]:
    """The lines of a page in px of ``gray``, column by column, from ``share`` of its height on."""
    scale = scale_for(dpi)
    image = resampled(gray, scale)
    areas = reading_areas(image, dpi * scale, round(share * image.shape[0]))
    lines, findings = _timed(engine, image, dpi * scale, areas, section, page)
    return scaled(lines, scale), findings


def _timed(
    engine: OcrEngine,
    image: np.ndarray,
    dpi: float,
    areas: Sequence[Area],
    section: OcrSection,
    page: PageSource | PageReading,
    *,
    head: bool = False,
) -> tuple[tuple[OcrLine, ...], tuple[Finding, ...]]:
    """Lines of the ``areas`` one after another, or a finding when they take longer than the profile allows.

    Of the ``head`` no line read badly is read again: pens write in its slots, and the fields have second looks.
    """
    image = without_grain(image)
    end = monotonic() + section.page_seconds
    lines: tuple[OcrLine, ...] = ()
    try:
        for area in areas:
            lines += engine.read(image, dpi, area=area, seconds=max(end - monotonic(), 0.001))
        lines = read_left_out(engine, image, dpi, lines, areas, end)
        return told_by_shape(image, lines if head else reread(engine, image, dpi, lines, end)), ()
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
    head: Head,
    gathered: Gathered,
    section: OcrSection,
) -> DocumentReading:
    pages = tuple(one.reading for one in opened)
    fields = all_fields(gathered, len(sources))
    findings = tuple(f for page in pages for f in page.findings) + head.findings
    decision = decide(fields, findings, gathered.evidence, section)
    return DocumentReading(tuple(files), len(sources), pages, fields, decision, findings, gathered.evidence)
