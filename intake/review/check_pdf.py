"""Verify a PDF somebody hands in: signature, coverage, PDF/A, mark — in words a clerk can act on."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from intake.errors import OperatorError, SohoaError
from intake.review.seat import Acting, Form, Seat, Seated, Verify

router = APIRouter()


@router.get("/verify")
def ask(seat: Seated) -> Response:
    _verify(seat)
    return seat.page("verify.html", name="", answer=None, trouble=None)


@router.post("/verify")
def verify(seat: Acting, form: Form) -> Response:
    """Answer for the uploaded file, which is deleted again at once."""
    check = _verify(seat)
    upload = form.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise OperatorError("Hãy chọn một tệp PDF.", "Choose a PDF file.")
    answer: dict[str, Any] | None = None
    trouble: SohoaError | None = None
    with tempfile.TemporaryDirectory(prefix="sohoa-verify-") as folder:
        file = Path(folder) / "document.pdf"
        with file.open("wb") as target:
            while block := upload.file.read(1 << 20):
                target.write(block)
        try:
            answer = dict(check(file))
        except SohoaError as error:
            trouble = error
    return seat.page("verify.html", name=upload.filename, answer=answer, trouble=trouble)


def _verify(seat: Seat) -> Verify:
    if seat.desk.verify is None:
        raise OperatorError("Trạm này không kiểm tra được chữ ký.", "This station cannot verify signatures.")
    return seat.desk.verify
