"""What a status from the document system means here: go on, re-open with the reason, or recalled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from intake.model import Finding, Receipt, Severity
from intake.ports import Connector
from intake.states import State
from workers.push.edxml import STATUS_WORDS, StatusCode


@dataclass(frozen=True, slots=True)
class Outcome:
    """``state``: the state the document should be in now, None = stay; ``finding`` says it at the desk."""

    code: StatusCode
    state: State | None
    finding: Finding
    reason: str = ""


def outcome(code: str, reason: str = "") -> Outcome:
    """02 re-opens the document with the receiver's reason (Đ5.3, Đ10.2); 13 and 15 mean it is recalled (Đ10.4).

    16 (recall denied) and everything else leaves the state; raises ValueError for a code outside 01–16's list.
    """
    status = StatusCode(code)
    vi, en = STATUS_WORDS[status]
    if status is StatusCode.REFUSED:
        why = reason or "không nêu lý do"
        return Outcome(
            status,
            State.HELD,
            Finding(
                "push.refused",
                Severity.BLOCK,
                f"Nơi nhận từ chối tiếp nhận: {why}. Hãy sửa rồi gửi lại, hoặc trả lại nơi gửi.",
                f"The receiver refuses the document: {reason or 'no reason given'}. Mend and send again, or return it.",
            ),
            reason,
        )
    if status in (StatusCode.RECALLED, StatusCode.RECALL_AGREED):
        return Outcome(
            status,
            State.RECALLED,
            Finding("push.recalled", Severity.NOTE, f"Nơi nhận báo: {vi}.", f"The receiver says: {en}."),
            reason,
        )
    severity = Severity.WARN if status is StatusCode.RECALL_DENIED else Severity.NOTE
    also_vi, also_en = (f" Lý do: {reason}.", f" Reason: {reason}.") if reason else ("", "")
    return Outcome(
        status,
        None,
        Finding("push.status", severity, f"Nơi nhận báo: {vi}.{also_vi}", f"The receiver says: {en}.{also_en}"),
        reason,
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """Our books and the document system's do not agree about a delivery.

    ``kind``: ``missing`` = we hold a receipt, the system knows nothing (deliver again under the same key);
    ``changed`` = it answers with another id or number (a person must look); ``unbooked`` = it holds the delivery and
    our books lack the receipt (book it: ``there``).
    """

    kind: str
    key: str
    here: Receipt | None
    there: Receipt | None


def differences(connector: Connector, booked: Mapping[str, Receipt | None]) -> Iterator[Difference]:
    """Ask the document system about every delivery in our books; ``booked``: key → receipt, None = sent, unanswered.

    EnvironmentTrouble of the connector passes through: an unreachable system is no difference.
    """
    for key, here in booked.items():
        there = connector.find(key)
        if here is None:
            if there is not None:
                yield Difference("unbooked", key, None, there)
        elif there is None:
            yield Difference("missing", key, here, None)
        elif (there.remote_id, there.arrival_number) != (here.remote_id, here.arrival_number):
            yield Difference("changed", key, here, there)
