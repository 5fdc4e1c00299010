"""Số and ký hiệu: what stands in box 3, split at the first slash as Appendix VI keeps it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from workers.ocr.filling import Filling, fill
from workers.ocr.ink import Page
from workers.ocr.layout import Row, Token
from workers.ocr.lexicon import folded_abbreviations, type_of_abbreviation
from workers.ocr.slots import em_of, leads, number_slot, plain
from workers.ocr.spelling import fold, nfc

_LEAD = re.compile(r"^\W{0,3}(S[^\s\d:./]{1,2}|S6|S0)\s*[:.;,·]{0,2}\s*", re.IGNORECASE)
_UNIT = r"[0-9A-ZĐa-zđ&.()]+"
_NOTATION = rf"{_UNIT}(?:-{_UNIT})*"

_GRAMMARS = (
    ("year", re.compile(rf"^(?P<number>\d{{1,6}}[A-Za-zĐ]?/(?:19|20)\d\d)/(?P<notation>{_NOTATION})$")),
    ("usual", re.compile(rf"^(?P<number>\d{{1,6}}[A-Za-zĐ]?)/(?P<notation>{_NOTATION})$")),
    ("party", re.compile(rf"^(?P<number>\d{{1,6}}[A-Za-zĐ]?-[A-ZĐ][A-Za-zĐ]{{1,3}})/(?P<notation>{_NOTATION})$")),
    ("old", re.compile(rf"^(?P<number>\d{{1,6}}[A-Za-z]? [A-ZĐ][A-Za-zĐ]{{0,4}})/(?P<notation>{_NOTATION})$")),
    ("blank", re.compile(rf"^/(?P<notation>{_NOTATION})$")),
    ("bare", re.compile(r"^(?P<number>\d{1,6}[A-Za-z]?(?: ?-?[A-ZĐ][A-Za-zĐ]{0,7})?)$")),
)


SLASH_SHOWN = 0.38
"""em of the slash left in the closer cut: the network knows it as the end of the number and errs less with it in view"""

AROUND = (1.7, 2.6)
"""em of print left in the wider cut: «Số:» whole, and so much of the notation that its slash is no stroke of a digit"""


@dataclass(frozen=True, slots=True)
class NumberReading:
    """What the number line says. ``form`` is the grammar that fits (``year|usual|party|old|blank|bare``) or ``""``.

    ``number`` and ``notation`` as printed; None where not read. ``slot``: text between «Số» and the notation.
    ``repaired``: characters changed by the grammar, so that confidence can weigh them.
    """

    text: str
    form: str
    number: str | None
    notation: str | None
    repaired: int
    number_tokens: tuple[Token, ...]
    notation_tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class CodeReading:
    """Box 3 read with both eyes: ``number`` is what Appendix VI keeps as CodeNumber, None when not read;
    ``filling`` how its digits were read; ``led``: «Số» was seen where the slot begins; ``form``, ``repaired`` as in
    NumberReading."""

    number: str | None
    notation: str | None
    filling: Filling | None
    led: bool
    form: str
    repaired: int
    number_tokens: tuple[Token, ...]
    notation_tokens: tuple[Token, ...]


def read_code(page: Page, row: Row, date_row: Row | None) -> CodeReading:
    """Number and notation of the number line; the digits are looked at in the picture, not only in the words."""
    words = read_number(row)
    slot = number_slot(row, em_of(date_row), words.form)
    filling, number = None, None
    if slot is not None:
        lead_alone = bool(re.fullmatch(r"\W*\w{1,2}\W*", plain(row.tokens[0]).text))
        behind = words.form in ("year", "old", "party", "bare")
        if behind:
            filling = fill(page, slot, "number", (not lead_alone, True))
        else:
            wider = replace(slot, x0=slot.x0 - AROUND[0] * slot.em, x1=slot.x1 + AROUND[1] * slot.em)
            slot = replace(slot, x0=slot.x0 - 0.1 * slot.em, x1=slot.x1 + SLASH_SHOWN * slot.em)
            filling = fill(page, slot, "number", (False, False), wider)
        number = filling.value
        if number is not None and words.form in ("year", "old", "party", "bare") and words.number is not None:
            number += re.sub(r"^\d+", "", words.number) if not number[-1].isalpha() else ""
        elif number is not None:
            behind_pen = re.search(
                r"\s?-\s?[A-ZĐ][A-Za-zĐ]{1,3}(?=\s?/)|/\s?(?:19|20)\d\d(?=\s?/)", words.text.replace("–", "-")
            )
            number += re.sub(r"\s", "", behind_pen.group()) if behind_pen else ""
    return CodeReading(
        number,
        words.notation,
        filling,
        leads(row),
        words.form,
        words.repaired,
        words.number_tokens,
        words.notation_tokens,
    )


def read_number(row: Row) -> NumberReading:
    """Parse the number line, repairing what the engine is known to confuse (Đ/D, O/0, dashes, spaces)."""
    text = nfc(" ".join(plain(token).text for token in row.tokens))
    form, number, notation, changes = _parsed(text)
    return NumberReading(text, form, number, notation, changes, *_shares(row, notation))


def notation_of(text: str) -> str | None:
    """The notation in the text of a number line."""
    return _parsed(nfc(text).replace("ĐÐ", "Đ").replace("ÐĐ", "Đ").replace("Ð", "Đ"))[2]


def _parsed(text: str) -> tuple[str, str | None, str | None, int]:
    """Form, number, notation and how many characters were repaired."""
    text = re.sub(r"[–—−_~]", "-", text)
    body = _LEAD.sub("", text, count=1)
    body = re.sub(r"^[.…:·\s]+", "", body).rstrip(" .,;:'’`·*-")
    body = re.sub(r"\s*/\s*", "/", body)
    body = re.sub(r"\s*-\s*", "-", body)
    body, changes = _repair(body)
    body = re.sub(r"(?<=/)[a-zđ](?=[A-ZĐ]{2,})", lambda found: found.group().upper(), body)
    for form, grammar in _GRAMMARS:
        found = grammar.match(body)
        if found:
            parts = found.groupdict()
            return form, parts.get("number"), parts.get("notation"), changes
    return "", None, _notation_alone(body), changes


def _shares(row: Row, notation: str | None) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """Tokens that carry the number and those that carry the notation (one token may carry both)."""
    if not notation:
        return row.tokens, ()
    cut = next((i for i, t in enumerate(row.tokens) if "/" in t.text), None)
    if cut is None:
        return row.tokens, row.tokens[-1:]
    last = max(i for i, t in enumerate(row.tokens) if "/" in t.text)
    return row.tokens[: cut + 1], row.tokens[min(cut, last) :]


def _repair(body: str) -> tuple[str, int]:
    """The body with letters among digits and digits among letters put right; how many were changed."""
    before, slash, after = body.partition("/")
    changes = 0
    if slash and re.fullmatch(r"[\dOoIlSB]{1,6}", before) and re.search(r"\d", before) and not before.isdigit():
        fixed = before.translate(str.maketrans("OoIlS", "00115"))
        if fixed.isdigit():
            changes += sum(a != b for a, b in zip(before, fixed, strict=True))
            before = fixed
    head, dash, rest = after.partition("-")
    better = folded_abbreviations().get(fold(head))
    if dash and better and better != head and not type_of_abbreviation(head):
        changes += sum(a != b for a, b in zip(head, better, strict=False)) + abs(len(head) - len(better))
        head = better
    return before + slash + head + dash + rest, changes


def _notation_alone(body: str) -> str | None:
    """The notation after the slash when the number before it cannot be read."""
    found = re.search(rf"/({_NOTATION})$", body)
    if found and re.search(r"[A-ZĐ]{2}", found.group(1)):
        return found.group(1)
    found = re.search(r"(?:^|[^A-ZĐ])((?:[A-ZĐ][A-Za-zĐ]{0,4})-[A-ZĐ][0-9A-ZĐa-z&.-]+)$", body)
    return found.group(1) if found else None
