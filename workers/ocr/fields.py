"""A page's words to the fields of Appendix VI, each with its place and its confidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np

from intake.model import Field, FieldName, Finding
from intake.ports import OcrEngine, OcrLine
from intake.profile.sections import OcrSection
from workers.ocr import evidence as ev
from workers.ocr.abstract import title_and_subject
from workers.ocr.anchors import Anchors, find_anchors
from workers.ocr.beside_stamp import read_apart
from workers.ocr.confidence import probability
from workers.ocr.corroborated import NOT_CONTRADICTED, code_seen, with_date_seen, with_number_seen, with_repairs_seen
from workers.ocr.filling import CONTRADICTED, Filling
from workers.ocr.ink import Page
from workers.ocr.issued import IssuedReading, read_issued
from workers.ocr.issuer import Issuer, find_issuer
from workers.ocr.known import NOTHING, Known
from workers.ocr.layout import Row, Sheet, Token, lay_out
from workers.ocr.number import CodeReading, notation_of, read_code
from workers.ocr.organ_name import Spellings, spellings
from workers.ocr.page import PageReading
from workers.ocr.reading_image import one_channel
from workers.ocr.second_look import SecondLook
from workers.ocr.signature import Signature, find_signature
from workers.ocr.title import (
    Subject,
    Title,
    begins_cut,
    ends_cut,
    has_lone_quote,
    joined,
    lead_size,
)
from workers.ocr.trouble import has_text, trouble
from workers.ocr.urgency import find_urgency
from workers.ocr.voting import Agreement

ORDER = (
    FieldName.TYPE_NAME,
    FieldName.CODE_NUMBER,
    FieldName.CODE_NOTATION,
    FieldName.ISSUED_DATE,
    FieldName.ORGAN_NAME,
    FieldName.SUBJECT,
    FieldName.PRIORITY,
    FieldName.SIGNER_POSITION,
    FieldName.SIGNER_FULL_NAME,
    FieldName.PAGE_AMOUNT,
    FieldName.LANGUAGE,
)


@dataclass(slots=True)
class Gathered:
    """Fields while they are being collected, and the evidence each confidence was computed from."""

    fields: dict[FieldName, Field] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)

    def put(self, name: FieldName, value: str | int | None, confidence: float, **more: Any) -> None:
        """Keep a value; an empty one stays null with confidence 0."""
        if value is not None and value != "":
            self.fields[name] = Field(name, value, confidence, **more)


@dataclass(frozen=True, slots=True)
class Head:
    """What page 1 tells: ``gathered``, and whether its anchors are ``certain``, so that it is a document's first page."""

    gathered: Gathered
    findings: tuple[Finding, ...]
    sheet: Sheet
    certain: bool


def head_fields(
    pages: Sequence[PageReading],
    picture: Callable[[int], np.ndarray],
    gray: np.ndarray | None,
    engine: OcrEngine,
    section: OcrSection,
    *,
    thorough: bool,
    known: Known = NOTHING,
    first_look: bool = False,
) -> Head:
    """The fields of page 1, or the finding that tells why it has none. ``pages``: page 1 and those behind it, the first
    ``NAMED_WITHIN`` of which are asked for the agency's spelling. ``picture``: the pixels of a page by its number;
    ``gray``: the channel of page 1 that was read, where it is at hand. ``known``: what was known before, which can lower
    a confidence and choose between readings, never put a value of its own. ``first_look``: nothing is read a second
    time, neither for surer words nor for why there are none; ``thorough``: the abstract is, on every picture."""
    gathered, first = Gathered(), pages[0]
    sheet = _sheet(first)
    anchors = find_anchors(sheet) if has_text(first) else None
    findings: tuple[Finding, ...] = ()
    certain = anchors is not None and anchors.certain
    if certain or not first_look:
        pixels = picture(first.number)
        gray = one_channel(pixels) if gray is None else gray
        if anchors is None or not certain:
            findings = (trouble(first, gray, engine, section),)
        else:
            page = Page(pixels, gray, sheet)
            look = SecondLook(page, engine, section.page_seconds, blind=first_look)
            seen = spellings([p.text for p in pages[:NAMED_WITHIN]])
            _head(gathered, page, first.lines, anchors, look, seen, thorough, known)
    return Head(gathered, findings, sheet, certain)


