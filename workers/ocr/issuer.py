"""Tên cơ quan ban hành: the lines of box 2 above the number, the superior body set apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from workers.ocr.anchors import Anchors
from workers.ocr.layout import Row, Sheet, Token
from workers.ocr.lexicon import names
from workers.ocr.spelling import fold, is_capitals, letters, nfc
from workers.ocr.syllables import flat, is_syllable
from workers.ocr.title import segments

_HEADS = re.compile(
    r"^(UY BAN|UBND|HOI DONG|HDND|SO |BO |BAN |PHONG |CHI CUC|CUC |TONG |TRUNG TAM|BENH VIEN|TRUONG |VAN PHONG"
    r"|THANH TRA|CONG TY|VIEN |LIEN DOAN|CONG DOAN|DOAN |TINH UY|HUYEN UY|THANH UY|QUAN UY|DANG UY|DANG BO|CONG AN"
    r"|TOA AN|QUOC HOI|CHINH PHU|THU TUONG|KHO BAC|NGAN HANG|BAO HIEM|HOI |MAT TRAN|TAP DOAN|DAI |NHA |THU VIEN|BAO "
    r"|TRAM |HAT |TO |TIEU BAN|CHI NHANH|HOC VIEN|DANG DOAN|BTV |DAI HOC|CO QUAN|KIEM TOAN|BCH )"
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Names as printed, each on one line; ``parent`` is "" when there is none.

    ``known``: share of the words that stand in the lexicon or elsewhere in the document; ``mended``: words whose
    marks were set by them (capitals lose theirs to the scanner: TINH for TỈNH).
    """

    name: str
    parent: str
    tokens: tuple[Token, ...]
    known: float
    mended: int


def find_issuer(
    sheet: Sheet, anchors: Anchors, seen: Mapping[str, Counter[str]], again: Callable[[Row], Iterable[str]]
) -> Issuer | None:
    """Capitals of the left column, from the height of Quốc hiệu down to the number line.

    ``seen``: letters without marks → how often which spelling (flat) stands in the document's own text.
    ``again``: other readings of a row, asked when it holds words that nothing knows.
    """
    end = anchors.number.middle - 2 if anchors.number is not None else anchors.top + 22
    rows: list[Row] = []
    for row in sheet.between(anchors.top - 3.5, end):
        part = row.part(0, anchors.split)
        if part is None:
            continue
        for piece in segments(part, 12):
            piece = _clean(piece)
            if _capitals(piece.text) and sum(c.isalpha() for c in piece.text) >= 2:
                rows.append(piece)
    if not rows:
        return None
    lines = [_best_words(row, seen, again) for row in rows]
    start = 0
    for index, words in enumerate(lines):
        if index and _HEADS.match(fold(_mended(words, seen)[0]) + " "):
            start = index
    name, known, changed = _mended([w for words in lines[start:] for w in words], seen)
    parent, _, _ = _mended([w for words in lines[:start] for w in words], seen)
    words = sum(any(c.isalnum() for c in w) for words in lines[start:] for w in words)
    tokens = tuple(t for r in rows[start:] for t in r.tokens)
    return Issuer(nfc(name), nfc(parent), tokens, known / max(words, 1), changed)


def _capitals(text: str) -> bool:
    """Capitals, allowing for what small faint print is misread as."""
    found = [c for c in text if c.isalpha()]
    return is_capitals(text) or (len(found) >= 3 and sum(c.isupper() for c in found) >= 0.7 * len(found))


def _best_words(row: Row, seen: Mapping[str, Counter[str]], again: Callable[[Row], Iterable[str]]) -> list[str]:
    """The row's words in that reading of which most are known."""
    first = [token.text for token in row.tokens]
    if _share(first, seen) >= 0.999:
        return first
    readings = [first, *(text.split() for text in again(row))]
    return max(readings, key=lambda words: _weight(words, seen))


def _share(words: list[str], seen: Mapping[str, Counter[str]]) -> float:
    count = sum(any(c.isalnum() for c in w) for w in words)
    return _mended(words, seen)[1] / count if count else 0.0


