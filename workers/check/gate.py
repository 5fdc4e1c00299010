"""Runs every rule over the pages of one document: secrecy first, each page decoded once."""

from __future__ import annotations

from collections.abc import Sequence
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
    duplicate,
    exposure,
    files,
    legibility,
    optical,
    orientation,
    paper,
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


def inspect(paths: Sequence[Path], section: CheckSection) -> tuple[list[Finding], Measures]:
    """Findings and per-page measures of one document; ``paths`` are its files in page order.

    On a secrecy mark the findings hold that mark alone and the measures are empty: what was measured before it was
    seen is dropped. Raises EnvironmentTrouble only.
    """
    findings: list[Finding] = []
    measures: Measures = []
    traces: list[duplicate.Trace] = []
    streaks: list[tuple[int, tuple[streak.Streak, ...]]] = []
    number = 0
    for path in paths:
        found, sources = _open(path, section, number)
        findings += found
        for source in sources:
            number = source.number
            try:
                view = PageView.of(source, decode(source))
            except DocumentError:
                findings.append(files.undecodable(path, source.number))
                continue
            kind = colour.kind(view)
            secret = list(secrecy.look(view, kind))
            if any(finding.severity is Severity.REFUSE for finding in secret):
                return secret, []
            page = inspect_page(view, section, kind, alone=len(paths) == len(sources) == 1)
            findings += [*secret, *page.findings]
            measures.append(page.measure)
            traces += [page.trace] if page.trace else []
            streaks.append((source.number, page.streaks))
    return [*findings, *duplicate.look(traces), *streak.look(streaks)], measures


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
    """What one page yields: findings, its row of ``measures``, its trace and streaks for comparison with the others."""

    findings: list[Finding]
    measure: dict[str, Any]
    trace: duplicate.Trace | None
    streaks: tuple[streak.Streak, ...]


def inspect_page(view: PageView, section: CheckSection, kind: str, alone: bool = False) -> PageReport:
    """Every page rule but secrecy, which has been passed. ``kind``: what ``colour.kind`` said of the page.

    ``alone``: no other page to compare with, so no trace.
    """
    findings = [*colour.look(view, section, kind), *resolution.look(view, section)]
    written = view.letters[1] >= text.MARKS_MIN or blank.marks(view) > 0
    lines_down = streak.measure(view)
    row = _measure(view, kind, lines_down)
    if not written and not exposure.washed_out(view):
        return PageReport([*findings, *blank.look(view, 0)], row, None, lines_down)
    lines = text.measure(view)
    stand = orientation.measure(view, lines)
    lean = skew.degrees(lines, stand)
    tiles = legibility.tiles(view)
    enlarged = optical.measure(view, legibility.sigma(tiles)) if lines.marks >= text.MARKS_MIN else None
    findings += optical.look(view, section, enlarged)
    findings += orientation.look(view, stand)
    findings += skew.look(view, section, lean)
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
    return PageReport(findings, row, None if alone else duplicate.trace(view, lean), lines_down)


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