def with_signature(
    head: Head,
    pages: Sequence[PageReading],
    picture: Callable[[int], np.ndarray],
    engine: OcrEngine,
    section: OcrSection,
) -> Gathered:
    """What the ``head`` told and, of a document that begins on page 1, who signed it."""
    gathered = Gathered(dict(head.gathered.fields), dict(head.gathered.evidence))
    if head.certain:
        sheets = chain([head.sheet], map(_sheet, pages[1:]))
        signature = find_signature(pages, sheets, picture, engine, section.page_seconds)
        if signature is not None:
            _put_signature(gathered, signature)
    return gathered


def all_fields(gathered: Gathered, page_count: int) -> Mapping[FieldName, Field]:
    """Every field, null ones included, in Appendix VI's order; ``page_count`` is the files' own."""
    counted = Field(FieldName.PAGE_AMOUNT, page_count, 0.99, source="rule")
    found = {**gathered.fields, FieldName.PAGE_AMOUNT: counted}
    return {name: found.get(name, Field(name, None)) for name in ORDER}


def _sheet(page: PageReading) -> Sheet:
    return lay_out(page.lines, page.width_px, page.height_px, page.dpi)


NAMED_WITHIN = 12
"""first pages, in whose running text the agency is named again"""


def _head(
    gathered: Gathered,
    page: Page,
    lines: Sequence[OcrLine],
    anchors: Anchors,
    look: SecondLook,
    seen: Spellings,
    thorough: bool,
    known: Known,
) -> None:
    sheet = page.sheet
    title, subject = title_and_subject(page, lines, anchors, None if look.blind else look.engine, look.seconds)

    def again(row: Row) -> Iterator[str]:
        yield look.respelt(row)
        yield from look.texts(row)

    issuer = find_issuer(sheet, anchors, seen, again, look.doubted)
    muddled = issuer is None or issuer.known < MUDDLED or not issuer.is_whole
    if anchors.number is not None and muddled and not look.blind:
        over = anchors.number.middle - 2
        apart = read_apart(page, lines, look.engine, look.seconds, (0, anchors.top - 4, anchors.split, over))
        better = find_issuer(apart.sheet, anchors, seen, again, look.doubted) if apart else None
        issuer = better if better and (issuer is None or _is_better(better, issuer)) else issuer
    code = read_code(page, anchors.number, anchors.date) if anchors.number is not None else None
    issued = read_issued(page, anchors.date) if anchors.date is not None else None
    if code is not None and anchors.number is not None:
        seen_code = code_seen(look.seen(anchors.number))
        code = with_repairs_seen(with_number_seen(code, seen_code), seen_code)
        texts = chain([seen_code] if notation_of(seen_code) else [], look.texts(anchors.number))
        code, alike = _notation_again(code, texts, title, issuer, subject, known)
        _put_code(gathered, sheet, code, ev.of_notation(code, alike, title, issuer, subject), title, issuer, known)
    if issued is not None and anchors.date is not None:
        _put_date(gathered, sheet, with_date_seen(issued, look.seen(anchors.date)))
    if title is not None:
        sure = ev.of_type(title, code)
        gathered.put(FieldName.TYPE_NAME, title.kind.title, sure, page=1, box=sheet.box(title.tokens))
    elif subject is not None:
        gathered.put(FieldName.TYPE_NAME, "Công văn", 0.97, page=1, source="rule")
    if subject is not None and subject.text:
        _put_subject(gathered, sheet, subject, look, thorough)
    if issuer is not None:
        evidence = ev.of_issuer(issuer)
        gathered.evidence["issuer"] = evidence
        whole = issuer.is_whole and not issuer.disputed and not issuer.is_parent_of(code.notation if code else None)
        sure = probability("issuer", evidence) if whole else PART_OF_A_NAME
        source = "rule" if issuer.mended else "ocr"
        box = sheet.box(issuer.tokens)
        gathered.put(FieldName.ORGAN_NAME, issuer.name, sure, page=1, box=box, source=source)
    urgency = find_urgency(page, anchors, look.engine, look.seconds)
    sure = 0.6 if urgency.suspect else 0.97 if urgency.priority else 0.99
    gathered.put(FieldName.PRIORITY, urgency.priority, sure, page=1, box=urgency.box)
    gathered.put(FieldName.LANGUAGE, "Tiếng Việt", 0.95, source="rule")
    _doubt(gathered, known)


