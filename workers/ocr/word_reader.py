"""The word reader: a small network of our own beside Tesseract's, for words of print (docs/words.md).

Tesseract's network has learnt what people write; its mistakes are usual words for rare ones («nghỉ thức» for «nghi thức»),
and all pictures of one line lead it to the same. The word reader (models/words.onnx) was shown every spelling equally often
and knows no words: it tells marks by their shape alone, and errs elsewhere. It is asked of the words that make a document's
fields, and says how much likelier what was read is than the same word with any other mark.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np
from rapidfuzz.distance import Levenshtein

from workers.ocr.columns import runs
from workers.ocr.networks import log_softmax, scores_of
from workers.ocr.spelling import fold, letters
from workers.ocr.syllables import is_syllable
from workers.ocr.voting import DASHES, bare

MODEL = Path(__file__).parent / "models" / "words.onnx"

HEIGHT = 48
"""px: the network's input height"""
AROUND_MM = 1.6
"""what is cut above and below a line's words, mm"""
STRIDE = 4
"""px of input a column"""


@dataclass(frozen=True, slots=True)
class Showing:
    """One way to show a line's words: its small letters taken ``size`` times as tall as they seem and ``lower`` by a share
    of that, softened by ``blur`` (sigma in px of the scan)."""

    size: float = 1.0
    lower: float = 0.0
    blur: float = 0.0


AS_THEY_SEEM = Showing()
OTHER_SHOWINGS = (Showing(1.08), Showing(0.93), Showing(lower=-0.05), Showing(lower=0.05), Showing(blur=0.6))
"""what a word that leaves the reader undecided is shown as, too"""
APART = 16
"""px of paper between words shown side by side: what one column sees of its word's neighbours"""

SURE, DOUBT, AGAINST, SEEN = 3.0, 1.0, -6.0, -6.0
"""margin from which a word is as sure as a machine is; below which it is doubtful; up to which it is another word; and log
probability from which a word is there at all. Of 6,790 words of 457 heads as Tesseract first read them 142 were wrong: 6 of
the 6,603 from 3 on (all had lost letters under a stamp, none a mark), none of 16 between, 16 of 40 from −6 to 1, 120 of 131
below, and of those the other was the word 110 times"""

_MARKED = "".join(chr(code) for code in range(0x1EA0, 0x1EFA)) + "ăâđêôơưĂÂĐÊÔƠƯáàãéèíìĩóòõúùũýÁÀÃÉÈÍÌĨÓÒÕÚÙŨÝ"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" + "".join(sorted(_MARKED)) + '.,;:-/()”“"'
"""signs of the network's columns 1…; column 0 is CTC's blank"""
_INDEX = {sign: index + 1 for index, sign in enumerate(ALPHABET)}

NOTHING = -60.0
"""log probability of what cannot be"""


def network_inputs(parts: Sequence[np.ndarray], showing: Showing = AS_THEY_SEEM) -> list[np.ndarray]:
    """float32 HEIGHT×W, 0 paper to 1 ink, of each of ``parts``: words of one line (uint8 H×W, dark on light), all cut
    between the same two heights, with some of the lines above and below. Scaled by the height of the small letters,
    since the engine's boxes of a line are a mark too low or half a line too high."""
    height = min(part.shape[0] for part in parts)
    if showing.blur:
        parts = [cv2.GaussianBlur(part, (0, 0), showing.blur) for part in parts]
    inks = [_ink(part[:height]) for part in parts]
    top, base = _small_letters(np.hstack(inks))
    unit = max(base - top, 3.0) * showing.size
    base += showing.lower * unit
    scale = HEIGHT / ((ABOVE + BELOW) * unit)
    return [_cut(ink, base - ABOVE * unit, scale) for ink in inks]


ABOVE, BELOW = 2.45, 0.95
"""what is shown above and below the base line, in heights of the small letters: a capital with two marks, a tail with a dot"""
WHITE, BLACK = 88, 1.5
"""percentiles of a word's levels that are taken for paper and for ink"""
FAINT = 24.0
"""levels between them below which nothing is made of what is there"""
DENSE = 0.5
"""share of the densest row's ink that the rows of small letters have and those of tails and marks have not"""


def _ink(part: np.ndarray) -> np.ndarray:
    paper, dark = np.percentile(part, (WHITE, BLACK))
    return np.clip((paper - part.astype(np.float32)) / max(float(paper - dark), FAINT), 0, 1)


def _small_letters(ink: np.ndarray) -> tuple[float, float]:
    """Between which rows the small letters of the line in the middle stand; capitals, where there is nothing else."""
    profile = cv2.blur(ink.mean(axis=1)[:, None], (1, 3)).ravel()
    middle = len(profile) / 2
    weight = np.clip(1.5 - np.abs(np.arange(len(profile)) + 0.5 - middle) / middle, 0.5, 1)
    dense = profile >= DENSE * float((profile * weight).max())
    best = max(runs(dense), key=lambda run: float((profile * weight)[run[0] : run[1]].sum()))
    return float(best[0]), float(best[1])


