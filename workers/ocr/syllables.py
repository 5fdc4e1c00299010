"""Which letters can make a Vietnamese syllable: spelling's own rules, generated, not learned."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import product

_ONSETS = (
    "", "b", "c", "ch", "d", "đ", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n", "ng", "ngh", "nh", "p", "ph", "qu",
    "r", "s", "t", "th", "tr", "v", "x",
)  # fmt: skip
_RHYMES = tuple(
    re.findall(
        r"\S+",
        """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e ec em en eng eo ep et ê êch
    êm ên ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu o oa oac oach oai oam oan oang oanh
    oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi
    ơm ơn ơp ơt u ua uân uâng uât uây uc uê uêch uênh ui um un ung uơ up ut uy uya uych uyên uyêt uynh uyp uyt uyu uôc
    uôi uôm uôn uông uôt ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu y yêm yên yêng yêt yêu
        """,
    )
)
_OF_QU = frozenset({"quynh", "quyt", "quych"})
"""the y after qu is written so before these ends too, and only there (Quỳnh; tĩnh has an i)"""
_TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
_STOPPED = re.compile(r"(c|ch|p|t)$")
_STOPPED_TONES = ("\u0301", "\u0323")


@cache
def bases() -> frozenset[str]:
    """Every onset with every rhyme, without tone: a set six times smaller than that of all syllables."""
    return frozenset(onset + rhyme for onset, rhyme in product(_ONSETS, _RHYMES)) | _OF_QU


def tones_of(base: str) -> tuple[str, ...]:
    """The tones a base can have, as combining marks; the level one is empty."""
    return _STOPPED_TONES if _STOPPED.search(base) else _TONES


def flat(word: str) -> str:
    """Lower case, marks of quality kept on their letters, the tone moved to the end."""
    parts = unicodedata.normalize("NFD", word.lower())
    tone = [c for c in parts if c in _TONES[1:]]
    bare = unicodedata.normalize("NFC", "".join(c for c in parts if c not in _TONES[1:]))
    return bare + "".join(tone)


def paired(word: str) -> str:
    """The word as pairs of neighbours know it: ``flat``, and every figure and date alike («năm 2017», «số 27/2017»)."""
    return "0" if word[:1].isdigit() else flat(word)


def is_syllable(word: str) -> bool:
    """Could be a Vietnamese syllable (abbreviations in capitals and figures are not judged: True)."""
    core = re.sub(r"^[\W_]+|[\W_]+$", "", word)
    if not core or not core.isalpha() or (core.isupper() and len(core) <= 6):
        return True
    spelt = flat(core)
    base, tone = (spelt[:-1], spelt[-1]) if spelt[-1] in _TONES[1:] else (spelt, "")
    return base in bases() and tone in tones_of(base)


def parted(word: str) -> tuple[str, str] | None:
    """The two syllables that a word is, where it is none itself and can be cut in one way only («Tổchức»)."""
    if not word.isalpha() or word.isupper() or is_syllable(word):
        return None
    cuts = [(word[:place], word[place:]) for place in range(2, len(word) - 1)]
    cuts = [cut for cut in cuts if all(map(is_syllable, cut))]
    return cuts[0] if len(cuts) == 1 else None