MUDDLED = 0.7
"""share of known words below which a name is read again without the stamp: a place's name is one word in five"""
PART_OF_A_NAME = 0.2
"""confidence of an agency's name that cannot be all of it, or that the text spells otherwise than it is printed; a clerk
looks at such a document"""


def _is_better(other: Issuer, issuer: Issuer) -> bool:
    return (other.is_whole, other.known) > (issuer.is_whole, issuer.known)


def _put_subject(gathered: Gathered, sheet: Sheet, subject: Subject, look: SecondLook, thorough: bool) -> None:
    agreement, doubtful, rows, otherwise = Agreement(), 0, [], []
    asked: list[Token] = []
    words = [token.text for token in subject.tokens]
    begin = 0
    for row in subject.rows:
        # The lead is a fixed phrase, written as such however it was read: nothing is asked of it.
        size = lead_size(row) if not begin else 0
        lead, rest = row.tokens[:size], row.tokens[size:]
        asked += rest
        end = begin + len(row.tokens)
        around = (words[begin - 1] if begin else "", words[end] if end < len(words) else "")
        agreed = look.at(Row(rest), thorough, around)
        begin = end
        agreement, doubtful = agreement + agreed.how, doubtful + agreed.doubtful
        rows.append(Row((*lead, *agreed.row.tokens)))
        otherwise.append(Row((*lead, *agreed.otherwise.tokens)))
    text = joined(rows).text
    lone = has_lone_quote(" ".join(row.text for row in rows))
    if begins_cut(rows, text) or ends_cut(text) or lone or not subject.complete:
        agreement += Agreement(odd=1)
    other = joined(otherwise).text
    evidence = ev.of_subject(asked, agreement, doubtful)
    gathered.evidence["subject"] = evidence
    gathered.put(
        FieldName.SUBJECT,
        text,
        probability("subject", evidence),
        page=1,
        box=sheet.box(subject.tokens),
        suggestion=other if other != text else None,
    )


def _notation_again(
    code: CodeReading,
    texts: Iterable[str],
    title: Title | None,
    issuer: Issuer | None,
    subject: Subject | None,
    known: Known = NOTHING,
) -> tuple[CodeReading, float]:
    """The notation that most of ``texts`` have, the word reader's and other pictures', weighed by what its type, its agency
    and earlier documents say of it; 1 when the first of them reads the same, 0.5 when a later one does, 0 when none does."""
    others: list[str] = []
    for text in texts:
        notation = notation_of(text) or ""
        if not others and notation == code.notation and ev.parted(code):
            return code, 1.0
        others.append(notation)
    votes = Counter(notation for notation in (code.notation, *others) if notation)
    if not votes:
        return code, 0.0

    def weight(notation: str) -> float:
        fits = 0.7 * ev.type_agrees(notation, title, subject) + 1.2 * ev.agency_agrees(notation, issuer)
        fits += 1.2 * known.knows(notation)
        return votes[notation] + fits + 0.5 * ev.parted(replace(code, notation=notation))

    best = max(votes, key=weight)
    if best != code.notation:
        return replace(code, notation=best), 0.5 if votes[best] > 1 else 0.0
    return code, 1.0 if others and others[0] == best else 0.5 if best in others else 0.0


