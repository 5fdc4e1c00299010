"""What the word reader sees of number and date, where the engine and the digit network are not at one.

In faces other than the usual the engine takes printed figures for letters or for other figures («2os6» for 2956); then
only the digit network speaks for a value, and nothing speaks for the network. The word reader is neither.
"""

from __future__ import annotations

import re
from dataclasses import replace

from workers.ocr.filling import CONTRADICTED, PEN, SAME, Filling
from workers.ocr.issued import IssuedReading, iso
from workers.ocr.number import CodeReading
from workers.ocr.word_reader import ONE_SHAPE

NOT_CONTRADICTED = 0.3
"""engine's confidence in another number from which two against one do not settle it"""
_DATE = re.compile(
    r"(?<![\w/])(?P<day>\d{1,2})\s*t\w{2,4}\s*(?P<month>\d{1,2})\s*n\w{1,3}\s*(?P<year>\d{4})", re.IGNORECASE
)
_CODE = re.compile(r"\S*[/-]\S*")


def code_seen(text: str) -> str:
    """``text`` with the capitals of number and notation as such: their small letters are the same shapes."""
    return _CODE.sub(lambda found: _in_capitals(found.group()), text)


def _in_capitals(code: str) -> str:
    shaped = "".join(c.upper() if c.upper() in ONE_SHAPE else c for c in code)
    return re.sub(r"(?<=[A-ZĐ])l", "I", shaped)


def with_number_seen(code: CodeReading, text: str) -> CodeReading:
    """``code`` with its printed number confirmed where ``text``, the number line as seen, has just that."""
    value = code.filling.value if code.filling else None
    if code.filling is None or value is None or not re.search(rf"(?<![\w/-]){value}(?=\s?[/(-])", text):
        return code
    return replace(code, filling=_confirmed(code.filling))


def with_repairs_seen(code: CodeReading, text: str) -> CodeReading:
    """``code`` with nothing repaired where ``text``, the number line as seen, has number and notation just so: the grammar
    made 316 of the engine's «3I6», and the print says 316."""
    just_so = rf"(?<![\w/-]){re.escape(code.number or '')}[/(]{re.escape(code.notation or '')}$"
    seen = code.repaired and code.number and code.notation and re.search(just_so, re.sub(r"\s", "", text))
    return replace(code, repaired=0) if seen else code


def with_date_seen(issued: IssuedReading, text: str) -> IssuedReading:
    """``issued`` with each printed part confirmed that the date line has as seen (``text``). Where a part of a printed
    line was not read at all («ngày 14 thóng 10 nm 2021»), the date is the one seen, if the parts that were read agree."""
    found = _DATE.search(_figures(text))
    if found is None:
        return issued
    seen = {name: int(value) for name, value in found.groupdict().items()}
    fillings = {
        name: _confirmed(filling) if filling.value and int(filling.value) == seen[name] else filling
        for name, filling in issued.fillings.items()
    }
    read = [name for name, filling in fillings.items() if filling.value is not None]
    agree = read and all(int(fillings[name].value or 0) == seen[name] for name in read)
    printed = all(filling.handwritten <= PEN for filling in fillings.values())
    if len(read) < len(seen) and agree and printed:
        day = iso(*(str(seen[name]) for name in ("day", "month", "year")))
        return replace(issued, fillings=fillings, value=day, seen_only=day is not None)
    return replace(issued, fillings=fillings)


def _figures(text: str) -> str:
    """``2O14`` and ``2o14`` are 2014: nothing else tells a figure's shape from a letter's."""
    return re.sub(r"(?<=\d)[Oo]|[Oo](?=\d)", "0", text)


def _confirmed(filling: Filling) -> Filling:
    evidence = list(filling.evidence)
    if filling.handwritten > PEN or evidence[CONTRADICTED] >= NOT_CONTRADICTED:
        return filling
    evidence[SAME] = 1.0
    return replace(filling, evidence=tuple(evidence))
