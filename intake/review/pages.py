"""What the desk may show of a document's pages: prepared previews only, and never of a refused or unchecked one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from intake.errors import DocumentError, NotAllowed
from intake.folder import DocumentFolder
from intake.settings import Settings
from intake.states import State
from intake.store import Store
from intake.store.claim import folder_of
from intake.store.reading import Whole


@dataclass(frozen=True, slots=True)
class PageView:
    """One page: its number from 1 and its size on paper in mm (None when no stage measured it)."""

    number: int
    size_mm: tuple[float, float] | None


def may_show(known: Whole) -> bool:
    """Content of a document may leave the server only when the gate has let it through and nobody called it secret."""
    return (
        known.state not in (State.RECEIVED, State.REFUSED)
        and "check" in known.published
        and "pdf" in known.published
        and not any(finding.severity.word == "refuse" for finding in known.findings)
    )


def page_views(store: Store, settings: Settings, known: Whole) -> tuple[PageView, ...]:
    """The pages that can be shown, in order; empty when nothing may be shown."""
    if not may_show(known):
        return ()
    folder = folder_of(store, str(settings.documents), known.row["id"])
    files = sorted((folder.of("pdf") / "preview").glob("[0-9]*.webp"))
    return tuple(PageView(int(file.stem), _size_mm(folder, int(file.stem))) for file in files)


def picture(store: Store, settings: Settings, known: Whole, kind: str, number: int) -> Path:
    """The file of a preview or thumb; NotAllowed when this document may not be shown, DocumentError when absent."""
    file = _artefact(store, settings, known, "pdf", f"{kind}/{number:03d}.webp")
    return file


def pdf_file(store: Store, settings: Settings, known: Whole) -> Path:
    """The newest PDF of a document: the signed one once there is one."""
    stage, name = ("sign", "signed.pdf") if "sign" in known.published else ("pdf", "document.pdf")
    return _artefact(store, settings, known, stage, name)


def _artefact(store: Store, settings: Settings, known: Whole, stage: str, name: str) -> Path:
    if not may_show(known):
        raise NotAllowed(
            "Hồ sơ này không được hiển thị (đã bị từ chối, là văn bản mật, hoặc chưa kiểm tra xong).",
            "This document may not be shown (refused, secret, or not checked yet).",
        )
    file = folder_of(store, str(settings.documents), known.row["id"]).of(stage) / name
    if not file.is_file():
        raise DocumentError(
            f"Hồ sơ {known.row['id']} không có tệp {name}.", f"Document {known.row['id']} has no file {name}."
        )
    return file


def _size_mm(folder: DocumentFolder, number: int) -> tuple[float, float] | None:
    """Paper size from the words file the reading stage published; without it no zone can be framed honestly."""
    if "ocr" not in folder.published:
        return None
    path = folder.of("ocr") / "words" / f"{number:03d}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        across, down = data["dpi"]
        return data["width_px"] / across * 25.4, data["height_px"] / down * 25.4
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError):
        return None
