"""The stage and the command, on real folders and files."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from intake.errors import DocumentError, OperatorError
from intake.folder import DocumentFolder
from intake.model import sha256_of
from intake.profile import Rule
from intake.profile.sections import PdfSection
from tests.pdf.paper import Printed, jpeg, poppler_text, printed
from tests.pdf.test_pdfa import signed, signer  # noqa: F401
from workers.cli.pdf import command
from workers.pdf import stage
from workers.tools import pdfa

SECTION = PdfSection(version_min=Rule(value="1.4", source="QĐ 12/2020", holds_from=date(2020, 3, 5)), preview_width=400)
APPENDIX = printed(("PHỤ LỤC II", "Danh sách"), seed=2, centred=True)
SHEETS = (printed(), printed(("Trang hai",), seed=3), APPENDIX)
FIELDS = {
    "TypeName": {"value": "Quyết định", "confidence": 0.9},
    "CodeNumber": {"value": "12", "confidence": 0.9},
    "CodeNotation": {"value": "QĐ-UBND", "confidence": 0.9},
    "Subject": {"value": "Về việc " + "dài " * 200, "confidence": 0.5},
}


def words_json(sheet: Printed, number: int) -> str:
    lines = [{"words": [{"text": w.text, "box": w.box, "confidence": 0.9} for w in line]} for line in sheet.words.lines]
    size = {"width_px": sheet.words.width_px, "height_px": sheet.words.height_px}
    return json.dumps({"page": number, **size, "dpi": [100, 100], "lines": lines})


def reading(folder: Path) -> None:
    (folder / "words").mkdir(parents=True)
    for number, sheet in enumerate(SHEETS, 1):
        (folder / "words" / f"{number:03d}.json").write_text(words_json(sheet, number))
    (folder / "ocr.json").write_text(json.dumps({"fields": FIELDS}))


@pytest.fixture
def document(tmp_path: Path) -> DocumentFolder:
    root = tmp_path / "document"
    (root / "original").mkdir(parents=True)
    for number, sheet in enumerate(SHEETS, 1):
        (root / "original" / f"{number:03d}.jpg").write_bytes(jpeg(sheet.image))
    reading(root / "ocr.1")
    (root / "pdf.1").mkdir()
    return DocumentFolder("d1", root, {"ocr": 1})


def test_the_stage_publishes_a_validated_pdf_and_the_pictures_of_every_page(document: DocumentFolder) -> None:
    out = document.root / "pdf.1"
    result = stage.run(document, SECTION, out)
    assert result.facts["pages"] == 3
    assert result.facts["pdfa"] == "pass"
    assert result.facts["sha256"] == sha256_of(out / "document.pdf")
    on_disk = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert set(result.artefacts) == on_disk
    with Image.open(out / "preview" / "002.webp") as preview, Image.open(out / "thumb" / "002.webp") as thumb:
        assert preview.width == 400
        assert thumb.width == 200
    assert pdfa.validate(out / "document.pdf").passed
    assert "Trang hai" in poppler_text(out / "document.pdf")


def test_running_it_again_gives_the_same_bytes(document: DocumentFolder) -> None:
    stage.run(document, SECTION, document.root / "pdf.1")
    (document.root / "pdf.2").mkdir()
    stage.run(document, SECTION, document.root / "pdf.2")
    for name in ("document.pdf", "preview/001.webp", "thumb/003.webp"):
        assert (document.root / "pdf.1" / name).read_bytes() == (document.root / "pdf.2" / name).read_bytes()


def test_parts_are_bookmarked(document: DocumentFolder) -> None:
    stage.run(document, SECTION, document.root / "pdf.1")
    with pikepdf.open(document.root / "pdf.1" / "document.pdf") as pdf, pdf.open_outline() as outline:
        assert [item.title for item in outline.root] == ["Quyết định 12/QĐ-UBND", "Phụ lục II"]
        page = outline.root[1].destination[0]
        assert page.objgen == pdf.pages[2].obj.objgen


def test_a_reading_too_long_for_the_decree_is_left_out_with_a_note(document: DocumentFolder) -> None:
    """Before review nobody has seen the fields: the document must reach the desk all the same."""
    result = stage.run(document, SECTION, document.root / "pdf.1")
    [note] = [finding for finding in result.findings if finding.code == "pdf.field_left_out"]
    assert note.measured == "Subject"
    with pikepdf.open(document.root / "pdf.1" / "document.pdf") as pdf:
        assert "/Subject" not in pdf.docinfo
        assert str(pdf.docinfo["/CodeNumber"]) == "12"


def test_a_page_without_reading_stops_the_document(document: DocumentFolder) -> None:
    (document.root / "ocr.1" / "words" / "002.json").unlink()
    with pytest.raises(DocumentError, match=r"002\.json"):
        stage.run(document, SECTION, document.root / "pdf.1")
    assert not (document.root / "pdf.1" / "document.pdf").exists()


def test_a_document_that_arrives_signed_passes_on_byte_for_byte(
    document: DocumentFolder,
    signer: object,  # noqa: F811
) -> None:
    stage.run(document, SECTION, document.root / "pdf.1")
    originals = document.root / "original"
    for path in originals.iterdir():
        path.unlink()
    arrived = signed(document.root / "pdf.1" / "document.pdf", signer, originals / "001.pdf")  # type: ignore[arg-type]
    (document.root / "pdf.2").mkdir()
    result = stage.run(document, SECTION, document.root / "pdf.2")
    assert (document.root / "pdf.2" / "document.pdf").read_bytes() == arrived.read_bytes()
    assert result.facts["signed_original"] is True
    assert [finding.code for finding in result.findings] == ["pdf.signed_original"]
    (originals / "002.jpg").write_bytes(jpeg(SHEETS[0].image))
    with pytest.raises(DocumentError, match="document of its own"):
        stage.run(document, SECTION, document.root / "pdf.2")


def test_the_command_uses_an_earlier_reading_and_prints_json_only(
    document: DocumentFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    command(
        files=list(document.originals), output=document.root / "o.pdf", words=document.of("ocr"), jobs=1, as_json=True
    )
    answer = json.loads(capsys.readouterr().out)
    assert answer["pages"] == 3
    assert answer["pdfa"] == "pass"
    assert answer["sha256"] == sha256_of(document.root / "o.pdf")


def test_the_command_reads_for_itself_when_no_reading_is_given(tmp_path: Path) -> None:
    sheet = printed(("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Quyết định ban hành quy chế làm việc"))
    (tmp_path / "1.jpg").write_bytes(jpeg(sheet.image.resize((1654, 2338)), dpi=(200, 200)))
    command(files=[tmp_path / "1.jpg"], output=tmp_path / "o.pdf", words=None, jobs=1, as_json=True)
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in poppler_text(tmp_path / "o.pdf")


def test_the_command_does_not_overwrite_its_source(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(jpeg(SHEETS[0].image))
    with pytest.raises(OperatorError):
        command(files=[tmp_path / "1.jpg"], output=tmp_path / "1.jpg", words=None, jobs=1, as_json=True)
