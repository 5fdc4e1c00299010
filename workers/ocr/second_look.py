"""Doubtful lines read again on another picture of the same ink; readings vote word by word, nothing is invented.

Tesseract's confidence does not see a wrong tone mark («thâm quyền» for «thẩm quyền»), but another size of the same
line is usually read right where the first was wrong. Disagreement is what tells that a word is doubtful.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from intake.ports import OcrEngine
from workers.ocr.gaps import LEAST_PX, parted_wrong, signs_lost
from workers.ocr.ink import Page
from workers.ocr.layout import Row, Token
from workers.ocr.phrases import recased, two_words, wanted
from workers.ocr.reading_image import one_channel
from workers.ocr.spelling import letters, nfc
from workers.ocr.syllables import flat, is_syllable, parted
from workers.ocr.voting import Agreement, bare, places_of_words, settled_by
from workers.ocr.word_reader import AROUND_MM, Opinion, Shown, opinion, respelt, seen, shown


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

NEARLY_READ, IN_DOUBT, NOT_READ = 9.0, 15.0, 20.0
"""how far behind (OcrWord.rivals) a known phrase's word may be on the picture where it was nearest to count as read; what
stands for what nobody can tell; and from where on it is another word, and the phrase another phrase: 0 to 8.9 where the phrase
is printed, of 30 words of 907 documents, 10 and 13 once each where it is not, and 22 or more of 61"""

BESIDE_MM = 1.0
"""most that is cut beside a word for the word reader"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A word on another picture: ``x0``, ``x1`` in mm, ``rivals`` as OcrWord has them."""

    x0: float
    x1: float
    text: str
    rivals: tuple[tuple[str, float], ...] | None

    @property
    def rival(self) -> float:
        """How far behind the nearest one was; infinite when there is none, or none is known."""
        return min((cost for _, cost in self.rivals or ()), default=math.inf)

    def short_of(self, word: str) -> float:
        """How far behind ``word`` (flat) was; 0 where that is what was read, IN_DOUBT from an engine that cannot tell."""
        if flat(bare(self.text)) == word:
            return 0.0
        if self.rivals is None:
            return IN_DOUBT
        return min((cost for text, cost in self.rivals if flat(bare(text)) == word), default=math.inf)


