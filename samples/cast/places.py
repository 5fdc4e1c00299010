"""The invented province of Vĩnh Hà: its offices, their seals, and the desk of Cẩm Đông ward that receives the paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from samples.marks import RED_INKS, IncomingStamp, Seal
from samples.pen import Hand
from samples.spec import Organ

PROVINCE = Organ("Ủy ban nhân dân tỉnh Vĩnh Hà", ("ỦY BAN NHÂN DÂN", "TỈNH VĨNH HÀ"), "UBND", "Vĩnh Hà")
WARD = Organ(
    "Ủy ban nhân dân phường Cẩm Đông", ("ỦY BAN NHÂN DÂN", "PHƯỜNG CẨM ĐÔNG"), "UBND", "Cẩm Đông", ("TỈNH VĨNH HÀ",)
)
COMMUNE = Organ(
    "Ủy ban nhân dân xã Thạch Lạc", ("ỦY BAN NHÂN DÂN", "XÃ THẠCH LẠC"), "UBND", "Thạch Lạc", ("TỈNH VĨNH HÀ",)
)
PARTY = Organ("Đảng ủy phường Cẩm Đông", ("ĐẢNG ỦY PHƯỜNG CẨM ĐÔNG",), "ĐU", "Cẩm Đông", ("ĐẢNG BỘ TỈNH VĨNH HÀ",))
PROVINCE_SEAL = Seal("ỦY BAN NHÂN DÂN TỈNH VĨNH HÀ", emblem=True, diameter_mm=40, ink=RED_INKS[0])
WARD_SEAL = Seal("ỦY BAN NHÂN DÂN PHƯỜNG CẨM ĐÔNG", foot="T. VĨNH HÀ", emblem=True, diameter_mm=36, ink=RED_INKS[2])
COMMUNE_SEAL = Seal("ỦY BAN NHÂN DÂN XÃ THẠCH LẠC", foot="T. VĨNH HÀ", emblem=True, diameter_mm=35, ink=RED_INKS[1])
PARTY_SEAL = Seal("ĐẢNG BỘ TỈNH VĨNH HÀ", "ĐẢNG ỦY\nPHƯỜNG\nCẨM ĐÔNG", diameter_mm=34, ink=RED_INKS[0])

UNDER_PROVINCE = ("ỦY BAN NHÂN DÂN", "TỈNH VĨNH HÀ")


def department(name: str, abbreviation: str, *lines: str) -> Organ:
    """A department (sở) of the province; ``lines`` as printed, else its name in capitals."""
    return Organ(f"Sở {name} tỉnh Vĩnh Hà", lines or (f"SỞ {name.upper()}",), abbreviation, "Vĩnh Hà", UNDER_PROVINCE)


def department_seal(name: str, diameter_mm: float = 36.0, ink: int = 0) -> Seal:
    return Seal("ỦY BAN NHÂN DÂN TỈNH VĨNH HÀ", f"SỞ\n{name.upper()}", diameter_mm=diameter_mm, ink=RED_INKS[ink])


def hand(seed: int, blue: bool = True, height_mm: float = 4.4) -> Hand:
    """A clerk's handwriting of a settled size."""
    return replace(Hand.random(np.random.default_rng(seed), blue), height_mm=height_mm)


def signature(seed: int) -> Hand:
    return replace(Hand.random(np.random.default_rng(seed), True), nib_mm=0.6)


def arrived(number: int, on: date, unit: str = "", pen: int | None = 41) -> IncomingStamp:
    """Cẩm Đông ward's ĐẾN stamp, 50 × 35 mm, filled in by its clerk (or printed when ``pen`` is None)."""
    return IncomingStamp(
        WARD.name, str(number), on, unit, hand(pen, True, 4.0) if pen is not None else None, RED_INKS[0]
    )
