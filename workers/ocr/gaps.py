"""What the ink between and within a line's words says of them: signs that every picture lost, words that are two or one."""

from __future__ import annotations

import statistics
from itertools import pairwise

from workers.ocr.columns import runs
from workers.ocr.ink import Page
from workers.ocr.layout import Row, Token
from workers.ocr.voting import bare

DARK, DASH_MM2 = 0.7, 0.15
"""level (share of the paper's) up to which it is ink, and area from which what stands between two words is a sign: a dash of
13 pt is 0.5 mm²"""
STREAK = 0.5
"""share of the line's height from which a dark column is a streak or a stamp's frame, not a sign"""
WORDS_APART, ONE_WORD = 0.7, 0.6
"""share of the line's usual gap from which capitals stand apart, and below which they are one word: of 118 real scans taken in
four ways, within a word at most 0.5 but for 0.8 of «N2017», between two words 0.86 and more; 0.4 within «GAVI»"""
BOX_OFF_MM = 0.7
"""by how much the engine's boxes may be off"""
LEAST_PX = 6
"""height and width of a cut from which there is something to see"""


def signs_lost(page: Page, row: Row) -> int:
    """Wide gaps of the row in which a sign stands: a dash that every picture lost."""
    return sum(_ink_between(page, left, right) for left, right in _wide_gaps(row))


def parted_wrong(page: Page, row: Row) -> int:
    """Capitals and figures that are two words by their ink and were read as one («GAVITW» for «GAVI TW»), or one and were
    read as two («GA VI»): no spelling tells."""
    capitals = [len(bare(token.text)) > 1 and bare(token.text).isupper() for token in row.tokens]
    near = list(pairwise(row.tokens))
    if len(near) < 3 or not any(capitals):
        return 0
    height, dark = row.print_y, DARK * page.paper
    gaps = [_gap(page, (left.x0, right.x1), (left.x1, right.x0), height, dark) for left, right in near]
    usual = statistics.median(gaps)
    words = [(token.x0, token.x1) for token, is_capital in zip(row.tokens, capitals, strict=True) if is_capital]
    inside = [_gap(page, word, word, height, dark) for word in words]
    between = [gap for gap, both in zip(gaps, pairwise(capitals), strict=True) if all(both)]
    return sum(gap > WORDS_APART * usual for gap in inside) + sum(gap < ONE_WORD * usual for gap in between)


def _gap(
    page: Page, ends: tuple[float, float], about: tuple[float, float], height: tuple[float, float], dark: float
) -> float:
    """mm of the widest gap, between the ``ends``, in the ink (levels up to ``dark``) that is ``about`` there."""
    part = page.crop(ends[0], height[0], ends[1], height[1])
    if min(part.shape) < LEAST_PX:
        return 0.0
    per_mm = page.sheet.px_per_mm[0]
    free = ~(part < dark).any(axis=0)
    begin, end = ((x - ends[0]) * per_mm for x in (about[0] - BOX_OFF_MM, about[1] + BOX_OFF_MM))
    found = [b - a for a, b in runs(free) if b > begin and a < end and a > 0 and b < len(free)]
    return max(found, default=0) / per_mm


def _ink_between(page: Page, left: Token, right: Token) -> bool:
    gap = page.crop(left.x1 + 0.4, min(left.y0, right.y0), right.x0 - 0.4, max(left.y1, right.y1))
    if min(gap.shape) < 3:
        return False
    dark = gap < DARK * page.paper
    dark[:, dark.mean(axis=0) > STREAK] = False
    return bool(dark.sum() > DASH_MM2 * page.sheet.px_per_mm[0] ** 2)


def _wide_gaps(row: Row) -> list[tuple[Token, Token]]:
    """Neighbours twice as far apart as the line's others."""
    near = list(pairwise(row.tokens))
    gaps = [right.x0 - left.x1 for left, right in near]
    if len(gaps) < 3:
        return []
    usual = max(statistics.median(gaps), 0.5)
    return [pair for pair, gap in zip(near, gaps, strict=True) if gap > 2.3 * usual]
