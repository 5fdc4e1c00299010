"""A signature block read again: names under a seal or a pen, set as a red stamp, askew, or below an unread office.

The first reading drops red ink, and takes seal, pen and name for one block of text. Here the lines of print are looked
for by themselves on pictures of each ink, set level, and read one by one. A line costs 8 ms of the engine; some six
are asked in a document whose name is missing or doubtful, none in others (docs/ocr.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from intake.model import Box
from intake.ports import OcrEngine, OcrWord
from workers.ocr.ink import Page
from workers.ocr.signature_ink import DPI, INK, MM, Band, large_ink, levelled, lines_of_print, pictures_of, versions
from workers.ocr.signer import (
    BESIDE_OFFICE_MM,
    OFFICE_LINES_MM,
    UNDER_OFFICE_MM,
    Name,
    Place,
    deputy_of,
    may_be_name,
    name_in,
    position_of,
)

LINES = 6
"""lowest lines looked at on each picture: a name, and two or three of its office"""
BEFORE_MM, AFTER_MM, AROUND_MM = 14.0, 5.0, 1.2
"""what is read with a line's letters: a surname joined to the seal's ink stands before them"""
SAME_MM = 4.0
"""how far apart on two pictures the middles of one line stand at most"""
BEFORE_NAME_MM = 8.0
"""how far before a name of two words ink may be its surname"""
CLOSE_MM = 9.0
"""distance of the next line from which a name without office stands alone: lists and tables are set closer"""
SEAL_MM, OVER_MM = 12.0, 32.0
"""size of a seal or a pen's stroke, and how far above the name it is looked for"""
SURE, SURE_MENDED = 0.5, 0.75
"""least confidence, of the surest of the agreeing readings, from which a name is said; where none has the surname right"""
PLAIN = 0.85
"""confidence from which a name that all versions of a line agree on is looked at on no other picture"""
SHARE = 0.6
"""least share of the readings' confidence that agrees on it"""


@dataclass(frozen=True, slots=True)
class Block:
    """What was read again: ``name`` with its ``confidence`` and place (mm, as displayed); ``office``, None where no known
    one stands above it, and its place."""

    name: Name
    confidence: float
    box: Box
    office: str | None
    office_box: Box | None


@dataclass(frozen=True, slots=True)
class _Reading:
    """A name as read in a line; ``cut``: it may be what is left of one, whose surname is under the ink before it."""

    name: Name
    sure: float
    band: Band
    cut: bool

    @property
    def plain(self) -> bool:
        """As printed, and surely so."""
        return self.name.better is None and not self.name.torn and self.sure > PLAIN


def read_block(page: Page, place: Place, engine: OcrEngine, seconds: float) -> Block | None:
    """The name in the ``place`` of a page's pixels and the office above it; None where none is sure, or the engine needs
    more than ``seconds`` for a line."""
    zone = _Zone.cut(page, place)
    if zone is None:
        return None
    try:
        names, offices, others = _read(zone, engine, seconds)
    except TimeoutError:
        return None
    readings = _of_one_line(names, zone.office)
    found = _agreed(readings)
    if found is None:
        return None
    best, confidence = found
    if zone.office is None and not _signed(zone, best.band, others):
        return None
    if best.cut:
        return None
    above = [
        (band, office)
        for band, office in offices
        if UNDER_OFFICE_MM[0] * MM < best.band.centre[1] - band.centre[1] < UNDER_OFFICE_MM[1] * MM
    ]
    office, band = _lowest(above)
    return Block(best.name, confidence, zone.box(best.band), office, zone.box(band) if band else None)


def _lowest(offices: Sequence[tuple[Band, str]]) -> tuple[str | None, Band | None]:
    """The signer's own office: the lowest; under a line of the same office it is the deputy's, whose PHÓ was not read."""
    if not offices:
        return None, None
    band, office = max(offices, key=lambda one: one[0].centre[1])
    deputy = deputy_of(office)
    over = [(band.centre[1] - other.centre[1]) / MM for other, same in offices if same in (office, deputy)]
    twice = any(SAME_MM < apart < OFFICE_LINES_MM for apart in over)
    return deputy or office if twice else office, band


@dataclass(frozen=True, slots=True)
class _Zone:
    """The place as pictures of ``DPI``; ``origin``: its left upper corner in mm of the page as displayed; ``office``: the
    middle of the office read at first, px."""

    pictures: tuple[np.ndarray, ...]
    origin: tuple[float, float]
    office: tuple[float, float] | None

    @classmethod
    def cut(cls, page: Page, place: Place) -> _Zone | None:
        x0, y0, x1, y1 = place.box
        pixels = page.crop(x0, y0, x1, y1, page.pixels)
        if min(pixels.shape[:2]) < LINES * MM:
            return None
        across, down = page.sheet.px_per_mm
        top = page.sheet.to_px((x0 + x1) / 2, y0)[1] / down
        size = round(pixels.shape[1] / across * MM), round(pixels.shape[0] / down * MM)
        office = place.office
        middle = ((office.centre - x0) * MM, (office.middle - y0) * MM) if office else None
        return cls(pictures_of(pixels, size), (max(x0, 0.0), max(top, 0.0)), middle)

    def box(self, band: Band) -> Box:
        x, y = self.origin
        return Box(x + band.x0 / MM, y + band.top / MM, (band.x1 - band.x0) / MM, (band.bottom - band.top) / MM)


