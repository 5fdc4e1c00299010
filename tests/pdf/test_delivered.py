"""Scanner-made PDFs keep their pages: nothing is rasterised, nothing acts, no text is there twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import img2pdf
import numpy as np
import pikepdf
import pytest
from fpdf import FPDF
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image

from intake.errors import DocumentError
from tests.pdf.paper import SERIF, jpeg, made, poppler_text, poppler_words, printed, shown, streams
from workers.pdf.textlayer import PageWords, Word
from workers.tools import pdfa

SHEET = printed()
JPEG = jpeg(SHEET.image)
WIDTH, HEIGHT = 827 * 0.72, 1169 * 0.72


def scanned(path: Path, change: Callable[[pikepdf.Pdf], None] = lambda pdf: None) -> Path:
    """A one-page scanner PDF around the JPEG, then changed."""
    with pikepdf.open(io.BytesIO(img2pdf.convert(JPEG))) as pdf:
        page = pdf.pages[0].obj
        name = next(iter(page.Resources.XObject.keys()))
        page.Resources.XObject = Dictionary(Scan=page.Resources.XObject[name])
        page.Contents = pdf.make_stream(f"q {WIDTH} 0 0 {HEIGHT} 0 0 cm /Scan Do Q".encode())
        change(pdf)
        pdf.save(path)
    return path


def helvetica(pdf: pikepdf.Pdf) -> pikepdf.Object:
    return pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))


def test_the_image_stream_is_taken_over_untouched(tmp_path: Path) -> None:
    made([scanned(tmp_path / "a.pdf")], tmp_path / "out.pdf", SHEET.words)
    assert [raw for raw, _ in streams(tmp_path / "out.pdf")] == [JPEG]
    assert poppler_text(tmp_path / "out.pdf").split() == [word.text for word in SHEET.words.words]


def hidden_after(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Resources.Font = Dictionary(F=helvetica(pdf))
    pdf.pages[0].contents_add(
        pdf.make_stream(b"BT /F 12 Tf 3 Tr 72 700 Td (GARBAGE) Tj 0 -20 Td [(GAR) 5 (BAGE)] TJ ET")
    )


def hidden_in_a_form(pdf: pikepdf.Pdf) -> None:
    form = Stream(pdf, b"BT 3 Tr /F 12 Tf 72 700 Td (GARBAGE) Tj ET", Type=Name.XObject, Subtype=Name.Form)
    form.BBox = Array([0, 0, 600, 900])
    form.Resources = Dictionary(Font=Dictionary(F=helvetica(pdf)))
    pdf.pages[0].obj.Resources.XObject.Layer = form
    pdf.pages[0].contents_add(pdf.make_stream(b"q /Layer Do Q"))


def under_the_image(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Resources.Font = Dictionary(F=helvetica(pdf))
    pdf.pages[0].contents_add(pdf.make_stream(b"BT /F 12 Tf 72 700 Td (GARBAGE) Tj ET"), prepend=True)


@pytest.mark.parametrize("layer", [hidden_after, hidden_in_a_form, under_the_image])
def test_the_scanners_own_text_layer_is_replaced_not_doubled(
    tmp_path: Path, layer: Callable[[pikepdf.Pdf], None]
) -> None:
    """Its fonts are seldom embedded (no PDF/A) and its reading of Vietnamese seldom right."""
    made([scanned(tmp_path / "a.pdf", layer)], tmp_path / "out.pdf", SHEET.words)
    assert poppler_text(tmp_path / "out.pdf").split() == [word.text for word in SHEET.words.words]
    assert streams(tmp_path / "out.pdf")[0][0] == JPEG
    assert np.array_equal(shown(tmp_path / "out.pdf"), shown(scanned(tmp_path / "plain.pdf")))


def test_running_our_own_result_through_again_does_not_double_its_text(tmp_path: Path) -> None:
    made([scanned(tmp_path / "a.pdf")], tmp_path / "once.pdf", SHEET.words)
    made([tmp_path / "once.pdf"], tmp_path / "twice.pdf", SHEET.words)
    assert poppler_text(tmp_path / "twice.pdf") == poppler_text(tmp_path / "once.pdf")


def test_text_the_page_shows_is_kept_and_gets_no_second_layer(tmp_path: Path) -> None:
    """A born-digital stamp on a scan: its words stay text; only words elsewhere are added."""
    pdf = FPDF(unit="pt", format=(WIDTH, HEIGHT))
    pdf.add_page()
    pdf.image(SHEET.image, 0, 0, WIDTH, HEIGHT)
    pdf.add_font("Serif", "", SERIF)
    pdf.set_font("Serif", size=12)
    pdf.set_xy(300, 700)
    pdf.cell(text="Đến ngày 05/6")
    pdf.output(str(tmp_path / "a.pdf"))
    stamp = dict(poppler_words(tmp_path / "a.pdf"))["Đến"]
    read_again = Word("Đền", tuple(value / 0.72 for value in stamp))  # type: ignore[arg-type]
    words = PageWords(827, 1169, (*SHEET.words.lines, (read_again,)))
    made([tmp_path / "a.pdf"], tmp_path / "out.pdf", words)
    text = poppler_text(tmp_path / "out.pdf").split()
    assert "Đền" not in text
    assert text.count("Đến") == 1
    assert {word.text for word in SHEET.words.words} <= set(text)


def turned(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Rotate = 180


def moved(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[0].obj
    page.MediaBox = page.CropBox = Array([50, -30, 50 + WIDTH, HEIGHT - 30])
    page.Contents = pdf.make_stream(f"q {WIDTH} 0 0 {HEIGHT} 50 -30 cm /Scan Do Q".encode())


def inherited(pdf: pikepdf.Pdf) -> None:
    page, root = pdf.pages[0].obj, pdf.Root.Pages
    for key in ("/MediaBox", "/Resources"):
        root[key] = page[key]
        del page[key]


def in_strips(pdf: pikepdf.Pdf) -> None:
    names = []
    for number, top in enumerate((0, 400, 800)):
        strip = SHEET.image.crop((0, top, 827, min(top + 400, 1169)))
        stream = Stream(pdf, jpeg(strip), Type=Name.XObject, Subtype=Name.Image, Width=827, Height=strip.height)
        stream.BitsPerComponent, stream.ColorSpace, stream.Filter = 8, Name.DeviceRGB, Name.DCTDecode
        pdf.pages[0].obj.Resources.XObject[f"/S{number}"] = stream
        low = HEIGHT - (top + strip.height) * 0.72
        names.append(f"q {WIDTH} 0 0 {strip.height * 0.72} 0 {low} cm /S{number} Do Q")
    del pdf.pages[0].obj.Resources.XObject["/Scan"]
    pdf.pages[0].obj.Contents = pdf.make_stream("\n".join(names).encode())


@pytest.mark.parametrize("change", [turned, moved, inherited, in_strips])
def test_words_lie_on_their_print_however_the_page_is_built(
    tmp_path: Path, change: Callable[[pikepdf.Pdf], None]
) -> None:
    """Words come in px of the page as displayed, so they stand at the same place of every displayed page."""
    source = scanned(tmp_path / "a.pdf", change)
    made([source], tmp_path / "out.pdf", SHEET.words)
    found = poppler_words(tmp_path / "out.pdf")
    for word in SHEET.words.words:
        left, right = word.box[0] * 0.72, word.box[2] * 0.72
        assert any(text == word.text and box[0] == pytest.approx(left, abs=1) and box[2] == pytest.approx(right, abs=1)
                   for text, box in found), (word, found)  # fmt: skip
    assert np.abs(shown(tmp_path / "out.pdf").astype(int) - shown(source)).max() <= 1


def test_scripts_links_and_forms_do_not_come_through(tmp_path: Path) -> None:
    def armed(pdf: pikepdf.Pdf) -> None:
        script = Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        pdf.Root.OpenAction = script
        pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([pikepdf.String("a"), script])))
        page = pdf.pages[0].obj
        page.AA = Dictionary(O=script)
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 99, 99]), A=script)
        page.Annots = Array([pdf.make_indirect(link)])

    done = made([scanned(tmp_path / "a.pdf", armed)], tmp_path / "out.pdf", SHEET.words)
    assert done.acted == ["a.pdf"]
    data = (tmp_path / "out.pdf").read_bytes()
    with pikepdf.open(tmp_path / "out.pdf") as pdf:
        texts = [obj.unparse(resolved=True) for obj in pdf.objects if not isinstance(obj, Stream)]
    assert b"JavaScript" not in data
    assert not any(b"JavaScript" in text or b"/Annots" in text or b"/AA" in text for text in texts)


def test_a_visible_annotation_is_drawn_into_the_page(tmp_path: Path) -> None:
    def noted(pdf: pikepdf.Pdf) -> None:
        look = Stream(pdf, b"1 0 0 rg 0 0 100 50 re f", Type=Name.XObject, Subtype=Name.Form)
        look.BBox = Array([0, 0, 100, 50])
        note = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([300, 300, 400, 350]), F=4)
        note.AP = Dictionary(N=pdf.make_indirect(look))
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(note)])

    made([scanned(tmp_path / "a.pdf", noted)], tmp_path / "out.pdf", SHEET.words)
    assert shown(tmp_path / "out.pdf")[int(HEIGHT) - 325, 350].tolist() == [255, 0, 0]


def test_jpeg_2000_becomes_a_checked_file_pixel_for_pixel(tmp_path: Path) -> None:
    stream = io.BytesIO()
    SHEET.image.save(stream, "JPEG2000", quality_mode="rates", quality_layers=[12])

    def packed(pdf: pikepdf.Pdf) -> None:
        image = Stream(pdf, stream.getvalue(), Type=Name.XObject, Subtype=Name.Image, Width=827, Height=1169)
        image.Filter = Name.JPXDecode
        pdf.pages[0].obj.Resources.XObject.Scan = image

    made([scanned(tmp_path / "a.pdf", packed)], tmp_path / "out.pdf", SHEET.words)
    with pikepdf.open(tmp_path / "out.pdf") as pdf:
        image = pikepdf.PdfImage(pdf.pages[0].obj.Resources.XObject.Scan).as_pil_image()
    assert np.array_equal(np.asarray(image), np.asarray(Image.open(stream)))
    assert pdfa.validate(tmp_path / "out.pdf").passed


def test_what_no_archive_accepts_is_an_error_that_names_the_rule(tmp_path: Path) -> None:
    """Visible text in a font that is not embedded cannot become PDF/A; nothing half-made is left behind."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.cell(text="not embedded")
    pdf.output(str(tmp_path / "a.pdf"))
    with pytest.raises(DocumentError, match=r"6\.2\.11\.4\.1"):
        made([tmp_path / "a.pdf"], tmp_path / "out.pdf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf"]