def _weight(words: list[str], seen: Mapping[str, Counter[str]]) -> float:
    """Known letters less half the unknown ones: a reading that dropped a word does not win by it."""
    text, known, _ = _mended(words, seen)
    count = sum(any(c.isalnum() for c in w) for w in words)
    return len(letters(text)) * (1.5 * known / count - 0.5) if count else 0.0


def spellings(texts: list[str]) -> dict[str, Counter[str]]:
    """Letters without marks → spellings (flat) of the words in running text, for what no list of names can hold."""
    found: dict[str, Counter[str]] = {}
    for text in texts:
        for word in re.findall(r"[^\W\d_]+", text):
            if word[0].isupper() and not word.isupper() and is_syllable(word):
                found.setdefault(letters(word), Counter())[nfc(word.upper())] += 1
    return found


def _mended(words: list[str], seen: Mapping[str, Counter[str]]) -> tuple[str, int, int]:
    """The words with known names spelt as they are; how many words were known; how many changed."""
    out: list[str] = []
    known, changed, index = 0, 0, 0
    while index < len(words):
        size, name = _longest_name(words, index)
        if name is not None:
            mine, parts = words[index : index + size], name.split()
            if len(parts) == len(mine):
                spelt = [_spelt_like(m, p) for m, p in zip(mine, parts, strict=True)]
                changed += sum(new != old for new, old in zip(spelt, mine, strict=True))
                out += spelt
            else:
                out += parts
                changed += 1
            known += sum(any(c.isalnum() for c in m) for m in mine)
            index += size
            continue
        word = words[index]
        usual = seen.get(letters(word))
        if usual:
            best, count = usual.most_common(1)[0]
            known += 1
            if flat(best) != flat(word) and usual.get(nfc(word.upper()), 0) * 2 < count:
                word, changed = best, changed + 1
        elif re.fullmatch(r"[\d.&]+|[A-ZĐ&]{2,6}", word):
            known += 1  # figures and abbreviations: nothing to mend
        out.append(word)
        index += 1
    return " ".join(out), known, changed


def _spelt_like(word: str, good: str) -> str:
    """The word as printed when only tone place or signs around it differ; else the name's spelling."""
    core = re.search(r"[^\W_]+", word)
    if core is None or flat(core.group()) == flat(good):
        return word.rstrip(".:;'")
    return good


def _longest_name(words: list[str], index: int) -> tuple[int, str | None]:
    """The longest known name beginning here by its letters; failing that one with a single letter off."""
    if not any(c.isalnum() for c in words[index]):
        return 0, None
    listed = names()
    keys = {size: letters("".join(words[index : index + size])) for size in range(1, min(10, len(words) - index + 1))}
    exact = max((s for s, key in keys.items() if key in listed and any(c.isalnum() for c in words[index + s - 1])),
                default=0)  # fmt: skip
    if exact:
        return exact, listed[keys[exact]]
    for size in sorted(keys, reverse=True):
        key = keys[size]
        if len(key) < 9 or size < 2:
            continue
        near = [
            name
            for other, name in listed.items()
            if abs(len(other) - len(key)) <= 1
            and len(name.replace(" -", "").split())
            == sum(any(c.isalnum() for c in w) for w in words[index : index + size])
            and Levenshtein.distance(other, key, score_cutoff=1) <= 1
        ]
        if len(near) == 1:
            return size, near[0]
    return _glued(words[index]) or (0, None)


def _glued(word: str) -> tuple[int, str] | None:
    """One token that holds several known names («SỞYTẾ»)."""
    listed, key = names(), letters(word)
    if len(key) < 5:
        return None
    for cut in range(2, len(key) - 1):
        if key[:cut] in listed and key[cut:] in listed:
            return 1, f"{listed[key[:cut]]} {listed[key[cut:]]}"
    return None


def _clean(row: Row) -> Row:
    """Without specks at the ends and what the engine itself does not believe."""
    tokens = list(row.tokens)
    while len(tokens) > 1 and _speck(tokens[0]):
        tokens.pop(0)
    while len(tokens) > 1 and _speck(tokens[-1]) and tokens[-1].text not in ("-", "–"):
        tokens.pop()
    return Row(tuple(tokens))


def _speck(token: Token) -> bool:
    if not any(c.isalnum() for c in token.text):
        return True
    return token.word.confidence < 0.5 and letters(token.text) not in names() and not is_syllable(token.text.lower())
