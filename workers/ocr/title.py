"""Tên loại and trích yếu: the title in capitals and the lines under it (box 5a), or «V/v» under the number (box 5b)."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from workers.ocr.anchors import Anchors
from workers.ocr.ink import Page
from workers.ocr.layout import Row, Sheet, Token
from workers.ocr.lexicon import DocumentType, document_types, pairs
from workers.ocr.phrases import two_words
from workers.ocr.spelling import fold, is_capitals, letters, mostly_capitals, nfc
from workers.ocr.syllables import is_syllable, paired
from workers.ocr.voting import bare

_BODY_OPENS = re.compile(
    r"^(CAN CU |KINH GUI|KINH THUA|HOM NAY|XET (DON|DE NGHI|TO)|I\. |1\. |PHAN (I|1|THU)|CHUONG |DIEU 1|THOI GIAN BAT DAU"
    r"|\(BAN HANH|\(?KEM THEO|QUYET DINH:|\S* ?DIEN:|KINH MOI|TRAN TRONG|BEN A|DE XUAT:)"
)
_BODY_AFTER = re.compile(r"^(THUC HIEN |THEO |DE NGHI |TREN CO SO|XET )")
_AUTHORITY = re.compile(
    r"^(CHU TICH|BO TRUONG|GIAM DOC|UY BAN|HOI DONG|THU TUONG|CHINH PHU|TONG |CUC TRUONG|TRUONG |HIEU TRUONG|THONG DOC"
    r"|CHANH |VIEN TRUONG|BAN |QUOC HOI|THONG TU|NGHI DINH)"
)
_SUBJECT_LEAD = re.compile(
    r"^\W{0,2}(V\s?[/lI1.,|]\s?[vV]\b|V\s?/\s|V/v|V[WwVv]\s|V[^\W\d_]v\s|Ww?\s|V[ềêéè]\s?vi[ệêe]c|VỀ VIỆC)"
)

_LEAD_MISREAD = re.compile(
    r"^\W{0,2}(?:[VW](?:[/#\\|!Ññ]\S{0,2}|W\S?)(?=\s)|W/-?(?=\w)"
    r"|(?![IVX]+[.)]?\s|[^\W\d_]+\s)(?=\S*[vVW])[^\s()]{2,4}(?=\s))\s*"
)
"""«V/w», «V#Ñ», «VWÑ», «W/-», «V&», «2v», «V7»: no word begins so"""
_ABOUT_MISREAD = re.compile(r"^\W{0,2}(?!V/v\s|[^\W\d_]+\s)(?=\S*[vV])[^\s()]{2,4}\s(?=vi[ệêe]c\b)")
"""«V# việc»: «Về việc»"""


@dataclass(frozen=True, slots=True)
class Title:
    """The type's title on the page: which type, how alike (0–100), its words and what else its row holds."""

    kind: DocumentType
    likeness: float
    tokens: tuple[Token, ...]
    rest: tuple[Token, ...]
    row: Row


@dataclass(frozen=True, slots=True)
class Subject:
    """The abstract's lines joined; ``complete`` when its end was seen (a rule, a new part of the page)."""

    text: str
    rows: tuple[Row, ...]
    complete: bool = True

    @property
    def tokens(self) -> tuple[Token, ...]:
        return tuple(token for row in self.rows for token in row.tokens)


def segments(row: Row, gap: float = 7.0) -> list[Row]:
    """The row cut where words stand further apart than ``gap`` mm."""
    parts, current = [], [row.tokens[0]]
    for token in row.tokens[1:]:
        if token.x0 - max(t.x1 for t in current) > gap:
            parts.append(Row(tuple(current)))
            current = []
        current.append(token)
    return [*parts, Row(tuple(current))]


def find_title(sheet: Sheet, anchors: Anchors) -> Title | None:
    """The first centred row of capitals under the head that is a known type's title."""
    under = max((r.middle for r in (anchors.number, anchors.date) if r is not None), default=anchors.top + 8)
    for row in sheet.between(under + 1.5, max(anchors.bottom, under + 70)):
        for part in segments(row):
            if not mostly_capitals(part.text) or abs(part.centre - sheet.width / 2) > 0.16 * sheet.width:
                continue
            found = _type_of(part)
            if found:
                return found
    return None


def _type_of(part: Row) -> Title | None:
    flat = letters(part.text)
    best: tuple[float, int, DocumentType] | None = None
    for kind in document_types():
        if kind.title == "Công văn":
            continue
        whole = fuzz.ratio(kind.key, flat)
        head = fuzz.ratio(kind.key, flat[: len(kind.key)]) if len(flat) > len(kind.key) else 0
        score, size = max((whole, len(kind.key)), (head - 3, len(kind.key)))
        if score >= 86 and (best is None or (score, size) > best[:2]):
            best = (score, size, kind)
    if best is None:
        return None
    score, _, kind = best
    taken, count = [], 0
    for token in part.tokens:
        if count >= len(kind.key) - 1:
            break
        taken.append(token)
        count += len(letters(token.text))
    return Title(kind, score, tuple(taken), part.tokens[len(taken) :], part)