def _put_code(
    gathered: Gathered,
    sheet: Sheet,
    code: CodeReading,
    evidence: tuple[float, ...],
    title: Title | None,
    issuer: Issuer | None,
    known: Known,
) -> None:
    if code.filling is not None and code.number is not None:
        gathered.evidence["number"] = code.filling.evidence
        gathered.put(
            FieldName.CODE_NUMBER,
            code.number,
            _number_probability(code.filling, code.led),
            page=1,
            box=sheet.box(code.number_tokens),
            handwritten=code.filling.handwritten > 0.5,
        )
        # Where «Số:» was not seen, a stamp's frame may be the first digit.
        gathered.evidence["doubted"] = gathered.evidence.get("doubted", False) or not code.led
    if code.notation is not None:
        gathered.evidence["notation"] = evidence
        sure = probability("notation", evidence)
        # The title is one of a list; the agency's name may itself be what is read wrong.
        better = ev.type_would_be(code.notation, title)
        other = code.notation if better else ev.agency_would_be(code.notation, issuer)
        better, other = (None, None) if known.knows(code.notation) else (better, other)
        gathered.put(
            FieldName.CODE_NOTATION,
            better or code.notation,
            sure,
            page=1,
            box=sheet.box(code.notation_tokens),
            suggestion=other or known.spelt_otherwise(code.notation),
        )
        if other is not None:
            _lower(gathered, FieldName.CODE_NOTATION, UNSURE)


UNSURE = 0.9
"""most that is believed of a number whose slot was not anchored, that the engine reads as another number, or that breaks
the order of numbers"""
SEEN_ONLY = 0.8
"""confidence of a date of which the word reader alone read a part; a clerk looks at such a document"""
IMPOSSIBLE = 0.1
"""most that is believed of a date after the day of arrival"""


def _number_probability(filling: Filling, led: bool) -> float:
    sure = probability("number", filling.evidence)
    return sure if led and filling.evidence[CONTRADICTED] < NOT_CONTRADICTED else min(sure, UNSURE)


def _put_date(gathered: Gathered, sheet: Sheet, issued: IssuedReading) -> None:
    gathered.evidence["date"] = {name: (filling.evidence, filling.value) for name, filling in issued.fillings.items()}
    sure = 1.0
    for name, filling in issued.fillings.items():
        sure *= probability("year" if name == "year" else "day", filling.evidence)
    sure = SEEN_ONLY if issued.seen_only else sure
    pen = any(filling.handwritten > 0.5 for name, filling in issued.fillings.items() if name != "year")
    box = sheet.box(issued.tokens)
    gathered.put(FieldName.ISSUED_DATE, issued.value, sure, page=1, box=box, handwritten=pen)


def _doubt(gathered: Gathered, known: Known) -> None:
    """Lower what contradicts the day of arrival or the order of numbers."""
    organ, notation, number, day = (
        str(gathered.fields[name].value) if name in gathered.fields else None
        for name in (FieldName.ORGAN_NAME, FieldName.CODE_NOTATION, FieldName.CODE_NUMBER, FieldName.ISSUED_DATE)
    )
    if known.after_arrival(day):
        _lower(gathered, FieldName.ISSUED_DATE, IMPOSSIBLE)
    elif known.out_of_turn(organ, notation, number, day):
        _lower(gathered, FieldName.CODE_NUMBER, UNSURE)
        _lower(gathered, FieldName.ISSUED_DATE, UNSURE)


def _lower(gathered: Gathered, name: FieldName, most: float) -> None:
    field = gathered.fields.get(name)
    if field is None:
        return
    gathered.fields[name] = replace(field, confidence=min(field.confidence, most))
    gathered.evidence["doubted"] = True


def _put_signature(gathered: Gathered, signature: Signature) -> None:
    page = signature.page
    if signature.position:
        sure, box = signature.position_confidence, signature.position_box
        gathered.put(FieldName.SIGNER_POSITION, signature.position, sure, page=page, box=box)
    if signature.name:
        sure, box, better = signature.confidence, signature.box, signature.suggestion
        gathered.put(FieldName.SIGNER_FULL_NAME, signature.name, sure, page=page, box=box, suggestion=better)
