"""Corrections of pages: one scanned again at its own station; put in order, turned, left out, split off, joined."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from intake.errors import OperatorError
from intake.model import Actor, sha256_of
from intake.review import arrange, pages
from intake.review.queue import line
from intake.review.seat import Acting, Form, Seat, Seated, number_of, text_of
from intake.store import amend, decision, desk, reading
from intake.store.claim import folder_of
from intake.store.reading import Whole

router = APIRouter()

SCANS = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".pdf"}
MAY_SCAN = frozenset({"operator", "clerk", "senior", "van_thu"})
MAY_ARRANGE = decision.MAY["hold"]
TURNS = (0, 90, 180, 270)
"""clockwise degrees"""
JOINABLE = 30
"""documents offered for joining: the newest of the same station"""


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
        _amend(seat, known, actor, order, data, asked.version, rescan_id=rescan_id)
    return seat.done("/rescans")


@router.get("/documents/{document_id}/arrange")
def arrangement(seat: Seated, document_id: str) -> Response:
    """The pages in order, to be renumbered, turned, left out or split off; and what could be joined to them."""
    seat.acting(MAY_ARRANGE)
    known = reading.whole(seat.store, document_id)
    _must_arrange(known)
    seat.saw(document_id, "pages", always=True)
    beside = reading.queue(
        seat.store,
        states=tuple(amend.OPEN_STATES),
        station=known.row["station"],
        free_for=seat.person.name,
        newest=True,
        limit=JOINABLE + 1,
    )
    return seat.page(
        "arrange.html",
        row=known.row,
        attempt=known.published.get("pdf", {}).get("attempt", 0),
        numbers=range(1, (known.row["pages"] or 0) + 1),
        views=bool(pages.page_views(known)),
        turns=TURNS,
        suggested=pages.suggested_turns(known),
        beside=[line(each, seat) for each in beside if each["id"] != document_id and each["pages"]][:JOINABLE],
        versions={each["id"]: each["version"] for each in beside},
    )


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What the form asks for: ``groups`` of pages in their new order, the first of them this document's."""

    groups: tuple[tuple[int, ...], ...]
    dropped: tuple[int, ...]
    turned: Mapping[int, int]

    def changes(self, pages: int) -> bool:
        return bool(self.turned) or self.groups != (tuple(range(1, pages + 1)),)

    def as_json(self) -> dict[str, object]:
        turned = {str(page): degrees for page, degrees in self.turned.items()}
        return {"kind": "rearranged", "groups": self.groups, "dropped": self.dropped, "turned": turned}


@router.post("/documents/{document_id}/arrange")
def arranged(seat: Acting, form: Form, document_id: str) -> Response:
    """New order, turned pages, pages left out or split off, with a reason, as a new revision: checked and read again."""
    actor = seat.acting(MAY_ARRANGE)
    known = reading.whole(seat.store, document_id)
    placed = _placed(seat, known)
    version, reason = number_of(form, "version"), text_of(form, "reason", 500)
    wanted = _wanted(form, len(placed))
    if version is None or not wanted.changes(len(placed)):
        raise OperatorError("Các trang không có gì thay đổi.", "Nothing about the pages changed.")
    if not reason:
        raise OperatorError("Hãy ghi vì sao đổi các trang.", "Write why the pages are changed.")
    data = {**wanted.as_json(), "text": reason}
    own, *others = ([placed[n - 1].turned(wanted.turned.get(n, 0)) for n in group] for group in wanted.groups)
    names = [f"{known.row['name']} [{', '.join(map(str, group))}]" for group in wanted.groups[1:]]
    _amend(seat, known, actor, own, data, version, split=list(zip(names, others, strict=True)))
    return seat.done("/queue")


