"""Do the pages of one document have one size? An A3 annex is lawful; a stray sheet of another document is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from intake.model import Finding, Severity

APART_MM = 12.0
"""auto-sized captures of one size of paper differ by up to 8 mm (docs/check/completeness.md)"""


def look(pages: Sequence[tuple[int, tuple[float, float]]]) -> Iterator[Finding]:
    """``paper_size`` (note), once a document. ``pages``: page number and the image's width and height in mm."""
    if len(pages) < 2:
        return
    size = np.array([sorted(pair) for _, pair in pages])
    near = (np.abs(size[:, None] - size[None]) <= APART_MM).all(axis=2)
    usual = int(near.sum(axis=1).argmax())
    others = [pages[index][0] for index in np.flatnonzero(~near[usual])]
    if not others:
        return
    told = ", ".join(map(str, others[:8]))
    of, this = size[usual], size[[number for number, _ in pages].index(others[0])]
    here, there = f"{this[0]:.0f} × {this[1]:.0f}", f"{of[0]:.0f} × {of[1]:.0f}"
    yield Finding(
        "check.paper_size", Severity.NOTE,
        f"Khổ giấy không đều: trang {told} là {here} mm, các trang khác {there} mm. Nếu không phải phụ lục khổ khác, "
        "kiểm tra xem có tờ lạc hoặc hai tờ bị kéo cùng lúc.",
        f"Mixed sizes: page {told} is {here} mm, the others {there} mm. Unless it is an annex of another size, look for a "
        "stray sheet or two fed as one.",
        page=others[0], measured=here, limit=there, unit="mm",
    )  # fmt: skip