def test_structure_marks_are_left_behind_with_the_structure(tmp_path: Path) -> None:
    """Word processors mark content by named property lists; without its tree they mean nothing, and are unchecked."""

    def marked(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0].obj
        page.Resources.Properties = Dictionary(MC0=Dictionary(MCID=0))
        page.Contents = pdf.make_stream(b"/P /MC0 BDC " + page.Contents.read_bytes() + b" EMC")

    made([scanned(tmp_path / "a.pdf", marked)], tmp_path / "out.pdf", SHEET.words)
    assert np.array_equal(shown(tmp_path / "out.pdf"), shown(scanned(tmp_path / "plain.pdf")))


@pytest.mark.parametrize("content", [b"q 1 0 0 1 cm (", b"<< /A", b"/Nothing Do", b"Q Q Q Q", b"BT (x) Tj ET"])
def test_broken_pages_end_in_a_document_error_or_a_valid_file(tmp_path: Path, content: bytes) -> None:
    def broken(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.Contents = pdf.make_stream(content)

    source = scanned(tmp_path / "a.pdf", broken)
    try:
        made([source], tmp_path / "out.pdf")
    except DocumentError:
        assert not (tmp_path / "out.pdf").exists()
    else:
        assert pdfa.validate(tmp_path / "out.pdf").passed


def test_mixed_files_make_one_document_in_order(tmp_path: Path) -> None:
    scanned(tmp_path / "1.pdf")
    (tmp_path / "2.jpg").write_bytes(JPEG)
    SHEET.image.convert("1").save(tmp_path / "3.tif", compression="group4", dpi=(100, 100))
    made([tmp_path / "1.pdf", tmp_path / "2.jpg", tmp_path / "3.tif"], tmp_path / "out.pdf", SHEET.words)
    filters = [image.Filter.unparse() for _, image in streams(tmp_path / "out.pdf")]
    assert filters == [b"/DCTDecode", b"/DCTDecode", b"[ /CCITTFaxDecode ]"]
    assert len(poppler_text(tmp_path / "out.pdf").split()) == 3 * len(SHEET.words.words)
