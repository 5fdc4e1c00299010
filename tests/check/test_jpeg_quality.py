"""The quality a JPEG was saved with is read from its own tables, in every container that holds JPEGs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from samples.capture import save
from workers.check.gate import inspect
from workers.check.jpeg_quality import measure
from workers.tools.pages import list_pages

SUFFIX = {"jpeg": ".jpg", "tiff": ".tif", "pdf": ".pdf"}


def _picture() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 255, (420, 300, 3), dtype=np.uint8)


@pytest.mark.parametrize("container", SUFFIX)
@pytest.mark.parametrize("quality", [30, 60, 75, 92])
def test_the_quality_is_read_whatever_the_container(tmp_path: Path, container: str, quality: int) -> None:
    path = save([_picture()], tmp_path / f"scan{SUFFIX[container]}", container, 200.0, quality)[0]
    assert measure(list_pages([path])[0]) == quality


def test_tables_of_another_make_are_unknown_and_nothing_is_said(tmp_path: Path, section) -> None:
    path = tmp_path / "scan.jpg"
    steps = [[8 + (index * 37) % 50 for index in range(64)]] * 2
    Image.fromarray(_picture()).save(path, qtables=steps, dpi=(200, 200))
    findings, rows = inspect([path], section)
    assert rows[0]["jpeg_quality"] is None
    assert "check.jpeg_quality" not in {finding.code for finding in findings}


def test_a_picture_without_jpeg_has_no_such_quality(tmp_path: Path) -> None:
    path = save([_picture()], tmp_path / "scan.png", "png", 200.0)[0]
    assert measure(list_pages([path])[0]) is None


@pytest.mark.parametrize(("quality", "noted"), [(60, True), (80, False)])
def test_strong_compression_is_noted_and_never_more(tmp_path, taken, section, quality, noted) -> None:
    path = save([taken()], tmp_path / "scan.jpg", "jpeg", 200.0, quality)[0]
    words = [f.severity.word for f in inspect([path], section)[0] if f.code == "check.jpeg_quality"]
    assert words == ["note"] * noted
