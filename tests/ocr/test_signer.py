"""The signer's office and name, in the right half of the last page, beside the recipients."""

from __future__ import annotations

from tests.ocr.paper import sheet, words
from workers.ocr.signer import find_signer


def test_a_name_between_two_lines_of_recipients_is_one_name():
    """On a page that leans, «Trần Tuấn» was joined to the recipients above and «Bảo» to those below."""
    of = sheet(
        words("Nơi nhận:", 34, 234),
        words("KT. CHỦ TỊCH", 130, 234, advance=2.2),
        words("- Như trên;", 34, 240),
        words("PHÓ CHỦ TỊCH", 130, 240, advance=2.2),
        words("- VPUB: PCVP, KTTH;", 34, 268),
        words("Trần", 132, 269),
        words("Bảo", 143, 270),
        words("Tuấn", 156, 269),
        words("- Cổng TTĐT tỉnh;", 34, 272),
    )
    signer = find_signer(of)
    assert signer is not None
    assert (signer.position, signer.name) == ("PHÓ CHỦ TỊCH", "Trần Bảo Tuấn")
