"""Compare Vietnamese words as a clerk would: case, tone placement and missing marks do not count, other marks do."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

TONES = {"\u0300": "huyền", "\u0301": "sắc", "\u0303": "ngã", "\u0309": "hỏi", "\u0323": "nặng"}
_WORD = re.compile(r"\w+")


@lru_cache(maxsize=4096)
def _syllables(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(unicodedata.normalize("NFC", text).casefold()))


@lru_cache(maxsize=65536)
def bare(syllable: str) -> str:
    """Without any mark: ``đất`` → ``dat``."""
    letters = unicodedata.normalize("NFD", syllable.replace("đ", "d"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@lru_cache(maxsize=65536)
def toneless_order(syllable: str) -> str:
    """With the tone moved to the end, so that both official placements are one word: ``hoà`` = ``hòa``."""
    letters = unicodedata.normalize("NFD", syllable)
    tones = "".join(letter for letter in letters if letter in TONES)
    return "".join(letter for letter in letters if letter not in TONES) + tones


def marked(text: str) -> bool:
    """Whether the text carries any Vietnamese mark at all."""
    return any(bare(syllable) != syllable for syllable in _syllables(text))


def holds(text: str, phrase: str) -> bool:
    """Whether ``phrase`` stands in ``text`` as whole syllables.

    A phrase typed without marks matches any marks. A phrase typed with marks matches the same marks, or a syllable
    of the text that lost its marks (a stamp, an old typewriter), but not other marks: ``đất`` is not ``đạt``.
    """
    words, wanted = _syllables(text), _syllables(phrase)
    if not wanted:
        return False
    free = not marked(phrase)
    starts = range(len(words) - len(wanted) + 1)
    return any(all(_same(words[at + i], wanted[i], free) for i in range(len(wanted))) for at in starts)


def same(text: str, phrase: str) -> bool:
    """Whether the two are the same words, by the rules of ``holds``."""
    return len(_syllables(text)) == len(_syllables(phrase)) and holds(text, phrase)


def _same(word: str, wanted: str, free: bool) -> bool:
    if bare(word) != bare(wanted):
        return False
    return free or word == bare(word) or toneless_order(word) == toneless_order(wanted)
