"""A glance at the first page while others are ahead in the queue: does a stamp ask for haste?

It decides only who goes first, never what is true: a stamp overlooked costs the place in the queue, one imagined costs
nothing. Secrecy comes first here as in the gate: a mark that is, or may be, one of secrecy is not read any further,
and its sheet goes to the gate at once, which stops it.
"""

from __future__ import annotations

from itertools import chain, islice

from intake.errors import DocumentError
from intake.folder import DocumentFolder
from intake.model import StageResult
from intake.profile.sections import CheckSection
from workers.check import secrecy
from workers.check.files import inspect_file
from workers.check.stamps import black_frames, red_stamps
from workers.check.view import PageView
from workers.tools.pages import decode, list_pages

HASTE = ("HOATOC", "THUONGKHAN", "KHAN")
STAMPS_MAX = 4
"""looked at per page: in haste the first few in their frames are enough"""


def run(document: DocumentFolder, section: CheckSection) -> StageResult:
    """``facts["haste"]``: True when the first page bears a stamp of urgency, or one of secrecy."""
    return StageResult(facts={"haste": _haste(document, section)})


def _haste(document: DocumentFolder, section: CheckSection) -> bool:
    first = document.originals[0]
    try:
        _, opens = inspect_file(first)
        if not opens:
            return False
        sources = list_pages([first], section.pixels_max)
        view = PageView.of(sources[0], decode(sources[0]))
    except (DocumentError, IndexError):
        return False  # the gate says what is wrong with it, in its turn
    return asks_for_haste(view)


def asks_for_haste(view: PageView) -> bool:
    """Whether a framed stamp in the head, red or black, says hỏa tốc, thượng khẩn or khẩn, or may say mật."""
    red = [] if view.pixels.ndim == 2 else [stamp for stamp in red_stamps(view) if stamp.framed]
    for stamp in islice(chain(red, black_frames(view, secrecy.ZONE[1])), STAMPS_MAX):
        for image, layout in secrecy.ways(stamp):
            text = secrecy.read(image, layout)
            verdict = secrecy.classify(text, strict=not stamp.red, framed=stamp.framed)
            if verdict == "secret":
                return True
            if verdict != "unknown":
                if any(word in secrecy.skeleton(text) for word in HASTE):
                    return True
                break
    return False
