"""Corrections of pages: one page scanned again at its own station, pages put in order, a page left out with a reason."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from intake.errors import OperatorError
from intake.model import Actor, sha256_of
from intake.review import arrange, pages
from intake.review.seat import Acting, Form, Seat, Seated, text_of
from intake.store import amend, decision, desk, reading
from intake.store.claim import folder_of
from intake.store.reading import Whole

router = APIRouter()

SCANS = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".pdf"}
MAY_SCAN = frozenset({"operator", "clerk", "senior", "van_thu"})
MAY_ARRANGE = decision.MAY["hold"]


@router.get("/rescans")
def rescans(seat: Seated, station: str = "") -> Response:
    """What is to be scanned again, each with the page as it is now and why."""
    seat.acting(MAY_SCAN | {"admin", "auditor"})
    asked = amend.open_rescans(seat.store, station or None)
    attempts = reading.attempts_of(seat.store, [each.document_id for each in asked], "pdf")
    return seat.page(
        "rescans.html",
        asked=asked,
        attempts=attempts,
        station=station,
        stations=sorted(seat.desk.settings.station),
        may_scan=seat.person.has(*MAY_SCAN),
    )


@router.post("/rescans/{rescan_id}")
def rescanned(seat: Acting, form: Form, rescan_id: int) -> Response:
    """The new page takes the place of the old one; every other page is taken over as it was."""
    actor = seat.acting(MAY_SCAN)
    asked = next((each for each in amend.open_rescans(seat.store) if each.id == rescan_id), None)
    if asked is None:
        raise OperatorError("Yêu cầu quét lại này đã xong hoặc đã hủy.", "This rescan request is done or was dropped.")
    upload = form.get("file")
    suffix = Path(upload.filename or "").suffix.lower() if isinstance(upload, UploadFile) else ""
    if not isinstance(upload, UploadFile) or suffix not in SCANS:
        raise OperatorError(
            "Hãy chọn tệp quét của đúng một trang (JPEG, PNG, TIFF hoặc PDF).",
            "Choose the scan of exactly one page (JPEG, PNG, TIFF or PDF).",
        )
    with tempfile.TemporaryDirectory(prefix="sohoa-rescan-") as folder:
        new = Path(folder) / f"page{suffix}"
        with new.open("wb") as target:
            while block := upload.file.read(1 << 20):
                target.write(block)
        if len(arrange.placed_pages([new])) != 1:
            raise OperatorError(
                f"Tệp có nhiều trang; chỉ quét lại trang {asked.page}.",
                f"The file has several pages; scan only page {asked.page} again.",
            )
        known = reading.whole(seat.store, asked.document_id)
        order: list[arrange.PlacedPage | Path] = list(_placed(seat, known))
        order[asked.page - 1] = new
        data = {"kind": "page_replaced", "page": asked.page, "sha256": sha256_of(new)}
        _amend(seat, known, actor, order, data, asked.version, rescan_id)
    return seat.done("/rescans")


@router.get("/documents/{document_id}/arrange")
def arrangement(seat: Seated, document_id: str) -> Response:
    """The pages in order, to be renumbered or left out."""
    seat.acting(MAY_ARRANGE)
    known = reading.whole(seat.store, document_id)
    if known.state not in amend.OPEN_STATES:
        raise OperatorError(
            "Chỉ sắp xếp được trang khi văn bản đang chờ kiểm tra hoặc đang giữ.",
            "Pages can be put in order while the document waits for review or is held.",
        )
    seat.saw(document_id, "pages", always=True)
    return seat.page(
        "arrange.html",
        row=known.row,
        attempt=known.published.get("pdf", {}).get("attempt", 0),
        views=pages.page_views(known),
    )


@router.post("/documents/{document_id}/arrange")
def arranged(seat: Acting, form: Form, document_id: str) -> Response:
    """New order and pages left out, with a reason, as a new revision: the document is checked and read again."""
    actor = seat.acting(MAY_ARRANGE)
    known = reading.whole(seat.store, document_id)
    placed = _placed(seat, known)
    reason = text_of(form, "reason", 500)
    version = text_of(form, "version", 12)
    wanted: list[tuple[int, int]] = []
    dropped: list[int] = []
    for page in range(1, len(placed) + 1):
        place = text_of(form, f"place.{page}", 6)
        if form.get(f"drop.{page}"):
            dropped.append(page)
        elif place.isascii() and place.isdigit():
            wanted.append((int(place), page))
        else:
            raise OperatorError(f"Trang {page} chưa có số thứ tự.", f"Page {page} has no place.")
    order = [page for _, page in sorted(wanted)]
    if not version.isdigit() or not order or order == list(range(1, len(placed) + 1)):
        raise OperatorError("Thứ tự trang không thay đổi.", "The order of the pages did not change.")
    if len({place for place, _ in wanted}) != len(wanted):
        raise OperatorError("Hai trang có cùng số thứ tự.", "Two pages have the same place.")
    if not reason:
        raise OperatorError("Hãy ghi vì sao đổi các trang.", "Write why the pages are changed.")
    data = {"kind": "rearranged", "order": order, "dropped": dropped, "text": reason}
    _amend(seat, known, actor, [placed[page - 1] for page in order], data, int(version), None)
    return seat.done("/queue")


def _amend(
    seat: Seat,
    known: Whole,
    actor: Actor,
    order: list[arrange.PlacedPage | Path] | list[arrange.PlacedPage],
    data: Mapping[str, object],
    version: int,
    rescan_id: int | None,
) -> None:
    documents = seat.desk.settings.documents
    laid = arrange.lay_out(documents, known.row["id"], known.row["revision"] + 1, order)
    try:
        amend.amend(seat.store, known.row["id"], version, actor, laid.files, data, laid.take_over, rescan_id=rescan_id)
    finally:
        laid.forget()
    if rescan_id is None:
        amend.drop_rescans(seat.store, known.row["id"])
    desk.forget_keys(seat.store, known.row["id"])


def _placed(seat: Seat, known: Whole) -> list[arrange.PlacedPage]:
    if not pages.may_show(known):
        raise OperatorError("Văn bản này chưa có trang để sửa.", "This document has no pages to put right.")
    folder = folder_of(seat.store, str(seat.desk.settings.documents), known.row["id"])
    placed = arrange.placed_pages(folder.originals)
    if len(placed) != known.row["pages"]:
        raise OperatorError(
            "Số trang trong tệp khác số trang đã kiểm tra; hãy quét lại cả văn bản.",
            "The files hold another number of pages than was checked; scan the whole document again.",
        )
    return placed