def _wanted(form: FormData, pages: int) -> Arrangement:
    places: list[tuple[int, int]] = []
    turned: dict[int, int] = {}
    dropped = tuple(page for page in range(1, pages + 1) if form.get(f"drop.{page}"))
    for page in (each for each in range(1, pages + 1) if each not in dropped):
        place, turn = number_of(form, f"place.{page}"), number_of(form, f"turn.{page}") or 0
        if place is None or turn not in TURNS:
            raise OperatorError(f"Trang {page} chưa có số thứ tự.", f"Page {page} has no place.")
        places.append((place, page))
        if turn:
            turned[page] = turn
    if len({place for place, _ in places}) != len(places):
        raise OperatorError("Hai trang có cùng số thứ tự.", "Two pages have the same place.")
    if not places:
        raise OperatorError("Không còn trang nào.", "No page is left.")
    groups: list[list[int]] = []
    for _, page in sorted(places):
        if not groups or form.get(f"begins.{page}"):
            groups.append([])
        groups[-1].append(page)
    return Arrangement(tuple(tuple(group) for group in groups), dropped, turned)


@router.post("/documents/{document_id}/join")
def joined(seat: Acting, form: Form, document_id: str) -> Response:
    """The pages of another document follow those of this one; the other one ends, its originals stay."""
    actor = seat.acting(MAY_ARRANGE)
    other_id, _, other_version = text_of(form, "other", 80).rpartition(":")
    version, reason = number_of(form, "version"), text_of(form, "reason", 500)
    if version is None or not other_version.isdigit():
        raise OperatorError("Hãy chọn văn bản cần gộp vào.", "Choose the document to join.")
    if not reason:
        raise OperatorError("Hãy ghi vì sao gộp.", "Write why they are joined.")
    known, other = reading.whole(seat.store, document_id), reading.whole(seat.store, other_id)
    order = [*_placed(seat, known), *_placed(seat, other)]
    data = {"kind": "joined", "text": reason}
    _amend(seat, known, actor, order, data, version, absorbed=(other_id, int(other_version)))
    desk.forget_keys(seat.store, other_id)
    return seat.done("/queue")


def _amend(
    seat: Seat,
    known: Whole,
    actor: Actor,
    order: Sequence[arrange.PlacedPage | Path],
    data: Mapping[str, object],
    version: int,
    *,
    rescan_id: int | None = None,
    split: Sequence[tuple[str, Sequence[arrange.PlacedPage]]] = (),
    absorbed: tuple[str, int] | None = None,
) -> None:
    documents, document_id = seat.desk.settings.documents, known.row["id"]
    laid = [arrange.lay_out(documents, document_id, known.row["revision"] + 1, order)]
    offshoots = []
    try:
        for name, placed in split:
            offshoot_id = f"{seat.desk.today():%Y%m%d}-{secrets.token_hex(5)}"
            laid.append(arrange.lay_out(documents, offshoot_id, 1, placed))
            offshoots.append(amend.Offshoot(offshoot_id, name, laid[-1].files))

        def take_over() -> None:
            for each in laid:
                each.take_over()

        amend.amend(
            seat.store,
            document_id,
            version,
            actor,
            laid[0].files,
            data,
            take_over,
            rescan_id=rescan_id,
            offshoots=offshoots,
            absorbed=absorbed,
        )
    finally:
        for each in laid:
            each.forget()
    if rescan_id is None:
        amend.drop_rescans(seat.store, document_id)
    desk.forget_keys(seat.store, document_id)


def _must_arrange(known: Whole) -> None:
    if not pages.may_arrange(known):
        raise OperatorError(
            "Chỉ sửa được trang khi văn bản đang chờ kiểm tra hoặc đang giữ.",
            "Pages can be put right while the document waits for review or is held.",
        )


def _placed(seat: Seat, known: Whole) -> list[arrange.PlacedPage]:
    _must_arrange(known)
    folder = folder_of(seat.store, str(seat.desk.settings.documents), known.row["id"])
    placed = arrange.placed_pages(folder.originals)
    if len(placed) != known.row["pages"]:
        raise OperatorError(
            "Số trang trong tệp khác số trang đã kiểm tra; hãy quét lại cả văn bản.",
            "The files hold another number of pages than was checked; scan the whole document again.",
        )
    return [page.turned(folder.turned.get(number, 0)) for number, page in enumerate(placed, start=1)]
