"""What a field of the document may be, in one place: typed text into its stored form, and what is odd about it.

Used by the desk, its API and nothing else that decides: an ``error`` cannot be confirmed, a ``warn`` can once a
person has seen it. Grammar: NĐ 30/2020 Phụ lục I Phần II.3; lengths: Phụ lục VI Phần II.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from intake.model import FIELD_LENGTH, FieldName
from intake.spelling import fold, nfc

Value = str | int | None

OLDEST = date(1945, 9, 2)
LONGEST_DELAY_DAYS = 365
"""a paper older than this on arrival is possible, but more often a misread year"""

PRIORITIES = ("thường", "khẩn", "thượng khẩn", "hỏa tốc", "hỏa tốc hẹn giờ")

TYPE_OF_NOTATION: Mapping[str, str] = {
    "NQ": "Nghị quyết",
    "QĐ": "Quyết định",
    "CT": "Chỉ thị",
    "QC": "Quy chế",
    "QyĐ": "Quy định",
    "TC": "Thông cáo",
    "TB": "Thông báo",
    "HD": "Hướng dẫn",
    "CTr": "Chương trình",
    "KH": "Kế hoạch",
    "PA": "Phương án",
    "ĐA": "Đề án",
    "DA": "Dự án",
    "BC": "Báo cáo",
    "BB": "Biên bản",
    "TTr": "Tờ trình",
    "HĐ": "Hợp đồng",
    "CĐ": "Công điện",
    "BGN": "Bản ghi nhớ",
    "BTT": "Bản thỏa thuận",
    "GUQ": "Giấy ủy quyền",
    "GM": "Giấy mời",
    "GGT": "Giấy giới thiệu",
    "GNP": "Giấy nghỉ phép",
    "PG": "Phiếu gửi",
    "PC": "Phiếu chuyển",
    "PB": "Phiếu báo",
    "NĐ": "Nghị định",
    "TT": "Thông tư",
    "TTLT": "Thông tư liên tịch",
}
"""Abbreviations of the kinds of document: NĐ 30/2020 Phụ lục III.I, and the kinds of Luật 80/2015 in daily use."""

_NUMBER = re.compile(r"\d{1,7}[a-zđ]?(/(19|20)\d{2})?")
_NOTATION = re.compile(r"[A-ZĐÂĂÊÔƠƯ][\wĐđ&.]*([-–/][\wĐđ&.]+)*")
_DATE = re.compile(r"(\d{1,2})\s*[/.\-\s]\s*(\d{1,2})\s*[/.\-\s]\s*(\d{4})")
_COMPACT_DATE = re.compile(r"(\d{2})(\d{2})(\d{4})")
_FILE_CODE = re.compile(
    r"(?P<organ>\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.[A-Z0-9]{1,3}){0,8})\.(?P<year>(?:19|20)\d{2})\.(?P<file>\S.{0,19})"
)
"""OrganId in either form (QCVN 102:2016 ``000.00.01.H56``; QĐ 20/2020/QĐ-TTg ``H26.1.2``), year, number and notation"""
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd about a field. ``code`` is stable; ``error`` blocks, ``warn`` asks to be confirmed once."""

    field: FieldName
    code: str
    level: Literal["error", "warn"]
    vi: str
    en: str

    @property
    def key(self) -> str:
        """What a confirmation is remembered by."""
        return f"{self.field}.{self.code}"


@dataclass(frozen=True, slots=True)
class Twin:
    """Another document with the same number, notation, agency and year (NĐ 30/2020 Phụ lục VI Phần I.III.1.h)."""

    document_id: str
    state: str


def parse(fields: Mapping[str, str]) -> dict[FieldName, Value]:
    """What was typed, in stored form: NFC, single spaces, dates ISO, numbers as numbers, «252/QĐ-UBND» taken apart.

    Text that fits no form is kept as typed, so that ``problems`` can name it; empty becomes None.
    """
    values: dict[FieldName, Value] = {}
    for name, typed in fields.items():
        field = FieldName(name)
        text = " ".join(nfc(typed).split())
        if not text:
            values[field] = None
        elif field in (FieldName.ISSUED_DATE, FieldName.DUE_DATE):
            values[field] = parse_date(text)
        elif field in (FieldName.PAGE_AMOUNT, FieldName.PRIORITY):
            values[field] = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else text
        else:
            values[field] = text
    number = values.get(FieldName.CODE_NUMBER)
    if isinstance(number, str):
        number = re.sub(r"^(số|so)\s*[:.]?\s*", "", number, flags=re.IGNORECASE)
        head, slash, rest = number.partition("/")
        if slash and re.fullmatch(r"(19|20)\d{2}/.+", rest):
            year, _, rest = rest.partition("/")
            head = f"{head.strip()}/{year}"
        elif slash and re.fullmatch(r"(19|20)\d{2}", rest.strip()):
            head, rest = f"{head.strip()}/{rest.strip()}", ""
        if rest.strip() and not values.get(FieldName.CODE_NOTATION):
            values[FieldName.CODE_NOTATION] = rest.strip()
        values[FieldName.CODE_NUMBER] = (head.strip() if rest or slash else number.strip()) or None
    notation = values.get(FieldName.CODE_NOTATION)
    if isinstance(notation, str):
        values[FieldName.CODE_NOTATION] = re.sub(r"\s*([-–/])\s*", lambda m: m[1].replace("–", "-"), notation).strip(
            "/"
        )
    return values


