"""Runs every rule over the pages of one document: secrecy first, each page decoded once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from intake.errors import DocumentError
from intake.model import Finding, Severity
from intake.profile.sections import CheckSection
from workers.check import (
    blank,
    blur,
    colour,
    cut,
    double_feed,
    duplicate,
    exposure,
    files,
    jpeg_quality,
    legibility,
    optical,
    orientation,
    page_missing,
    paper,
    paper_size,
    resolution,
    scale,
    secrecy,
    skew,
    streak,
    text,
)
from workers.check.view import PageView
from workers.tools.pages import Encrypted, PageSource, TooLarge, decode, list_pages, sniff

Measures = list[dict[str, Any]]


def inspect(paths: Sequence[Path], section: CheckSection, set_upright: bool = False) -> tuple[list[Finding], Measures]:
    """Findings and per-page measures of one document; ``paths`` are its files in page order.

    ``set_upright``: a page that certainly lies wrong is judged as if turned; its row says ``turned`` (clockwise degrees)
    and its finding is a note. Who asks for that must show the page so from here on. A signed PDF is left as it is.
    On a secrecy mark the findings hold that mark alone and the measures are empty: what was measured before it was
    seen is dropped. Raises EnvironmentTrouble only.
    """
    findings: list[Finding] = []
    measures: Measures = []
    pages: list[PageReport] = []
    number = 0
    for path in paths:
        found, sources = _open(path, section, number)
        findings += found
        as_it_is = any(finding.code == "check.pdf_signed" for finding in found)
        for source in sources:
            number = source.number
            try:
                view = PageView.of(source, decode(source))
            except DocumentError:
                findings.append(files.undecodable(path, source.number))
                continue
            judged = colour.judge(view)
            secret = list(secrecy.look(view, judged.kind))
            if any(finding.severity is Severity.REFUSE for finding in secret):
                return secret, []
            alone = len(paths) == len(sources) == 1
            page = inspect_page(view, section, judged, alone)
            if set_upright and page.stand.sure and page.stand.turn and not as_it_is:
                upright = view.turned(page.stand.turn)
                secret = list(secrecy.look(upright, judged.kind))
                if any(finding.severity is Severity.REFUSE for finding in secret):
                    return secret, []
                page = _turned(inspect_page(upright, section, judged, alone), page)
            findings += [*secret, *page.findings]
            measures.append(page.measure)
            pages.append(page)
    return [*findings, *_across(pages)], measures


def _turned(page: PageReport, before: PageReport) -> PageReport:
    """The report of the page as turned, if that reads upright; else what was said ``before``."""
    if page.stand.turn:
        return before
    turn = before.stand.turn
    note = orientation.turned(page.number, turn)
    return replace(page, findings=[*page.findings, note], measure=page.measure | {"turned": turn})


def _across(pages: Sequence[PageReport]) -> Iterator[Finding]:
    """What only shows when the pages of a document are laid side by side."""
    yield from duplicate.look([page.trace for page in pages if page.trace])
    yield from streak.look([(page.number, page.streaks) for page in pages])
    yield from paper_size.look([(page.number, page.feed.size_mm) for page in pages])
    yield from double_feed.look([page.feed for page in pages])
    yield from page_missing.look([page.numbered for page in pages])


def _open(path: Path, section: CheckSection, before: int) -> tuple[list[Finding], tuple[PageSource, ...]]:
    """The file's own findings, and its pages when they may be opened."""
    findings, opens = files.inspect_file(path)
    try:
        sources = list_pages([path], section.pixels_max) if opens else ()
    except TooLarge:
        return [files.bomb(path, section.pixels_max)], ()
    except Encrypted:
        return [*findings, files.encrypted(path)], ()
    except DocumentError:
        short = files.truncated(path, sniff(path))
        return [*findings, files.cut_short(path) if short else files.undecodable(path, None)], ()
    if opens and files.truncated(path, sniff(path)):
        return [*findings, files.cut_short(path)], ()
    if sniff(path) == "pdf":
        findings += files.inspect_pdf(path)
    return findings, tuple(_renumber(source, before) for source in sources)


def _renumber(source: PageSource, before: int) -> PageSource:
    return replace(source, number=source.number + before)


@dataclass(frozen=True)
class PageReport:
    """What one page yields: findings, its row of ``measures``, and what is kept to compare it with the others."""

    number: int
    findings: list[Finding]
    measure: dict[str, Any]
    stand: orientation.Stand
    trace: duplicate.Trace | None
    streaks: tuple[streak.Streak, ...]
    feed: double_feed.Feed
    numbered: page_missing.Numbered


def inspect_page(view: PageView, section: CheckSection, judged: colour.Judged, alone: bool = False) -> PageReport:
    """Every page rule but secrecy, which has been passed. ``judged``: its colour.

    ``alone``: no other page to compare with, so no trace.
    """
    quality = jpeg_quality.measure(view.source)
    findings = [*colour.look(view, section, judged), *resolution.look(view, section), *jpeg_quality.look(view, quality)]
    written = view.letters[1] >= text.MARKS_MIN or blank.marks(view) > 0
    lines_down = streak.measure(view)
    feed, unnumbered = double_feed.measure(view), page_missing.Numbered(view.number, None)
    row = _measure(view, judged.kind, lines_down) | {"jpeg_quality": quality}
    if not written and not exposure.washed_out(view):
        findings += blank.look(view, 0)
        return PageReport(view.number, findings, row, orientation.Stand(0), None, lines_down, feed, unnumbered)
    lines = text.measure(view)
    stand = orientation.measure(view, lines)
    lean = skew.degrees(lines, stand)
    tiles = legibility.tiles(view)
    enlarged = optical.measure(view, legibility.sigma(tiles)) if lines.marks >= text.MARKS_MIN else None
    findings += optical.look(view, section, enlarged)
    findings += orientation.look(view, stand)
    findings += skew.look(view, section, lean, lines, stand)
    size = scale.measure(view, section, lean) if not stand.turn else scale.Verdict(None, False)
    findings += scale.look(view, section, size)
    findings += cut.look(view)
    blurred = [] if enlarged else list(blur.look(view, tiles))  # an enlarged image is unsharp: one cause, one finding
    findings += [*blurred, *exposure.look(view, tiles, blurred=bool(blurred))]
    unsharp = legibility.sigma(tiles)
    row |= {
        "dpi_optical": round(optical.optical_dpi(view, enlarged), 1),
        "scale": round(size.scale, 4) if size.scale and size.proven else None,
        "blur": None if unsharp is None else round(unsharp, 3),
    }
    trace = None if alone else duplicate.trace(view, lean)
    numbered = unnumbered if alone or stand.turn else page_missing.measure(view)
    return PageReport(view.number, findings, row, stand, trace, lines_down, feed, numbered)


def _measure(view: PageView, kind: str, lines_down: tuple[streak.Streak, ...]) -> dict[str, Any]:
    """A page's row before its writing is measured: an empty page has no scale and no blur."""
    return {
        "page": view.number,
        "dpi": round(min(view.dpi), 1) if view.declared else None,
        "dpi_optical": round(min(view.dpi), 1),
        "scale": None,
        "paper": paper.name(view.paper_mm),
        "colour": kind,
        "blur": None,
        "streaks": round(streak.strength(lines_down), 1),
    }
