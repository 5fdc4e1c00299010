"""State-secret marks (độ mật): found before anything else looks at the page, because everything must stop there.

Marks are red framed stamps of 20, 30 or 40 × 8 mm under the number (TT 24/2020/TT-BCA Mẫu 02; NĐ 30/2020 Phụ lục I
ô 10a). In the field frames are single as often as double, lean, are broken or missing, and touch other stamps, so
geometry only chooses what is read: each red mark alone, in memory, and its text is dropped at once. A red one-line
frame in the header that cannot be read counts as secret: fail closed. On a page without colour there is no red to go
by: there the header is read, and only a mark standing by itself, with its diacritics, counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise

import cv2
import numpy as np
import tesserocr
from PIL import Image
from rapidfuzz.distance import Levenshtein

from intake.model import Box, Finding, Severity
from workers.check import engine
from workers.check.stamps import SEVERAL_MM, Stamp, black_frames, red_stamps
from workers.check.view import PageView
from workers.tools import frames, stamp_words

ZONE = (0.62, 0.55)
"""share of width and height, from the top left, that ô 10a lies in with room for long headers and low stamps"""
READ_MAX = 8
"""marks read per page: a sheet of stamps must not hold the line"""
HEADER_DPI = 200.0
LEAD, LEAD_BLACK, LEAST = 0.08, 0.115, 0.62
"""by how much one sort of words must fit better than any other, in red and in black, and how well: what is not secret
leads by up to 0.05 in red and 0.093 in black, where seals and print make chance words; marks mostly by 0.15 to 0.3"""
HARMLESS_LEAD = 0.16
"""the other way round twice as much is asked: TỐI MẬT in a typeface of no model fitted worse than HỎA TỐC by 0.1"""
BLACK_WAYS = 2
ALONE = 1.1
"""white to either side of a mark, in heights of its letters, that sets it apart from a sentence"""

HARMLESS = ("KHAN", "THUONGKHAN", "HOATOC", "HOATOCHENGIO", "HENGIO", "DEN", "CONGVANDEN", "VANBANDEN", "SAOY", "BANSAO",
            "BANCHINH", "XEMXONGTRALAI", "LUUHANHNOIBO", "SAOLUC", "TRICHSAO", "NOIBO", "DASOHOA")  # fmt: skip
"""letter skeletons of stamps that are not secrecy marks"""
SECRET = ("MAT", "TOIMAT", "TUYETMAT")
LIFTED = "GIAIMAT"
SECRET_LINE = re.compile(r"^\W*(?:T[ỐÔỒỔỘO][IÌÍỊ1L]\W*|T[UƯ]Y?[ỆÊẸẾE]T\W*)?M[ẬẶÂẠẤẦẮ]T\W*$")
FRAME_END = r"\W*[IL1]?\W*$"
"""what the right side of a frame is read as behind the last letter: «MẬTI -», «MẬTT |»"""
RED_END = re.compile(r"(?<!BẢO )(?<!GIẢI )(?:M|NN)[ẬẶ]TT?" + FRAME_END)
"""in red, the word at the end of a line is enough: the rest may lie under another stamp, whose lines run into the M"""
RED_END_APART = re.compile(r"(?<!BẢO)(?<!GIẢI)M[ẬẶ]TT?" + FRAME_END)
"""the same where the lines of another stamp tear the word's letters apart: looked for with all spaces taken out"""
BLACK_END = re.compile(r"(?:T[ỐÔ]I|TUY[ỆÊ]T)\W*M[ẬẶ]T\W*$")
RECALL = "TAILIEUTHUHOI"
"""TT 24/2020/TT-BCA: copies of secrets to be given back carry «TÀI LIỆU THU HỒI»"""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well the best words of each sort fit a mark, −1 to 1."""

    secret: float
    lifted: float
    harmless: float

    @classmethod
    def of(cls, fits: Mapping[str, float]) -> Fit:
        """``fits``: of each of stamp_words.WORDS."""
        others = {skeleton(word): fit for word, fit in fits.items()}
        secret, lifted = max(others.pop(word) for word in SECRET), others.pop(LIFTED)
        return cls(secret, lifted, max(others.values()))


def look(view: PageView, kind: str) -> Iterator[Finding]:
    """``check.secrecy_mark`` (refuse): a mark is read, or is red and unreadable; ``check.secrecy_lifted`` (block).

    ``kind``: what ``colour.kind`` said of the page.
    """
    lifted = None
    colourless = view.pixels.ndim == 2
    stamps = [] if colourless else [s for s in red_stamps(view) if s.framed or _in_zone(view, s.box)][:READ_MAX]
    for stamp in chain(stamps, islice(black_frames(view, ZONE[1]), READ_MAX)):
        verdict = judge(view, stamp)
        if verdict == "secret":
            yield _refusal(view, stamp.box)
            return
        lifted = stamp.box if verdict == "lifted" else lifted
    # a colour scan of a black copy is left to its frames: reading every header costs more than all other rules together
    if colourless or (kind != "rgb" and not cv2.countNonZero(view.red_ink)):
        for verdict, box in _read_header(view):
            if verdict == "secret":
                yield _refusal(view, box)
                return
            lifted = box
    if lifted:
        yield _lifted(view, lifted)


def judge(view: PageView, stamp: Stamp) -> str:
    """``secret``, ``lifted``, ``harmless`` or ``unknown``."""
    readings = ways(stamp)
    if not stamp.red:  # print across it reads as a sentence, so what fits comes first and then a mere look
        guess = _fitted(stamp).verdict
        if guess != "unknown":
            return guess
        readings = islice(readings, BLACK_WAYS)
    fitted, nearer = _Fitted("unknown"), False
    for number, (image, layout) in enumerate(readings):
        text = read(image, layout)
        verdict = classify(text, strict=not stamp.red, framed=stamp.framed)
        nearer |= _nearer_harmless(text)
        if not number and stamp.red and verdict == "unknown":
            fitted = _fitted(stamp)
            if fitted.verdict != "harmless":  # a typeface unknown here may still be read
                verdict = fitted.verdict
        if verdict != "unknown":
            return verdict
    if stamp.red and stamp.framed:  # a page upside down
        turned = _fitted(replace(stamp, straight=np.ascontiguousarray(stamp.straight[::-1, ::-1])))
        if turned.verdict in ("secret", "lifted") and turned.best > fitted.best:  # HỎA TỐC on its head is like TỐI MẬT
            return turned.verdict
    if fitted.verdict == "harmless" or (fitted.leads and nearer):
        return "harmless"
    held = stamp.red and stamp.framed and _in_zone(view, stamp.box) and frames.fits(*stamp.sides_mm)
    return "secret" if held else "unknown"


@dataclass(frozen=True, slots=True)
class _Fitted:
    """``verdict``: ``unknown`` where no sort of words fits clearly better than the others. ``leads``: words of no secret
    fit a little better. ``best``: how well any word fits, −1 to 1."""

    verdict: str
    leads: bool = False
    best: float = -1.0


def _fitted(stamp: Stamp) -> _Fitted:
    """What the words laid over the mark say."""
    if stamp.box.height > SEVERAL_MM or not frames.fits(*stamp.sides_mm):
        return _Fitted("unknown")  # words without a frame stand in the middle of seals: «PHÒNG NỘI VỤ» fitted by 0.1
    leads, best, least = False, -1.0, LEAD if stamp.red and stamp.framed else LEAD_BLACK
    for image in (stamp.straight, stamp.pale):
        if image is None:
            continue
        said = Fit.of(stamp_words.fit(image, stamp.per_mm))
        best = max(best, said.lifted, said.secret, said.harmless)
        if said.lifted > said.secret and said.lifted - said.harmless >= least and said.lifted >= LEAST:
            return _Fitted("lifted", best=best)
        if said.secret - max(said.harmless, said.lifted) >= least and said.secret >= LEAST:
            return _Fitted("secret", best=best)
        lead = said.harmless - max(said.secret, said.lifted)
        if lead >= HARMLESS_LEAD and said.harmless >= LEAST:
            return _Fitted("harmless", True, best)
        leads |= lead >= HARMLESS_LEAD / 4
    return _Fitted("unknown", leads, best)


def _nearer_harmless(text: str) -> bool:
    """Whether what was read is nearer to a word that is no secret than to any that is («KHÁRP»: KHẨN)."""
    said = skeleton(text)
    if len(said) < 4:
        return False
    secret = min(Levenshtein.distance(said, word) for word in SECRET)
    return min(Levenshtein.distance(said, word) for word in HARMLESS) < min(secret, len(said) / 2)


def ways(stamp: Stamp) -> Iterator[tuple[np.ndarray, int]]:
    """The mark as it stands; for one in a frame also as a line, with its frame, softened and enlarged; upside down."""
    block, line = tesserocr.PSM.SINGLE_BLOCK, tesserocr.PSM.SINGLE_LINE
    yield stamp.straight, tesserocr.PSM.SPARSE_TEXT if stamp.box.height > SEVERAL_MM else block
    if stamp.pale is not None:
        yield stamp.pale, block
    if stamp.framed:
        yield stamp.straight, line
        yield stamp.whole, block
        yield cv2.GaussianBlur(stamp.straight, (0, 0), 1.0), block
        yield cv2.resize(stamp.straight, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), tesserocr.PSM.SPARSE_TEXT
    yield np.ascontiguousarray(stamp.straight[::-1, ::-1]), line if stamp.framed else block


def classify(text: str, strict: bool, framed: bool = True) -> str:
    """What a stamp says, line by line. ``strict``: secrecy words count only with their diacritics. Without a frame the
    bare letters of the shortest mark (MAT) are too little to go by."""
    framed_only = 0 if framed else 1
    words = unicodedata.normalize("NFC", text).upper()
    lines = [line.strip() for line in words.splitlines() if skeleton(line)]
    skeletons = [skeleton(line) for line in lines]
    joined = "".join(skeletons)
    pairs = [first + second for first, second in pairwise(skeletons)]
    if any(_is_lifted(s) for s in [*skeletons, joined]) or any(Levenshtein.distance(s, LIFTED) <= 1 for s in pairs):
        return "lifted"
    if any(SECRET_LINE.match(line) for line in lines) or SECRET_LINE.match(" ".join(lines)):
        return "secret"
    if not strict and any(RED_END.search(line) or RED_END_APART.search("".join(line.split())) for line in lines):
        return "secret"
    if not strict and any(_mat_alone(line) for line in lines):
        return "secret"
    if any(Levenshtein.distance(s, RECALL) <= 2 for s in [*skeletons, joined]):
        return "secret"
    fuzzy = SECRET[framed_only:] if not strict else ()
    # where another stamp lies under the mark, its two words are read as two lines
    if fuzzy and any(Levenshtein.distance(pair, word) <= len(word) // 4 for pair in pairs for word in SECRET[1:]):
        return "secret"
    if any(
        Levenshtein.distance(s, word) <= len(word) // 3 for s in [*skeletons, joined] for word in fuzzy if len(s) > 2
    ):
        return "secret"
    for line in [*skeletons, joined]:
        if any(Levenshtein.distance(line, word) <= _slips(word) for word in HARMLESS if len(line) > 2):
            return "harmless"
    return "unknown" if len(joined) <= 14 else "harmless"


def _is_lifted(line: str) -> bool:
    """In worn ink two letters may be misread, if what is left is nearer to GIẢI MẬT than to any mark in force."""
    apart = Levenshtein.distance(line, LIFTED)
    return LIFTED in line or apart <= 1 or (apart == 2 and all(Levenshtein.distance(line, word) > 2 for word in SECRET))


def _slips(word: str) -> int:
    """Letters of a harmless word that may be misread; none of three: «LÈN» is MẬT upside down and not ĐẾN."""
    return (len(word) + 1) // 3 if len(word) > 3 else 0


BESIDE_MAX = 4
"""letters that scraps of frames and lines make beside a mark; a dotted line of a stamp with a pen in it makes dozens"""


def _mat_alone(line: str) -> bool:
    """The shortest mark is the only word of a red line, its dot lost under print or under the lines of another stamp.
    «MẶT» is left out: «ỦY BAN / MẶT / TRẬN»."""
    words = re.findall(r"[^\W\d_]{3,}", line)
    beside = len(re.findall(r"[^\W\d_]", line)) - len("".join(words))
    return len(words) == 1 and skeleton(words[0]) == "MAT" and words[0] != "MẶT" and beside <= BESIDE_MAX


def skeleton(text: str) -> str:
    """Letters only, capitals, without diacritics: what survives a bad reading."""
    plain = unicodedata.normalize("NFD", text.upper().replace("Đ", "D"))
    return "".join(character for character in plain if "A" <= character <= "Z")


def read(image: np.ndarray, layout: int) -> str:
    """The text of one mark (grey, dark on white; ``layout``: tesserocr.PSM). Kept in memory by the caller only."""
    api = engine.tesseract()
    api.SetPageSegMode(layout)
    api.SetImage(Image.fromarray(image))
    text = api.GetUTF8Text()
    api.Clear()
    return text


def _read_header(view: PageView) -> Iterator[tuple[str, Box]]:
    """Secrecy words that stand by themselves in the header of a page without colour."""
    width, height = view.paper_mm
    patch = view.crop(Box(0, 0, width, height * ZONE[1]), HEADER_DPI)
    gray = patch if patch.ndim == 2 else cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY)
    api = engine.tesseract()
    api.SetPageSegMode(tesserocr.PSM.SPARSE_TEXT)
    api.SetImage(Image.fromarray(gray))
    api.Recognize()
    words = []
    for item in tesserocr.iterate_level(api.GetIterator(), tesserocr.RIL.WORD):
        if item.Empty(tesserocr.RIL.WORD):
            continue
        text, box = item.GetUTF8Text(tesserocr.RIL.WORD), item.BoundingBox(tesserocr.RIL.WORD)
        if text and box:
            words.append((text, box))
    api.Clear()
    per_mm = gray.shape[1] / width
    for phrase, (left, top, right, bottom) in _phrases(words):
        line = unicodedata.normalize("NFC", phrase)
        box = Box(left / per_mm, top / per_mm, (right - left) / per_mm, (bottom - top) / per_mm)
        if line != line.upper():
            continue
        if SECRET_LINE.match(line) or BLACK_END.search(line):
            yield "secret", box
        elif skeleton(line) == LIFTED:
            yield "lifted", box


def _phrases(words: list[tuple[str, tuple[int, int, int, int]]]) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
    """Words of one line joined until a gap of ALONE letter heights."""
    current: list[tuple[str, tuple[int, int, int, int]]] = []
    for word in words:
        if current:
            _, (_, top, right, bottom) = current[-1]
            _, (left, next_top, _, next_bottom) = word
            level = min(bottom, next_bottom) - max(top, next_top) > 0.4 * (bottom - top)
            if not level or not -2 <= left - right <= ALONE * (bottom - top):
                yield _joined(current)
                current = []
        current.append(word)
    if current:
        yield _joined(current)


def _joined(words: list[tuple[str, tuple[int, int, int, int]]]) -> tuple[str, tuple[int, int, int, int]]:
    boxes = np.array([box for _, box in words])
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return " ".join(text for text, _ in words), (int(low[0]), int(low[1]), int(high[0]), int(high[1]))


def _in_zone(view: PageView, box: Box) -> bool:
    width, height = view.paper_mm
    return box.y + box.height / 2 < ZONE[1] * height and box.x + box.width / 2 < ZONE[0] * width


def _refusal(view: PageView, box: Box) -> Finding:
    return Finding(
        "check.secrecy_mark", Severity.REFUSE,
        f"Trang {view.number} có dấu chỉ độ mật, hoặc khung đỏ ở vị trí ô 10a không đọc được. "
        "Dừng ngay: không số hóa trên máy nối mạng (QĐ 12/2020/QĐ-UBND Đ1.2). Xóa an toàn tệp quét và bộ nhớ máy quét; "
        "đăng ký văn bản theo quy định mật.",
        f"Page {view.number} bears a state-secret mark, or a red frame in zone 10a that cannot be read. "
        "Stop: it must not be digitised on a networked machine. Erase the scan and the scanner's memory; "
        "register it under the secrecy rules.",
        page=view.number, box=box,
    )  # fmt: skip


def _lifted(view: PageView, box: Box) -> Finding:
    """Held, not refused and not passed: a lifted mark is lawful to digitise, but only a person can see that the
    lifting decision covers this document from this day (TT 24/2020/TT-BCA: «GIẢI MẬT, Từ: …»)."""
    return Finding(
        "check.secrecy_lifted", Severity.BLOCK,
        f"Trang {view.number} có dấu GIẢI MẬT. Tạm giữ: người phụ trách bí mật nhà nước "
        "phải xác nhận quyết định giải mật đã có hiệu lực trước khi số hóa.",
        f"Page {view.number} bears a declassification mark (GIẢI MẬT). Held: the officer in charge of state "
        "secrets must confirm that the decision is in force before it is digitised.",
        page=view.number, box=box,
    )  # fmt: skip
