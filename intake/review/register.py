"""The monthly register of incoming documents (NĐ 30/2020 Phụ lục IV, ten columns): printed, closed and signed off.

Printed monthly (QĐ 12/2020/QĐ-UBND Đ11.1). Closing keeps the file and its hash in the audit chain; from then on the
same bytes are given out, whatever happens to a document later.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from intake.errors import OperatorError
from intake.field_rules import shown
from intake.folder import fsync_path
from intake.model import FieldName, sha256_of
from intake.pdfium import PDFIUM
from intake.review import register_pdf
from intake.review.seat import VIETNAM, Acting, Seat, Seated, local
from intake.store import desk, figures

router = APIRouter()

READERS = frozenset({"senior", "van_thu", "admin", "auditor"})
CLOSERS = frozenset({"van_thu", "senior"})
COLUMNS = (
    ("Ngày đến", 0.07),
    ("Số đến", 0.06),
    ("Tác giả", 0.14),
    ("Số, ký hiệu văn bản", 0.10),
    ("Ngày tháng văn bản", 0.08),
    ("Tên loại và trích yếu nội dung văn bản", 0.25),
    ("Đơn vị hoặc người nhận", 0.11),
    ("Ngày chuyển", 0.07),
    ("Ký nhận", 0.06),
    ("Ghi chú", 0.06),
)
"""The columns of Phụ lục IV, with their share of the page: words of the printed form, in Vietnamese whatever the desk speaks."""


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the register."""

    name: str
    closed: bool
    ended: bool


@router.get("/register")
def months(seat: Seated) -> Response:
    """The last twelve months."""
    seat.acting(READERS)
    today = seat.desk.today()
    found = []
    for back in range(12):
        year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
        name = f"{year}-{month + 1:02d}"
        found.append(Month(name, _closed(seat, name).is_file(), back > 0))
    return seat.page("register.html", months=found, may_close=seat.person.has(*CLOSERS))


@router.get("/register/{month}.pdf")
def printed(seat: Seated, month: str) -> Response:
    """The register of a month: as it was closed, or as it stands now."""
    actor = seat.acting(READERS)
    start, end = _span(month)
    desk.noted(seat.store, "register.printed", actor, None, {"month": month})
    closed = _closed(seat, month)
    if closed.is_file():
        return FileResponse(closed, media_type="application/pdf", filename=f"so-van-ban-den-{month}.pdf")
    with tempfile.TemporaryDirectory(prefix="sohoa-register-") as folder:
        path = Path(folder) / "register.pdf"
        _write(seat, path, month, start, end, "Bản in thử, chưa khóa sổ.")
        data = path.read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="so-van-ban-den-{month}.pdf"'}
    return Response(data, media_type="application/pdf", headers=headers)


@router.post("/register/{month}/close")
def close(seat: Acting, month: str) -> Response:
    """Close a month that is over, once."""
    actor = seat.acting(CLOSERS)
    start, end = _span(month)
    if end > seat.store.clock.now():
        raise OperatorError(f"Tháng {month} chưa hết nên chưa khóa sổ được.", f"Month {month} is not over yet.")
    final = _closed(seat, month)
    if final.exists():
        raise OperatorError(f"Sổ tháng {month} đã khóa.", f"The register of {month} is closed already.")
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_suffix(".tmp")
    who = f"Khóa sổ lúc {local(seat.store.clock.now())}, người khóa sổ: {seat.person.full_name}."
    count = _write(seat, temporary, month, start, end, who)
    fsync_path(temporary)
    digest = sha256_of(temporary)
    temporary.rename(final)
    fsync_path(final.parent)
    desk.noted(seat.store, "register.closed", actor, None, {"month": month, "sha256": digest, "documents": count})
    return seat.done("/register")


def _write(seat: Seat, path: Path, month: str, start: datetime, end: datetime, last: str) -> int:
    rows = [_row(item) for item in figures.monthly(seat.store, start, end)]
    profiles = sorted({each.profile for each in seat.desk.settings.station.values()}) or ["incoming"]
    agency = seat.desk.settings.profile_of(profiles[0]).sign.agency.upper()
    with PDFIUM:
        register_pdf.write(
            path,
            agency=agency,
            title="SỔ ĐĂNG KÝ VĂN BẢN ĐẾN",
            subtitle=f"Tháng {start:%m} năm {start:%Y}",
            columns=COLUMNS,
            rows=rows,
            ending=(f"Tổng số trong tháng: {len(rows)} văn bản.", last),
        )
    return len(rows)


def _row(item: Mapping[str, Any]) -> list[str]:
    forward = item["stages"].get("forward", {})
    assignment = forward.get("assignment") or {}
    receipts = (item["stages"].get("push", {}).get("receipts") or {}).values()
    number = next((str(each["arrival_number"]) for each in receipts if each.get("arrival_number")), "")
    code = "/".join(part for part in (item["code_number"], item["code_notation"]) if part)
    what = ". ".join(part for part in (item["type_name"], item["subject"]) if part)
    return [
        local(item["arrived_at"], "%d/%m/%Y"),
        number,
        item["organ_name"] or "",
        code,
        shown(FieldName.ISSUED_DATE, item["issued_date"]),
        what,
        ", ".join(part for part in (assignment.get("unit"), assignment.get("person")) if part),
        local(forward.get("at"), "%d/%m/%Y"),
        "",
        "" if item["state"] == "forwarded" else "Đang xử lý",
    ]


def _span(month: str) -> tuple[datetime, datetime]:
    found = re.fullmatch(r"(20\d{2})-(0[1-9]|1[0-2])", month)
    if not found:
        raise OperatorError(
            f"«{month}» không phải tháng (ví dụ 2026-11).", f"«{month}» is not a month (such as 2026-11)."
        )
    year, number = int(found[1]), int(found[2])
    start = datetime(year, number, 1, tzinfo=VIETNAM)
    return start, datetime(year + number // 12, number % 12 + 1, 1, tzinfo=VIETNAM)


def _closed(seat: Seat, month: str) -> Path:
    return seat.desk.settings.home / "registers" / f"{month}.pdf"
