"""Endless documents, each different, each with its truth: issuers, numbers, dates, abstracts, hands, seals, typing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from samples import wording
from samples.marks import RED_INKS, IncomingStamp, Seal
from samples.page import Page
from samples.pen import Hand
from samples.spec import Block, DocumentSpec, Organ, Paragraph, Signer, Table, Typing
from samples.typeface import LIBERATION_SERIF, Typeface, installed
from samples.wording import Matter, pick

TYPES = (
    ("Quyết định", "QĐ"), ("Công văn", ""), ("Thông báo", "TB"), ("Tờ trình", "TTr"), ("Kế hoạch", "KH"),
    ("Báo cáo", "BC"), ("Giấy mời", "GM"), ("Chỉ thị", "CT"), ("Hướng dẫn", "HD"), ("Nghị quyết", "NQ"),
    ("Công điện", "CĐ"), ("Biên bản", "BB"), ("Chương trình", "CTr"), ("Đề án", "ĐA"), ("Phương án", "PA"),
    ("Giấy ủy quyền", "GUQ"), ("Quy chế", "QC"),
)  # fmt: skip
"""Names and abbreviations of NĐ 30/2020 Phụ lục III.I; a công văn has none."""

SHARES = np.array([22, 30, 9, 6, 8, 7, 4, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1], float)


def random_spec(
    rng: np.random.Generator,
    type_name: str | None = None,
    written: bool | None = None,
    faces: tuple[Typeface, ...] | None = None,
    pages: int = 1,
) -> DocumentSpec:
    """One document. ``written``: number and day by pen (None: as often as on real scans, four in five).

    ``faces``: typefaces to choose from (None: Liberation Serif mostly, now and then another that is installed).
    ``pages``: about how many pages the body fills.
    """
    name, abbreviation = _type(rng, type_name)
    organ, unit_titles = random_organ(rng)
    matter = pick(rng, wording.MATTERS)
    issued = date(int(rng.integers(2012, 2027)), 1, 1) + timedelta(days=int(rng.integers(0, 330)))
    number = str(int(np.exp(rng.uniform(0, np.log(6000)))))
    number = f"{int(number):02d}" + ("AB"[int(number) % 2] if int(number) % 61 == 0 else "")
    letter = name == "Công văn"
    year = issued.year if not letter and abbreviation in ("QĐ", "NQ", "CT", "QC") and rng.random() < 0.12 else None
    party = name in ("Kế hoạch", "Thông báo", "Báo cáo", "Công văn") and rng.random() < 0.06
    if party:
        organ, unit_titles = _party(rng, organ)
        year = None
    notation = _notation(rng, organ, abbreviation, letter, party)
    by_pen = rng.random() < 0.8 if written is None else written
    filled: set[str] = set()
    if by_pen:
        filled = {"number"} if rng.random() < 0.15 else {"number", "day"}
        if rng.random() < 0.15:
            filled.add("month")
    hand = Hand.random(rng)
    chosen = _face(rng, faces)
    subject = _subject(rng, name, matter, organ, issued)
    lead = "V/v" if letter else pick(rng, ("Về việc", "Về việc", "V/v", "Về")) if rng.random() < 0.5 else ""
    return DocumentSpec(
        type_name=name,
        organ=organ,
        number=number,
        notation=notation,
        issued=issued,
        subject=subject if letter or lead else subject[0].upper() + subject[1:],
        lead=lead,
        signer=Signer(_authority(rng, unit_titles, party), wording.person(rng)),
        body=_body(rng, name, matter, organ, pages),
        year=year,
        addressees=_addressees(rng, organ) if letter or name in ("Tờ trình", "Giấy mời") else (),
        recipients=_recipients(rng, letter),
        seal=random_seal(rng, organ),
        incoming=random_incoming(rng, issued) if rng.random() < 0.45 else None,
        urgency=pick(rng, ("KHẨN", "HỎA TỐC", "THƯỢNG KHẨN")) if rng.random() < 0.08 else "",
        urgency_tilt=float(rng.normal(0, 6)),
        written=frozenset(filled),  # type: ignore[arg-type]
        hand=hand,
        signature=replace(Hand.random(rng, blue=True), nib_mm=float(rng.uniform(0.4, 0.75))),
        party=party,
        typing=_typing(rng, chosen),
        gap_mm=float(rng.uniform(10, 17)),
        dotted=bool(rng.random() < 0.15),
    )


def truth(spec: DocumentSpec, pages: tuple[Page, ...] | int) -> dict[str, Any]:
    """Fields by the names of NĐ 30/2020 Phụ lục VI, exactly as a right reading gives them.

    ``Subject`` is as printed, with its lead; ``accept`` lists other values that are just as right.
    """
    count = pages if isinstance(pages, int) else len(pages)
    priority = {"": 0, "KHẨN": 1, "THƯỢNG KHẨN": 2, "HỎA TỐC": 3, "HOẢ TỐC": 3}[spec.urgency]
    return {
        "fields": {
            "TypeName": spec.type_name,
            "CodeNumber": spec.code_number,
            "CodeNotation": spec.code_notation,
            "IssuedDate": spec.issued.isoformat(),
            "OrganName": spec.organ.name,
            "Subject": spec.abstract,
            "Language": "Tiếng Việt",
            "PageAmount": count,
            "SignerPosition": spec.signer.position,
            "SignerFullName": spec.signer.name,
            "Priority": priority,
        },
        "accept": {
            "Subject": [spec.subject],
            "OrganName": [" ".join(spec.organ.lines), " ".join((*spec.organ.parent, *spec.organ.lines))],
            "SignerPosition": [" ".join(spec.signer.authority)],
        },
        "handwritten": sorted(spec.written),
        "decoys": {
            "incoming_number": spec.incoming.number if spec.incoming else None,
            "incoming_date": spec.incoming.arrived.isoformat() if spec.incoming else None,
        },
    }


def _type(rng: np.random.Generator, wanted: str | None) -> tuple[str, str]:
    if wanted:
        return wanted, dict(TYPES)[wanted]
    return TYPES[int(rng.choice(len(TYPES), p=SHARES / SHARES.sum()))]


def random_organ(rng: np.random.Generator) -> tuple[Organ, tuple[str, str]]:
    """An issuer, and what its head and deputy are called."""
    province = wording.place(rng)
    roll = rng.random()
    if roll < 0.35:
        department, short = pick(rng, wording.DEPARTMENTS)
        parent = (
            ("ỦY BAN NHÂN DÂN", f"TỈNH {province.upper()}")
            if rng.random() < 0.7
            else (f"UBND TỈNH {province.upper()}",)
        )
        organ = Organ(f"Sở {department} tỉnh {province}", _lines(f"SỞ {department.upper()}"), short, province, parent)
        return organ, ("GIÁM ĐỐC", "PHÓ GIÁM ĐỐC")
    if roll < 0.75:
        kind = pick(rng, ("tỉnh", "xã", "xã", "phường", "thành phố", "huyện"))
        town = province if kind in ("tỉnh", "thành phố") else wording.place(rng)
        parent = () if kind in ("tỉnh", "thành phố") else (f"TỈNH {province.upper()}",) if rng.random() < 0.3 else ()
        organ = Organ(
            f"Ủy ban nhân dân {kind} {town}",
            ("ỦY BAN NHÂN DÂN", f"{kind.upper()} {town.upper()}"),
            "UBND",
            town,
            parent,
        )
        return organ, ("CHỦ TỊCH", "PHÓ CHỦ TỊCH")
    agency, short = pick(rng, wording.AGENCIES)
    parent = (
        (f"UBND TỈNH {province.upper()}",)
        if rng.random() < 0.6
        else ("SỞ Y TẾ" if "Bệnh" in agency else f"TỈNH {province.upper()}",)
    )
    name = agency if agency.endswith("tỉnh") else f"{agency} tỉnh {province}"
    return Organ(name, _lines(agency.upper()), short, province, parent), (
        "TRƯỞNG BAN",
        "PHÓ TRƯỞNG BAN",
    ) if "Ban" in agency else ("GIÁM ĐỐC", "PHÓ GIÁM ĐỐC")


def _party(rng: np.random.Generator, organ: Organ) -> tuple[Organ, tuple[str, str]]:
    town = organ.place
    return (
        Organ(
            f"Đảng ủy xã {town}",
            (f"ĐẢNG ỦY XÃ {town.upper()}",),
            "ĐU",
            town,
            (f"ĐẢNG BỘ TỈNH {wording.place(rng).upper()}",),
        ),
        ("BÍ THƯ", "PHÓ BÍ THƯ"),
    )


def _lines(name: str) -> tuple[str, ...]:
    words = name.split()
    if len(name) <= 24:
        return (name,)
    middle = min(range(1, len(words)), key=lambda i: abs(len(" ".join(words[:i])) - len(name) / 2))
    return (" ".join(words[:middle]), " ".join(words[middle:]))


def _notation(rng: np.random.Generator, organ: Organ, abbreviation: str, letter: bool, party: bool) -> str:
    if party:
        return f"{abbreviation or 'CV'}/{organ.abbreviation}"
    return f"{organ.abbreviation}-{pick(rng, wording.UNITS)}" if letter else f"{abbreviation}-{organ.abbreviation}"


def _subject(rng: np.random.Generator, name: str, matter: Matter, organ: Organ, issued: date) -> str:
    year = issued.year
    forms = {
        "Quyết định": (
            f"thành lập Tổ công tác {matter.doing}",
            f"phê duyệt Kế hoạch {matter.doing} năm {year}",
            f"ban hành Quy định về {matter.topic}",
            f"phân bổ kinh phí {matter.doing} giai đoạn {year} - {year + 4}",
        ),
        "Công văn": (
            f"tăng cường {matter.doing}",
            f"đôn đốc báo cáo kết quả {matter.doing} quý {pick(rng, ('I', 'II', 'III', 'IV'))}",
            f"cử cán bộ tham gia {matter.doing}",
            f"góp ý dự thảo văn bản về {matter.topic}",
        ),
        "Giấy mời": (f"dự họp triển khai {matter.doing}", f"tham dự hội nghị về {matter.topic}"),
        "Báo cáo": (f"kết quả {matter.doing} năm {year}", f"công tác {matter.topic} 6 tháng đầu năm {year}"),
        "Kế hoạch": (f"{matter.doing} năm {year}", f"{matter.doing} giai đoạn {year} - {year + 5}"),
    }
    other = (f"{matter.doing} năm {year}", f"{matter.doing} trên địa bàn {organ.place}", f"công tác {matter.topic}")
    return pick(rng, forms.get(name, other))


def _body(rng: np.random.Generator, name: str, matter: Matter, organ: Organ, pages: int) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if name in ("Quyết định", "Nghị quyết"):
        blocks += [
            Paragraph(
                f"Căn cứ Quyết định số {int(rng.integers(3, 60)):02d}/{int(rng.integers(2012, 2026))}/QĐ-UBND quy định "
                f"chức năng, nhiệm vụ, quyền hạn và cơ cấu tổ chức của {organ.name};",
                italic=True,
            ),
            Paragraph(
                f"Xét đề nghị của Trưởng phòng Tổng hợp tại Tờ trình số {int(rng.integers(11, 300))}/TTr-TH.",
                italic=True,
            ),
            Paragraph("QUYẾT ĐỊNH:" if name == "Quyết định" else "QUYẾT NGHỊ:", bold=True, align="centre"),
        ]
    else:
        blocks.append(
            Paragraph(
                f"Thực hiện chương trình công tác năm, {organ.name} thông báo nội dung về {matter.topic} như sau:"
            )
        )
    sentences = list(matter.sentences)
    for extra in range(pages * 14 - 8 if pages > 1 else int(rng.integers(0, 4))):
        other = wording.MATTERS[(extra * 7 + int(rng.integers(len(wording.MATTERS)))) % len(wording.MATTERS)]
        sentences += other.sentences[: 2 + extra % 2]
    step = 2
    for index in range(0, len(sentences), step):
        text = " ".join(sentences[index : index + step])
        lead = f"Điều {index // step + 1}." if name in ("Quyết định", "Nghị quyết") else f"{index // step + 1}."
        blocks.append(Paragraph(text, lead=lead))
    if rng.random() < 0.2 and name in ("Báo cáo", "Kế hoạch", "Thông báo"):
        blocks.append(_table(rng))
    blocks.append(Paragraph(pick(rng, wording.CLOSINGS).format(organ=organ.name)))
    return tuple(blocks)


def _table(rng: np.random.Generator) -> Table:
    rows = tuple(
        (
            str(index + 1),
            pick(rng, wording.MATTERS).topic.capitalize(),
            str(int(rng.integers(2, 900))),
            f"{rng.uniform(60, 100):.1f}".replace(".", ","),
        )
        for index in range(int(rng.integers(3, 7)))
    )
    return Table(("STT", "Nội dung", "Số lượng", "Tỷ lệ (%)"), rows, (0.08, 0.54, 0.19, 0.19))


def _authority(rng: np.random.Generator, titles: tuple[str, str], party: bool) -> tuple[str, ...]:
    head, deputy = titles
    if party:
        return ("T/M BAN THƯỜNG VỤ", deputy)
    if head == "CHỦ TỊCH":
        return ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", deputy) if rng.random() < 0.6 else ("KT. CHỦ TỊCH", deputy)
    return (f"KT. {head}", deputy) if rng.random() < 0.6 else (head,)


def _addressees(rng: np.random.Generator, organ: Organ) -> tuple[str, ...]:
    choices = (
        "Ủy ban nhân dân các xã, phường",
        "Các phòng, ban, đơn vị trực thuộc",
        f"Sở {pick(rng, wording.DEPARTMENTS)[0]}",
        "Văn phòng Ủy ban nhân dân tỉnh",
        f"Ủy ban nhân dân xã {wording.place(rng)}",
        "Các trường học trên địa bàn",
    )
    count = 1 if rng.random() < 0.5 else int(rng.integers(2, 4))
    return tuple(choices[int(i)] for i in rng.choice(len(choices), count, replace=False))


def _recipients(rng: np.random.Generator, letter: bool) -> tuple[str, ...]:
    lines = [
        "- Như trên;" if letter else "- Như Điều 3;",
        "- Lãnh đạo đơn vị (để báo cáo);",
        "- Các phòng chuyên môn;",
        "- Trang thông tin điện tử;",
    ]
    keep = [line for line in lines if rng.random() < 0.75] or lines[:1]
    return (*keep, f"- Lưu: VT, {pick(rng, wording.UNITS)}.")


def random_seal(rng: np.random.Generator, organ: Organ) -> Seal:
    people = organ.abbreviation == "UBND"
    rim = (
        f"ỦY BAN NHÂN DÂN {organ.lines[-1]}"
        if people
        else (organ.parent[-1] if organ.parent else "TỈNH " + organ.place.upper())
    )
    return Seal(
        rim=rim,
        centre="" if people else "\n".join(organ.lines),
        diameter_mm=float(rng.choice([34, 35, 36, 36, 36, 38, 40])),
        emblem=people,
        ink=pick(rng, RED_INKS),
    )


def random_incoming(rng: np.random.Generator, issued: date) -> IncomingStamp:
    receiver = pick(rng, ("Ủy ban nhân dân xã", "Ủy ban nhân dân phường", "Văn phòng HĐND và UBND xã"))
    return IncomingStamp(
        agency=f"{receiver} {wording.place(rng)}",
        number=str(int(rng.integers(1, 9000))),
        arrived=issued + timedelta(days=int(rng.integers(1, 9))),
        unit=pick(rng, ("", "Phòng Kinh tế", "Văn phòng", "Đ/c Chủ tịch")),
        hand=Hand.random(rng) if rng.random() < 0.8 else None,
        ink=pick(rng, RED_INKS) if rng.random() < 0.85 else (60, 50, 150),
    )


def _face(rng: np.random.Generator, faces: tuple[Typeface, ...] | None) -> Typeface:
    if faces:
        return pick(rng, faces)
    return LIBERATION_SERIF if rng.random() < 0.85 else pick(rng, installed())


def _typing(rng: np.random.Generator, face: Typeface) -> Typing:
    wide = "Serif" not in face.name or "DejaVu" in face.name
    return Typing(
        face=face,
        body_pt=float(rng.choice([13, 13.5, 14, 14])) - (1.5 if wide else 0),
        header_pt=float(rng.choice([12, 12.5, 13])) - (1.5 if wide else 0),
        leading=float(rng.uniform(1.0, 1.3)),
        left_mm=float(rng.uniform(29, 34)),
        right_mm=float(rng.uniform(15, 20)),
        top_mm=float(rng.uniform(15, 24)),
        bottom_mm=float(rng.uniform(18, 24)),
        indent_mm=float(rng.choice([10.0, 12.7])),
        paper=_paper(rng),
        black=tuple([int(rng.integers(15, 55))] * 3),  # type: ignore[arg-type]
    )


def _paper(rng: np.random.Generator) -> tuple[int, int, int]:
    """White copy paper mostly; some is warmer, as cheap or older paper is."""
    white = int(rng.integers(246, 255))
    warm = int(min(rng.exponential(3.0), 22))
    return white, white - warm // 3, white - warm
