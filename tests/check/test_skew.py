"""Leaning lines stop a page only where they are lines of print."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from intake.profile.sections import CheckSection
from workers.check import skew
from workers.check.orientation import Stand
from workers.check.text import Lines
from workers.check.view import PageView
from workers.tools.pages import PageSource


@pytest.mark.parametrize(
    ("sharpness", "across", "rise", "severity"),
    [
        (0.19, 0.15, 0.45, "block"),
        (0.19, 0.15, -0.45, "block"),
        (0.186, 0.120, 0.062, "warn"),
        (0.189, 0.146, 0.21, "warn"),
        (0.66, 0.71, None, "warn"),
    ],
)
def test_lines_written_by_hand_only_warn(section: CheckSection, sharpness, across, rise, severity) -> None:
    view = PageView.of(PageSource(1, Path("page"), 0, "jpeg", 10, 10, 200, 200, "rgb"), np.zeros((10, 10, 3), np.uint8))
    lines = Lines(-8.6, sharpness, across, -10.0, 411, rise, 35)
    found = list(skew.look(view, section, -8.6, lines, Stand(0)))
    assert [(finding.code, finding.severity.word) for finding in found] == [("check.skew_excessive", severity)]
