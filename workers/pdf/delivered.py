"""Pages of scanner-made PDFs: kept as they are, without their actions and without the scanner's own hidden text.

Hidden text is text in render mode 3, and text that the page's one whole-page image is drawn over afterwards. It is
replaced by our reading, because one page must not answer a search twice. Text a reader can see is never touched.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field
from typing import Any

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
from pikepdf import Array, Dictionary, Name, Operator
from PIL import Image

from workers.pdf.textlayer import Matrix
from workers.tools.pages import PageSource, placements

_KEPT_KEYS = ("/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Contents", "/Group")
_SHOW = frozenset(("Tj", "TJ", "'", '"'))
_TEXT = _SHOW | frozenset(("BT", "ET", "Tf", "Td", "TD", "Tm", "T*", "Tc", "Tw", "Tz", "TL", "Tr", "Ts"))
_PAINT = frozenset(("S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh", "INLINE IMAGE"))
_FORM_DEPTH = 4

Rectangle = tuple[float, float, float, float]
"""left, bottom, right, top in user space"""


@dataclass(frozen=True, slots=True)
class Kept:
    """``frame``: from the unit square to the area whose pixels were read, in user space; ``shows_text``: the page
    itself shows text (born digital), under which no second text may lie."""

    frame: Matrix
    shows_text: bool


def clean(pdf: pikepdf.Pdf) -> bool:
    """Draw annotations into their pages and drop what acts (scripts, links, forms); True when something acted."""
    names = pdf.Root.get("/Names", Dictionary())
    found = "/AA" in pdf.Root or "/JavaScript" in names or _does_more_than_show(pdf.Root.get("/OpenAction", None))
    if any("/Annots" in page.obj for page in pdf.pages):
        found = found or any(_acts(note) for page in pdf.pages for note in page.obj.get("/Annots", []))
        pdf.flatten_annotations("screen")
    for page in pdf.pages:
        found = found or "/AA" in page.obj
        for key in list(page.obj.keys()):
            if key not in _KEPT_KEYS:
                del page.obj[key]
        if "/Resources" not in page.obj:
            page.obj.Resources = Dictionary()
    return found


def _does_more_than_show(action: Any) -> bool:
    """Opening at a page is no act; running, sending or fetching is."""
    return isinstance(action, Dictionary) and action.get("/S") != Name.GoTo


def _acts(note: Any) -> bool:
    return isinstance(note, Dictionary) and ("/A" in note or "/AA" in note)


def keep(pdf: pikepdf.Pdf, page: pikepdf.Page, source: PageSource) -> Kept:
    """Take hidden text out of ``page`` (in memory) and say where its pixels lie and whether it shows text.

    JPEG 2000 pictures become Flate, pixel for pixel: the validator at hand does not look into JPEG 2000, and a
    conformance nobody checked is not claimed.
    """
    for placed in placements(page):
        if placed.image.get("/Filter") in (Name.JPXDecode, Array([Name.JPXDecode])):
            _unpacked(placed.image)
    sieve = _Sieve(pdf, covering=source.whole_page)
    sieve.survey(page.obj, page.obj.Resources, _FORM_DEPTH)
    if sieve.hidden or sieve.marked:
        resources = Dictionary(page.obj.Resources)
        page.obj.Contents = pdf.make_stream(sieve.rewrite(page.obj, resources, _FORM_DEPTH))
        if not sieve.shown and "/Font" in resources:
            del resources["/Font"]
        page.obj.Resources = resources
    return Kept(_frame(page, source), sieve.shown > 0)


def _unpacked(image: Any) -> None:
    with Image.open(io.BytesIO(image.read_raw_bytes())) as picture:
        if picture.mode not in ("L", "RGB"):
            picture = picture.convert("RGB")
        space = Name.DeviceGray if picture.mode == "L" else Name.DeviceRGB
        image.write(zlib.compress(picture.tobytes(), 6), filter=Name.FlateDecode)
    image.ColorSpace, image.BitsPerComponent = space, 8
    image.Width, image.Height = picture.size
    if "/SMaskInData" in image:
        del image["/SMaskInData"]


def _frame(page: pikepdf.Page, source: PageSource) -> Matrix:
    if source.whole_page:
        return next(placed.matrix for placed in placements(page) if min(placed.size_pt) > 1)
    left, bottom, right, top = (float(value) for value in page.cropbox)
    return (abs(right - left), 0, 0, abs(top - bottom), min(left, right), min(bottom, top))


@dataclass(slots=True)
class _Sieve:
    """Two walks over a page in drawing order: count hidden and shown text, then write the page without the hidden.

    ``verdicts`` holds, in drawing order, whether each show operator can be seen.
    """

    pdf: pikepdf.Pdf
    covering: bool
    verdicts: list[bool] = field(default_factory=list)
    marked: bool = False
    """property lists of marked content are used: they belong to the structure tree left behind, and no validator
    at hand looks into them"""
    at: int = 0

    @property
    def hidden(self) -> int:
        return self.verdicts.count(False)

    @property
    def shown(self) -> int:
        return self.verdicts.count(True)

    def survey(self, stream: Any, resources: Any, depth: int, mode: int = 0) -> None:
        saved: list[int] = []
        for operands, operator in pikepdf.parse_content_stream(stream):
            name = str(operator)
            if name == "q":
                saved.append(mode)
            elif name == "Q" and saved:
                mode = saved.pop()
            elif name == "Tr":
                mode = int(operands[0])
            elif name in ("BDC", "DP") and _is_structure(operands, resources):
                self.marked = True
            elif name in _SHOW:
                self.verdicts.append(mode != 3)
            elif name == "Do":
                target = _target(resources, operands)
                if _is_form(target) and depth:
                    self.survey(target, target.get("/Resources", resources), depth - 1, mode)
                elif self.covering and _opaque(target):
                    self.verdicts = [False] * len(self.verdicts)

    def rewrite(self, stream: Any, resources: Dictionary, depth: int) -> bytes:
        """The content without hidden text; ``resources`` get the rewritten forms and lose those no longer drawn.
        Text operators stay only when the page shows text at all."""
        return pikepdf.unparse_content_stream(self._kept(stream, resources, depth))

    def _kept(self, stream: Any, resources: Dictionary, depth: int) -> list[Any]:
        objects = Dictionary(resources.get("/XObject", Dictionary()))
        kept: list[Any] = []
        drawn: set[str] = set()
        for instruction in pikepdf.parse_content_stream(stream):
            name = str(instruction.operator)
            if name in _SHOW:
                visible = self.verdicts[self.at]
                self.at += 1
                if visible:
                    kept.append(instruction)
                elif self.shown and name in ("'", '"'):
                    kept.append(([], Operator("T*")))
            elif name in _TEXT and not self.shown:
                continue
            elif name in ("BDC", "DP") and _is_structure(instruction.operands, resources):
                if name == "BDC":
                    kept.append(([instruction.operands[0]], Operator("BMC")))
            elif name == "Do":
                target = _target(resources, instruction.operands)
                form = self._form(target, resources, depth) if depth and _is_form(target) else target
                if form is not None:
                    drawn.add(str(instruction.operands[0]))
                    objects[str(instruction.operands[0])] = form
                    kept.append(instruction)
            else:
                kept.append(instruction)
        for name in set(objects.keys()) - drawn:
            del objects[name]
        resources.XObject = objects
        if "/Properties" in resources and not any(map(_is_layer, resources.Properties.values())):
            del resources["/Properties"]
        return kept

    def _form(self, target: Any, resources: Dictionary, depth: int) -> Any:
        """The form as it is when it hides nothing, rewritten when it does, None when nothing is left to draw."""
        inner = Dictionary(target.get("/Resources", resources))
        before = self.at
        kept = self._kept(target, inner, depth - 1)
        if all(self.verdicts[before : self.at]) and not self.marked:
            return target
        if not any(str(operator) in _PAINT | _SHOW | {"Do"} for _, operator in kept):
            return None
        form = self.pdf.make_stream(pikepdf.unparse_content_stream(kept))
        for key, value in target.items():
            if key not in ("/Length", "/Filter", "/DecodeParms", "/Resources"):
                form[key] = value
        form.Resources = inner
        return form


def _target(resources: Any, operands: Any) -> Any:
    objects = resources.get("/XObject", None) if resources is not None else None
    return objects.get(str(operands[0]), None) if objects is not None else None


def _is_structure(operands: Any, resources: Any) -> bool:
    """A named property list that is no optional-content layer (layers decide what is seen and must stay)."""
    if len(operands) < 2 or not isinstance(operands[1], Name) or operands[0] == Name.OC:
        return False
    return not _is_layer(resources.get("/Properties", Dictionary()).get(str(operands[1]), None))


def _is_layer(properties: Any) -> bool:
    return isinstance(properties, Dictionary) and properties.get("/Type") in (Name.OCG, Name.OCMD)


def _is_form(target: Any) -> bool:
    return target is not None and target.get("/Subtype") == Name.Form


def _opaque(target: Any) -> bool:
    return (
        target is not None
        and target.get("/Subtype") == Name.Image
        and not target.get("/ImageMask", False)
        and "/SMask" not in target
        and "/Mask" not in target
    )


def shown_text(source: PageSource) -> tuple[Rectangle, ...]:
    """Boxes of the text that the page itself shows, in user space."""
    document = pypdfium2.PdfDocument(source.file)
    try:
        page = document[source.index]
        texts = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=_FORM_DEPTH)
        return tuple(
            text.get_bounds() for text in texts if pdfium.FPDFTextObj_GetTextRenderMode(text.raw) not in (3, 7)
        )
    finally:
        document.close()
