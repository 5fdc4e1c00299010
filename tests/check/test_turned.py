"""A page that lies wrong is set upright on its way through the line, and only where that is certain and allowed."""

from __future__ import annotations

from pathlib import Path

import img2pdf

from intake.folder import DocumentFolder
from intake.model import StageResult
from samples.capture import save
from tests.pdf.test_pdfa import signed, signer  # noqa: F401
from workers.check.stage import run


def _checked(root: Path, section, **options) -> StageResult:
    out = root / "check.1.tmp"
    out.mkdir()
    return run(DocumentFolder("d1", root), section, out, **options)


def test_it_is_turned_and_noted_when_the_line_asks_for_it(taken, tmp_path: Path, section) -> None:
    save([taken(rotate=180)], tmp_path / "original" / "001.jpg", "jpeg", 200.0)
    result = _checked(tmp_path, section, set_upright=True)
    told = [(f.code, f.severity.word, f.measured) for f in result.findings if "orientation" in f.code]
    assert told == [("check.orientation_180", "note", 180.0)]
    assert (result.facts["verdict"], result.facts["turned"]) == ("pass", {"1": 180})
    assert DocumentFolder("d1", tmp_path, facts={"check": result.facts}).turned == {1: 180}


def test_a_signed_pdf_is_left_as_it_is(taken, tmp_path: Path, section, signer) -> None:  # noqa: F811
    save([taken(rotate=180)], tmp_path / "lying.jpg", "jpeg", 200.0)
    pdf = tmp_path / "lying.pdf"
    pdf.write_bytes(img2pdf.convert(str(tmp_path / "lying.jpg")))
    original = tmp_path / "original"
    original.mkdir()
    signed(pdf, signer, original / "001.pdf")
    result = _checked(tmp_path, section, set_upright=True)
    assert "turned" not in result.facts
    assert result.facts["verdict"] == "block"
