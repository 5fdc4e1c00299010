"""The slots a registry fills in: where the number, day, month and year stand on the paper, printed or by pen."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz

from workers.ocr.layout import Row, Token
from workers.ocr.spelling import fold, letters

_ADVANCE = {
    **dict.fromkeys("0123456789", 0.5), **dict.fromkeys("/:; .,", 0.278), "-": 0.333, "&": 0.778, "(": 0.333, ")": 0.333,
    **dict.fromkeys("AĐDGHKNOQRUVXY", 0.722), **dict.fromkeys("BCEFLPSTZ", 0.63), "M": 0.889, "W": 0.944, "I": 0.333,
    "J": 0.389, **dict.fromkeys("abdghknopquvxy", 0.5), **dict.fromkeys("cezđ", 0.46), "s": 0.389, "r": 0.333,
    **dict.fromkeys("iljtf", 0.28), "m": 0.778, "w": 0.722,
}  # fmt: skip
"""Advance widths of Times in em: Decree 30/2020 prescribes that face, and others do not differ by more than a tenth"""

_DAY = re.compile(r"N[GQ][A-Z4]?Y(?!E)|NAY|N[GQ]A(?![A-Z])|NGA[UVW](?![A-Z])")
_MONTH = re.compile(r"T[HT][AÁ4]?N[GQ]|TH[A-Z]{1,2}G|HANG|THA[A-Z]{2}(?![A-Z])")
_YEAR = re.compile(r"N[A-Z4]M|[A-Z]AM(?![A-Z])")

_FROM_THERE_ON = {"year": {"year", "month", "day"}, "month": {"month", "day"}, "day": {"day"}}

EM_MM = 4.59
"""13 pt, the size Decree 30/2020 sets for boxes 3 and 4"""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a slot's filling stands, straightened mm; ``base`` the base line; ``read`` what the engine saw there."""

    x0: float
    x1: float
    base: float
    em: float
    read: str
    confidence: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 of what to look at: pen digits are taller than print."""
        return self.x0, self.base - 0.66 * self.em - 2.8, self.x1, self.base + 2.4


def advance(text: str) -> float:
    """Width of printed text in em."""
    return sum(_ADVANCE.get(c, 0.5) for c in text)


def em_of(row: Row | None) -> float:
    """Size of the print in mm, from the four digits of the year (no face's digits differ much); else 13 pt."""
    if row is not None:
        for token in row.tokens:
            if re.fullmatch(r"(19|20)\d\d[.,]?", token.text) and token.word.confidence > 0.6:
                em = (token.x1 - token.x0) / (0.5 * 4 - 0.06 + (0.2 if len(token.text) > 4 else 0))
                if 3.2 < em < 6.2:
                    return em
    return EM_MM


_LEAD = re.compile(r"^[\W_]{0,3}(S[^\s\d:./]{1,2}|S6|S0|đ?[ốôó](?=[:;]))\s*([:.;,]*)")


def leads(row: Row) -> bool:
    """The row begins with «Số»."""
    return _LEAD.match(plain(row.tokens[0]).text) is not None


def number_slot(row: Row, em: float, form: str = "") -> Slot | None:
    """Between «Số:» and what follows the number: the slash, or with ``form`` ``year``, ``old``, ``party`` or ``bare``
    whatever stands directly after the digits. None when nothing says where it ends."""
    tokens = _own([plain(token) for token in row.tokens])
    lead = _LEAD.match(tokens[0].text)
    left, low = tokens[0].x0 - 0.4, None
    if lead is not None:
        whole = lead.end() >= len(tokens[0].text)
        printed = tokens[0].x0 + (1.0 + (0.28 if lead.group(2) else 0)) * em
        left = min(tokens[0].x1, printed + 0.9 * em) if whole else printed
        if whole and tokens[0].word.confidence > 0.7:
            low = tokens[0].y1
        if whole and len(tokens) > 1 and re.fullmatch(r"[:.;,]+", tokens[1].text):
            left = tokens[1].x1
    cut = _after_digits(tokens, lead) if form in ("year", "old", "party", "bare") else _slash(tokens, em)
    if cut is None:
        return None
    right, base = cut
    base = low if low is not None else base
    if right - left < 0.3 * em:
        return None
    inside = [t for t in tokens if t.x0 < right - 0.3 and t.x1 > left + 0.3]
    read = "".join(t.text for t in inside)
    if lead is not None and inside and inside[0] is tokens[0]:
        read = read[lead.end() :]
    found = re.search(r"/[A-ZĐ]", read) if not form or form in ("usual", "blank") else re.search(r"(?<=\d)[^\d]", read)
    read = read[: found.start()] if found else read
    return Slot(
        left + 0.1, right, base, em, read.strip(" :.;,_/"), min((t.word.confidence for t in inside), default=0.0)
    )


def _own(tokens: list[Token]) -> list[Token]:
    """The number's line without the last line of an incoming stamp beside it: «Số và ký hiệu HS: ……»."""
    stamp = [letters(token.text) for token in tokens[:5]]
    if len(tokens) > 5 and fuzz.ratio("".join(stamp[:4]), "SOVAKYHIEU") > 75 and stamp[4][:1] == "H":
        return tokens[5:]
    return tokens


def _after_digits(tokens: list[Token], lead: re.Match[str] | None) -> tuple[float, float] | None:
    for index, token in enumerate(tokens):
        begin = lead.end() if lead is not None and index == 0 else 0
        digits = re.match(r"\W*\d+", token.text[begin:])
        if digits:
            at = begin + digits.end()
            share = advance(token.text[:at]) / max(advance(token.text), 0.1)
            return token.x0 + (token.x1 - token.x0) * share + 0.15, token.y1
    return None


def plain(token: Token) -> Token:
    """The token with the engine's look-alikes of slash and Đ put right."""
    text = re.sub("[⁄∕]", "/", token.text)
    text = re.sub("ĐÐ|ÐĐ|Ð", "Đ", text)
    return token if text == token.text else Token(text, token.x0, token.y0, token.x1, token.y1, token.word)


def _slash(tokens: list[Token], em: float) -> tuple[float, float] | None:
    """x where the slash before the notation begins, and the base line of the notation."""
    for token in tokens:
        party = re.search(r"[-–](?=[A-ZĐ][A-Za-zĐ]{1,3}/)", token.text)
        if party:
            base = token.y1 - (0.17 * em if "Q" in token.text else 0.0)
            return token.x1 - advance(token.text[party.start() :]) * em, base
    for index, token in enumerate(tokens):
        base = token.y1 - (0.17 * em if "Q" in token.text else 0.0)
        found = (
            re.search(r"/(?=(?:19|20)\d\d/)", token.text)
            or re.search(r"/(?=[A-ZĐ(]|\d\d?[A-ZĐ])", token.text)
            or re.search(r"/(?=[a-z])", token.text)
        )
        if (
            found is None
            and token.text.endswith("/")
            and index + 1 < len(tokens)
            and tokens[index + 1].text[0].isupper()
        ):
            return token.x1 - 0.2 * em, base
        if found is None:
            continue
        at = found.start()
        if re.fullmatch(r"\W*", token.text[:at]):
            return token.x0 + 0.25, base
        # Measured from the right when pen strokes widen the token, by shares when all of it is print: the later one.
        shares = token.x0 + (token.x1 - token.x0) * advance(token.text[:at]) / max(advance(token.text), 0.1)
        return max(token.x1 - advance(token.text[at:]) * em, shares) + 0.25, base
    for token in tokens:
        found = re.search(r"[A-ZĐ]{2,}[-.][A-ZĐ]|[A-ZĐ]{3,}", token.text)
        if found:
            base = token.y1 - (0.17 * em if "Q" in token.text else 0.0)
            return token.x1 - (advance(token.text[found.start() :]) + 0.2) * em, base
    return None


def date_slots(row: Row, em: float) -> dict[str, Slot]:
    """``day``, ``month``, ``year``: what stands after «ngày», «tháng» and «năm»; those that can be placed."""
    words = _date_words(row, em)
    if "month" not in words and "year" not in words:
        return {}
    base = _base_line(row, em)
    ends: dict[str, tuple[float, float]] = {}
    if "day" in words and "month" in words:
        ends["day"] = (words["day"][1], words["month"][0])
    elif "month" in words:
        ends["day"] = (words["month"][0] - 2.6 * em, words["month"][0])
    if "month" in words and "year" in words:
        ends["month"] = (words["month"][1], words["year"][0])
    if "year" in words:
        ends["year"] = (words["year"][1], words["year"][1] + 2.9 * em)
    slots = {}
    for name, (x0, x1) in ends.items():
        if x1 - x0 < 0.35 * em or x1 - x0 > 7 * em:
            continue
        inside = [t for t in row.tokens if t.x0 < x1 - 0.3 and t.x1 > x0 + 0.3]
        read = _without_words("".join(t.text for t in inside))
        sure = min((t.word.confidence for t in inside), default=0.0)
        slots[name] = Slot(x0 + 0.1, x1 - 0.1, base, em, read, sure)
    return slots


def _without_words(text: str) -> str:
    return re.sub(r"(?i)ng[^\W\d]y|th[^\W\d]ng|n[^\W\d]m", "", text).strip(" .,:;_")


def _date_words(row: Row, em: float) -> dict[str, tuple[float, float]]:
    """Where «ngày», «tháng», «năm» stand (x0, x1 in mm), also when the engine glued digits to them."""
    found: dict[str, tuple[float, float]] = {}
    widths = {"day": 1.94, "month": 2.28, "year": 1.72}
    # A word's box may swallow the printed figure after it («tháng 8»), which then has a box of its own inside.
    ends = [min(a.x1, b.x0) if b.text.isdigit() else a.x1 for a, b in pairwise(row.tokens)]
    ends += [token.x1 for token in row.tokens[-1:]]
    # From the right: the place before them may be «Nga Sơn», «Thăng Bình» or «Hà Nam».
    for token, end in zip(reversed(row.tokens), reversed(ends), strict=True):
        flat = fold(token.text)
        for name, pattern in (("year", _YEAR), ("month", _MONTH), ("day", _DAY)):
            seen = pattern.search(flat)
            if seen is None or found.keys() & _FROM_THERE_ON[name]:
                continue
            width = widths[name] * em
            x0, x1 = token.x0, end
            if x1 - x0 > 1.2 * width and re.sub(r"\W", "", flat) == seen.group():
                # Pen strokes the engine took for nothing: they stand after «ngày», before or after «tháng».
                if name == "day" or flat[: seen.start()] == "":
                    x1 = x0 + width if name != "month" or flat[seen.end() :] else x1
                    x0 = x1 - width if name == "month" and not flat[seen.end() :] else x0
                else:
                    x0 = x1 - width
            elif re.sub(r"\W", "", flat) != seen.group():
                before, after = flat[: seen.start()].strip(" .,"), flat[seen.end() :].strip(" .,")
                if before and not after:
                    x0 = x1 - width
                elif after and not before:
                    x1 = x0 + 0.95 * width
                elif before and after:
                    x0 = x0 + (x1 - x0) * seen.start() / len(flat)
                    x1 = min(x0 + width, x1)
            found[name] = (x0, x1)
    return found


def _base_line(row: Row, em: float) -> float:
    """Base line from figures and words without descenders."""
    bottoms = [
        t.y1
        for t in row.tokens
        if re.fullmatch(r"[\dA-Za-zà-ỹđ]+", t.text)
        and not set(fold(t.text)) & set("GPQYJ")
        and "\u0323" not in t.text
        and t.word.confidence > 0.6
    ]
    return statistics.median(bottoms) if bottoms else row.y1 - 0.22 * em
