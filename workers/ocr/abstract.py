"""Title and abstract of a head, read again where a stamp was mixed into them or the engine left one of their lines out.

Tesseract drops whole lines, and an abstract without its last one reads like a whole abstract: nothing in its words tells.
What tells is print under the last line, as near as a next line would be, that no word was read of, and letters beside the
words of a line that are in none of them.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from intake.ports import OcrEngine, OcrLine
from workers.ocr.anchors import Anchors
from workers.ocr.beside_stamp import read_apart, read_part
from workers.ocr.columns import runs
from workers.ocr.ink import Page
from workers.ocr.layout import Row, lay_out
from workers.ocr.reading_image import one_channel
from workers.ocr.title import Subject, Title, find_title, subject_under_number, subject_under_title

BELOW_NUMBER_MM = 75.0
"""below the number line: the title, and an abstract of five lines"""
MOST_LINES = 4
"""left out one after another; an abstract has five at most"""
HALF_MM = 25.0
"""to both sides of an abstract's middle: what stands there is its next line, and no stamp beside it"""
DOWN_MM = 7.5
"""from a line's foot to its next one's: 14 pt at line spacing 1.5"""
GAP_MM = 0.3
"""below a line's foot, and beside a word"""
BESIDE_MM = 85.0
"""to both sides of its middle a line reaches at most"""
DARK = 0.72
"""level, as share of the paper's, up to which it is ink"""
RULE_MM = 4.5
"""a level run of ink that no letter has"""
SURE = 0.75
"""mean confidence of a line's words from which it is one: pens and stamps read as words stay below"""
ASIDE_MM, OF_LETTERS, WIDEST_MM = 5.0, 0.45, 12.0
"""how far beside a row its lost letters are looked for; least height of ink that is a letter, as share of its words'; width
of letters that touch"""
LOWEST_MM, INKED = 1.3, 0.12
"""height of a row of print, and share of its columns that are inked: a rule is lower, a pen's stroke and specks ink less"""


def title_and_subject(
    page: Page, lines: Sequence[OcrLine], anchors: Anchors, engine: OcrEngine | None, seconds: float
) -> tuple[Title | None, Subject | None]:
    """Type's title and abstract of ``page``, whose ``lines`` (px) were read; without an ``engine`` nothing is read again.
    The abstract is not ``complete`` when there is print at its end that cannot be read."""
    title, subject = _found(page, anchors)
    if engine is None or anchors.number is None:
        return title, subject
    if subject is None or not subject.text or not subject.complete:
        under = anchors.number.middle + 3
        apart = read_apart(page, lines, engine, seconds, (0, under, page.sheet.width, under + BELOW_NUMBER_MM))
        again = _found(apart, anchors) if apart else (None, None)
        if apart is not None and again[1] is not None and again[1].text:
            page, (title, subject) = apart, again
    for _ in range(MOST_LINES):
        above = _last_before_print(page, title, subject)
        if above is None or subject is None:
            break
        more = _read_below(page, above, engine, seconds)
        again = _found(more, anchors) if more else (None, None)
        if more is None or again[1] is None or not _adds_sure_words(again[1], subject):
            return title, replace(subject, complete=False)
        page, (title, subject) = more, again
    if subject is not None and any(_letters_left_out(page, row) for row in subject.rows):
        subject = replace(subject, complete=False)
    return title, subject


def _letters_left_out(page: Page, row: Row) -> bool:
    """Print as high as the row's letters, among its words or close behind them, that is in none of them: a Roman I taken
    for a speck, words that a stamp's pushed out."""
    height = statistics.median(token.height for token in row.tokens)
    left = max(row.x0 - ASIDE_MM, 0.0)
    part = page.crop(left, row.y0, row.x1 + ASIDE_MM, row.y1, page.pixels)
    if min(part.shape[:2]) < 8:
        return False
    part, per_mm = one_channel(np.ascontiguousarray(part), lift=True), page.sheet.px_per_mm[0]
    _, _, stats, _ = cv2.connectedComponentsWithStats(_dark(page, part), connectivity=8)
    for x, y, wide, high, _ in stats[1:]:
        of_letters = high >= OF_LETTERS * height * per_mm and wide <= WIDEST_MM * per_mm
        if not of_letters or y == 0 or y + high == part.shape[0]:
            continue
        x0, x1 = left + x / per_mm - GAP_MM, left + (x + wide) / per_mm + GAP_MM
        if not any(token.x0 < x1 and x0 < token.x1 for token in row.tokens):
            return True
    return False


def _dark(page: Page, part: np.ndarray) -> np.ndarray:
    """Where a part of the page has ink (uint8, 0 or 1)."""
    return (part < DARK * page.paper).astype(np.uint8)


def _adds_sure_words(longer: Subject, subject: Subject) -> bool:
    known = {token.word for token in subject.tokens}
    new = [token.word.confidence for token in longer.tokens if token.word not in known]
    return len(longer.rows) > len(subject.rows) and statistics.fmean(new) >= SURE


def _found(page: Page, anchors: Anchors) -> tuple[Title | None, Subject | None]:
    title = find_title(page.sheet, anchors)
    return title, subject_under_title(page, title) if title else subject_under_number(page.sheet, anchors)


def _last_before_print(page: Page, title: Title | None, subject: Subject | None) -> Row | None:
    """The line of title and abstract under which there is print that no word was read of."""
    rows = [*([title.row] if title else []), *(subject.rows if subject else [])]
    return next((row for row in rows if _print_below(page, row)), None)


def _print_below(page: Page, row: Row) -> bool:
    centre, top, bottom = row.centre, row.y1 + GAP_MM, row.y1 + DOWN_MM
    for other in page.sheet.between(row.middle + 1.5, bottom + 2):
        if other.part(centre - HALF_MM, centre + HALF_MM) is not None:
            return False
    rules = [rule.y for rule in page.rules(row.middle, bottom) if abs(rule.centre - centre) < HALF_MM]
    bottom = min([bottom, *rules])  # the abstract ends at its rule
    part = page.crop(centre - HALF_MM, top, centre + HALF_MM, bottom, page.pixels)
    if min(part.shape[:2]) < 8:
        return False
    part = one_channel(np.ascontiguousarray(part), lift=True)
    per_mm = page.sheet.px_per_mm[0]
    dark = _dark(page, part)
    long = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, round(RULE_MM * per_mm)), np.uint8))
    inked = (dark & ~long).mean(axis=1) >= INKED
    return any(end - begin >= LOWEST_MM * per_mm for begin, end in runs(inked))


def _read_below(page: Page, row: Row, engine: OcrEngine, seconds: float) -> Page | None:
    """The page with what the engine reads right below ``row``, coloured ink made paper; None where it reads nothing."""
    across, down = page.sheet.px_per_mm
    height, width = page.gray.shape
    x0, x1 = max(row.centre - BESIDE_MM, 0.0), min(row.centre + BESIDE_MM, page.sheet.width)
    _, top = page.sheet.to_px(row.centre, row.y1)
    left, right = round(x0 * across), min(round(x1 * across), width)
    upper, lower = max(round(top), 0), min(round(top + DOWN_MM * down), height)
    part = one_channel(np.ascontiguousarray(page.pixels[upper:lower, left:right]), lift=True)
    again = read_part(part, (left, upper), across * 25.4, engine, seconds, layout="block")
    if not again:
        return None
    known = [tuple(token.word for token in one.tokens) for one in page.sheet.rows]
    return replace(page, sheet=lay_out([*known, *again], width, height, (across * 25.4, down * 25.4)))
