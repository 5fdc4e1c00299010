"""The readings of a line vote word by word, and what they do not agree on is counted."""

from __future__ import annotations

import math
import re
import statistics
from dataclasses import astuple, dataclass, replace

from workers.ocr.filling import resembles
from workers.ocr.layout import Row
from workers.ocr.lexicon import certain_pairs, loans, pairs
from workers.ocr.slots import advance
from workers.ocr.spelling import letters
from workers.ocr.syllables import is_syllable, paired

SURE_NAME = 0.92
"""engine's confidence below which a name is doubtful though every picture reads it so: the engine gives a rare name the
mark of a common word («Mỹ Nghỉ» for «Mỹ Nghi»); of names read right four in five are above"""

NEAR = 7.0
"""how far behind another mark must be on every picture (OcrWord.rivals) for a word that no phrase knows: of 43 nearer ones
5 were wrong though all pictures agreed, of 84 from 7 to 15 behind 3, of 1,617 further 1"""

HOOKED_I = "ỉ"
_ROMAN = re.compile("[IVX]{2,}")
"""of one sign «I» may be a figure; more are judged by their width"""

DASHES = ("-", "–", "—")
_WORD = re.compile("[0-9A-Za-z\u00c0-\u024f\u1ea0-\u1ef9]+")
"""letters and figures, without the loose accents that specks are read as"""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the readings of some rows compare, in words: ``words`` all, ``split`` not read alike by all pictures,
    ``alone`` not found again, ``odd`` no Vietnamese syllable, of the wrong width or with a speck behind, ``changed``
    outvoted, ``known`` in a known phrase, ``weak`` in no known phrase and not read so by every picture, or a doubtful name,
    or of a kind that every picture reads wrong alike, ``unsure`` words that the word reader does not agree with."""

    words: int = 0
    split: int = 0
    alone: int = 0
    odd: int = 0
    changed: int = 0
    known: int = 0
    weak: int = 0
    unsure: int = 0

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Settled:
    """A row as voted; the places of its ``weak``, its ``odd`` and its ``known`` words (see Agreement), and of those that all
    pictures read as the one phrase with their letters has them (``vouched``). ``how`` counts of the odd only those of the
    wrong width and with specks, of the weak none, of those left alone none."""

    row: Row
    how: Agreement
    weak: frozenset[int]
    odd: frozenset[int]
    known: frozenset[int]
    vouched: frozenset[int]


def places_of_words(row: Row, votes: list[list[str]]) -> list[int]:
    """Places of the words without single consonants and signs that no other picture shows: a stamp's edge, a mark read twice."""
    seen = max(map(len, votes))
    kept = [
        i
        for i, (token, vote) in enumerate(zip(row.tokens, votes, strict=True))
        if len(vote) > 1 or seen < 3 or len(letters(token.text)) > 1 or _stands_alone(token.text)
    ]
    return kept or list(range(len(row.tokens)))


def _stands_alone(text: str) -> bool:
    """A figure, a vowel or a sign between words."""
    return text in (*DASHES, "&") or text.isdigit() or (text.isalpha() and letters(text) in set("AEIOUY"))


def bare(text: str) -> str:
    """The word without the signs around it: a comma more or less is not a disagreement about the word."""
    return "".join(_WORD.findall(text)) or text


def settled_by(row: Row, votes: list[list[str]], around: tuple[str, str], rivals: list[dict[str, float]]) -> Settled:
    """The row as voted, and how the readings compare."""
    tokens, split, changed = [], 0, 0
    known, weak, odd, certain = set[int](), set[int](), set[int](), set[int]()
    known_pairs, near = pairs(), [[around[0]], *votes, [around[1]]]
    for index, (token, vote) in enumerate(zip(row.tokens, votes, strict=True)):
        mine = bare(token.text)
        words = [_like(text, mine) for text in vote]
        scores: dict[str, float] = {}
        in_phrase: dict[str, bool] = {}
        for place, word in enumerate(words):
            if place and not _may_replace(word, mine):
                continue
            if word not in scores:
                in_phrase[word] = _in_phrase(word, near[index], near[index + 2], known_pairs)
                scores[word] = (0.25 if is_syllable(word) else -0.5) + (0.6 if in_phrase[word] else 0.0)
                scores[word] += 0.1 if place == 0 else 0.0
            scores[word] += 1.0
        best = max(scores, key=lambda word: scores[word])
        split += len(set(words)) > 1
        alike = len({word for word in words if is_syllable(word) or not is_syllable(best)}) == 1
        if in_phrase[best]:
            known.add(index)
        doubtful_name = _is_name(index, best) and token.word.confidence < SURE_NAME
        rival = rivals[index].get(best, math.inf) < NEAR
        # A phrase knows that a figure stands there, not which.
        vouched = not best[:1].isdigit() and _in_phrase(best, near[index], near[index + 2], certain_pairs())
        if vouched and alike:
            certain.add(index)
        if not vouched and (not alike or doubtful_name or rival or _easily_misread(best, near[index + 2][0])):
            weak.add(index)
        if best != mine:
            changed += 1
            text = token.text.replace(mine, best) if mine in token.text else next(t for t in vote if bare(t) == best)
            token = replace(token, text=text)
        if not is_syllable(token.text) and best.lower() not in loans():
            odd.add(index)
        tokens.append(token)
    stopped = [i for i, token in enumerate(tokens) if _is_stopped(token.text, near[i + 2][0])]
    for index in stopped:
        tokens[index] = replace(tokens[index], text=tokens[index].text.rstrip("."))
    settled = Row(tuple(tokens))
    how = Agreement(len(tokens), split, 0, _misshapen(settled) + len(stopped), changed, len(known))
    return Settled(settled, how, frozenset(weak), frozenset(odd), frozenset(known), frozenset(certain))


