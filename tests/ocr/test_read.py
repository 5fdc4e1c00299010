"""Whole documents through the real engine: the project's own samples, and pages that must not be guessed at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest
import typer
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from intake.errors import DependencyMissing, DocumentError
from intake.folder import DocumentFolder
from intake.model import FieldName
from intake.ports import OcrEngine
from intake.profile.sections import OcrSection
from workers.cli.ocr import command
from workers.ocr.engine_pytesseract import PytesseractEngine
from workers.ocr.engine_tesserocr import TesserocrEngine
from workers.ocr.reading import engine_for, read
from workers.ocr.stage import run

SAMPLES = Path(__file__).parents[2] / "samples"
SERIF = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"
PRINTED, STAMPED = "giay-moi-hop", "cong-dien-hoa-toc"


def sample(name: str) -> tuple[list[Path], dict]:
    told = json.loads((SAMPLES / "truth.json").read_text("utf-8"))["documents"]
    row = next(row for row in told if row["name"] == name)
    return [SAMPLES / file for file in row["files"]], row


def paper(tmp_path: Path, lines: list[str], size: int = 36) -> Path:
    image = Image.new("RGB", (1654, 2339), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(SERIF, size)
    for index, line in enumerate(lines):
        draw.text((190, 160 + index * 56), line, font=font, fill="black")
    path = tmp_path / "page.png"
    image.save(path, dpi=(200, 200))
    return path


@pytest.fixture(scope="module")
def printed():
    files, told = sample(PRINTED)
    heads = []
    return read(files, OcrSection(), on_header=heads.append), heads, told


@pytest.mark.parametrize("name", ["TypeName", "CodeNumber", "CodeNotation", "IssuedDate", "Priority", "PageAmount"])
def test_a_printed_document_is_read_exactly(printed, name):
    reading, _, told = printed
    assert reading.fields[FieldName(name)].value == told["fields"][name]
    assert reading.fields[FieldName(name)].confidence > 0.9


def test_abstract_and_agency_are_read_as_printed(printed):
    reading, _, told = printed
    assert reading.fields[FieldName.SUBJECT].value == told["fields"]["Subject"]
    accepted = [told["fields"]["OrganName"], *told["accept"]["OrganName"]]
    assert reading.fields[FieldName.ORGAN_NAME].value in accepted


def test_fields_stand_where_they_were_printed(printed):
    reading, _, told = printed
    box, x, y = reading.fields[FieldName.ISSUED_DATE].box, *told["boxes_mm"]["date"][:2]
    assert abs(box.x - x) < 4
    assert abs(box.y - y) < 4


def test_the_head_is_known_before_the_rest_is_read(printed):
    reading, heads, _ = printed
    assert heads[0].fields[FieldName.CODE_NUMBER].value == reading.fields[FieldName.CODE_NUMBER].value
    assert len(heads[0].pages[0].text) < len(reading.pages[0].text)


NARROW = 1000
"""px: the width of a second page, to be told from the first by"""


class Gated:
    """The real engine behind a gate: a narrow page is read only once the head was told."""

    name = "gated"

    def __init__(self):
        self.engine = engine_for("tesserocr", "vie")
        self.told = Event()
        self.asked = 0

    def read(self, image, dpi, *, area=None, layout="page", seconds=60.0, rivals=False):
        self.asked += 1
        if layout == "page" and image.shape[1] == NARROW:
            assert self.told.wait(30), "the head waited for another page"
        return self.engine.read(image, dpi, area=area, layout=layout, seconds=seconds)


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_head_waits_for_no_other_page(tmp_path, jobs):
    """One page after the other, or side by side."""
    (first,), told = sample(PRINTED)
    second = tmp_path / "second.png"
    Image.open(first).crop((200, 0, 200 + NARROW, 1400)).save(second, dpi=(200, 200))
    gated, heads = Gated(), []

    def on_header(head):
        heads.append(head)
        gated.told.set()

    reading = read([first, second], OcrSection(), jobs=jobs, engine=gated, on_header=on_header)
    assert reading.pages[1].text
    assert [head.fields[FieldName.CODE_NUMBER].value for head in heads] == [told["fields"]["CodeNumber"]]


def test_telling_the_head_changes_nothing_that_is_read_and_reads_no_line_twice(tmp_path):
    """The fields of the whole page are those of a reading nobody listened to; only a stamp's frame is asked again."""
    for files, frames in ((sample(STAMPED)[0], 2), ([paper(tmp_path, [])], 0)):
        told, untold, heads = Gated(), Gated(), []
        first = read(files, OcrSection(), engine=told, on_header=heads.append)
        second = read(files, OcrSection(), engine=untold)
        assert first.as_json() == second.as_json()
        assert len(heads) == 1
        assert told.asked - untold.asked <= frames