def margins(sheet: Sheet) -> tuple[float, float]:
    """x of the text's left and right edge in mm, from the long rows of the page."""
    long = [row for row in sheet.rows if row.x1 - row.x0 > 0.55 * sheet.width]
    if len(long) < 3:
        return 30.0, sheet.width - 18
    return statistics.quantiles([r.x0 for r in long], n=4)[0], statistics.quantiles([r.x1 for r in long], n=4)[2]


def subject_under_title(page: Page, title: Title) -> Subject:
    """Lines centred under the title, ending at the rule or where the next part begins; never the next paragraph."""
    sheet = page.sheet
    left, right = margins(sheet)
    centre = title.row.centre
    taken: list[Row] = []
    if title.rest and not fold(title.rest[0].text).startswith("CUA"):
        taken.append(Row(title.rest))
    rules = [r for r in page.rules(title.row.y1 - 0.5, title.row.y1 + 70) if abs(r.centre - centre) < 14]
    plain = _plain_stroke(page, title)
    previous, pitch = title.row, 0.0
    rows = sheet.between(title.row.middle + 2, title.row.middle + 75)
    complete = True
    for index, row in enumerate(rows):
        part = _centred_run(row, centre)
        if part is not None and _phantom(part):
            continue
        if part is None and (row.x1 < centre - 8 or row.x0 > centre + 8 or len(row.text) < 4):
            continue  # a stamp beside the title
        at = part or row
        step = at.middle - previous.middle
        if any(previous.middle < rule.y < at.middle and rule.x1 - rule.x0 < 90 for rule in rules):
            break
        if part is None:
            # As near as the abstract's next line would be, and not to be had apart from what stands beside it.
            complete = not taken or step > NEXT_LINE_MM or _opens_body(row, True)
            break
        if step > (max(1.55 * pitch, pitch + 2.2) if pitch else 16) or _opens_body(part, bool(taken)):
            break
        if title.kind.title == "Giấy giới thiệu" and fold(part.text).startswith("GIOI THIEU"):
            break  # that form has no abstract: this is its text
        following = rows[index + 1] if index + 1 < len(rows) else None
        bold = page.stroke(part) > 1.13 * plain if plain else False
        if _is_paragraph(part, following, left, right) and not bold:
            break
        if taken:
            pitch = max(pitch, min(step, 9.5))
        aside = not title.rest and abs(part.centre - centre) > ASIDE_MM
        complete &= not _goes_on(row, part) and not aside
        taken.append(part)
        previous = part
    return replace(joined(taken), complete=complete)


def _goes_on(row: Row, part: Row) -> bool:
    """Words that were surely read stand right behind the ``part`` of a row that was taken for the centred one: a stamp's
    word joined to its first ones pushed those out, and others at the other end."""
    behind = [token for token in row.tokens if 0 < token.x0 - part.x1 < RIGHT_BEHIND_MM]
    return any(token.word.confidence > SURE and any(c.isalnum() for c in token.text) for token in behind)


def _phantom(part: Row) -> bool:
    """Marks and tails of the line above or below, or a rule's ends, read as a line of its own: few letters, unsure."""
    inked = sum(token.x1 - token.x0 for token in part.tokens)
    # Of a mark by itself («^», «`») the engine is sure.
    words = [token.word.confidence for token in part.tokens if any(c.isalnum() for c in token.text)]
    sure = statistics.fmean(words or [0.0])
    sparse = len(part.tokens) > 2 and inked < SPARSE * (part.x1 - part.x0)
    return sure < UNSURE and (sparse or len(letters(part.text)) < 2)


ASIDE_MM = 3.4
"""off the title's middle from which on a line has lost words at one end, or taken in a stamp's: of 477 abstracts read right
in 700 documents 2.8 at most, of seven lines read wrong 4 and more"""
NEXT_LINE_MM = 9.0
"""most between the lines of an abstract: 14 pt at line spacing 1.5, and some"""
SPARSE, UNSURE = 0.55, 0.6
"""share of a line's width that its words fill, and mean confidence, below which it is no line"""
NO_WORD = 0.2
"""confidence below which signs among letters are no word: «„-I@JNI29/2)»"""
RIGHT_BEHIND_MM, SURE = 8.0, 0.8
"""how near the abstract's last word of a line what stands behind it belongs to it, and confidence from which it is a word"""


