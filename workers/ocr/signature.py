"""Who signed the document: on which page, as first read, and as read again where that is missing or doubtful."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile

import numpy as np

from intake.errors import DocumentError
from intake.model import Box
from intake.ports import OcrEngine
from workers.ocr.ink import Page
from workers.ocr.layout import Row, Sheet
from workers.ocr.page import PageReading
from workers.ocr.reading_image import one_channel
from workers.ocr.second_look import SecondLook
from workers.ocr.signature_block import Block, read_block
from workers.ocr.signer import Place, Signer, begins_enclosure, find_signer, signature_place

DOUBTFUL = 0.85
"""confidence of a name below which its block is read again: print that nothing touches has 0.86 and more"""
MOST_PAGES = 2
"""pages with an office, and pages without, that are read again for want of a name"""
ALONE = 0.6
"""confidence of an office whose name cannot be read: the line of its deputy may be what cannot, too"""
CONTRADICTED = 0.6
"""share of the confidence that is left where two readings are of different names"""


@dataclass(frozen=True, slots=True)
class Signature:
    """Position and name as the fields want them, where they stand on ``page`` (mm, as displayed) and how sure they are;
    ``suggestion``: another spelling of the name. Either may be None, with confidence 0."""

    page: int
    name: str | None = None
    confidence: float = 0.0
    box: Box | None = None
    suggestion: str | None = None
    position: str | None = None
    position_confidence: float = 0.0
    position_box: Box | None = None


def find_signature(
    pages: Sequence[PageReading],
    sheets: Iterable[Sheet],
    picture: Callable[[int], np.ndarray],
    engine: OcrEngine,
    seconds: float,
) -> Signature | None:
    """The last signature of the document's own pages. ``sheets``: the pages laid out, asked for one by one up to the first
    that begins an enclosure; ``picture``: pixels of a page by its number, asked for only where a name was read or is
    missing; ``seconds``: most for one call of the engine."""
    first = pages[0]
    mine = takewhile(lambda pair: pair[0] is first or not begins_enclosure(pair[1]), zip(pages, sheets, strict=True))
    own = [(page, sheet) for page, sheet in mine if page.lines][::-1]

    @lru_cache(maxsize=1)
    def looked_at(number: int) -> np.ndarray | None:
        try:
            return picture(number)
        except DocumentError:
            return None

    def again(page: PageReading, sheet: Sheet, place: Place) -> Signature | None:
        pixels = looked_at(page.number)
        block = None if pixels is None else read_block(Page(pixels, pixels, sheet), place, engine, seconds)
        return _of_block(block, place, page.number) if block else None

    looks, white, nameless = 0, [], None
    for page, sheet in own:
        signer = find_signer(sheet)
        found = _as_read(signer, page, sheet) if signer else None
        pixels = looked_at(page.number) if signer else None
        if signer and found and pixels is not None:
            look = SecondLook(Page(pixels, one_channel(pixels), sheet), engine, seconds)
            found = _as_seen(found, signer, look)
        place = signature_place(sheet, signer)
        if place is not None and place.office is None:
            white.append((page, sheet, place))
        elif place is not None and looks < MOST_PAGES and (found is None or found.confidence < DOUBTFUL):
            looks += 1
            found = _settled(found, again(page, sheet, place))
            nameless = nameless or _office_alone(place, place.office, page, sheet)
        if found is not None:
            return found
    for page, sheet, place in white[:MOST_PAGES]:
        found = again(page, sheet, place)
        if found is not None:
            return found
    return nameless


def _office_alone(place: Place, office: Row, page: PageReading, sheet: Sheet) -> Signature | None:
    if not place.known:
        return None
    box = sheet.box(office.tokens)
    return Signature(page.number, position=place.position, position_confidence=ALONE, position_box=box)


def _as_read(signer: Signer, page: PageReading, sheet: Sheet) -> Signature:
    least = min(token.word.confidence for token in signer.name_tokens)
    return Signature(
        page.number,
        signer.name,
        least * (0.6 if signer.better else 0.95),
        sheet.box(signer.name_tokens),
        signer.better,
        signer.position,
        0.95 if signer.known else 0.6,
        sheet.box(signer.position_tokens),
    )


def _as_seen(found: Signature, signer: Signer, look: SecondLook) -> Signature:
    """With the words that the word reader surely sees otherwise spelt as it sees them."""
    name = signer.respelt(look.sighted(Row(signer.name_tokens)))
    if name in (None, found.name):
        return found
    sure = found.confidence * (1.0 if name == found.suggestion else CONTRADICTED)
    return replace(found, name=name, confidence=sure, suggestion=found.name)


def _of_block(block: Block, place: Place, page: int) -> Signature:
    office, known = place.position, place.known
    # The lower line stands («PHÓ GIÁM ĐỐC» stamped under «GIÁM ĐỐC»), unless it is the same one with its PHÓ lost.
    if block.office and not (known and office.endswith(block.office)):
        office, known = block.office, True
    return Signature(
        page,
        block.name.text,
        block.confidence,
        block.box,
        block.name.better,
        office or None,
        (0.8 if known else 0.4) if office else 0.0,
        block.office_box,
    )


def _settled(first: Signature | None, again: Signature | None) -> Signature | None:
    """The two readings of one signature as one."""
    if first is None or again is None:
        return first or again
    position = first if first.position_confidence >= again.position_confidence else again
    same = first.name == again.name
    surer = again if same or again.confidence > first.confidence else first
    other = first if surer is again else again
    sure = max(again.confidence, (first.confidence + again.confidence) / 2)
    spelt = other.suggestion or other.name
    return replace(
        surer,
        confidence=sure if same else surer.confidence * (1.0 if surer.name == spelt else CONTRADICTED),
        suggestion=surer.suggestion or (spelt if spelt != surer.name else None),
        position=position.position,
        position_confidence=position.position_confidence,
        position_box=position.position_box,
    )