def test_a_tilted_stamp_is_an_urgency_and_not_a_title():
    files, told = sample(STAMPED)
    fields = read(files, OcrSection(), True).fields
    assert fields[FieldName.PRIORITY].value == told["fields"]["Priority"]
    assert fields[FieldName.TYPE_NAME].value == told["fields"]["TypeName"]


@pytest.mark.parametrize(("ink", "turn", "broken"), [
    ((40, 30, 210), 35, False), ((40, 40, 40), 30, False), ((60, 60, 60), -12, True),
])  # fmt: skip
def test_an_arrow_is_a_stamp_too(tmp_path, ink, turn, broken):
    """Many agencies' HỎA TỐC is an arrow pointing up and to the right; a copier breaks its outline."""
    files, _ = sample("quyet-dinh-nang-luong")
    page = cv2.imread(str(files[0]))
    mm = page.shape[1] / 210
    size = round(40 * mm)
    picture = Image.new("L", (size, size), 255)
    draw, middle = ImageDraw.Draw(picture), size / 2
    outline = [(-16, -4), (8, -4), (8, -7), (16, 0), (8, 7), (8, 4), (-16, 4), (-13, 0)]
    corners = [(middle + x * mm, middle + y * mm) for x, y in (*outline, outline[0])]
    draw.line(corners, fill=0, width=round(0.5 * mm))
    letters = ImageFont.truetype(SERIF.replace("Regular", "Bold"), round(4.2 * mm))
    draw.text((middle - 1.5 * mm, middle), "HỎA TỐC", font=letters, fill=0, anchor="mm")
    if broken:
        for x, y in outline[:5]:
            draw.ellipse([middle + (x - 0.5) * mm, middle + (y - 0.5) * mm, middle + (x + 0.5) * mm,
                          middle + (y + 0.5) * mm], fill=255)  # fmt: skip
    stamp = np.array(picture.rotate(turn, fillcolor=255, resample=Image.Resampling.BICUBIC))
    x, y = round(6 * mm), round(52 * mm)
    place = page[y : y + size, x : x + size]
    place[stamp < 128] = ink
    path = tmp_path / "arrow.png"
    cv2.imwrite(str(path), page)
    assert read([path], OcrSection(), True).fields[FieldName.PRIORITY].value == 3


def test_the_arrival_stamp_gives_no_number_and_no_date():
    files, told = sample("quyet-dinh-to-ra-soat")
    fields = read(files[:1], OcrSection(), True).fields
    assert fields[FieldName.CODE_NUMBER].value != told["decoys"]["incoming_number"]
    assert fields[FieldName.ISSUED_DATE].value != told["decoys"]["incoming_date"]