def _plain_stroke(page: Page, title: Title) -> float:
    """Median stroke width of the long rows of the body: what is not bold."""
    body = [r for r in page.sheet.rows if r.middle > title.row.middle + 15 and r.x1 - r.x0 > 0.5 * page.sheet.width]
    strokes = [page.stroke(row) for row in body[2:10]]
    return statistics.median(strokes) if strokes else 0.0


def _centred_run(row: Row, centre: float) -> Row | None:
    """The run of words centred under the title, without stamps to its left and right."""
    parts = [piece for part in segments(row, 3.2) for piece in _without_bars(part)]
    best: tuple[float, Row] | None = None
    for begin in range(len(parts)):
        for end in range(begin + 1, len(parts) + 1):
            run = Row(tuple(t for p in parts[begin:end] for t in p.tokens))
            off = abs(run.centre - centre)
            if off > 8 or not any(c.isalpha() for c in run.text):
                continue
            score = off - 0.1 * (run.x1 - run.x0)
            if best is None or score < best[0]:
                best = (score, run)
    return best[1] if best else _beside_a_stamp(row, centre)


def _beside_a_stamp(row: Row, centre: float) -> Row | None:
    """The words that stand centred once a stamp's, which touch them from the left, are taken away: «Số: 6540…»."""
    for begin in range(1, len(row.tokens) - 1):
        run = Row(row.tokens[begin:])
        stamped = any(re.search(r"\d|\.\.|[:|]", token.text) for token in row.tokens[:begin])
        if abs(run.centre - centre) < 4 and stamped and run.x1 - run.x0 > 20:
            return run
    return None


def _without_bars(part: Row) -> list[Row]:
    """Cut where the engine read the frame of a stamp as a sign of its own, and around what it made of a stamp's fields."""
    pieces: list[list[Token]] = [[]]
    for token in part.tokens:
        if not any(c.isalnum() for c in token.text) and set(token.text) & set("|¦[]{}_"):
            pieces.append([])
        elif token.word.confidence < NO_WORD and not token.text.isalnum():
            pieces += [[token], []]
        else:
            pieces[-1].append(token)
    return [Row(tuple(piece)) for piece in pieces if piece]


def _opens_body(part: Row, begun: bool) -> bool:
    flat = fold(part.text)
    if is_capitals(part.text) and (begun or _AUTHORITY.match(flat)) and len(flat) > 7:
        return True
    if begun and part.text[:1].islower():
        return False
    return bool(_BODY_OPENS.match(flat)) or bool(begun and _BODY_AFTER.match(flat))


def _is_paragraph(part: Row, following: Row | None, left: float, right: float) -> bool:
    """An indented line filling the column to the right edge, followed by one that starts at the left edge."""
    if part.x1 < right - 4 or not left + 6 < part.x0 < left + 24:
        return False
    return following is not None and following.x0 < left + 4


def subject_under_number(sheet: Sheet, anchors: Anchors) -> Subject | None:
    """«V/v …» in the left column under the number line."""
    if anchors.number is None:
        return None
    taken: list[Row] = []
    pitch, complete = 0.0, True
    for row in sheet.between(anchors.number.middle + 2, anchors.number.middle + 60):
        part = row.part(0, anchors.split + 6)
        if part is None or not any(c.isalnum() for c in part.text) or _phantom(part):
            continue
        if not taken:
            part = segments(part)[0]
            if _SUBJECT_LEAD.match(part.text) or _LEAD_MISREAD.match(part.text):
                taken.append(part)
            elif _is_lead(part.tokens) and 0 < part.y0 - anchors.number.y1 < NEXT_LINE_MM:
                taken.append(Row((replace(part.tokens[0], text="V/v"), *part.tokens[1:])))
                complete = False
            elif part.middle > anchors.number.middle + 25:
                break
            continue
        centred = _centred_run(Row(part.tokens), taken[0].centre)
        step = part.middle - taken[-1].middle
        if centred is None or step > (max(1.5 * pitch, pitch + 2) if pitch else 8.5):
            break
        if fold(centred.text).startswith("KINH GUI") or is_capitals(centred.text):
            break
        pitch = max(pitch, step)
        taken.append(centred)
    return replace(joined(taken), complete=complete) if taken else None


def _is_lead(tokens: Sequence[Token]) -> bool:
    """What the «V/v» was read as («Vớ báo cáo», «VAN báo cáo»): three signs at most before small letters, no known word of
    them («Văn bản»)."""
    first, behind = (token.text for token in tokens[:2]) if len(tokens) > 2 else ("", "")
    known = (paired(first), paired(bare(behind))) in pairs()
    return first[:1] in ("V", "W") and 1 < len(first) < 4 and behind.islower() and not known


