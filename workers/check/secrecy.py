"""State-secret marks (độ mật): found before anything else looks at the page, because everything must stop there.

Marks are red framed stamps of 20, 30 or 40 × 8 mm under the number (TT 24/2020/TT-BCA Mẫu 02; NĐ 30/2020 Phụ lục I
ô 10a). Frames in the field are single as often as double and stand anywhere near the header, so geometry only
chooses what is read: each red or framed mark alone is read, in memory, and its text is dropped at once. What is
red, has a stamp's size and stands in the header but cannot be read counts as secret: fail closed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import tesserocr
from PIL import Image
from rapidfuzz.distance import Levenshtein

from intake.model import Box, Finding, Severity
from workers.check import engine
from workers.check.view import WORK_DPI, PageView

READ_DPI = 200.0
STAMP_LONG_MM = (13.0, 55.0)
STAMP_SHORT_MM = (4.5, 15.0)
ZONE_BOTTOM = 0.55
"""share of the page height that counts as header zone (ô 10a with room for long headers and low stamps)"""

HARMLESS = ("KHAN", "THUONGKHAN", "HOATOC", "HOATOCHENGIO", "HENGIO", "DEN", "CONGVANDEN", "SAOY", "BANSAO", "BANCHINH",
            "XEMXONGTRALAI", "LUUHANHNOIBO", "SAOLUC", "TRICHSAO", "NOIBO", "DASOHOA", "DATHANHTOAN")  # fmt: skip
"""letter skeletons of stamps that are not secrecy marks"""
SECRET = ("MAT", "TOIMAT", "TUYETMAT")
SECRET_WORDS = ("MẬT", "TỐI MẬT", "TUYỆT MẬT")

CLOSE_PX = (2, 5, 10)
ROOM_PX = 20
"""5 mm: a second frame line and its gap, not a neighbour's cell"""
READ_MAX = 6
"""marks read per page: a sheet of stamps must not hold the line"""

Rectangle = tuple[tuple[float, float], tuple[float, float], float]
"""centre, size and angle as cv2.minAreaRect gives them, px of the WORK_DPI page"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A candidate stamp: its turned rectangle in px of the WORK_DPI page, red or dark, framed, and standing alone."""

    rectangle: Rectangle
    red: bool
    frame: bool
    alone: bool


def look(view: PageView) -> Iterator[Finding]:
    """``check.secrecy_mark`` (refuse): a mark is read, or is red and unreadable; ``check.secrecy_lifted`` (block)."""
    lifted = None
    for mark in candidates(view):
        verdict = judge(view, mark)
        if verdict == "secret":
            yield _refusal(view, mark)
            return
        if verdict == "lifted":
            lifted = mark
    if lifted:
        yield _lifted(view, lifted)


def candidates(view: PageView) -> list[Mark]:
    """Marks of a stamp's size: red ones anywhere, dark framed ones in the header zone; the likeliest first."""
    return [*_red_marks(view), *_dark_frames(view)]


def red_mask(view: PageView) -> np.ndarray:
    """uint8 0/255 of the WORK_DPI page where ink is red, whatever the paper's tint."""
    flat = view.flat.astype(np.int16)
    blue, green, red = flat[:, :, 0], flat[:, :, 1], flat[:, :, 2]
    return (((red - np.maximum(green, blue)) > 28) & (np.minimum(green, blue) < 215)).astype(np.uint8) * 255


def _red_marks(view: PageView) -> list[Mark]:
    mask = red_mask(view)
    found: list[Mark] = []
    for gap in CLOSE_PX:  # weak ink breaks a frame, neighbours touch it: several bridges, and holes as well as outlines
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
        found += [replace(mark, red=True) for mark in _stamp_shapes(closed)]
    seals = _seals(mask)
    return _distinct([mark for mark in found if mark.frame or not any(_inside(mark, seal) for seal in seals)])


def _dark_frames(view: PageView) -> list[Mark]:
    """Frames printed or copied in black. Table cells share their sides with a larger shape; a stamp stands alone."""
    height = int(view.gray.shape[0] * ZONE_BOTTOM)
    dark = (view.flat[:height].max(axis=2) < 175).astype(np.uint8) * 255
    closed = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((2, 2), np.uint8))
    return _distinct([mark for mark in _stamp_shapes(closed) if mark.frame and mark.alone])