@dataclass(frozen=True, slots=True)
class Agreed:
    """A row as the readings agree on it and ``how`` they compare; ``doubtful``: words that a known phrase would have
    otherwise, taken from it or not, and no picture read just so; ``otherwise``: the row with those the other way round."""

    row: Row
    how: Agreement
    doubtful: int
    otherwise: Row


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Reads parts of one page again with the engine that read it first; ``blind``: it does not, there is no time."""

    page: Page
    engine: OcrEngine
    seconds: float
    blind: bool = False
    _seen: dict[tuple[float, float, Picture], list[Seen]] = field(default_factory=dict)

    def at(self, row: Row, everything: bool = False, around: tuple[str, str] = ("", "")) -> Agreed:
        """The row read again: by the word reader, and where that is not sure of every word, on other pictures by the
        engine. The third picture is only asked when two disagree or a word is odd; ``everything`` asks all at once.
        ``around``: the words before and behind the row, which a phrase may begin or end with."""
        row, words, votes, rivals, alone = self._asked(row, self._by_words(row), everything)
        settled = settled_by(row, votes, around, rivals)
        lost = signs_lost(self.page, row) + parted_wrong(self.page, row)
        sights = _sights(words, settled.row.tokens, votes)
        sure = frozenset(place for place, sight in enumerate(sights) if sight is not None and sight.agrees)
        phrased, doubtful = self._witnessed(settled.row, around, sure)
        tokens = list(phrased.tokens)
        changed = frozenset(i for i, (a, b) in enumerate(zip(settled.row.tokens, tokens, strict=True)) if a is not b)
        for place in changed:
            sights[place] = _sight(words[place], tokens[place].text, votes[place])
        # What is in a known phrase now is no longer weak.
        weak, known = set(settled.weak - changed), settled.known | changed
        sure = frozenset(place for place, sight in enumerate(sights) if sight is not None and sight.agrees)
        for place, sight in enumerate(sights):
            if place in sure:
                doubtful.pop(place, None)
            elif sight is not None and sight.doubts and (sight.contradicts or place not in settled.vouched):
                weak.add(place)
                better = respelt(tokens[place].text, sight.other) if sight.contradicts else None
                # A phrase says which marks a word has, not which capitals.
                if better is not None and (place not in known or better.lower() == tokens[place].text.lower()):
                    doubtful[place], tokens[place] = tokens[place].text, replace(tokens[place], text=better)
        # Of two words read as one the word reader sees all letters.
        merged = {i for i, t in enumerate(tokens) if parted(bare(t.text)) and not two_words(bare(t.text))}
        odd = settled.odd - (sure - merged)
        other_way = [replace(t, text=doubtful[i]) if i in doubtful else t for i, t in enumerate(tokens)]
        how = replace(
            settled.how,
            alone=len(alone - sure),
            odd=settled.how.odd + len(odd) + lost,
            weak=len(weak - sure),
            unsure=len(tokens) - len(sure),
        )
        return Agreed(Row(tuple(tokens)), how, len(doubtful), Row(tuple(other_way)))

    def _asked(
        self, row: Row, words: list[Shown | None], everything: bool
    ) -> tuple[Row, list[Shown | None], list[list[str]], list[dict[str, float]], frozenset[int]]:
        """The row without specks read as words; of each word what the word reader saw, all readings, and how far behind
        each one's nearest rival was; and the places of those found on no other picture."""
        votes: list[list[str]] = [[token.text] for token in row.tokens]
        rivals: list[dict[str, float]] = [{} for _ in row.tokens]
        pictures = PICTURES + WITNESSES if everything else PICTURES
        sights = _sights(words, row.tokens)
        if all(sight is not None and sight.agrees for sight in sights):
            pictures = ()
        missing: set[int] = set()
        for index, picture in enumerate(pictures):
            found = self._read(row, picture)
            missing = set()
            for place, (token, vote, near) in enumerate(zip(row.tokens, votes, rivals, strict=True)):
                again = _same_place(token, found)
                if again is None:
                    missing.add(place)
                else:
                    vote.append(again.text)
                    near[bare(again.text)] = min(again.rival, near.get(bare(again.text), again.rival))
            alike = all(len({bare(text) for text in vote}) == 1 for vote in votes)
            if index == 0 and alike and not missing and not everything and all(is_syllable(t.text) for t in row.tokens):
                break
        kept = places_of_words(row, votes)
        return (
            Row(tuple(row.tokens[i] for i in kept)),
            [words[i] for i in kept],
            [votes[i] for i in kept],
            [rivals[i] for i in kept],
            frozenset(new for new, old in enumerate(kept) if old in missing),
        )

    def seen(self, row: Row) -> str:
        """The row as the word reader sees it; nothing when there is no time."""
        return " ".join(seen(word.columns) for word in self._by_words(row) if word is not None)

    def sighted(self, row: Row) -> list[str | None]:
        """Each of the row's words as the word reader surely sees it: as read, or respelt; empty where it sees another word
        that nobody can tell; None where it is not sure."""
        sights = _sights(self._by_words(row), row.tokens)
        return [_surely(token.text, sight) for token, sight in zip(row.tokens, sights, strict=True)]

    def doubted(self, row: Row) -> list[str]:
        """Each word that was shown to the word reader: as read where it agrees, else the likeliest other."""
        sights = _sights(self._by_words(row), row.tokens)
        shown = [(token.text, sight) for token, sight in zip(row.tokens, sights, strict=True) if sight is not None]
        return [text if sight.agrees else sight.other for text, sight in shown]

    def respelt(self, row: Row) -> str:
        """The row's text with the words that the word reader surely sees otherwise as it sees them."""
        return " ".join(word or token.text for token, word in zip(row.tokens, self.sighted(row), strict=True))

    def _by_words(self, row: Row) -> list[Shown | None]:
        """Each word as it is shown to the word reader; None where there is nothing to show or no time."""
        parts = [] if self.blind else [self._part(row, place) for place in range(len(row.tokens))]
        if not parts or any(min(part.shape) < LEAST_PX for part in parts):
            return [None] * len(row.tokens)
        return list(shown(parts))

    def _part(self, row: Row, place: int) -> np.ndarray:
        """A word cut to the middle of the gaps beside it, at most ``BESIDE_MM``; with its neighbours' edges when boxes
        touch."""
        tokens, (upper, lower) = row.tokens, row.print_y
        token = tokens[place]
        left = token.x0 - tokens[place - 1].x1 if place else math.inf
        right = tokens[place + 1].x0 - token.x1 if place + 1 < len(tokens) else math.inf
        return self.page.crop(
            token.x0 - min(max(left / 2, 0.1), BESIDE_MM),
            upper - AROUND_MM,
            token.x1 + min(max(right / 2, 0.1), BESIDE_MM),
            lower + AROUND_MM,
        )

    def texts(self, row: Row) -> Iterator[str]:
        """The row's text on each of the other pictures, one by one as asked for."""
        colour = self.page.pixels.ndim == 3
        for picture in (*PICTURES, WITHOUT_COLOUR) if colour else PICTURES:
            yield nfc(" ".join(seen.text for seen in sorted(self._read(row, picture), key=lambda seen: seen.x0)))

    def _witnessed(self, row: Row, around: tuple[str, str], sure: frozenset[int]) -> tuple[Row, dict[int, str]]:
        """The row with words changed to what a known phrase has there, where some picture reads just that or nearly, but
        for the ``sure`` ones; and the other spelling of those left in doubt, by place: nearly read, or neither read nor
        far from it."""
        texts = [around[0], *(token.text for token in row.tokens), around[1]]
        own = frozenset(range(len(row.tokens))) - sure
        missed = {place - 1: good for place, good in wanted(texts).items() if place - 1 in own}
        short: dict[int, list[float]] = {place: [] for place in missed}
        for picture in PICTURES + WITNESSES + LAST_WITNESSES:
            left = [place for place in missed if 0.0 not in short[place]]
            if not left:
                break
            found = self._read(row, picture)
            for place in left:
                seen = _same_place(row.tokens[place], found)
                short[place] += [seen.short_of(missed[place])] if seen else []
        tokens, doubtful = list(row.tokens), {}
        for place, seen_short in short.items():
            behind = min(seen_short, default=IN_DOUBT)
            text = row.tokens[place].text
            good = recased(text, missed[place])
            if behind <= NEARLY_READ:
                tokens[place] = replace(row.tokens[place], text=good)
            if 0 < behind < NOT_READ:
                doubtful[place] = text if behind <= NEARLY_READ else good
        return Row(tuple(tokens)), doubtful

    def _read(self, row: Row, picture: Picture) -> list[Seen]:
        """Words of the row on another picture of it; read once."""
        if self.blind:
            return []
        key = (row.x0, row.y0, picture)
        if key not in self._seen:
            self._seen[key] = self._look(row, picture)
        return self._seen[key]

    def _look(self, row: Row, picture: Picture) -> list[Seen]:
        own, dpi = self.page.sheet.px_per_mm[0] * 25.4, picture.dpi
        source = self.page.pixels if picture.lifted else None
        upper, lower = row.print_y
        part = self.page.crop(row.x0 - 1.5, upper - picture.reach, row.x1 + 1.5, lower + picture.reach, source)
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
            lines = self.engine.read(part, dpi, layout="block", seconds=self.seconds, rivals=True)
            if sum(len(line) for line in lines) < 0.6 * len(row.tokens):
                lines = self.engine.read(part, dpi, layout="line", seconds=self.seconds, rivals=True)
        except TimeoutError:
            return []
        left = max(row.x0 - 1.5, 0.0)
        per_mm = dpi / 25.4
        # What the part shows of the lines above and below is read as words too, in the middle of the row's own.
        edge = border + picture.reach * per_mm * picture.height
        own_rows = range(round(edge), part.shape[0] - round(edge))
        return [
            Seen(
                left + (w.box[0] - border) / per_mm,
                left + (w.box[2] - border) / per_mm,
                w.text,
                w.rivals,
            )
            for line in lines
            for w in line
            if (w.box[1] + w.box[3]) // 2 in own_rows
        ]


