"""Runs every rule over the pages of one document: secrecy first, each page decoded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from intake.errors import DocumentError
from intake.model import Finding, Severity
from intake.profile.sections import CheckSection
from workers.check import blank, colour, files, paper, resolution, secrecy
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
            secret = list(secrecy.look(view))
            if any(finding.severity is Severity.REFUSE for finding in secret):
                return secret, []
            findings += secret
            findings += _page(view, section)
            measures.append(_measure(view))
    return findings, measures


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


def _page(view: PageView, section: CheckSection) -> list[Finding]:
    return [*colour.look(view, section), *resolution.look(view, section), *blank.look(view)]


def _measure(view: PageView) -> dict[str, Any]:
    return {
        "page": view.number,
        "dpi": round(min(view.dpi), 1) if view.declared else None,
        "dpi_optical": None,
        "scale": None,
        "paper": paper.name(view.paper_mm),
        "colour": colour.kind(view),
    }