def joined(rows: list[Row]) -> Subject:
    """The lines as one, edges cleared of specks; the lead is a fixed phrase and written as such."""
    kept = [_trimmed(row) for row in rows]
    text = nfc(" ".join(row.text for row in kept))
    text = re.sub(r"(?<=\w)\|(?=\w)", " ", text)
    text = re.sub(r"^\W{0,2}(?:V\s?[/lI1.,|]\s?[vV]|V[WwNVv]|V[^\W\d_]v|Ww?|V/)(?=[\s–.,_-])[\s–.,_-]*", "V/v ", text)
    text = _ABOUT_MISREAD.sub("Về ", text, count=1)
    text = _LEAD_MISREAD.sub("V/v ", text, count=1)
    text = re.sub(r"^\W{0,2}[VvỶ]?[ềêéèeàãáăẽ]̀?\s?vi[ệêeẹ]c\b", "Về việc", text)
    text = re.sub(r"^\W{0,2}[VvrỶ]?[ềê](?=\s)", "Về", text)  # a stamp's frame in the V
    text = re.sub(r"^VỀ(?=\s\w[^\WA-ZĐ])", "Về", text)
    text = _BEFORE_LEAD.sub("", text)
    if has_lone_quote(text):
        text = re.sub(r'["“”]', "", text)
    text = re.sub(r"(?<!\w)['`´^~*|]+(?=\w)|(?<=\w)[`´^~*|]+(?!\w)", "", text)
    text = _WORD.sub(lambda found: _mended(found.group()), text)
    text = text.replace("„", "").strip(" _-–—*'`~|.,").rstrip(":; ")  # a speck after the last word
    return Subject(text[:1].upper() + text[1:], tuple(kept))  # a stamp's frame makes k of K


_BEFORE_LEAD = re.compile(r"^(?:(?:[^\W\d_]|[A-ZĐ\u00c0-\u00dd\u1ea0-\u1ef8]{2,4})\s){1,2}(?=Về việc\b)")
"""a stamp's words before the abstract's first: «NGÃI Về việc», «L l Về việc»"""
_WORD = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)?")


def _mended(word: str) -> str:
    """Two words read as one set apart, and a capital within a small word made small («cẤp»)."""
    inner = word[:1].islower() and not word.islower() and not word.isascii() and is_syllable(word.lower())
    return two_words(word) or (word.lower() if inner else word)


def lead_size(row: Row) -> int:
    """Of how many words, read right or wrong, the «V/v», «Về việc» or «Về» is that the row begins with; 0 without one."""
    whole = joined([row]).text.lower()
    rests = {size: joined([Row(row.tokens[size:])]).text.lower() for size in range(1, min(3, len(row.tokens)))}
    leads = ((lead, size) for lead in ("v/v", "về việc", "về") for size in rests)
    return next((size for lead, size in leads if whole == f"{lead} {rests[size]}"), 0)


def _stroke(token: Token) -> bool:
    """A speck or a stamp's frame between two words, read as a letter that is no word."""
    return token.text in _STROKES and token.word.confidence < UNSURE


_STROKES = frozenset("ÌÍỊìíịl|!")
_COUNTED = frozenset("quý cấp hạng loại đợt kỳ phần bậc tập nhóm".split())
"""before a Roman numeral: there a stroke is its I"""


def ends_cut(text: str) -> bool:
    """The abstract ends with a word that another always follows: a numeral, or a line, was lost."""
    return bool(_OPEN_END.search(text))


_OPEN_END = re.compile(r"\b(quý|giai đoạn|và|của|về|các|những|tại|theo|với|cho|cùng|hoặc|thuộc)$", re.IGNORECASE)


def begins_cut(rows: list[Row], text: str) -> bool:
    """The abstract ``joined`` from ``rows`` begins with a small letter on the paper: its first may be hidden («hỉnh lý»)."""
    first = next((c for row in rows[:1] for c in row.text if c.isalpha()), "")
    return first.islower() and not text.startswith(("Về ", "V/v "))


def has_lone_quote(text: str) -> bool:
    """A single quotation mark: a speck, or one of two."""
    return len(re.findall(r'["“”]', text)) == 1


def _trimmed(row: Row) -> Row:
    tokens: list[Token] = []
    for token in row.tokens:
        if _stroke(token) and tokens and tokens[-1].text.lower() in _COUNTED:
            tokens.append(replace(token, text="I"))
        elif not _stroke(token):
            tokens.append(token)
    tokens = tokens or list(row.tokens)
    while len(tokens) > 1 and not any(c.isalnum() or c in '"“”(' for c in tokens[0].text):
        tokens.pop(0)
    while len(tokens) > 1 and not any(c.isalnum() or c in '"“”)-–' for c in tokens[-1].text):
        tokens.pop()
    return Row(tuple(tokens))
