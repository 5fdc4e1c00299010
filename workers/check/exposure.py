"""Is the page too dark, too light, or too weak in contrast to be read and copied?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from intake.model import Finding, Severity
from workers.check.legibility import Tile
from workers.check.view import PageView
from workers.tools.connected import connected

PAPER_MIN = 160.0
"""level of the paper where there is writing: aged and tinted papers from 196, dark captures below 140"""
COLOURED_MIN = 178.0
"""lightest channel of coloured paper, from 195; dark captures of any paper reach 150"""
INK_MAX = 128.0
"""level of the darkest strokes: clean scans up to 90, washed-out ones above 140"""
PAPER_BURNT = 250.0
CONTRAST_MIN = 80.0
FAINT_LEVEL = 230
FAINT_MARKS_MIN = 60
"""marks of letter size that show at FAINT_LEVEL only: washed-out letters from 400, a back shining through up to 2"""
FAINT_PX = (5, 42)


def washed_out(view: PageView) -> bool:
    """Nothing dark is left on burnt-out paper, but letters have been there: such a page is not blank."""
    if float(np.median(view.gray)) < PAPER_BURNT:
        return False
    faint = (view.black_ink < FAINT_LEVEL).astype(np.uint8)
    _, stats = connected(faint)
    width, height, area = stats[1:, 2], stats[1:, 3], stats[1:, 4]
    long, short = np.maximum(width, height), np.minimum(width, height)
    marks = (long >= FAINT_PX[0]) & (long <= 3 * FAINT_PX[1]) & (short <= FAINT_PX[1]) & (area >= 8)
    return int(marks.sum()) >= FAINT_MARKS_MIN


def _lightest(view: PageView) -> float:
    """Level of the paper in its lightest channel: a red or blue sheet is light in one, a dark capture in none."""
    return float(np.median(view.paper_white[::8, ::8].max(axis=2)))


def look(view: PageView, tiles: Sequence[Tile], blurred: bool = False) -> Iterator[Finding]:
    """``blurred``: strokes out of focus are pale without being over-exposed."""
    if not tiles:
        if view.letters[1] == 0 and washed_out(view):
            yield _over_exposed(view, FAINT_LEVEL)
        return
    paper = float(np.median([tile.paper for tile in tiles]))
    ink = float(np.median([tile.ink for tile in tiles]))
    if paper < PAPER_MIN and _lightest(view) < COLOURED_MIN:
        yield Finding(
            "check.too_dark", Severity.BLOCK,
            f"Trang {view.number} quá tối (nền giấy {paper:.0f}/255). Tăng độ sáng hoặc đặt lại mặc định, kiểm tra đèn máy "
            "quét, rồi quét lại.",
            f"Page {view.number} is too dark (paper at {paper:.0f} of 255). Raise the brightness or reset it, check the lamp, "
            "and scan again.",
            page=view.number, measured=round(paper), limit=PAPER_MIN, unit="level",
        )  # fmt: skip
    elif ink > INK_MAX and paper >= PAPER_BURNT and not blurred:
        yield _over_exposed(view, ink)
    elif paper - ink < CONTRAST_MIN:
        yield Finding(
            "check.low_contrast", Severity.WARN,
            f"Trang {view.number} có độ tương phản thấp ({paper - ink:.0f}/255). Xem lại bản giấy; nếu giấy rõ hơn ảnh, đặt "
            "lại độ tương phản rồi quét lại.",
            f"Page {view.number} has weak contrast ({paper - ink:.0f} of 255). Compare with the paper; if that is clearer, "
            "reset the contrast and scan again.",
            page=view.number, measured=round(paper - ink), limit=CONTRAST_MIN, unit="level",
        )  # fmt: skip


def _over_exposed(view: PageView, ink: float) -> Finding:
    return Finding(
        "check.over_exposed", Severity.BLOCK,
        f"Trang {view.number} quá sáng, nét chữ bị mất (nét đậm nhất {ink:.0f}/255). Giảm độ sáng, tắt «xóa nền», "
        "rồi quét lại.",
        f"Page {view.number} is over-exposed, strokes fade (darkest at {ink:.0f} of 255). Lower the brightness, switch "
        "background removal off, and scan again.",
        page=view.number, measured=round(ink), limit=INK_MAX, unit="level",
    )  # fmt: skip