def _is_stopped(word: str, behind: str) -> bool:
    """A full stop in the middle of the sentence: a speck («góp ý. dự thảo»)."""
    small = bare(word).islower() or (len(bare(word)) > 2 and bare(word)[1:].islower() and is_syllable(bare(word)))
    return word.endswith(".") and small and behind[:1].islower()


def _like(text: str, mine: str) -> str:
    """The word in a reading that may have a speck's sign or two stuck to it (``.Ấ.Tết`` is ``Tết``) or letters for
    figures (``2U22`` beside ``2022``); a dash of any length."""
    if text in DASHES and mine in DASHES:
        return mine
    found = _WORD.findall(text)
    if mine.isalpha() and len(mine) > 1 and mine in found and sum(map(len, found)) <= len(mine) + 2:
        return mine
    word = bare(text)
    return mine if mine.isdigit() and resembles(word, mine) else word


def _is_name(index: int, word: str) -> bool:
    """A capitalised word within the line; an abbreviation in capitals has no mark that could be lost."""
    return (
        index > 0
        and word[:1].isupper()
        and word.isalpha()
        and not (word.isupper() and letters(word) == word.replace("Đ", "D"))
    )


def _easily_misread(word: str, behind: str) -> bool:
    """What every picture of the same print reads wrong alike: the dot of an i as a hook («nghi thức» → «nghỉ thức»),
    and short signs that mix letters and figures («mố M1» → «mố MI»)."""
    if HOOKED_I in word.lower():
        # The province is in half of all abstracts, before its name or last; «thủy tinh thể» is not.
        return word.lower() != "tỉnh" or behind[:1].islower()
    mixed = any(c.isdigit() for c in word) or word[-1:] in "IO"
    return word.isupper() and len(word) <= 4 and mixed and not word.isdigit() and not _ROMAN.fullmatch(word)


def _misshapen(row: Row) -> int:
    """Figures and Roman numerals whose print is much wider or narrower than their signs are beside the row's other
    words: «quý III» that every picture reads as «quý II». No phrase and no spelling can tell those."""
    widths = [(t, (t.x1 - t.x0) / advance(t.text)) for t in row.tokens if len(letters(t.text)) > 1]
    if len(widths) < 4:
        return 0
    usual = statistics.median(width for _, width in widths)
    figures = [(bare(t.text), width / usual) for t, width in widths if re.fullmatch(r"\W*[\dIVX]+\W*", t.text)]
    return sum(not low < width < high for text, width in figures for low, high in [_usual_widths(text)])


def _usual_widths(figures: str) -> tuple[float, float]:
    """Of three figures and more none is lost unseen, and faces differ in them; a stroke of a Roman numeral is lost."""
    return (0.7, 1.5) if len(figures) > 2 and figures.isdigit() else (0.8, 1.3)


def _may_replace(word: str, mine: str) -> bool:
    """Figures are never outvoted, and a syllable only by a syllable."""
    if word == mine or (word.isdigit() and not mine.isdigit() and resembles(mine, word)):
        return True
    if any(c.isdigit() for c in mine + word):
        return False
    return is_syllable(word) or not is_syllable(mine)


def _in_phrase(word: str, before: list[str], after: list[str], known_pairs: frozenset[tuple[str, str]]) -> bool:
    """The word makes a known pair with any reading of the word before or behind it."""
    mine = paired(word)
    return any((paired(bare(text)), mine) in known_pairs for text in before) or any(
        (mine, paired(bare(text))) in known_pairs for text in after
    )