def _sights(
    words: Sequence[Shown | None], tokens: Sequence[Token], votes: Sequence[Sequence[str]] | None = None
) -> list[Opinion | None]:
    """What the word reader says of each word, also of what else it was read as."""
    behind = [token.text if len(token.text) == 1 else "" for token in tokens[1:]] + [""]
    votes = votes or [()] * len(tokens)
    return [_sight(*each) for each in zip(words, (t.text for t in tokens), votes, behind, strict=True)]


def _sight(word: Shown | None, text: str, others: Sequence[str] = (), behind: str = "") -> Opinion | None:
    return None if word is None else opinion(word, text, others, behind)


def _surely(text: str, sight: Opinion | None) -> str | None:
    if sight is None or not (sight.agrees or sight.contradicts):
        return None
    return text if sight.agrees else respelt(text, sight.other) or ""


def _same_place(token: Token, found: Sequence[Seen]) -> Seen | None:
    """What the other reading saw where the word stands; joined when it was cut in two; None when nothing alike."""
    inside = sorted((s for s in found if token.x0 - 0.6 < (s.x0 + s.x1) / 2 < token.x1 + 0.6), key=lambda s: s.x0)
    if not inside:
        return None
    text = nfc("".join(seen.text for seen in inside))
    one, other = letters(token.text), letters(text)
    if bool(one) != bool(other) or Levenshtein.distance(one, other) > max(1, len(one) // 3):
        return None
    rivals = [seen.rivals for seen in inside if seen.rivals is not None]
    return Seen(inside[0].x0, inside[-1].x1, text, tuple(chain(*rivals)) if rivals else None)
