"""Boxes 1 to 5, 9a, 10 and the incoming stamp: everything of page 1 above the body."""

from __future__ import annotations

import numpy as np

from samples import marks
from samples.sheet import Line, Sheet
from samples.spec import DocumentSpec
from samples.typeface import MM_PER_PT, Style, balance

NATION = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
PARTY = "ĐẢNG CỘNG SẢN VIỆT NAM"


def put(sheet: Sheet, spec: DocumentSpec, rng: np.random.Generator) -> None:
    """Set the header of page 1; ``sheet.cursor`` is where the body begins (mm)."""
    typing = spec.typing
    width = typing.paper_mm[0] - typing.left_mm - typing.right_mm
    left_middle = typing.left_mm + 0.215 * width
    right_middle = typing.left_mm + 0.73 * width
    top = typing.top_mm + 4.0
    left_y = _organ(sheet, spec, left_middle, top)
    right_y = _nation(sheet, spec, right_middle, top)
    line_y = max(left_y + (5.5 if spec.party else 8.0), right_y + 7.5)
    _number(sheet, spec, left_middle, line_y, rng)
    _date(sheet, spec, right_middle, line_y, rng)
    y = _title(sheet, spec, left_middle, line_y, rng)
    sheet.cursor = _addressees(sheet, spec, y)
    _stamps(sheet, spec, line_y, rng)


def _organ(sheet: Sheet, spec: DocumentSpec, middle: float, y: float) -> float:
    face, size = spec.typing.face, spec.typing.header_pt
    pitch = size * MM_PER_PT * 1.2
    for text in spec.organ.parent:
        sheet.centred(text, middle, y, Style(face, size), "parent")
        y += pitch
    box = None
    for text in spec.organ.lines:
        box = sheet.centred(text, middle, y, Style(face, size, bold=True), "organ")
        y += pitch
    if spec.party:
        sheet.centred("*", middle, y, Style(face, size + 1), "organ_star")
        return y
    if box:
        half = box[2] * 0.42 / 2
        sheet.rule(middle - half, y - pitch + 1.6, middle + half, y - pitch + 1.6)
    return y - pitch


def _nation(sheet: Sheet, spec: DocumentSpec, middle: float, y: float) -> float:
    face, size = spec.typing.face, spec.typing.header_pt
    if spec.party:
        box = sheet.centred(PARTY, middle, y, Style(face, 15, bold=True), "nation")
        sheet.rule(box[0], y + 1.8, box[0] + box[2], y + 1.8, 0.3)
        return y + 2
    sheet.centred(NATION, middle, y, Style(face, size - 0.5 if size > 12.5 else size, bold=True), "nation")
    y += size * MM_PER_PT * 1.25
    box = sheet.centred(MOTTO, middle, y, Style(face, size + 0.5, bold=True), "motto")
    sheet.rule(box[0], y + 1.7, box[0] + box[2], y + 1.7)
    return y


def _number(sheet: Sheet, spec: DocumentSpec, middle: float, y: float, rng: np.random.Generator) -> None:
    style = Style(spec.typing.face, 14 if spec.party else 13)
    label = "Số" if spec.party else "Số:"
    tail = spec.printed_number[len(spec.number) :]
    written = "number" in spec.written and spec.hand is not None
    gap = max(spec.gap_mm, _written_width(spec)) if written else 0.0
    number_width = gap if written else style.width_mm(spec.number)
    space = style.width_mm(" ")
    x = middle - (style.width_mm(label) + space + number_width + style.width_mm(tail)) / 2
    x0 = x
    x = sheet.text(label, x, y, style, "number_line", line=False) + space
    if written and spec.hand:
        if spec.dotted:
            sheet.text("." * int(gap / style.width_mm(".")), x, y, style, "number_line", line=False)
        strokes = spec.hand.write(spec.number, rng)
        reach = max(float(stroke[:, 0].max()) for stroke in strokes)
        at = x + max(0.5, (gap - reach) * rng.uniform(0.2, 0.7))
        box = sheet.pen(strokes, spec.hand, (at, y + rng.normal(0.1, 0.5)), "number_ink")
        sheet.note("number", box)
        x += gap
    else:
        x = sheet.text(spec.number, x, y, style, "number", line=False)
    x = sheet.text(tail, x, y, style, "number", line=False)
    sheet.note("number_line", (x0, sheet.boxes["number"][1], x - x0, sheet.boxes["number"][3]))
    sheet.lines.append(Line(f"{label} {spec.printed_number}", (x0, y - 3.6, x - x0, 4.6), "number_line"))


def _written_width(spec: DocumentSpec) -> float:
    return len(spec.number) * (spec.hand.height_mm * 0.62 if spec.hand else 0) + 3


