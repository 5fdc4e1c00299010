"""Typefaces that hold every Vietnamese letter, and text measured and set in millimetres."""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont

MM_PER_INCH = 25.4
MM_PER_PT = MM_PER_INCH / 72

VIETNAMESE = (
    "ăâđêôơưĂÂĐÊÔƠƯáàãéèẻẽíìĩóòõúùũýÁÀÃÉÈÍÌĨÓÒÕÚÙŨÝ"
    + "".join(chr(code) for code in range(0x1EA0, 0x1EFA))
    + string.ascii_letters
    + string.digits
    + "/-–.,:;()“”%*"
)

FONT_ROOTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))


@dataclass(frozen=True, slots=True)
class Typeface:
    """Four cuts of one family, as font files."""

    name: str
    regular: Path
    bold: Path
    italic: Path
    bold_italic: Path

    def cut(self, bold: bool = False, italic: bool = False) -> Path:
        if bold:
            return self.bold_italic if italic else self.bold
        return self.italic if italic else self.regular


def _family(name: str, folder: str, stem: str, cuts: tuple[str, str, str, str], suffix: str = ".ttf") -> Typeface:
    paths = [Path(folder, f"{stem}{cut}{suffix}") for cut in cuts]
    return Typeface(name, *paths)


LIBERATION = "/usr/share/fonts/truetype/liberation2"
# fonts-liberation (1.x) gives the same family name without Vietnamese letters: paths are pinned, never names.
LIBERATION_SERIF = _family(
    "Liberation Serif", LIBERATION, "LiberationSerif-", ("Regular", "Bold", "Italic", "BoldItalic")
)
LIBERATION_SANS = _family("Liberation Sans", LIBERATION, "LiberationSans-", ("Regular", "Bold", "Italic", "BoldItalic"))


@lru_cache(maxsize=1)
def installed() -> tuple[Typeface, ...]:
    """Every installed family with four cuts that has all Vietnamese letters; Liberation Serif first."""
    groups: dict[str, dict[tuple[bool, bool], Path]] = {}
    for root in FONT_ROOTS:
        for path in sorted(root.rglob("*.[to]tf")):
            described = _describe(path)
            if described:
                family, bold, italic = described
                groups.setdefault(family, {}).setdefault((bold, italic), path)
    found = [
        Typeface(family, *(cuts[key] for key in ((False, False), (True, False), (False, True), (True, True))))
        for family, cuts in sorted(groups.items())
        if len(cuts) == 4 and family != LIBERATION_SERIF.name
    ]
    return (LIBERATION_SERIF, *found)


def _describe(path: Path) -> tuple[str, bool, bool] | None:
    try:
        with TTFont(path, lazy=True, fontNumber=0) as font:
            covered = font.getBestCmap() or {}
            if any(ord(letter) not in covered for letter in VIETNAMESE):
                return None
            names = font["name"]
            style = (names.getBestSubFamilyName() or "").lower()
            if style not in ("regular", "book", "roman", "bold", "italic", "oblique", "bold italic", "bold oblique"):
                return None
            return names.getBestFamilyName() or path.stem, "bold" in style, "italic" in style or "oblique" in style
    except (TTLibError, OSError, KeyError, AssertionError):
        return None


@lru_cache(maxsize=256)
def font(path: Path, size_px: float) -> ImageFont.FreeTypeFont:
    # BASIC layout: the same metrics whether or not libraqm is installed.
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.BASIC)


@dataclass(frozen=True, slots=True)
class Style:
    """How a run of text is set: ``size`` in pt."""

    face: Typeface
    size: float
    bold: bool = False
    italic: bool = False

    @property
    def path(self) -> Path:
        return self.face.cut(self.bold, self.italic)

    def at(self, dpi: float) -> ImageFont.FreeTypeFont:
        return font(self.path, self.size * dpi / 72)

    def width_mm(self, text: str) -> float:
        return font(self.path, self.size * 10).getlength(text) / 10 * MM_PER_PT


def wrap(text: str, style: Style, width_mm: float, first_mm: float | None = None) -> list[str]:
    """Break ``text`` into lines no wider than ``width_mm`` (the first: ``first_mm``)."""
    lines: list[str] = []
    current = ""
    for word in text.split():
        limit = first_mm if first_mm is not None and not lines else width_mm
        trial = f"{current} {word}".strip()
        if current and style.width_mm(trial) > limit:
            lines.append(current)
            current = word
        else:
            current = trial
    return [*lines, current] if current else lines


def balance(text: str, style: Style, width_mm: float) -> list[str]:
    """Like ``wrap``, but with lines of about equal length, as typists set centred titles."""
    count = len(wrap(text, style, width_mm))
    narrow = width_mm
    while narrow > 10 and len(wrap(text, style, narrow - 2)) == count:
        narrow -= 2
    return wrap(text, style, narrow)