@pytest.mark.parametrize("kind", ["white", "noise", "upside_down", "foreign"])
def test_a_page_that_cannot_be_read_gives_findings_and_nulls(tmp_path, kind):
    if kind == "white":
        path, code = paper(tmp_path, []), "ocr.no_text"
    elif kind == "noise":
        path, code = tmp_path / "photo.png", "ocr.no_text"
        cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 255, (800, 600, 3)).astype(np.uint8))
    elif kind == "upside_down":
        path, code = tmp_path / "turned.png", "ocr.upside_down"
        upright = paper(tmp_path, ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"])
        cv2.imwrite(str(path), cv2.rotate(cv2.imread(str(upright)), cv2.ROTATE_180))
    else:
        path = paper(tmp_path, ["The minutes of the meeting were approved without objection"] * 6)
        code = "ocr.foreign_language"
    reading = read([path], OcrSection())
    assert [finding.code for finding in reading.findings] == [code]
    assert reading.decision == "review"
    left = {name for name, field in reading.fields.items() if field.value is not None}
    assert left <= {FieldName.PAGE_AMOUNT}
    assert all(f.confidence == 0 for n, f in reading.fields.items() if n not in left)


def test_a_page_over_its_time_is_a_finding_and_not_a_stuck_worker(tmp_path):
    path = paper(tmp_path, ["Ủy ban nhân dân tỉnh báo cáo kết quả thực hiện nhiệm vụ năm 2025"] * 30)
    reading = read([path], OcrSection(page_seconds=0.001))
    assert "ocr.page_timeout" in [finding.code for finding in reading.findings]


def test_a_file_that_is_no_page_is_refused(tmp_path):
    path = tmp_path / "letter.jpg"
    path.write_bytes(b"no picture at all")
    with pytest.raises(DocumentError):
        read([path], OcrSection())


@pytest.mark.parametrize("engine", [TesserocrEngine, PytesseractEngine])
def test_both_engines_keep_the_socket(tmp_path, engine):
    """The same words, boxes in px of the whole image, confidences between 0 and 1, for a part of the image too."""
    image = cv2.imread(str(paper(tmp_path, ["Kính gửi", "Nơi nhận"], 60)), cv2.IMREAD_GRAYSCALE)
    reader = engine("vie")
    assert isinstance(reader, OcrEngine)
    lines = reader.read(image, 200, area=(0, 218, 1654, 330))
    assert [word.text for line in lines for word in line] == ["Nơi", "nhận"]
    x0, y0, x1, y1 = lines[0][0].box
    assert 180 < x0 < x1 < 300
    assert 218 < y0 < y1 < 330
    assert 0.5 < lines[0][0].confidence <= 1


def test_a_missing_language_model_says_how_to_install_it():
    with pytest.raises(DependencyMissing, match="tesseract-ocr-tlh"):
        engine_for("tesserocr", "tlh")


def test_the_stage_publishes_what_the_next_stages_need(tmp_path):
    files, _ = sample(PRINTED)
    original, out = tmp_path / "document" / "original", tmp_path / "out"
    original.mkdir(parents=True)
    out.mkdir()
    for file in files:
        (original / file.name).write_bytes(file.read_bytes())
    result = run(DocumentFolder("d1", tmp_path / "document"), OcrSection(), out)
    assert set(result.artefacts) == {"ocr.json", "text/001.txt", "words/001.json"}
    page = json.loads((out / "words" / "001.json").read_text("utf-8"))
    assert page["page"] == 1
    assert all(0 <= w["confidence"] <= 1 for line in page["lines"] for w in line["words"])
    widest = max(w["box"][2] for line in page["lines"] for w in line["words"])
    assert widest <= page["width_px"]
    assert json.loads((out / "ocr.json").read_text("utf-8"))["fields"] == result.facts["fields"]


def test_the_stage_tells_the_head_before_it_has_written_anything(tmp_path):
    """Small JSON in the shape of the fact ``fields``; of a page without a head nothing is told."""
    files, told = sample(PRINTED)
    heads = []

    def tell(word):
        heads.append(json.loads(json.dumps(word)))
        assert list(out.iterdir()) == []

    for name, source in (("a", files[0]), ("b", paper(tmp_path, []))):
        out = tmp_path / name / "ocr.1.tmp"
        out.mkdir(parents=True)
        (tmp_path / name / "original").mkdir()
        shutil.copy(source, tmp_path / name / "original" / f"001{source.suffix}")
        run(DocumentFolder("d", tmp_path / name), OcrSection(), out, tell)
    assert [head["fields"]["CodeNumber"]["value"] for head in heads] == [told["fields"]["CodeNumber"]]
    assert heads[0]["fields"]["SignerFullName"]["value"] is None


def test_the_command_prints_json_only():
    app = typer.Typer()
    app.command()(command)
    files, told = sample(PRINTED)
    answer = CliRunner().invoke(app, [*map(str, files), "--json", "--header-only"])
    assert answer.exit_code == 0, answer.output
    data = json.loads(answer.stdout)
    assert data["pages"] == told["pages"]
    assert data["fields"]["CodeNumber"]["value"] == told["fields"]["CodeNumber"]
    assert {"files", "decision", "text"} <= set(data)
