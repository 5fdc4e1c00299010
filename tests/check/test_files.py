"""Damaged, foreign and dangerous files are named before anything decodes them."""

from __future__ import annotations

import numpy as np
import pytest

from bench.gate_damage import DAMAGE
from samples.capture import save
from workers.check.gate import inspect

SUFFIX = {"jpeg": ".jpg", "png": ".png", "tiff": ".tif", "pdf": ".pdf"}
CASES = [
    (kind, container)
    for kind in DAMAGE
    for container in SUFFIX
    if not (kind in ("encrypted", "active") and container != "pdf")
    if not (kind == "bomb" and container in ("tiff", "pdf"))
    if not (kind == "corrupt" and container in ("pdf", "png"))
]


@pytest.mark.parametrize(("kind", "container"), CASES)
def test_each_damage_has_its_name(tmp_path, taken, section, kind: str, container: str) -> None:
    act, code, severity = DAMAGE[kind]
    path = save([taken(dpi=100.0)], tmp_path / f"scan{SUFFIX[container]}", container, 200.0)[0]
    moved = act(path, np.random.default_rng(len(kind)))
    findings, _ = inspect([moved or path], section)
    found = {finding.code.removeprefix("check."): finding.severity.word for finding in findings}
    assert found.get(code) == {"error": "block", "warning": "warn"}[severity]


def test_one_bad_file_does_not_hide_the_others(tmp_path, taken, section) -> None:
    good = save([taken()], tmp_path / "001.jpg", "jpeg", 200.0)[0]
    bad = tmp_path / "002.jpg"
    bad.write_bytes(b"")
    findings, measures = inspect([good, bad], section)
    assert [row["page"] for row in measures] == [1]
    assert "check.file_empty" in {finding.code for finding in findings}
