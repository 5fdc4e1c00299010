"""Vietnamese spelling laid flat: one form for comparing what is printed in many (NFC/NFD, ỦY/UỶ, capitals, marks)."""

from __future__ import annotations

import re
import unicodedata

_TONES = "̣̀́̃̉"
_VOWELS = "aăâeêioôơuưy"


def nfc(text: str) -> str:
    """NFC with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def fold(text: str) -> str:
    """Capital letters and digits without marks, single spaces: what anchors are matched on. Đ becomes D."""
    plain = unicodedata.normalize("NFD", text).replace("đ", "d").replace("Đ", "D")
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).upper().split())


def letters(text: str) -> str:
    """``fold`` without anything but letters and digits."""
    return re.sub(r"[^A-Z0-9]", "", fold(text))


def same_tone_place(text: str) -> str:
    """Both tone placements (hoà/hòa, uỷ/ủy) written alike: the tone moves to the end of its syllable's vowels."""
    out: list[str] = []
    for word in re.split(r"(\W+)", unicodedata.normalize("NFC", text)):
        parts = unicodedata.normalize("NFD", word)
        tone = [c for c in parts if c in _TONES]
        if len(tone) != 1:
            out.append(word)
            continue
        bare = unicodedata.normalize("NFC", "".join(c for c in parts if c not in _TONES))
        last = max((i for i, c in enumerate(bare) if c.lower() in _VOWELS), default=None)
        out.append(word if last is None else bare[: last + 1] + tone[0] + bare[last + 1 :])
    return unicodedata.normalize("NFC", "".join(out))


def is_capitals(text: str) -> bool:
    """At least two letters and nine in ten of them capitals."""
    found = [c for c in text if c.isalpha()]
    return len(found) >= 2 and sum(c.isupper() for c in found) >= 0.9 * len(found)


def mostly_capitals(text: str) -> bool:
    """Capitals, allowing for what small faint print is misread as (MỜI → MờI)."""
    found = [c for c in text if c.isalpha()]
    return is_capitals(text) or (len(found) >= 3 and sum(c.isupper() for c in found) >= 0.7 * len(found))
