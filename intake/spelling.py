"""Compare Vietnamese text whatever its case, marks, tone placement or Unicode composition."""

from __future__ import annotations

import unicodedata

_TONES = "\u0300\u0301\u0303\u0309\u0323"


def nfc(text: str) -> str:
    """Unicode NFC, the form every value is stored in (NĐ 30/2020 Phụ lục I: TCVN 6909:2001)."""
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Lower case, no marks, đ→d, single spaces: what a clerk types when she searches without a keyboard method."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.replace("đ", "d").split())


def tone_folded(text: str) -> str:
    """NFC lower case with the tone mark put at the end of its word: `hoà` and `hòa` become equal, `má` and `ma` not."""
    words = []
    for word in unicodedata.normalize("NFD", text.casefold()).split():
        tones = "".join(mark for mark in word if mark in _TONES)
        rest = "".join(mark for mark in word if mark not in _TONES)
        words.append(unicodedata.normalize("NFC", rest) + tones)
    return " ".join(words)
