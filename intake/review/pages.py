"""What the desk may show of a document's pages: prepared previews only, and never of a refused or unchecked one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from intake.errors import DocumentError, NotAllowed
from intake.model import Severity
from intake.settings import Settings
from intake.states import State
from intake.store import Store, amend
from intake.store.claim import folder_of
from intake.store.reading import Whole


@dataclass(frozen=True, slots=True)
class PageView:
    """One page: its number from 1, its scan's px and its size on paper in mm (None when no stage measured it)."""

    number: int
    px: tuple[int, int] | None
    size_mm: tuple[float, float] | None


def may_show(known: Whole) -> bool:
    """Content of a document may leave the server only when the gate has let it through and nobody called it secret."""
    return (
        known.state not in (State.RECEIVED, State.REFUSED)
        and "check" in known.published
        and "pdf" in known.published
        and not any(finding.severity.word == "refuse" for finding in known.findings)
    )


def may_arrange(known: Whole) -> bool:
    """Pages may be put right as soon as the gate has looked for a secrecy mark, shown or not: a page that lies upside
    down stops a document before there are previews."""
    return (
        known.state in amend.OPEN_STATES
        and "check" in known.published
        and not any(finding.severity.word == "refuse" for finding in known.findings)
    )


def suggested_turns(known: Whole) -> dict[int, int]:
    """Page → clockwise degrees that the gate says would mend it; of what the check turned itself it is only a note."""
    codes = ("check.orientation_90", "check.orientation_180")
    found = [
        item
        for item in known.findings
        if item.code in codes and item.page and item.measured is not None and item.severity >= Severity.BLOCK
    ]
    return {int(item.page or 0): int(float(item.measured or 0)) for item in found}


def must_show(known: Whole) -> None:
    """NotAllowed unless ``may_show``."""
    if not may_show(known):
        raise NotAllowed(
            "Hồ sơ này không được hiển thị (đã bị từ chối, là văn bản mật, hoặc chưa kiểm tra xong).",
            "This document may not be shown (refused, secret, or not checked yet).",
        )


def page_views(known: Whole) -> tuple[PageView, ...]:
    """The pages that can be shown, in order; empty when nothing may be shown.

    No file is opened: a document of 500 pages opens as fast as one of a single page.
    """
    if not may_show(known):
        return ()
    pages = int(known.published["pdf"]["facts"]["pages"])
    sheets = known.published.get("ocr", {}).get("facts", {}).get("sheets", [])
    views = [_view(number, sheet) for number, sheet in enumerate(sheets[:pages], start=1)]
    return (*views, *(PageView(number, None, None) for number in range(len(views) + 1, pages + 1)))


def _view(number: int, sheet: Sequence[float]) -> PageView:
    wide, high, across, down = sheet
    return PageView(number, (int(wide), int(high)), (wide / across * 25.4, high / down * 25.4))


def picture(store: Store, settings: Settings, known: Whole, kind: str, number: int) -> Path:
    """The file of a preview or thumb; NotAllowed when this document may not be shown, DocumentError when absent."""
    file = _artefact(store, settings, known, "pdf", f"{kind}/{number:03d}.webp")
    return file


def pdf_file(store: Store, settings: Settings, known: Whole) -> Path:
    """The newest PDF of a document: the signed one once there is one."""
    stage, name = ("sign", "signed.pdf") if "sign" in known.published else ("pdf", "document.pdf")
    return _artefact(store, settings, known, stage, name)


def _artefact(store: Store, settings: Settings, known: Whole, stage: str, name: str) -> Path:
    must_show(known)
    file = folder_of(store, str(settings.documents), known.row["id"]).of(stage) / name
    if not file.is_file():
        raise DocumentError(
            f"Hồ sơ {known.row['id']} không có tệp {name}.", f"Document {known.row['id']} has no file {name}."
        )
    return file
