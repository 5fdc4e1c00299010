"""What speaks for and against each reading, as numbers that the calibration weighs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from workers.ocr.filling import SAME
from workers.ocr.issuer import Issuer
from workers.ocr.layout import Token
from workers.ocr.lexicon import type_of_abbreviation
from workers.ocr.number import CodeReading
from workers.ocr.spelling import fold, letters
from workers.ocr.title import Subject, Title
from workers.ocr.voting import Agreement

NOTATION = (
    "engine's least confidence, log-odds",
    "repaired characters",
    "a usual form",
    "type agrees with the title",
    "agency agrees with the issuer",
    "length",
    "another picture reads the same",
    "in parts that are joined, as all but a Party body's are",
)
SUBJECT = (
    "engine's least confidence, log-odds",
    "mean confidence, log-odds",
    "words",
    "words the pictures read differently",
    "words found in no other picture",
    "odd words",
    "words outvoted",
    "share of words in known phrases",
    "words a known phrase would have otherwise",
    "words not all pictures read so and no phrase knows",
    "words the word reader does not agree with",
)


def log_odds(share: float, least: float = 0.002) -> float:
    """Log-odds of a share kept off 0 and 1 by ``least``."""
    share = min(max(share, least), 1 - least)
    return math.log(share / (1 - share))


def of_notation(
    code: CodeReading, alike: float, title: Title | None, issuer: Issuer | None, subject: Subject | None
) -> tuple[float, ...]:
    """See ``NOTATION``."""
    sure = min((t.word.confidence for t in code.notation_tokens), default=0.0)
    return (
        log_odds(sure),
        float(code.repaired),
        float(code.form == "party" or (code.form in ("usual", "year", "blank") and "-" in (code.notation or ""))),
        float(type_agrees(code.notation, title, subject)),
        float(agency_agrees(code.notation, issuer)),
        len(code.notation or "") / 10,
        alike,
        float(parted(code)),
    )


def parted(code: CodeReading) -> bool:
    """No sign between type and agency is missing: a hyphen, or a dot as older documents have; a Party body's notation
    («15-KH/TU») and an old one («162 BC/UB») are the agency alone."""
    return code.form in ("party", "old") or bool(re.search(r"[-.]", code.notation or ""))


def type_agrees(notation: str | None, title: Title | None, subject: Subject | None) -> bool:
    """The abbreviation before the first hyphen is the title's; a công văn has none."""
    first = re.split(r"[-./]", notation or "")[0]
    types = type_of_abbreviation(first)
    if title is None:
        return subject is not None and not types
    return any(kind.title == title.kind.title for kind in types)


def type_would_be(notation: str, title: Title | None) -> str | None:
    """The notation with the one letter changed by which its type misses the title's (NGHỊ QUYẾT: NG-SNV → NQ-SNV), or
    without the one before it that the slash was read as (KẾ HOẠCH: IKH-STC → KH-STC)."""
    first = re.split(r"[-./]", notation)[0]
    if title is None or type_agrees(notation, title, None):
        return None
    for good in title.kind.abbreviations:
        if len(good) >= LEAST_TYPE and (len(_wrong_places(first, good)) == 1 or first[1:] == good):
            return good + notation[len(first) :]
    return None


def agency_agrees(notation: str | None, issuer: Issuer | None) -> bool:
    """The agency's abbreviation is made of its name's initials, in order (SỞ Y TẾ → SYT; ỦY BAN NHÂN DÂN → UBND)."""
    if issuer is None or not notation:
        return False
    parts = [letters(part) for part in re.split(r"[-./]", notation)]
    return any(len(part) >= 2 and name.startswith(part) for part in parts for name in _initials(issuer))


def _initials(issuer: Issuer) -> tuple[str, str]:
    """Of all words of the name, and without «và»."""
    words = re.findall(r"[A-Z0-9]+", fold(issuer.name))
    return "".join(word[0] for word in words), "".join(word[0] for word in words if word != "VA")


def agency_would_be(notation: str, issuer: Issuer | None) -> str | None:
    """The notation with the one letter changed by which it misses the issuer's initials (SỞ TÀI CHÍNH: STG → STC)."""
    if issuer is None or agency_agrees(notation, issuer):
        return None
    for part in re.split(r"[-./]", notation):
        for name in _initials(issuer):
            good = name[: len(part)]
            wrong = _wrong_places(fold(part), good)
            if len(good) >= LEAST_INITIALS and len(wrong) == 1 and part.isalpha():
                return notation.replace(part, part[: wrong[0]] + good[wrong[0]] + part[wrong[0] + 1 :])
    return None


def _wrong_places(word: str, good: str) -> list[int]:
    """Where a word of the same length differs; nowhere, when it is of another."""
    return [place for place, (a, b) in enumerate(zip(word, good, strict=False)) if a != b and len(word) == len(good)]


LEAST_INITIALS, LEAST_TYPE = 3, 2
"""letters: two initials differ in one by chance; a title's abbreviation is one of twenty-seven"""


def of_type(title: Title, code: CodeReading | None) -> float:
    """Likeness of the title, and whether the notation says the same."""
    agrees = code is not None and type_agrees(code.notation, title, None)
    return 0.998 if agrees and title.likeness > 92 else 0.99 if agrees or title.likeness > 97 else 0.95


def of_subject(tokens: Sequence[Token], agreement: Agreement, doubtful: int) -> tuple[float, ...]:
    """See ``SUBJECT``. ``tokens``: the words that were asked again."""
    sure = [token.word.confidence for token in tokens]
    return (
        log_odds(min(sure)),
        log_odds(sum(sure) / len(sure)),
        len(sure) / 10,
        float(agreement.split),
        float(min(agreement.alone, 5)),
        float(agreement.odd),
        float(agreement.changed),
        agreement.known / max(agreement.words, 1),
        float(doubtful),
        float(agreement.weak),
        float(min(agreement.unsure, 5)),
    )


ISSUER = ("engine's least confidence, log-odds", "share of known words", "mended words", "words")


def of_issuer(issuer: Issuer) -> tuple[float, ...]:
    """See ``ISSUER``."""
    sure = min(token.word.confidence for token in issuer.tokens)
    return (log_odds(sure), issuer.known, float(issuer.mended), len(issuer.tokens) / 10)


def unanimous(evidence: Mapping[str, Any]) -> bool:
    """No reader contradicted another: engine and network read the same digits in every slot, another picture the same
    notation, every picture (or a known phrase) every word of the abstract; and nothing known before speaks against it.
    What a machine accepts alone must at least be that: curves fitted on some hundreds of documents cannot speak for one
    in a thousand by themselves."""
    if evidence.get("doubted"):
        return False
    slots = [evidence.get("number"), *(seen for seen, _ in evidence.get("date", {}).values())]
    if len(slots) < 4 or any(seen is None or not seen[SAME] for seen in slots):
        return False
    notation, subject = evidence.get("notation"), evidence.get("subject")
    if notation is None or notation[REPAIRED] or notation[ALIKE] < 1 or not notation[PARTED]:
        return False
    return subject is not None and not any(subject[place] for place in DOUBTS)


REPAIRED = NOTATION.index("repaired characters")
PARTED = NOTATION.index("in parts that are joined, as all but a Party body's are")
ALIKE = NOTATION.index("another picture reads the same")
DOUBTS = tuple(
    SUBJECT.index(name)
    for name in (
        "words found in no other picture",
        "odd words",
        "words a known phrase would have otherwise",
        "words not all pictures read so and no phrase knows",
    )
)