def _stamp_shapes(closed: np.ndarray) -> list[Mark]:
    """Outlines and holes of a stamp's size. ``alone``: no larger shape shares the frame's sides."""
    contours, hierarchy = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for index, contour in enumerate(contours):
        if len(contour) < 4:
            continue
        rectangle = cv2.minAreaRect(contour)
        long, short = max(rectangle[1]), min(rectangle[1])
        if not (_within(long, STAMP_LONG_MM) and _within(short, STAMP_SHORT_MM) and 1.6 <= long / short <= 7.5):
            continue
        filled = cv2.contourArea(contour) / (long * short)
        parent = hierarchy[0][index][3]
        around = cv2.minAreaRect(contours[parent])[1] if parent >= 0 else (long, short)
        alone = max(around) < long + ROOM_PX and min(around) < short + ROOM_PX
        found.append(Mark(rectangle, False, filled > 0.8, alone))
    return found


def _within(pixels: float, limits_mm: tuple[float, float]) -> bool:
    return limits_mm[0] <= pixels * 25.4 / WORK_DPI <= limits_mm[1]


def _seals(mask: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Boxes of round seals: large, about as wide as high."""
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(closed)
    return [
        (x, y, w, h) for x, y, w, h, _ in stats[1:] if min(w, h) * 25.4 / WORK_DPI > 22 and max(w, h) < 1.6 * min(w, h)
    ]


def _inside(mark: Mark, box: tuple[int, int, int, int]) -> bool:
    x, y = mark.rectangle[0]
    return box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]


def _distinct(marks: list[Mark]) -> list[Mark]:
    """One mark per place: frames before loose shapes, the inside of a frame before its outline."""
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda m: (not m.frame, m.rectangle[1][0] * m.rectangle[1][1])):
        x, y = mark.rectangle[0]
        if all(abs(x - k.rectangle[0][0]) > 12 or abs(y - k.rectangle[0][1]) > 8 for k in kept):
            kept.append(mark)
    return kept[:READ_MAX]


def judge(view: PageView, mark: Mark) -> str:
    """``secret``, ``lifted``, ``harmless`` or ``unknown``."""
    upright = _upright(view, mark)
    verdict = "unknown"
    for turned in (upright, np.ascontiguousarray(upright[::-1, ::-1])):  # the sheet may lie upside down
        verdict = classify(read(turned), strict=not (mark.red and mark.frame))
        if verdict != "unknown":
            break
    if verdict == "unknown" and mark.red and mark.frame and mark.alone and _in_zone(view, mark):
        return "secret"
    return verdict


def classify(text: str, strict: bool) -> str:
    """What a stamp says. ``strict``: secrecy words count only with their diacritics."""
    words = unicodedata.normalize("NFC", text).upper()
    skeletons = [skeleton(line) for line in words.splitlines() if skeleton(line)]
    joined = skeleton(words)
    if "GIAIMAT" in joined:
        return "lifted"
    if re.search(r"(?<![A-ZĐÀ-Ỹ])M[ẬẶ]T(?![A-ZĐÀ-Ỹ])", words) and len(joined) <= 24:
        return "secret"
    for line in [*skeletons, joined]:
        if any(Levenshtein.distance(line, word) <= len(word) // 4 for word in HARMLESS):
            return "harmless"
    if not strict and any(Levenshtein.distance(joined, word) <= (len(word) > 3) for word in SECRET):
        return "secret"
    return "unknown" if len(joined) <= 12 else "harmless"


def skeleton(text: str) -> str:
    """Letters only, capitals, without diacritics: what survives a bad reading."""
    plain = unicodedata.normalize("NFD", text.upper().replace("Đ", "D"))
    return "".join(character for character in plain if "A" <= character <= "Z")


def read(upright: np.ndarray) -> str:
    """The text of one mark (grey, dark on white). Kept in memory by the caller only."""
    if upright.size == 0:
        return ""
    api = engine.tesseract()
    api.SetPageSegMode(tesserocr.PSM.SINGLE_BLOCK)
    api.SetImage(Image.fromarray(upright))
    text = api.GetUTF8Text()
    api.Clear()
    return text


def _upright(view: PageView, mark: Mark) -> np.ndarray:
    """The mark's inside as dark text on white, at about READ_DPI, uint8 grey."""
    (centre_x, centre_y), (width, height), angle = mark.rectangle
    if width < height:
        width, height, angle = height, width, angle + 90
    margin = 0.06 * WORK_DPI
    reach = (np.hypot(width, height) / 2 + margin) * 25.4 / WORK_DPI
    x_mm, y_mm = centre_x * 25.4 / WORK_DPI, centre_y * 25.4 / WORK_DPI
    patch = view.crop(Box(x_mm - reach, y_mm - reach, 2 * reach, 2 * reach), READ_DPI)
    if min(patch.shape[:2]) < 8:
        return np.zeros((0, 0), np.uint8)
    dark = patch if patch.ndim == 2 else (patch[:, :, 1] if mark.red else cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY))
    scale = patch.shape[0] / (2 * reach / 25.4 * WORK_DPI)
    centre = (min(x_mm, reach) / (2 * reach) * patch.shape[1], min(y_mm, reach) / (2 * reach) * patch.shape[0])
    turn = cv2.getRotationMatrix2D(centre, angle, 1.0)
    size = int(width * scale), int(height * scale)
    turn[0, 2] += size[0] / 2 - centre[0]
    turn[1, 2] += size[1] / 2 - centre[1]
    upright = cv2.warpAffine(dark, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    upright = cv2.normalize(upright, None, 0, 255, cv2.NORM_MINMAX)
    return cv2.copyMakeBorder(_without_frame(upright), 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=255)


def _without_frame(gray: np.ndarray) -> np.ndarray:
    """Paint the outer lines white: Tesseract takes a frame for letters."""
    height, width = gray.shape
    dark = (gray < 160).astype(np.uint8)
    across = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, max(width // 3, 3)), np.uint8))
    down = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((max(int(height * 0.7), 3), 1), np.uint8))
    lines = cv2.dilate(across | down, np.ones((5, 5), np.uint8))
    clean = gray.copy()
    clean[lines > 0] = 255
    return clean


def _in_zone(view: PageView, mark: Mark) -> bool:
    x, y = mark.rectangle[0]
    height, width = view.gray.shape
    return y < ZONE_BOTTOM * height and x < 0.6 * width


def _box(view: PageView, mark: Mark) -> Box:
    x, y, width, height = cv2.boundingRect(cv2.boxPoints(mark.rectangle))
    return view.box(x, y, width, height)


def _refusal(view: PageView, mark: Mark) -> Finding:
    return Finding(
        "check.secrecy_mark", Severity.REFUSE,
        f"Trang {view.number} có dấu chỉ độ mật, hoặc khung đỏ ở vị trí ô 10a không đọc được. "
        "Dừng ngay: không số hóa trên máy nối mạng (QĐ 12/2020/QĐ-UBND Đ1.2). Xóa an toàn tệp quét và bộ nhớ máy quét; "
        "đăng ký văn bản theo quy định mật.",
        f"Page {view.number} bears a state-secret mark, or a red frame in zone 10a that cannot be read. "
        "Stop: it must not be digitised on a networked machine. Erase the scan and the scanner's memory; "
        "register it under the secrecy rules.",
        page=view.number, box=_box(view, mark),
    )  # fmt: skip


def _lifted(view: PageView, mark: Mark) -> Finding:
    """Held, not refused and not passed: a lifted mark is lawful to digitise, but only a person can see that the
    lifting decision covers this document from this day (TT 24/2020/TT-BCA: «GIẢI MẬT, Từ: …»)."""
    return Finding(
        "check.secrecy_lifted", Severity.BLOCK,
        f"Trang {view.number} có dấu GIẢI MẬT. Tạm giữ: người phụ trách bí mật nhà nước "
        "phải xác nhận quyết định giải mật đã có hiệu lực trước khi số hóa.",
        f"Page {view.number} bears a declassification mark (GIẢI MẬT). Held: the officer in charge of state "
        "secrets must confirm that the decision is in force before it is digitised.",
        page=view.number, box=_box(view, mark),
    )  # fmt: skip
