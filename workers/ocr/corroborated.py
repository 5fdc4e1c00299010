"""What the word reader sees of number and date, where the engine and the digit network are not at one.

In faces other than the usual the engine takes printed figures for letters or for other figures («2os6» for 2956); then
only the digit network speaks for a value, and nothing speaks for the network. The word reader is neither.
"""

from __future__ import annotations

import re
from dataclasses import replace

from workers.ocr.filling import CONTRADICTED, PEN, SAME, Filling
from workers.ocr.issued import IssuedReading
from workers.ocr.number import CodeReading
from workers.ocr.word_reader import ONE_SHAPE

NOT_CONTRADICTED = 0.3
"""engine's confidence in another number from which two against one do not settle it"""
_DATE = re.compile(r"(?P<day>\d{1,2})\s*t\w{2,4}\s*(?P<month>\d{1,2})\s*n\w{1,3}\s*(?P<year>\d{4})", re.IGNORECASE)
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


def with_date_seen(issued: IssuedReading, text: str) -> IssuedReading:
    """``issued`` with each printed part confirmed that the date line has as seen (``text``)."""
    found = _DATE.search(_figures(text))
    if found is None:
        return issued
    fillings = {
        name: _confirmed(filling) if filling.value and int(filling.value) == int(found[name]) else filling
        for name, filling in issued.fillings.items()
    }
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
