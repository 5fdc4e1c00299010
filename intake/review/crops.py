"""The zone of one field, cut from the prepared preview: what group verification and the second key look at."""

from __future__ import annotations

import io

from fastapi import APIRouter
from PIL import Image
from starlette.responses import Response

from intake.errors import DocumentError, OperatorError
from intake.model import Box, Field, FieldName
from intake.review import pages
from intake.review.seat import Seated
from intake.store import reading
from intake.store.reading import Whole

router = APIRouter()

AROUND_MM = (4.0, 2.5)
"""paper kept around the zone, across and down: a number half outside its box must be seen"""


def box_of(known: Whole, name: FieldName) -> tuple[int, Box] | None:
    """Page and zone of a field's reading; None when it was not read from a place."""
    field = Field.from_json(name, known.row["fields"].get(name) or {"value": None})
    return (field.page, field.box) if field.page is not None and field.box is not None else None


@router.get("/documents/{document_id}/crops/{attempt}/{name}.webp")
def crop(seat: Seated, document_id: str, attempt: int, name: str) -> Response:
    known = reading.whole(seat.store, document_id)
    try:
        found = box_of(known, FieldName(name))
    except ValueError as error:
        raise OperatorError(f"Không có trường {name}.", f"There is no field {name}.") from error
    if found is None:
        raise DocumentError(f"{name} không có vị trí trên trang.", f"{name} has no place on the page.")
    page, box = found
    file = pages.picture(seat.store, seat.desk.settings, known, "preview", page)
    size = next((view.size_mm for view in pages.page_views(known) if view.number == page), None)
    if size is None:
        raise DocumentError(f"{name} không có vị trí trên trang.", f"{name} has no place on the page.")
    seat.saw(document_id, f"crop {name}")
    with Image.open(file) as image:
        across, down = image.width / size[0], image.height / size[1]
        zone = (
            max(0, int((box.x - AROUND_MM[0]) * across)),
            max(0, int((box.y - AROUND_MM[1]) * down)),
            min(image.width, int((box.x + box.width + AROUND_MM[0]) * across)),
            min(image.height, int((box.y + box.height + AROUND_MM[1]) * down)),
        )
        stream = io.BytesIO()
        if zone[2] - zone[0] < 2 or zone[3] - zone[1] < 2:
            raise DocumentError(f"{name} không có vị trí trên trang.", f"{name} has no place on the page.")
        image.crop(zone).save(stream, "webp", quality=85)
    return Response(stream.getvalue(), media_type="image/webp")
