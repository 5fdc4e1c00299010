"""The words of an agency's name with their marks: capitals lose them to the scanner (TINH for TỈNH, QUẦN for QUẢN).

Three say how a word is spelt: the lists of lexicon/, the print as read, and the document's own running text, where the
agency is named again in small letters, which are read better. A listed name of several words is believed, unless it is a
place's and print and text say another («xã Quang Ninh» is not the province); against one word of a list, print and text
together win («xã Xuân Phong» has no PHÒNG), and alone the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from workers.ocr.lexicon import names, places
from workers.ocr.spelling import letters, nfc
from workers.ocr.syllables import flat, is_syllable

_MOTTO = {("DOC", "LAP"), ("LAP", "TU"), ("TU", "DO"), ("DO", "HANH"), ("HANH", "PHUC")}
"""stands on every page and names no agency («ĐẦU TƯ» is not spelt like «Tự do»)"""


@dataclass(frozen=True, slots=True)
class Spellings:
    """Spellings in running text, in capitals, by the letters without marks: of single names, and of words side by side."""

    words: Mapping[str, Counter[str]]
    beside: Mapping[tuple[str, str], Counter[tuple[str, str]]]


def spellings(texts: list[str]) -> Spellings:
    """What the document's text, page by page, says of the words in it; what is all in capitals says nothing."""
    alone: dict[str, Counter[str]] = {}
    beside: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
    for text in texts:
        before: tuple[str, str] | None = None
        for word in re.findall(r"[^\W\d_]+", text):
            if (word.isupper() and len(word) > 1) or not is_syllable(word):
                before = None
                continue
            key, spelt = letters(word), nfc(word.upper())
            if before is not None and (before[0], key) not in _MOTTO:
                beside.setdefault((before[0], key), Counter())[before[1], spelt] += 1
                if word[0].isupper() and len(word) > 1:
                    alone.setdefault(key, Counter())[spelt] += 1
            before = key, spelt
    return Spellings(alone, beside)


def mended(words: list[str], seen: Spellings) -> tuple[str, int, int]:
    """The words spelt as two of the three say; how many words are known; how many were changed."""
    out: list[str] = []
    known = changed = index = 0
    text = [_in_text(words, place, seen) for place in range(len(words))]
    while index < len(words):
        size, name = _longest_name(words, index)
        mine = words[index : index + max(size, 1)]
        parts = name.split() if name is not None else []
        if name is not None and len(parts) != len(mine):
            out += parts
            changed += 1
            known += sum(any(c.isalnum() for c in m) for m in mine)
        else:
            # A place stands last, never the kind of unit that the list means by its word.
            alone = size == 1 and index == len(words) - 1 and letters(words[index]) not in places()
            # No other place is called a province.
            province = index > 0 and letters(words[index - 1]) == "TINH"
            of_place = letters("".join(mine)) in places() and not province
            for place, word in enumerate(mine, index):
                listed = parts[place - index] if parts and not alone else None
                told = text[place] if size < 2 or (of_place and _as_printed(word, text[place])) else Counter()
                spelt, sure = _spelt(word, listed, told, seen)
                known += sure
                changed += spelt != word and flat(spelt) != flat(word.strip(".:;'"))
                out.append(spelt)
        index += max(size, 1)
    return " ".join(_units_spelt(out)), known, changed


UNITS = {letters(unit): unit for unit in ("TỈNH", "THÀNH", "HUYỆN", "QUẬN", "THỊ", "XÃ", "PHƯỜNG", "ĐẶC")}


def _units_spelt(words: list[str]) -> list[str]:
    """With the kind of unit that stands behind «ỦY BAN NHÂN DÂN» spelt as such, however often the text has «tính»."""
    flats = [letters(word) for word in words]
    kinds = [UNITS.get(flats[i]) if flats[max(i - 2, 0) : i] == ["NHAN", "DAN"] else None for i in range(len(words))]
    return [kind or word for word, kind in zip(words, kinds, strict=True)]


def _as_printed(word: str, text: Counter[str]) -> bool:
    """Whether the running text mostly spells the word as it was read, and more than once."""
    return any(flat(spelt) == flat(word) and count > 1 for spelt, count in text.most_common(1))


def _in_text(words: list[str], place: int, seen: Spellings) -> Counter[str]:
    """How the running text spells the word where it stands beside the same neighbour."""
    keys = [letters(word) for word in words]
    votes: Counter[str] = Counter()
    for left in (place - 1, place):
        if 0 <= left < len(words) - 1:
            for pair, count in seen.beside.get((keys[left], keys[left + 1]), {}).items():
                votes[pair[place - left]] += count
    return votes


def _spelt(word: str, listed: str | None, text: Counter[str], seen: Spellings) -> tuple[str, bool]:
    """The word's spelling, and whether a list or the text knows it."""
    core = re.search(r"[^\W_]+", word)
    if core is None:
        return word, False
    if listed is not None:
        best = text.most_common(1)[0][0] if text and flat(core.group()) != flat(listed) else listed
        return (word.rstrip(".:;'") if flat(core.group()) == flat(best) else best), True
    usual = text or seen.words.get(letters(word))
    if usual:
        best, count = usual.most_common(1)[0]
        wrong = flat(best) != flat(word) and usual.get(nfc(word.upper()), 0) * 2 < count
        return (best if wrong else word), True
    # figures and abbreviations: nothing to mend
    return word, bool(re.fullmatch(r"[\d.&]+|[A-ZĐ&]{2,6}", word))


LEAST_NEAR = 3
"""words of a listed name that is believed though a letter of it was read otherwise"""


def _longest_name(words: list[str], index: int) -> tuple[int, str | None]:
    """The longest known name beginning here by its letters; failing that one of an agency with a single letter off: a place
    one letter off is another place («Bình Tường» is not Bình Dương), and two words may be one («tỉnh Trung Đồng»)."""
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
        if len(key) < 9 or size < LEAST_NEAR:
            continue
        near = [
            name
            for other, name in listed.items()
            if other not in places()
            and abs(len(other) - len(key)) <= 1
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
