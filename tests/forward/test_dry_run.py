"""Rules are tried on last month before they are put to work."""

from __future__ import annotations

from datetime import datetime

from intake.profile.sections import ForwardRule, ForwardSection
from workers.forward.calendar import HANOI
from workers.forward.dry_run import Past, dry_run

MOMENT = datetime(2026, 10, 5, 9, tzinfo=HANOI)
RULES = ForwardSection(
    rule=(
        ForwardRule(name="đất", keywords=("đất",), unit="Phòng Đất đai"),
        ForwardRule(name="đất nông nghiệp", keywords=("đất nông nghiệp",), unit="Phòng Kinh tế"),
    ),
    unmatched_unit="Văn thư phụ trách",
)


def past(document_id: str, subject: str, unit: str) -> Past:
    return Past(document_id, {"Subject": subject}, "quầy 1", MOMENT, unit)


def test_the_tally_shows_what_moves_what_is_unmatched_and_which_rule_never_speaks():
    tally = dry_run(
        [
            past("1", "Về việc giao đất", "Phòng Đất đai"),
            past("2", "Về đất nông nghiệp", "Phòng Kinh tế"),
            past("3", "Lịch họp", "Văn phòng"),
        ],
        RULES,
    )
    assert tally.documents == 3
    assert tally.by_unit == {"Phòng Đất đai": 2, "Văn thư phụ trách": 1}
    assert tally.unmatched == 1
    assert tally.moved == (("2", "Phòng Kinh tế", "Phòng Đất đai"), ("3", "Văn phòng", "Văn thư phụ trách"))
    assert tally.idle == ("đất nông nghiệp",)
