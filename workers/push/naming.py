"""Names of a delivery that any file system, archive and transfer program can carry."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any


def safe(text: str) -> str:
    """ASCII letters, digits, ``.``, ``-`` and ``_``; Đ becomes D and marks are dropped; never empty, never hidden."""
    plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^A-Za-z0-9.-]+", "_", plain).strip("._-") or "khong-so"


def folder_name(record: Mapping[str, Any], key: str) -> str:
    """``<number>_<notation>_<first 12 letters of the key>``: readable for people, one per delivery."""
    printed = "/".join(str(record[name]) for name in ("CodeNumber", "CodeNotation") if record.get(name))
    return f"{safe(printed)[:60]}_{key[:12]}"
