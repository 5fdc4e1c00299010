"""Doubtful lines read again on another picture of the same ink; readings vote word by word, nothing is invented.

Tesseract's confidence does not see a wrong tone mark («thâm quyền» for «thẩm quyền»), but another size of the same
line is usually read right where the first was wrong. Disagreement is what tells that a word is doubtful.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from itertools import pairwise

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from intake.ports import OcrEngine
from workers.ocr.filling import resembles
from workers.ocr.ink import Page
from workers.ocr.layout import Row, Token
from workers.ocr.lexicon import pairs, pairs_by_letters, spelt
from workers.ocr.reading_image import one_channel
from workers.ocr.slots import advance
from workers.ocr.spelling import letters, nfc
from workers.ocr.syllables import flat, is_syllable


@dataclass(frozen=True, slots=True)
class Picture:
    """One way to show a line: ``dpi``, ``blur`` (sigma in px at 200 dpi), ``reach`` (mm above and below the words),
    ``height`` (stretched by), ``lifted``: coloured ink made paper."""

    dpi: float
    blur: float = 0.0
    reach: float = 0.6
    height: float = 1.0
    lifted: bool = False


PICTURES = (Picture(150), Picture(200, 0.7))
"""the other pictures: measured to err on other words than the first reading"""

WITNESSES = (Picture(130), Picture(170, 0.5))
"""further pictures: the full reading asks them too"""

WITHOUT_COLOUR = Picture(200, lifted=True)
"""shown for print that an incoming stamp lies over; asked of colour scans only"""

LAST_WITNESSES = (Picture(200, 1.2), Picture(200, 0, 1.2), Picture(200, 0, 0.6, 0.87), Picture(300))
"""asked only whether they read a word that a known phrase would have"""

SURE_NAME = 0.92
"""engine's confidence below which a name is doubtful though every picture reads it so: the engine gives a rare name the
mark of a common word («Mỹ Nghỉ» for «Mỹ Nghi»); of names read right four in five are above"""

DASH_DARK, DASH_MM2 = 0.7, 0.15
"""level (share of the paper's) and area from which what stands between two words is a sign: a dash of 13 pt is 0.5 mm²"""
STREAK = 0.5
"""share of the line's height from which a dark column is a streak or a stamp's frame, not a sign"""

HOOKED_I = "ỉ"
_ROMAN = re.compile("[IVX]{2,}")
"""of one sign «I» may be a figure; more are judged by their width"""

_WORD = re.compile("[0-9A-Za-z\u00c0-\u024f\u1ea0-\u1ef9]+")
"""letters and figures, without the loose accents that specks are read as"""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the readings of some rows compare, in words: ``words`` all, ``split`` not read alike by all pictures,
    ``alone`` not found again, ``odd`` no Vietnamese syllable or of the wrong width, ``changed`` outvoted, ``known`` in
    a known phrase, ``weak`` in no known phrase and not read so by every picture, or a doubtful name, or of a kind that
    every picture reads wrong alike."""

    words: int = 0
    split: int = 0
    alone: int = 0
    odd: int = 0
    changed: int = 0
    known: int = 0
    weak: int = 0

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Reads parts of one page again with the engine that read it first; ``blind``: it does not, there is no time."""

    page: Page
    engine: OcrEngine
    seconds: float
    blind: bool = False
    _seen: dict[tuple[float, float, Picture], list[tuple[float, float, str]]] = field(default_factory=dict)

    def at(self, row: Row, everything: bool = False, around: tuple[str, str] = ("", "")) -> tuple[Row, Agreement, int]:
        """The row as the readings agree on it, how they compare, and how many of its words a known phrase would have
        otherwise though nobody read them so. The third picture is only asked when two disagree or a word is odd;
        ``everything`` asks all at once. ``around``: the words before and behind the row, which a phrase may begin or
        end with."""
        votes: list[list[str]] = [[token.text] for token in row.tokens]
        missing = 0
        for index, picture in enumerate(PICTURES + WITNESSES if everything else PICTURES):
            found = self._read(row, picture)
            missing = 0
            for token, vote in zip(row.tokens, votes, strict=True):
                again = _same_place(token, found)
                if again is None:
                    missing += 1
                else:
                    vote.append(again)
            alike = all(len({_bare(text) for text in vote}) == 1 for vote in votes)
            if index == 0 and alike and not missing and not everything and all(is_syllable(t.text) for t in row.tokens):
                break
        row, votes, dropped = _without_specks(row, votes)
        missing -= dropped
        settled, how, weak = _settled(row, votes, missing, around)
        lost = sum(self._ink_between(left, right) for left, right in _wide_gaps(row))
        witnessed, unread = self._witnessed(settled, around)
        # What is in a known phrase now is no longer weak.
        weak -= {i for i, (a, b) in enumerate(zip(settled.tokens, witnessed.tokens, strict=True)) if a is not b}
        return witnessed, replace(how, odd=how.odd + lost, weak=len(weak)), unread

    def _ink_between(self, left: Token, right: Token) -> bool:
        """A sign stands between two words: a dash that every picture lost."""
        gap = self.page.crop(left.x1 + 0.4, min(left.y0, right.y0), right.x0 - 0.4, max(left.y1, right.y1))
        if min(gap.shape) < 3:
            return False
        dark = gap < DASH_DARK * float(np.percentile(self.page.gray[::16, ::16], 75))
        dark[:, dark.mean(axis=0) > STREAK] = False
        return bool(dark.sum() > DASH_MM2 * self.page.sheet.px_per_mm[0] ** 2)

    def texts(self, row: Row) -> Iterator[str]:
        """The row's text on each of the other pictures, one by one as asked for."""
        colour = self.page.pixels.ndim == 3
        for picture in (*PICTURES, WITHOUT_COLOUR) if colour else PICTURES:
            yield nfc(" ".join(text for _, _, text in sorted(self._read(row, picture))))

    def _witnessed(self, row: Row, around: tuple[str, str]) -> tuple[Row, int]:
        """The row with words changed to what a known phrase has there, where some picture reads just that; and how
        many such words nobody read."""
        texts = [around[0], *(token.text for token in row.tokens), around[1]]
        wanted = {place - 1: good for place, good in _wanted(texts).items() if 0 < place <= len(row.tokens)}
        tokens = list(row.tokens)
        for picture in PICTURES + WITNESSES + LAST_WITNESSES:
            left = [p for p in wanted if tokens[p] is row.tokens[p]]
            if not left:
                break
            found = self._read(row, picture)
            for place in left:
                seen = _same_place(row.tokens[place], found)
                if seen is not None and flat(_bare(seen)) == wanted[place]:
                    tokens[place] = replace(row.tokens[place], text=_recased(row.tokens[place].text, wanted[place]))
        unread = sum(tokens[place] is row.tokens[place] for place in wanted)
        return Row(tuple(tokens)), unread

    def _read(self, row: Row, picture: Picture) -> list[tuple[float, float, str]]:
        """Words (x0, x1 in mm, text) of the row on another picture of it; read once."""
        if self.blind:
            return []
        key = (row.x0, row.y0, picture)
        if key not in self._seen:
            self._seen[key] = self._look(row, picture)
        return self._seen[key]

    def _look(self, row: Row, picture: Picture) -> list[tuple[float, float, str]]:
        own, dpi = self.page.sheet.px_per_mm[0] * 25.4, picture.dpi
        source = self.page.pixels if picture.lifted else None
        part = self.page.crop(row.x0 - 1.5, row.y0 - picture.reach, row.x1 + 1.5, row.y1 + picture.reach, source)
        if min(part.shape[:2]) < 6:
            return []
        if picture.lifted:
            part = one_channel(part, lift=True)
        if picture.blur:
            part = cv2.GaussianBlur(part, (0, 0), picture.blur * own / 200)
        scale = dpi / own
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        part = cv2.resize(part, None, fx=scale, fy=scale * picture.height, interpolation=method)
        border = 10
        part = cv2.copyMakeBorder(
            part, border, border, border, border, cv2.BORDER_CONSTANT, value=int(np.percentile(part, 90))
        )
        try:
            lines = self.engine.read(part, dpi, layout="block", seconds=self.seconds)
            if sum(len(line) for line in lines) < 0.6 * len(row.tokens):
                lines = self.engine.read(part, dpi, layout="line", seconds=self.seconds)
        except TimeoutError:
            return []
        left = max(row.x0 - 1.5, 0.0)
        per_mm = dpi / 25.4
        return [
            (left + (w.box[0] - border) / per_mm, left + (w.box[2] - border) / per_mm, w.text)
            for line in lines
            for w in line
        ]


def _same_place(token: Token, found: Sequence[tuple[float, float, str]]) -> str | None:
    """What the other reading saw where the word stands; joined when it was cut in two; None when nothing alike."""
    inside = [(x0, text) for x0, x1, text in found if token.x0 - 0.6 < (x0 + x1) / 2 < token.x1 + 0.6]
    if not inside:
        return None
    text = nfc("".join(part for _, part in sorted(inside)))
    one, other = letters(token.text), letters(text)
    if bool(one) != bool(other) or Levenshtein.distance(one, other) > max(1, len(one) // 3):
        return None
    return text


def _without_specks(row: Row, votes: list[list[str]]) -> tuple[Row, list[list[str]], int]:
    """Without single consonants and signs that no other picture shows: a stamp's edge, a mark read twice."""
    seen = max(map(len, votes))
    kept = [
        i
        for i, (token, vote) in enumerate(zip(row.tokens, votes, strict=True))
        if len(vote) > 1 or seen < 3 or len(letters(token.text)) > 1 or _stands_alone(token.text)
    ]
    dropped = len(row.tokens) - len(kept)
    if not dropped or not kept:
        return row, votes, 0
    return Row(tuple(row.tokens[i] for i in kept)), [votes[i] for i in kept], dropped


def _stands_alone(text: str) -> bool:
    """A figure, a vowel or a sign between words."""
    return text in ("-", "–", "&") or text.isdigit() or (text.isalpha() and letters(text) in set("AEIOUY"))


def _bare(text: str) -> str:
    """The word without the signs around it: a comma more or less is not a disagreement about the word."""
    return "".join(_WORD.findall(text)) or text


def _settled(
    row: Row, votes: list[list[str]], missing: int, around: tuple[str, str]
) -> tuple[Row, Agreement, set[int]]:
    """The row as voted, how the readings compare, and the places of its weak words (see Agreement)."""
    tokens, split, odd, changed, known, weak = [], 0, 0, 0, 0, set()
    known_pairs, near = pairs(), [[around[0]], *votes, [around[1]]]
    for index, (token, vote) in enumerate(zip(row.tokens, votes, strict=True)):
        mine = _bare(token.text)
        words = [_like(text, mine) for text in vote]
        scores: dict[str, float] = {}
        in_phrase: dict[str, bool] = {}
        for place, word in enumerate(words):
            if place and not _may_replace(word, mine):
                continue
            if word not in scores:
                in_phrase[word] = _in_phrase(word, near[index], near[index + 2], known_pairs)
                scores[word] = (0.25 if is_syllable(word) else -0.5) + (0.6 if in_phrase[word] else 0.0)
                scores[word] += 0.1 if place == 0 else 0.0
            scores[word] += 1.0
        best = max(scores, key=lambda word: scores[word])
        alike = len(set(words)) == 1
        split += not alike
        known += in_phrase[best]
        doubtful_name = _is_name(index, best) and token.word.confidence < SURE_NAME
        if not in_phrase[best] and (not alike or doubtful_name or _easily_misread(best)):
            weak.add(index)
        if best != mine:
            changed += 1
            text = token.text.replace(mine, best) if mine in token.text else next(t for t in vote if _bare(t) == best)
            token = replace(token, text=text)
        odd += not is_syllable(token.text)
        tokens.append(token)
    settled = Row(tuple(tokens))
    odd += _misshapen(settled)
    return settled, Agreement(len(tokens), split, missing, odd, changed, known), weak


def _like(text: str, mine: str) -> str:
    """The word in a reading that may have a speck's sign or two stuck to it (``.Ấ.Tết`` is ``Tết``) or letters for
    figures (``2U22`` beside ``2022``)."""
    found = _WORD.findall(text)
    if mine.isalpha() and len(mine) > 1 and mine in found and sum(map(len, found)) <= len(mine) + 2:
        return mine
    word = _bare(text)
    return mine if mine.isdigit() and resembles(word, mine) else word


def _is_name(index: int, word: str) -> bool:
    """A capitalised word within the line; an abbreviation in capitals has no mark that could be lost."""
    return (
        index > 0
        and word[:1].isupper()
        and word.isalpha()
        and not (word.isupper() and letters(word) == word.replace("Đ", "D"))
    )


def _easily_misread(word: str) -> bool:
    """What every picture of the same print reads wrong alike: the dot of an i as a hook («nghi thức» → «nghỉ thức»),
    and short signs that mix letters and figures («mố M1» → «mố MI»)."""
    if HOOKED_I in word.lower():
        return word.lower() != "tỉnh"  # the province: in half of all abstracts, and hardly anything else
    mixed = any(c.isdigit() for c in word) or word[-1:] in "IO"
    return word.isupper() and len(word) <= 4 and mixed and not word.isdigit() and not _ROMAN.fullmatch(word)


def _wide_gaps(row: Row) -> list[tuple[Token, Token]]:
    """Neighbours twice as far apart as the line's others."""
    near = list(pairwise(row.tokens))
    gaps = [right.x0 - left.x1 for left, right in near]
    if len(gaps) < 3:
        return []
    usual = max(statistics.median(gaps), 0.5)
    return [pair for pair, gap in zip(near, gaps, strict=True) if gap > 2.3 * usual]


def _misshapen(row: Row) -> int:
    """Figures and Roman numerals whose print is much wider or narrower than their signs are beside the row's other
    words: «quý III» that every picture reads as «quý II». No phrase and no spelling can tell those."""
    widths = [(t, (t.x1 - t.x0) / advance(t.text)) for t in row.tokens if len(letters(t.text)) > 1]
    if len(widths) < 4:
        return 0
    usual = statistics.median(width for _, width in widths)
    figures = [(_bare(t.text), width / usual) for t, width in widths if re.fullmatch(r"\W*[\dIVX]+\W*", t.text)]
    return sum(not low < width < high for text, width in figures for low, high in [_usual_widths(text)])


def _usual_widths(figures: str) -> tuple[float, float]:
    """Of three figures and more none is lost unseen, and faces differ in them; a stroke of a Roman numeral is lost."""
    return (0.7, 1.5) if len(figures) > 2 and figures.isdigit() else (0.8, 1.3)


def _may_replace(word: str, mine: str) -> bool:
    """Figures are never outvoted, and a syllable only by a syllable."""
    if word == mine or (word.isdigit() and not mine.isdigit() and resembles(mine, word)):
        return True
    if any(c.isdigit() for c in mine + word):
        return False
    return is_syllable(word) or not is_syllable(mine)


def _in_phrase(word: str, before: list[str], after: list[str], known_pairs: frozenset[tuple[str, str]]) -> bool:
    """The word makes a known pair with any reading of the word before or behind it."""
    mine = flat(word)
    return any((flat(_bare(text)), mine) in known_pairs for text in before) or any(
        (mine, flat(_bare(text))) in known_pairs for text in after
    )


def suggested(text: str) -> tuple[str, int]:
    """The text with pairs of syllables that no phrase knows written as the one phrase with the same letters; and how
    many words that changes. For showing beside the reading, never in its place."""
    words = text.split()
    fixed = _wanted(words)
    return " ".join(_recased(word, fixed[i]) if i in fixed else word for i, word in enumerate(words)), len(fixed)


def _wanted(words: Sequence[str]) -> dict[int, str]:
    """Places of words that stand in no known phrase, and what (flat) the only phrase with the same letters has."""
    flats = [flat(_bare(word)) for word in words]
    known, by_letters = pairs(), pairs_by_letters()
    fixed: dict[int, str] = {}
    for index in range(len(words) - 1):
        pair = (flats[index], flats[index + 1])
        if pair in known or re.search(r"[.;:()]$", words[index]):
            continue
        might = by_letters.get((letters(words[index]), letters(words[index + 1])), ())
        if len(might) != 1:
            continue
        wrong = [(p, good) for p, good in zip((index, index + 1), might[0], strict=True) if flats[p] != good]
        if not any(_held(place, index, flats, known) for place, _ in wrong):
            fixed.update(wrong)
    return fixed


def _held(place: int, index: int, flats: list[str], known: frozenset[tuple[str, str]]) -> bool:
    """The word already stands in a phrase with its neighbour outside the pair that begins at ``index``."""
    if place == index:
        return index > 0 and (flats[index - 1], flats[index]) in known
    return index + 2 < len(flats) and (flats[index + 1], flats[index + 2]) in known


def _recased(word: str, good: str) -> str:
    good = spelt().get(good, nfc(good))
    core = _bare(word)
    shaped = good.upper() if core.isupper() and len(core) > 1 else good.capitalize() if core[:1].isupper() else good
    return word.replace(core, shaped)
