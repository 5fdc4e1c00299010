"""The people of the demo: a clerk who reads each document, and a văn thư who signs — by the same calls as the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from intake.errors import SohoaError
from intake.model import Actor, FieldName
from intake.states import State
from intake.store import Store, people
from intake.store.decide import approve
from intake.store.reading import queue, whole
from intake.store.signing import assign_key, freeze
from workers.station.signing import TokenDesk

CLERK = "thuky"
VAN_THU = "vanthu"
PASSWORD = "so-hoa-dung-thu"  # noqa: S105 - printed on the screen of the demo
PIN = "20260722"

CHECKED_BY_CLERK = (
    FieldName.TYPE_NAME,
    FieldName.CODE_NUMBER,
    FieldName.CODE_NOTATION,
    FieldName.ISSUED_DATE,
    FieldName.ORGAN_NAME,
    FieldName.SUBJECT,
    FieldName.PRIORITY,
    FieldName.SIGNER_POSITION,
    FieldName.SIGNER_FULL_NAME,
    FieldName.PAGE_AMOUNT,
)


def hire(store: Store, signer: str) -> None:
    """Accounts for the demo's people and the written hand-over of the key device (QĐ 12/2020 Đ19.3)."""
    admin = Actor("demo", "admin")
    people.add(store, CLERK, "Thư ký (dùng thử)", ["clerk", "senior"], PASSWORD, admin)
    people.add(store, VAN_THU, "Văn thư (dùng thử)", ["van_thu", "clerk"], PASSWORD, admin)
    assign_key(store, VAN_THU, signer, "01/QĐ-DÙNGTHỬ", None, admin)


def clear_queue(store: Store, truth: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """The clerk compares each document with its paper (here: the sample's truth) and confirms or corrects.

    Returns document id → names of the fields she had to correct.
    """
    corrected: dict[str, list[str]] = {}
    for row in queue(store, states=(State.ASSEMBLED,), limit=1000):
        paper = truth[row["name"]]
        reading = whole(store, row["id"]).row["fields"]
        fields: dict[str, str | int | None] = {}
        wrong = []
        for name in CHECKED_BY_CLERK:
            read = reading.get(name, {}).get("value")
            right = paper["fields"].get(name)
            if read in (right, *paper.get("accept", {}).get(name, [])):
                fields[name] = read
            else:
                fields[name] = right
                wrong.append(str(name))
        approve(store, row["id"], row["version"], Actor(CLERK, "clerk"), fields)
        corrected[row["id"]] = wrong
    return corrected


def sign_everything(store: Store, desk: TokenDesk, cap: int, wait: Callable[[Callable[[], bool]], None]) -> None:
    """The văn thư freezes what waits, sees the marks, types her PIN and watches; as often as the cap demands."""
    while approved := queue(store, states=(State.APPROVED,), limit=cap):
        actor = Actor(VAN_THU, "van_thu")
        frozen = freeze(store, actor, [row["id"] for row in approved], cap=cap)
        desk.preview(frozen)
        desk.start(frozen.id, actor, PIN)

        def ended(set_id: str = frozen.id) -> bool:
            return desk.progress(set_id).state != "signing"

        wait(ended)
        progress = desk.progress(frozen.id)
        if progress.state != "done":
            raise SohoaError(progress.vi or "Đợt ký dừng.", progress.en or "The signing set stopped.")
        if all(whole(store, row["id"]).state is State.APPROVED for row in approved):
            raise SohoaError("Không văn bản nào ký được.", "Not one document could be signed.")