def parse_date(text: str) -> str:
    """ISO date of what a clerk types: 5/9/2024, 05.09.2024, 05092024, 2024-09-05; otherwise the text itself."""
    found = _DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text)
    if found:
        day, month, year = (int(part) for part in found.groups())
    else:
        iso = _ISO_DATE.fullmatch(text)
        if not iso:
            return text
        year, month, day = (int(part) for part in iso.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return text


def file_code(text: str) -> tuple[str, int, str] | None:
    """(OrganId, FileCatalog, FileNotation) of a mã hồ sơ such as ``000.00.01.H56.2011.01.TH``; None when it is none."""
    found = _FILE_CODE.fullmatch(text)
    return (found["organ"], int(found["year"]), found["file"]) if found else None


def shown(field: FieldName, value: Value) -> str:
    """A stored value as the desk writes it: dates dd/mm/yyyy, nothing for None."""
    if value is None:
        return ""
    if field in (FieldName.ISSUED_DATE, FieldName.DUE_DATE) and isinstance(value, str) and _ISO_DATE.fullmatch(value):
        year, month, day = value.split("-")
        return f"{day}/{month}/{year}"
    return str(value)


def problems(
    values: Mapping[FieldName, Value],
    *,
    required: tuple[str, ...],
    arrived: date,
    pages: int | None = None,
    twins: tuple[Twin, ...] = (),
) -> tuple[Problem, ...]:
    """Everything odd, in the order of the fields; ``arrived`` is the day of arrival in Vietnam."""
    found = [
        *_missing(values, required),
        *_lengths(values),
        *_number(values.get(FieldName.CODE_NUMBER)),
        *_notation(values.get(FieldName.CODE_NOTATION)),
        *_issued(values, arrived),
        *_kind(values),
        *_amounts(values, pages),
        *_file(values.get(FieldName.FILE_CODE)),
        *_twins(values, twins),
    ]
    return tuple(found)


def _missing(values: Mapping[FieldName, Value], required: tuple[str, ...]) -> list[Problem]:
    return [
        Problem(
            FieldName(name),
            "missing",
            "warn",
            "Ô này đang trống. Chỉ xác nhận nếu trên văn bản thật sự không có.",
            "This field is empty. Confirm only if the paper truly carries none.",
        )
        for name in required
        if values.get(FieldName(name)) is None
    ]


def _lengths(values: Mapping[FieldName, Value]) -> list[Problem]:
    return [
        Problem(
            field,
            "too_long",
            "error",
            f"Dài {len(value)} ký tự, Phụ lục VI cho tối đa {FIELD_LENGTH[field]}. Hãy rút gọn.",
            f"{len(value)} characters; Appendix VI allows {FIELD_LENGTH[field]}. Shorten it.",
        )
        for field, value in values.items()
        if isinstance(value, str) and field in FIELD_LENGTH and len(value) > FIELD_LENGTH[field]
    ]


def _number(value: Value) -> list[Problem]:
    if value is None or _NUMBER.fullmatch(str(value)):
        return []
    return [
        Problem(
            FieldName.CODE_NUMBER,
            "grammar",
            "warn",
            f"«{value}» không giống số văn bản (ví dụ 252 hoặc 803/2004). Hãy đối chiếu với bản giấy.",
            f"«{value}» does not look like a document number (such as 252 or 803/2004). Compare with the paper.",
        )
    ]


def _notation(value: Value) -> list[Problem]:
    if value is None or _NOTATION.fullmatch(str(value)):
        return []
    return [
        Problem(
            FieldName.CODE_NOTATION,
            "grammar",
            "warn",
            f"«{value}» không giống ký hiệu (ví dụ QĐ-UBND). Hãy đối chiếu với bản giấy.",
            f"«{value}» does not look like a notation (such as QĐ-UBND). Compare with the paper.",
        )
    ]


def _file(value: Value) -> list[Problem]:
    if value is None or file_code(str(value)):
        return []
    return [
        Problem(
            FieldName.FILE_CODE,
            "grammar",
            "error",
            f"«{value}» không phải mã hồ sơ. Hãy viết mã cơ quan.năm.số ký hiệu, ví dụ 000.00.01.H26.2026.01.TH hoặc "
            "H26.1.2026.01.TH; chưa biết thì để trống.",
            f"«{value}» is no file code. Write agency.year.number and notation, such as 000.00.01.H26.2026.01.TH or "
            "H26.1.2026.01.TH; leave it empty while it is not known.",
        )
    ]


def _issued(values: Mapping[FieldName, Value], arrived: date) -> list[Problem]:
    value = values.get(FieldName.ISSUED_DATE)
    if value is None:
        return []

    def problem(code: str, level: Literal["error", "warn"], vi: str, en: str) -> list[Problem]:
        return [Problem(FieldName.ISSUED_DATE, code, level, vi, en)]

    try:
        issued = date.fromisoformat(str(value))
    except ValueError:
        return problem(
            "not_a_date",
            "error",
            f"«{value}» không phải ngày có thật. Hãy nhập ngày/tháng/năm, ví dụ 05/09/2024.",
            f"«{value}» is not a real date. Type day/month/year, such as 05/09/2024.",
        )
    if issued > arrived:
        return problem(
            "after_arrival",
            "error",
            f"Ngày văn bản {issued:%d/%m/%Y} muộn hơn ngày đến {arrived:%d/%m/%Y}. Có thể đã lấy nhầm ngày hoặc năm.",
            f"The date {issued:%d/%m/%Y} is later than the arrival on {arrived:%d/%m/%Y}. Day or year may be misread.",
        )
    if issued < OLDEST:
        return problem(
            "too_old",
            "error",
            f"Ngày {issued:%d/%m/%Y} trước năm 1945, không thể là ngày văn bản.",
            f"{issued:%d/%m/%Y} is before 1945 and cannot be the date of the document.",
        )
    number = str(values.get(FieldName.CODE_NUMBER) or "")
    year = number.partition("/")[2]
    if len(year) == 4 and year.isdigit() and int(year) != issued.year:
        return problem(
            "year_of_number",
            "warn",
            f"Số ghi năm {year} nhưng ngày văn bản thuộc năm {issued.year}.",
            f"The number says {year}, but the date is in {issued.year}.",
        )
    if (arrived - issued).days > LONGEST_DELAY_DAYS:
        return problem(
            "long_ago",
            "warn",
            f"Văn bản ban hành {(arrived - issued).days} ngày trước khi đến. Hãy xem lại năm.",
            f"The document was issued {(arrived - issued).days} days before it arrived. Look at the year again.",
        )
    return []


def _kind(values: Mapping[FieldName, Value]) -> list[Problem]:
    kind, notation = values.get(FieldName.TYPE_NAME), values.get(FieldName.CODE_NOTATION)
    if not isinstance(kind, str) or not isinstance(notation, str):
        return []
    head = re.split(r"[-/]", notation)[0]
    expected = TYPE_OF_NOTATION.get(head)
    if expected is None or fold(expected) == fold(kind):
        return []
    return [
        Problem(
            FieldName.TYPE_NAME,
            "against_notation",
            "warn",
            f"Ký hiệu «{head}» thường là {expected}, nhưng tên loại là «{kind}».",
            f"Notation «{head}» usually means {expected}, but the kind says «{kind}».",
        )
    ]


def _amounts(values: Mapping[FieldName, Value], pages: int | None) -> list[Problem]:
    found = []
    amount = values.get(FieldName.PAGE_AMOUNT)
    if amount is not None and not (isinstance(amount, int) and 1 <= amount <= 999):
        found.append(
            Problem(
                FieldName.PAGE_AMOUNT,
                "range",
                "error",
                "Số trang là một số từ 1 đến 999.",
                "The number of pages is a number from 1 to 999.",
            )
        )
    elif amount is not None and pages is not None and amount != pages:
        found.append(
            Problem(
                FieldName.PAGE_AMOUNT,
                "differs",
                "warn",
                f"Ghi {amount} trang nhưng bản quét có {pages} trang. Có thể thiếu hoặc thừa trang.",
                f"{amount} pages are stated, but {pages} were scanned. A page may be missing or double.",
            )
        )
    priority = values.get(FieldName.PRIORITY)
    if priority is not None and not (isinstance(priority, int) and 0 <= priority < len(PRIORITIES)):
        found.append(
            Problem(
                FieldName.PRIORITY, "range", "error", "Mức độ khẩn là số từ 0 đến 4.", "Urgency is a number, 0 to 4."
            )
        )
    return found


def _twins(values: Mapping[FieldName, Value], twins: tuple[Twin, ...]) -> list[Problem]:
    if not twins:
        return []
    names = ", ".join(twin.document_id for twin in twins[:3])
    return [
        Problem(
            FieldName.CODE_NUMBER,
            "duplicate",
            "warn",
            f"Đã có văn bản cùng số, ký hiệu, cơ quan và năm: {names}. Hãy kiểm tra trước khi nhận lần nữa.",
            f"A document with this number, notation, agency and year is already here: {names}. Look before taking "
            "it again.",
        )
    ]
