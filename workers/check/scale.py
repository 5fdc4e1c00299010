"""Is the copy at 100 %? «Fit to page» is proven by independent rulers that agree; without them nothing is claimed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from intake.model import Box, Finding, Severity
from intake.profile.sections import CheckSection
from workers.check import paper, rulers, typeset
from workers.check.rulers import Header, Ruler
from workers.check.view import PageView

SENSE = (0.82, 1.12)
TYPE_PT = (11.3, 14.4)
"""what box 1 is set in at 100 % (12–13 pt by law; 11.3–14.1 measured on real scans)"""
SMALL_PT = (11.2, 12.05)
"""both lines of box 1 below these: no typist sets them so small, an unproven but likely reduction"""
TOGETHER = 0.86
"""the upper line is set at least this large against the lower (0.88–1.02 on real scans)"""
STAMPS = ("stamp", "urgency")
WIDE_MM = 190.0
"""on A5 type is set small from the first"""
AGREE = 0.02
NAMES = {
    "sheet": ("mép giấy", "the sheet's edges"), "canvas": ("khổ ảnh", "the image's size"),
    "stamp": ("dấu đến", "the incoming stamp"), "urgency": ("dấu mức độ khẩn", "the urgency stamp"),
    "seal": ("con dấu đã đăng ký", "the registered seal"),
    "type": ("cỡ chữ quốc hiệu", "the type of the national motto"),
    "text": ("lề và cỡ chữ của phần nội dung", "the margins and the type of the body"),
}  # fmt: skip
"""what each ruler is called, Vietnamese and English"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``scale``: what the rulers say together, None when none speaks. ``proven``: enough of them agree."""

    scale: float | None
    proven: bool
    witnesses: tuple[Ruler, ...] = ()


def measure(view: PageView, section: CheckSection, lean: float | None) -> Verdict:
    """Nothing is claimed of a page that states no dpi: its size was assumed."""
    if not view.declared:
        return Verdict(None, False)
    header = rulers.header(view, lean)
    own = (rulers.of_seal(view, section), rulers.of_incoming_stamp(view, section))
    found = [rulers.of_sheet(view, lean), rulers.of_canvas(view), *own, rulers.of_urgency_stamp(view)]
    speaking = [ruler for ruler in found if ruler and SENSE[0] <= ruler.scale <= SENSE[1] and _fits(ruler, header)]
    if not speaking:
        return _by_type(view, header, lean) if min(view.paper_mm) >= WIDE_MM else Verdict(None, False)
    first = speaking[0]
    agreeing = tuple(ruler for ruler in speaking if abs(ruler.scale - first.scale) <= AGREE)
    scale = sum(ruler.scale for ruler in agreeing) / len(agreeing)
    registered = any(_is_registered(ruler, section) for ruler in agreeing)
    other = any(ruler.name not in STAMPS for ruler in agreeing) or _type_agrees(first, header)
    if not registered and not other:  # stamps of one maker may be small alike
        return Verdict(None, False, agreeing)
    sure = first.name == "sheet" or registered or len(agreeing) > 1 or _type_agrees(first, header)
    return Verdict(scale, sure, agreeing)


def _fits(ruler: Ruler, header: Header | None) -> bool:
    """Type that would have been set impossibly large or small at 100 % contradicts the ruler."""
    return header is None or TYPE_PT[0] <= header.nation_pt / ruler.scale <= TYPE_PT[1]


def _is_registered(ruler: Ruler, section: CheckSection) -> bool:
    return ruler.name == "seal" or (ruler.name == "stamp" and section.incoming_stamp_mm is not None)


def _type_agrees(ruler: Ruler, header: Header | None) -> bool:
    """The type is too small (or large) as it stands and ordinary at the ruler's scale."""
    return header is not None and not TYPE_PT[0] <= header.nation_pt <= TYPE_PT[1] and _fits(ruler, header)


def _by_type(view: PageView, header: Header | None, lean: float | None) -> Verdict:
    if header and header.nation_pt < SMALL_PT[0] and header.motto_pt < SMALL_PT[1] and _is_times(header):
        return Verdict(header.nation_pt / 12.0, False)
    body = typeset.measure(view, lean) if paper.name(view.paper_mm) == "A4" else None
    if body is None or body.scale is None:
        return Verdict(None, False)
    height = view.paper_mm[1] * (1 - typeset.BELOW)
    place = Box(body.left, view.paper_mm[1] - height, body.width, height)
    return Verdict(body.scale, False, (Ruler("text", body.scale, place),))


def _is_times(header: Header) -> bool:
    """Another typeface has other widths, and its two lines seem set in sizes that do not go together."""
    return header.nation_pt >= TOGETHER * header.motto_pt


def look(view: PageView, section: CheckSection, verdict: Verdict) -> Iterator[Finding]:
    """``scale_not_100``: block when proven, a warning when only the type speaks; ``scale_unproven`` as a note."""
    if verdict.scale is None or (not verdict.proven and abs(verdict.scale - 1) <= section.scale_tolerance):
        yield Finding(
            "check.scale_unproven", Severity.NOTE,
            f"Trang {view.number}: tỷ lệ 100 % chưa chứng minh được (không thấy mép giấy, dấu đến hay con dấu đã đăng ký).",
            f"Page {view.number}: scale 100 % is unproven (no sheet edge, incoming stamp or registered seal to measure).",
            page=view.number, limit=section.scale.value, unit="1",
        )  # fmt: skip
        return
    if abs(verdict.scale / section.scale.value - 1) <= section.scale_tolerance:
        return
    said = [NAMES[ruler.name] for ruler in verdict.witnesses] or [NAMES["type"]]
    vi_how, en_how = ("bị", "was") if verdict.proven else ("có lẽ đã bị", "was probably")
    vi, en = (", ".join(dict.fromkeys(names)) for names in zip(*said, strict=True))
    yield Finding(
        "check.scale_not_100", Severity.BLOCK if verdict.proven else Severity.WARN,
        f"Trang {view.number} {vi_how} thu phóng còn {verdict.scale:.1%} (thước: {vi}); yêu cầu 100 % ({section.scale.source}). "
        "Tắt «vừa trang» (fit to page) trên máy quét, chọn 100 %, rồi quét lại.",
        f"Page {view.number} {en_how} scaled to {verdict.scale:.1%} (by {en}); 100 % is demanded ({section.scale.source}). "
        "Switch «fit to page» off, choose 100 %, and scan again.",
        page=view.number, box=next((ruler.box for ruler in verdict.witnesses if ruler.box), None),
        measured=round(verdict.scale, 4), limit=section.scale.value, unit="1",
    )  # fmt: skip