def _date(sheet: Sheet, spec: DocumentSpec, middle: float, y: float, rng: np.random.Generator) -> None:
    style = Style(spec.typing.face, 14, italic=True) if spec.party else Style(spec.typing.face, 13.5, italic=True)
    issued = spec.issued
    day, month = f"{issued.day:02d}", f"{issued.month:02d}" if issued.month < 3 else str(issued.month)
    parts: list[tuple[str, bool]] = [
        (f"{spec.organ.place}, ngày ", False),
        (day, "day" in spec.written and spec.hand is not None),
        (" tháng ", False),
        (month, "month" in spec.written and spec.hand is not None),
        (f" năm {issued.year}", False),
    ]
    room = 9.0
    total = sum(room if pen else style.width_mm(text) for text, pen in parts)
    # a long place name must not push the line out of the right margin
    x = min(middle - total / 2, spec.typing.paper_mm[0] - spec.typing.right_mm - total + 4)
    x0 = x
    for index, (text, pen) in enumerate(parts):
        if pen and spec.hand:
            strokes = spec.hand.write(text, rng)
            reach = max(float(stroke[:, 0].max()) for stroke in strokes)
            at = x + max(0.2, (room - reach) * rng.uniform(0.25, 0.75))
            box = sheet.pen(
                strokes, spec.hand, (at, y + rng.normal(0.1, 0.5)), "day_ink" if index == 1 else "month_ink"
            )
            sheet.note("date", box)
            x += room
        else:
            x = sheet.text(text, x, y, style, "date", line=False)
    said = f"{spec.organ.place}, ngày {day} tháng {month} năm {issued.year}"
    sheet.lines.append(Line(said, (x0, y - 3.8, x - x0, 4.8), "date"))


def _title(sheet: Sheet, spec: DocumentSpec, left_middle: float, y: float, rng: np.random.Generator) -> float:
    typing = spec.typing
    face = typing.face
    if spec.letter:
        style = Style(face, 12.5)
        for text in balance(spec.abstract, style, 66):
            y += 5.4
            sheet.centred(text, left_middle, y, style, "subject")
        return y + 5
    middle = (typing.left_mm + typing.paper_mm[0] - typing.right_mm) / 2
    y += 13.0
    size = 15.5 if spec.party else 14
    sheet.centred(spec.type_name.upper(), middle, y, Style(face, size, bold=True), "type")
    style = Style(face, 14, bold=True)
    last = None
    for text in balance(spec.abstract, style, 132):
        y += 6.2
        last = sheet.centred(text, middle, y, style, "subject")
    if last:
        half = max(8.0, last[2] * 0.4 / 2)
        if spec.party:
            sheet.centred("-----", middle, y + 4, Style(face, 14), "subject_rule")
        else:
            sheet.rule(middle - half, y + 2.0, middle + half, y + 2.0)
    y += 5
    if spec.authority:
        y += 6.5
        sheet.centred(spec.authority, middle, y, Style(face, 14, bold=True), "authority")
        y += 2
    return y + 3


def _addressees(sheet: Sheet, spec: DocumentSpec, y: float) -> float:
    if not spec.addressees:
        return y + 2
    style = Style(spec.typing.face, spec.typing.body_pt)
    y += 6
    if len(spec.addressees) == 1:
        middle = spec.typing.left_mm + 0.5 * (spec.typing.paper_mm[0] - spec.typing.left_mm - spec.typing.right_mm)
        for text in balance(f"Kính gửi: {spec.addressees[0]}.", style, 130):
            sheet.centred(text, middle + 4, y, style, "addressees")
            y += 6.2
    else:
        x = spec.typing.left_mm + 30
        after = sheet.text("Kính gửi: ", x, y, style, "addressees", line=False)
        sheet.lines.append(Line("Kính gửi:", (x, y - 4, after - x, 5), "addressees"))
        for index, name in enumerate(spec.addressees):
            y += 6.0
            end = "." if index == len(spec.addressees) - 1 else ";"
            sheet.text(f"- {name}{end}", after, y, style, "addressees")
        y += 6.0
    return y + 2


def _stamps(sheet: Sheet, spec: DocumentSpec, line_y: float, rng: np.random.Generator) -> None:
    dpi, left = sheet.dpi, spec.typing.left_mm
    below = line_y + 10
    if spec.letter and "subject" in sheet.boxes:
        box = sheet.boxes["subject"]
        below = box[1] + box[3] + 8
    if spec.secrecy:
        mark = marks.tilt(marks.secrecy(spec.secrecy, dpi), rng.normal(0, 1.5))
        sheet.stamp(mark, (left + 16, below), "secrecy")
        below += 13
    if spec.urgency:
        mark = marks.tilt(marks.urgency(spec.urgency, dpi), spec.urgency_tilt or rng.normal(0, 4))
        sheet.stamp(
            mark,
            (left + (14 if spec.letter else 4) + rng.normal(0, 1.5), below + abs(spec.urgency_tilt) / 4),
            "urgency",
        )
    if spec.incoming:
        mark = marks.incoming(spec.incoming, dpi, rng)
        width, height = spec.incoming.size_mm
        at = spec.incoming_at_mm or _free_place(sheet, spec, rng)
        sheet.stamp(
            marks.tilt(mark, rng.normal(0, 1.2)),
            (at[0] + width / 2, at[1] + height / 2),
            "incoming_stamp",
            wear=0.35,
            size_mm=(width, height),
        )


def _free_place(sheet: Sheet, spec: DocumentSpec, rng: np.random.Generator) -> tuple[float, float]:
    """Where clerks find room: beside the title, in the corner above the issuer, or low on the page."""
    roll = rng.random()
    if roll < 0.2:
        return (rng.uniform(2, 8), rng.uniform(1, 4))
    if roll < 0.45:
        return (rng.uniform(6, 20), rng.uniform(235, 255))
    if spec.letter:
        below = sheet.boxes["subject"]
        return (rng.uniform(3, 10), max(below[1] + below[3] + 5, sheet.cursor - 38))
    return (rng.uniform(2, 8), sheet.boxes["number_line"][1] + rng.uniform(8, 11))
