"""What the mark says and how its lines break: NĐ 30/2020 Phụ lục I Phần II.I.3, Mẫu 3.2 and Mẫu 2.2."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from intake.errors import DocumentError
from intake.folder import DocumentFolder
from intake.model import FieldName
from intake.profile.sections import SignSection
from intake.spelling import nfc
from workers.sign.typeface import Typeface, typeface

VIETNAM = timezone(timedelta(hours=7))
"""Vietnam has had no daylight saving time since 1975."""

SIZE_PT = 10.0
LEADING_PT = 11.5
LINES_MAX = 8
STATEMENT = "Bản điện tử chuyển đổi từ văn bản giấy"
"""NĐ 137/2024 Đ4.1.a: the conversion is confirmed in words, with the name of who converted."""


@dataclass(frozen=True, slots=True)
class Block:
    """The mark broken into right-aligned lines; sizes in pt."""

    lines: tuple[str, ...]
    width: float

    @property
    def height(self) -> float:
        return len(self.lines) * LEADING_PT


def mark_text(document: DocumentFolder, section: SignSection, now: datetime) -> tuple[str, ...]:
    """The paragraphs of the mark, NFC: one, or two with the conversion statement. ``now`` is the signing time.

    Copies: ``SAO Y; <agency>; <time>``; archives (form empty): ``<agency>; <time>``; attachments (Mẫu 2.2):
    ``Số: <number>/<notation>; <time>``, DocumentError when the document has no confirmed number.
    """
    time = signing_time(section, now)
    if section.mark_form == "attachment":
        first = f"Số: {_printed_number(document)}; {time}"
    else:
        first = "; ".join(part for part in (section.form, section.agency, time) if part)
    paragraphs = [nfc(" ".join(first.split()))]
    if section.conversion_statement:
        paragraphs.append(nfc("; ".join(part for part in (STATEMENT, section.converter or section.agency) if part)))
    return tuple(paragraphs)


def signing_time(section: SignSection, now: datetime) -> str:
    """``now`` (aware) in Vietnam's time by the profile's pattern; ``%:z`` is ``+07:00``."""
    local = now.astimezone(VIETNAM)
    return local.strftime(section.time_pattern.replace("%:z", "+07:00"))


def _printed_number(document: DocumentFolder) -> str:
    number = document.confirmed.get(FieldName.CODE_NUMBER)
    if not number:
        raise DocumentError(
            f"Hồ sơ {document.document_id}: tệp phụ lục phải ghi số, ký hiệu văn bản (Mẫu 2.2) nhưng số chưa được xác "
            "nhận. "
            "Hãy nhập số ở bàn kiểm tra rồi ký lại.",
            f"Document {document.document_id}: an attachment's mark shows number and notation (Form 2.2), and the "
            "number "
            "is not confirmed. Enter it at the desk and sign again.",
        )
    notation = document.confirmed.get(FieldName.CODE_NOTATION)
    return f"{number}/{notation}" if notation else str(number)


def face_for(paragraphs: tuple[str, ...]) -> Typeface:
    """The typeface with every letter of the mark."""
    return typeface("".join(paragraphs))


def block(paragraphs: tuple[str, ...], face: Typeface, lines: int, size: float = SIZE_PT) -> Block | None:
    """The mark on exactly ``lines`` lines, as narrow as that allows, words kept whole; None when it cannot be."""
    extra = lines - len(paragraphs)
    if extra < 0:
        return None
    # Extra lines go to the widest paragraph first: the statement stays on its own line as long as it can.
    counts = [1] * len(paragraphs)
    for _ in range(extra):
        widths = [_narrowest(text, face, size, count)[1] for text, count in zip(paragraphs, counts, strict=True)]
        counts[widths.index(max(widths))] += 1
    broken = [_narrowest(text, face, size, count) for text, count in zip(paragraphs, counts, strict=True)]
    found = tuple(line for part, _ in broken for line in part)
    return Block(found, max(width for _, width in broken)) if len(found) == lines else None


def _narrowest(text: str, face: Typeface, size: float, lines: int) -> tuple[tuple[str, ...], float]:
    words = text.split(" ")
    lengths = [face.width(word, size) for word in words]
    space = face.width(" ", size)
    low, high = max(lengths), sum(lengths) + space * (len(words) - 1)
    if lines > 1:
        while high - low > 0.05:
            middle = (low + high) / 2
            low, high = (low, middle) if len(_greedy(words, lengths, space, middle)) <= lines else (middle, high)
    broken = tuple(_greedy(words, lengths, space, high + 0.01))
    return broken, max(face.width(line, size) for line in broken)


def _greedy(words: list[str], lengths: list[float], space: float, limit: float) -> list[str]:
    lines, width = [words[0]], lengths[0]
    for word, length in zip(words[1:], lengths[1:], strict=True):
        if width + space + length <= limit:
            lines[-1] += " " + word
            width += space + length
        else:
            lines.append(word)
            width = length
    return lines
