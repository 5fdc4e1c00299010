"""One letter, printed once and scanned as each test wants it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from intake.profile import load
from intake.profile.sections import CheckSection
from samples.capture import Scan, save, scan
from samples.documents import random_spec
from samples.page import Page, render
from workers.check.gate import inspect

PROFILE = Path(__file__).resolve().parents[2] / "profiles" / "incoming.toml"
Codes = dict[str, str]


@pytest.fixture(scope="session")
def section() -> CheckSection:
    return load(PROFILE).check


@pytest.fixture(scope="session")
def letter() -> Page:
    """A plain one-page letter, without urgency or incoming stamp."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(11)
    spec = random_spec(rng, "Báo cáo", written=False)
    return render(spec.__class__(**{**_fields(spec), "incoming": None, "urgency": ""}), rng)[0]


def _fields(spec: Any) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in spec.__dataclass_fields__}


@pytest.fixture
def taken(letter: Page) -> Callable[..., Scan]:
    """Scan the letter with settings of samples.capture.Settings."""
    return lambda **settings: scan(letter, np.random.default_rng(5), **{"dpi": 200.0, **settings})


@pytest.fixture
def codes(tmp_path: Path, section: CheckSection) -> Callable[..., Codes]:
    """Save scans as one document and return the gate's findings as code → severity (notes left out)."""

    def judge(*scans: Any, container: str = "jpeg", dpi_tag: float | None = None, quality: int = 80) -> Codes:
        tag = scans[0].dpi if dpi_tag is None else dpi_tag
        kind = "folder" if container == "jpeg" and len(scans) > 1 else container
        suffix = {"jpeg": ".jpg", "tiff": ".tif", "pdf": ".pdf", "png": ".png"}.get(kind, "")
        files = save(list(scans), tmp_path / f"doc{suffix}", kind, tag or None, quality)
        findings, _ = inspect(files, section)
        return {f.code.removeprefix("check."): f.severity.word for f in findings if f.severity > 0}

    return judge