def _read(zone: _Zone, engine: OcrEngine, seconds: float) -> tuple[list[_Reading], list[tuple[Band, str]], list[Band]]:
    """Names, known offices and other lines of text, on every picture from the lowest line up."""
    names: list[_Reading] = []
    offices: list[tuple[Band, str]] = []
    others: list[Band] = []
    settled: list[Band] = []
    for picture in zone.pictures:
        for band in lines_of_print(picture)[:LINES]:
            if any(_same_line(band, other) for other in settled):
                continue
            line, *more = versions(levelled(picture, band, BEFORE_MM, AFTER_MM, AROUND_MM))
            read = [_words(engine, line, seconds)]
            words = _told(read[0])
            office, known = position_of(" ".join(word for word, _ in words))
            if known:
                offices.append((band, office))
                settled.append(band)
            elif may_be_name(words):
                read += [_words(engine, version, seconds) for version in more]
                found = [(name_in(_told(again)), again) for again in read]
                said = [
                    _Reading(name, _surety(name, again), band, _may_be_cut(name) and _inked_before(line, name, read[0]))
                    for name, again in found
                    if name is not None
                ]
                names += said
                if len(said) == len(read) and len({one.name for one in said}) == 1 and said[0].plain:
                    settled.append(band)
            elif sum(len(word) > 1 and sure > 0.8 for word, sure in words) > 1:
                others.append(band)
    return names, offices, others


def _same_line(band: Band, other: Band) -> bool:
    return abs(band.centre[1] - other.centre[1]) < SAME_MM / 2 * MM and band.x0 < other.x1 and other.x0 < band.x1


def _words(engine: OcrEngine, line: np.ndarray, seconds: float) -> list[OcrWord]:
    lines = engine.read(np.ascontiguousarray(line), DPI, layout="line", seconds=seconds)
    return [word for row in lines for word in row]


def _told(words: Sequence[OcrWord]) -> list[tuple[str, float]]:
    return [(word.text, word.confidence) for word in words]


def _surety(name: Name, words: Sequence[OcrWord]) -> float:
    """The least confidence of the words of the name as read; of a torn one its surname's does not count."""
    parts = name.text.split()[1 if name.torn else 0 :]
    return min((word.confidence for word in words if any(part in word.text for part in parts)), default=0.0)


def _may_be_cut(name: Name) -> bool:
    """Whether it may as well be a middle and a given name."""
    words = name.text.split()
    return len(words) == 2 or words[0] == "Văn"


def _inked_before(line: np.ndarray, name: Name, words: Sequence[OcrWord]) -> bool:
    """Ink right before the name in its ``line``, or no telling where it begins among its ``words``."""
    begin = next((word.box[0] for word in words if name.text.split()[0] in word.text), None)
    if begin is None:
        return True
    edge = round((AROUND_MM + 0.5) * MM)
    part = line[edge:-edge, max(begin - round(BEFORE_NAME_MM * MM), 0) : max(begin - round(0.5 * MM), 0)]
    return bool(part.size and (part < INK * np.percentile(line, 75)).mean() > 0.02)


def _of_one_line(names: Sequence[_Reading], office: tuple[float, float] | None) -> list[_Reading]:
    """The readings of the line that is the signer's: under the office, or the lowest."""
    fitting = [
        one
        for one in names
        if office is None
        or (
            abs(one.band.centre[0] - office[0]) < BESIDE_OFFICE_MM * MM
            and one.band.centre[1] - office[1] > UNDER_OFFICE_MM[0] * MM
        )
    ]
    if not fitting:
        return []
    lowest = max(one.band.centre[1] for one in fitting)
    return [one for one in fitting if lowest - one.band.centre[1] < SAME_MM * MM]


def _agreed(readings: Sequence[_Reading]) -> tuple[_Reading, float] | None:
    """The name that most of the confidence is on, and how sure it is."""
    votes: dict[str, list[_Reading]] = {}
    # «Thanh Tùng» is what is left of «Phạm Thanh Tùng» where the surname was not read: no other name.
    whole = [one for one in readings if not any(other.name.text.endswith(f" {one.name.text}") for other in readings)]
    for one in whole:
        votes.setdefault(one.name.better or one.name.text, []).append(one)
    weights = {text: sum(one.sure for one in same) for text, same in votes.items()}
    total = sum(weights.values())
    if not total:
        return None
    text = max(weights, key=weights.__getitem__)
    # The reading with its surname spelt right, where there is one
    best = max(votes[text], key=lambda one: (one.name.better is None, not one.name.torn, one.sure))
    share, sure = weights[text] / total, max(one.sure for one in votes[text])
    mended = best.name.better is not None or best.name.torn
    if sure < (SURE_MENDED if mended else SURE) or share < SHARE:
        return None
    return best, 0.95 * sure * share * (0.6 if mended else 1.0) * (1.0 if len(votes[text]) > 1 else 0.8)


def _signed(zone: _Zone, name: Band, others: Sequence[Band]) -> bool:
    """Whether a name without office is signed: no text close to it, and large ink above."""
    x, y = name.centre
    near = [band for band in others if abs(band.centre[1] - y) < CLOSE_MM * MM and band.centre[1] != y]
    box = (x - 30 * MM, y - OVER_MM * MM, x + 30 * MM, name.top)
    return not near and any(large_ink(picture, *box, SEAL_MM) for picture in zone.pictures)