def _cut(ink: np.ndarray, top: float, scale: float) -> np.ndarray:
    """HEIGHT rows of ``ink`` from ``top`` (px) on, enlarged ``scale`` times."""
    width = max(12, round(ink.shape[1] * scale))
    if scale < 1:
        ink = cv2.GaussianBlur(ink, (0, 0), 0.35 / scale)
    matrix = np.array([[1 / scale, 0, 0.5 / scale - 0.5], [0, 1 / scale, top + 0.5 / scale - 0.5]], np.float32)
    return cv2.warpAffine(ink, matrix, (width, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=0.0)


@dataclass(frozen=True, slots=True)
class Shown:
    """The word at ``place`` of a line's ``parts`` and its ``columns``: log probabilities T×(1+signs)."""

    parts: Sequence[np.ndarray]
    place: int
    columns: np.ndarray
    _again: list[np.ndarray] = field(default_factory=list)

    def again(self) -> Sequence[np.ndarray]:
        """Its columns in ``OTHER_SHOWINGS``, looked at once."""
        if not self._again:
            inputs = [network_inputs(self.parts, showing)[self.place] for showing in OTHER_SHOWINGS]
            self._again.extend(_looked_at(inputs))
        return self._again


def shown(parts: Sequence[np.ndarray]) -> list[Shown]:
    """Each of a line's ``parts`` (see ``network_inputs``; to the middle of the gaps beside the word, 1 mm at most), to be asked
    about."""
    return [Shown(parts, place, columns) for place, columns in enumerate(_looked_at(network_inputs(parts)))]


def _looked_at(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Log probabilities of each of the ``inputs``, side by side in one look."""
    places, x = [], APART
    for image in inputs:
        places.append(x)
        x += -(-(image.shape[1] + APART) // STRIDE) * STRIDE
    strip = np.zeros((HEIGHT, x), np.float32)
    for left, image in zip(places, inputs, strict=True):
        strip[:, left : left + image.shape[1]] = image
    scores = log_softmax(scores_of(MODEL, strip))
    reach = APART // 2
    return [
        scores[(left - reach) // STRIDE : -(-(left + image.shape[1] + reach) // STRIDE)]
        for left, image in zip(places, inputs, strict=True)
    ]


def seen(columns: np.ndarray) -> str:
    """The likeliest sign of each column, joined."""
    best = columns.argmax(axis=1)
    kept = best[np.insert(best[1:] != best[:-1], 0, True)]
    return "".join(ALPHABET[index - 1] for index in kept if index)


def log_probabilities(columns: np.ndarray, texts: Sequence[str]) -> np.ndarray:
    """CTC's log probability that the columns say each text, float N: forward sums side by side. NOTHING for what has
    a sign that is not in the alphabet."""
    known = [all(sign in _INDEX for sign in text) for text in texts]
    size = 2 * max(map(len, texts)) + 1
    emit = np.zeros((len(texts), size), int)
    for row, text in enumerate(texts):
        if known[row]:
            emit[row, 1 : 2 * len(text) + 1 : 2] = [_INDEX[sign] for sign in text]
    skip = np.zeros(emit.shape, bool)
    skip[:, 2:] = (emit[:, 2:] != 0) & (emit[:, 2:] != emit[:, :-2])
    state = np.zeros(emit.shape)
    state[:, :2] = np.exp(columns[0])[emit[:, :2]]
    scale = np.zeros(len(texts))
    for step in np.exp(columns[1:]):
        grown = state.copy()
        grown[:, 1:] += state[:, :-1]
        grown[:, 2:] += np.where(skip[:, 2:], state[:, :-2], 0.0)
        state = grown * step[emit]
        most = np.maximum(state.max(axis=1), 1e-200)
        state /= most[:, None]
        scale += np.log(most)
    ends = np.array([2 * len(text) for text in texts])
    rows = np.arange(len(texts))
    total = state[rows, ends] + np.where(ends > 0, state[rows, np.maximum(ends - 1, 0)], 0.0)
    found = np.log(np.maximum(total, 1e-300)) + scale
    return np.where(known, np.maximum(found, NOTHING), NOTHING)


@cache
def _families() -> dict[str, str]:
    """Sign → all signs that differ from it in their marks only (case kept)."""
    groups: dict[tuple[str, bool], list[str]] = {}
    for sign in ALPHABET:
        if sign.isalpha():
            groups.setdefault((fold(sign), sign.isupper()), []).append(sign)
    return {sign: "".join(group) for group in groups.values() for sign in group}


@lru_cache(maxsize=4096)
def variants(text: str) -> tuple[str, ...]:
    """The text with the marks of one letter changed, each way there is."""
    families = _families()
    return tuple(
        text[:place] + other + text[place + 1 :]
        for place, sign in enumerate(text)
        for other in families.get(sign, "")
        if other != sign
    )


def _without_a_sign(text: str) -> list[str]:
    """The text without one of the signs among its letters: a speck in a gap makes one word of two («thuyền-neo»)."""
    return [text[:place] + text[place + 1 :] for place, sign in enumerate(text) if not sign.isalnum()]


ONE_SHAPE = frozenset("COSUVWXZK")
"""letters whose capitals are the small ones, only larger: without a small letter beside them nobody can tell them apart"""


def _alike(other: str, text: str) -> bool:
    differ = [a for a, b in zip(text, other, strict=True) if a != b] if text.lower() == other.lower() else [""]
    return text.isupper() and all(fold(sign) in ONE_SHAPE for sign in differ)


@dataclass(frozen=True, slots=True)
class Opinion:
    """Log probabilities of a text and of the likeliest ``other``; ``sure`` and ``against``: margins from which on it is
    that word, and up to which it is another."""

    own: float
    other: str
    others: float
    sure: float = SURE
    against: float = AGAINST

    @property
    def margin(self) -> float:
        """How much likelier the text is."""
        return self.own - self.others

    @property
    def agrees(self) -> bool:
        """It is that word. On white paper, too, one thing is likelier than another: it must be there."""
        return self.margin >= self.sure and self.own >= SEEN

    @property
    def doubts(self) -> bool:
        """It may be another word."""
        return self.margin < DOUBT and self.others >= SEEN

    @property
    def contradicts(self) -> bool:
        """It is another word."""
        return self.margin <= self.against and self.others >= SEEN


def opinion(word: Shown, text: str, others: Sequence[str] = (), behind: str = "") -> Opinion:
    """``text`` against the likeliest of its ``variants``, of what the network sees itself and of ``others``; what leaves it
    undecided it is shown again in other ways, and has one opinion of all together. Of a text with a sign it does not know
    there is none. ``behind``: the sign that stands behind the word and may show in its cut."""
    itself = seen(word.columns)
    if not text or any(sign not in _INDEX for sign in text):
        return Opinion(NOTHING, itself, NOTHING)
    others = [itself, *others, *variants(text), *_without_a_sign(text)]
    first = _weighed([word.columns], text, others, behind)
    if not UNDECIDED < first.margin < SURE or not first.other:
        return first
    again = word.again()
    together = _weighed([word.columns, *again], text, [*map(seen, again), *others], behind)
    return replace(together, sure=SURE_TOGETHER, against=AGAINST_TOGETHER)


UNDECIDED, SURE_TOGETHER, AGAINST_TOGETHER = -9.0, 1.5, -5.0
"""margins: above it a word is shown again; and as SURE and AGAINST, of the mean of six showings. Of 174 words of 295 scans that
were between −6 and 3 at first, 79 of the 155 right ones are from 1.5 on, of the 19 wrong ones none is above 0.6"""
LEAST = -12.0
"""log probability below which one showing says no more against a text"""


def _weighed(looks: Sequence[np.ndarray], text: str, others: Sequence[str], behind: str) -> Opinion:
    with_sign = text + ("-" if behind in DASHES else behind)
    rivals = [r for r in dict.fromkeys(others) if r and r not in (text, with_sign) and not _alike(r, text)]
    own = tuple(dict.fromkeys((text, text[:1] + text[1:].lower())))
    chances = [log_probabilities(columns, [*own, *rivals]) for columns in looks]
    if len(looks) > 1:
        chances = [np.maximum(chance, LEAST) for chance in chances]
    mean = np.mean(chances, axis=0)
    if not rivals:  # figures have no marks
        return Opinion(float(mean.max()), "", NOTHING)
    best = int(mean[len(own) :].argmax())
    return Opinion(float(mean[: len(own)].max()), rivals[best], float(mean[len(own) + best]))


def respelt(text: str, other: str) -> str | None:
    """``text`` as ``other`` has it, among its own signs: with other marks (in its own capitals), other capitals, without a
    sign that ``other`` has not; or, where it is no word at all (``Hhúc``, ``202é``) or a numeral (``II``), the whole word.
    None where nothing of that is so: other letters make another word, and that is for a clerk to say."""
    mine, good = bare(text), bare(other)
    if not _is_word(good) or mine not in text:
        return None
    if mine == good:
        return mine if other == good and text != mine else None
    if letters(mine) == letters(good) and len(mine) == len(good) and good.isalpha() and is_syllable(good):
        if mine.lower() != good.lower():
            good = "".join(b.upper() if a.isupper() else b.lower() for a, b in zip(mine, good, strict=True))
        return text.replace(mine, good)
    numerals = _NUMERAL.fullmatch(mine) and _NUMERAL.fullmatch(good)
    if (numerals or not _is_word(mine)) and Levenshtein.distance(mine.lower(), good.lower()) <= FAR:
        return text.replace(mine, good)
    return None


FAR = 2
"""letters in which a word differs from what is no word and yet is it"""
_NUMERAL = re.compile("[IVX]+")


def _is_word(word: str) -> bool:
    """A syllable, figures, or an abbreviation in capitals."""
    return word.isdigit() or (word.isalpha() and is_syllable(word)) or (word.isalnum() and word.isupper())
