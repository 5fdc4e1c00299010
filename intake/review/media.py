"""Pictures and files of a document, each written down as a view of the person who asked."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from intake.model import sha256_of
from intake.review import pages
from intake.review.seat import Seated
from intake.store import desk, reading

router = APIRouter()

LEVELS_MOST, TILES_MOST = 6, 200

# Pictures are never cached: what turns out to be secret must not stay on the disk of a desk computer.


@router.get("/documents/{document_id}/pages/{attempt}/{number}.webp")
def page(seat: Seated, document_id: str, attempt: int, number: int) -> Response:
    return _picture(seat, document_id, "preview", number)


@router.get("/documents/{document_id}/thumbs/{attempt}/{number}.webp")
def thumb(seat: Seated, document_id: str, attempt: int, number: int) -> Response:
    return _picture(seat, document_id, "thumb", number)


@router.get("/documents/{document_id}/tiles/{attempt}/{number}/{level}-{column}-{row}.webp")
def tile(seat: Seated, document_id: str, attempt: int, number: int, level: int, column: int, row: int) -> Response:
    """A piece of the scan itself, sharper than the preview; 404 off the page."""
    known = reading.whole(seat.store, document_id)
    pages.must_show(known)
    cut = seat.desk.cut_tile
    inside = 0 <= level <= LEVELS_MOST and 0 <= column <= TILES_MOST and 0 <= row <= TILES_MOST
    data = cut(known, number, level, column, row) if cut is not None and inside else None
    if data is None:
        raise HTTPException(404)
    seat.saw(document_id, "picture")
    return Response(data, media_type="image/webp")


@router.get("/documents/{document_id}/document.pdf")
def pdf(seat: Seated, document_id: str) -> Response:
    known = reading.whole(seat.store, document_id)
    file = pages.pdf_file(seat.store, seat.desk.settings, known)
    desk.noted(seat.store, "viewed", seat.reader, document_id, {"what": "pdf", "sha256": sha256_of(file)})
    return FileResponse(file, media_type="application/pdf", filename=f"{document_id}.pdf")


def _picture(seat: Seated, document_id: str, kind: str, number: int) -> Response:
    known = reading.whole(seat.store, document_id)
    file = pages.picture(seat.store, seat.desk.settings, known, kind, number)
    seat.saw(document_id, "picture")
    return FileResponse(file, media_type="image/webp")
