"""The Appendix VI record of a document: the same names, nesting and lengths in the PDF, the package and the desk."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from intake.errors import DocumentError
from intake.field_rules import file_code
from intake.model import FIELD_LENGTH, FieldName

LANGUAGE = "Tiếng Việt"
PRIORITIES = range(5)

_LENGTH: Mapping[str, int] = {
    **{str(name): length for name, length in FIELD_LENGTH.items()},
    "OrganId": 35,  # the decree says 13, which fits only codes older than QĐ 20/2020/QĐ-TTg
    "FileCatalog": 4,
    "FileNotation": 20,
    "DocOrdinal": 3,
    "ArrivalDate": 10,
    "ArrivalNumber": 10,
    "ToPlaces": 1000,
}
"""Characters (NĐ 30/2020 Phụ lục VI Phần II, văn bản đến). DueDate is left out: with Priority 4 it is a moment."""

_DATES = ("IssuedDate", "ArrivalDate")
_NUMBERS = ("FileCatalog", "DocOrdinal", "PageAmount", "ArrivalNumber", "Priority")


def record(
    confirmed: Mapping[str, str | int | None],
    *,
    pages: int,
    organ_id: str = "",
    file_catalog: int | None = None,
    file_notation: str = "",
    ordinal: int | None = None,
    arrival_date: str = "",
    arrival_number: int | None = None,
    to_places: str = "",
) -> dict[str, Any]:
    """The record of an incoming document, in the order of NĐ 30/2020 Phụ lục VI Phần II.

    ``confirmed``: field name (``FieldName``) → value. ``pages``: pages of the document, used when PageAmount was not
    confirmed. A confirmed ``FileCode`` (mã hồ sơ, either form) becomes the group and stands over ``organ_id``,
    ``file_catalog`` and ``file_notation``. ``organ_id``: the registering agency's mã định danh, as configured. Dates
    are ISO 8601. Values that are None or empty are left out; SignerPosition and SignerFullName become ``SignerInfo
    {Position, FullName}``.

    Raises DocumentError naming the field when a value is longer than the decree allows or not of its type: nothing
    is ever cut short in silence.
    """
    given = {str(name): value for name, value in confirmed.items()}
    if given.get("Language") in (None, ""):
        given["Language"] = LANGUAGE
    if given.get("PageAmount") in (None, ""):
        given["PageAmount"] = pages
    given |= {"ArrivalDate": arrival_date, "ArrivalNumber": arrival_number, "ToPlaces": to_places}
    typed = given.pop("FileCode", None)
    if typed not in (None, ""):
        organ_id, file_catalog, file_notation = _file_code(str(typed))
    given |= {"OrganId": organ_id, "FileCatalog": file_catalog, "FileNotation": file_notation, "DocOrdinal": ordinal}
    clean = {name: value for name in given if (value := proper(name, given[name])) is not None}

    flat = [str(name) for name in FieldName]
    flat = flat[: flat.index("SignerPosition")]
    file_code = _group(clean, {"OrganId": "OrganId", "FileCatalog": "FileCatalog", "FileNotation": "FileNotation"})
    signer = _group(clean, {"SignerPosition": "Position", "SignerFullName": "FullName"})
    ordered = {
        "FileCode": file_code,
        "DocOrdinal": clean.get("DocOrdinal"),
        **{name: clean.get(name) for name in flat},
        "ArrivalDate": clean.get("ArrivalDate"),
        "ArrivalNumber": clean.get("ArrivalNumber"),
        "SignerInfo": signer,
        **{name: clean.get(name) for name in ("Priority", "ToPlaces", "DueDate")},
    }
    return {name: value for name, value in ordered.items() if value not in (None, {})}


def _file_code(text: str) -> tuple[str, int, str]:
    parts = file_code(" ".join(unicodedata.normalize("NFC", text).split()))
    if parts is None:
        raise DocumentError(
            f"Trường FileCode = «{text}» không phải mã hồ sơ (mã cơ quan.năm.số ký hiệu). Hãy sửa ở bàn soát.",
            f"Field FileCode = «{text}» is no file code (agency.year.number and notation). Mend it at the desk.",
        )
    return parts


def proper(name: str, value: str | int | None) -> str | int | None:
    """The value as the decree types it: NFC text without line breaks, int, ISO date; None when there is nothing.

    Raises DocumentError when it is too long, not a number, not a date, or not a known priority.
    """
    if value is None:
        return None
    text = " ".join(unicodedata.normalize("NFC", str(value)).split())
    if not text:
        return None
    limit = _LENGTH.get(name)
    if limit is not None and len(text) > limit:
        raise DocumentError(
            f"Trường {name} dài {len(text)} ký tự, quá {limit} (NĐ 30/2020, Phụ lục VI). Hãy rút gọn ở bàn soát.",
            f"Field {name} has {len(text)} characters, over {limit} (Decree 30/2020, Appendix VI). "
            "Shorten it at the desk.",
        )
    if name in _NUMBERS:
        return _number(name, text)
    if name in _DATES or name == "DueDate":
        _moment(name, text)
    return text


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or (name == "Priority" and int(text) not in PRIORITIES):
        raise DocumentError(
            f"Trường {name} = «{text}» không phải số hợp lệ. Hãy sửa ở bàn soát.",
            f"Field {name} = «{text}» is not a valid number. Mend it at the desk.",
        )
    return int(text)


def _moment(name: str, text: str) -> None:
    try:
        date.fromisoformat(text) if name in _DATES else datetime.fromisoformat(text)
    except ValueError as error:
        raise DocumentError(
            f"Trường {name} = «{text}» không phải ngày hợp lệ (năm-tháng-ngày). Hãy sửa ở bàn soát.",
            f"Field {name} = «{text}» is not a valid date (year-month-day). Mend it at the desk.",
        ) from error


def _group(clean: Mapping[str, str | int | None], names: Mapping[str, str]) -> dict[str, str | int]:
    return {inner: value for outer, inner in names.items() if (value := clean.get(outer)) is not None}
