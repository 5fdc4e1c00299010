"""Following a document after its receipt: ask how it fares there, tell recalls and reports, compare the books daily."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog

from intake.errors import SohoaError
from intake.settings import Settings
from intake.store import Store, comparison, follow, redrive
from intake.store.follow import Look
from workers.chain import connectors
from workers.push.outcome import Outcome, differences, outcome
from workers.tools.receipt import receipt_of

log = structlog.get_logger()

COMPARE_EVERY = timedelta(days=1)
COMPARE_BACK = timedelta(days=35)
"""a month and the days around it: what a system loses later is found by its own back-up"""

FAULTS = (SohoaError, ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""what a connector may raise, which may be anybody's: trouble, a bug, a status outside the list, or (LookupError) that
the target left the profile; it costs one look, never the station"""

ConnectorsOf = Callable[[str], Mapping[str, Any]]
"""profile name → target name → connector"""


def connectors_of(settings: Settings) -> ConnectorsOf:
    """The connectors of each profile, built once for one round: a changed secret or option counts in the next."""
    known: dict[str, Mapping[str, Any]] = {}

    def of(profile: str) -> Mapping[str, Any]:
        if profile not in known:
            known[profile] = connectors(settings.profile_of(profile), settings.home)
        return known[profile]

    return of


def look_after(store: Store, settings: Settings) -> int:
    """Everything that is due now, one delivery after the other; returns how many were looked at."""
    of = connectors_of(settings)
    due = follow.due(store)
    for look in due:
        try:
            incoming = settings.profile_of(look.profile).push.direction == "incoming"
            _look_at(store, look, of(look.profile)[look.target], incoming)
        except FAULTS as trouble:
            reason = trouble.en if isinstance(trouble, SohoaError) else type(trouble).__name__
            log.warning("target cannot be asked", target=look.target, document=look.document_id, reason=reason)
            follow.not_reached(store, look)
    return len(due)


def _look_at(store: Store, look: Look, connector: Any, incoming: bool) -> None:
    """``incoming``: there is a sender outside who is owed a report; of what we release ourselves there is none."""
    receipt = receipt_of(look.receipt)
    if look.recall:
        connector.recall(receipt)
        follow.recall_told(store, look)
    elif look.report:
        report = getattr(connector, "report", None) if incoming else None
        follow.report_told(store, look, report is not None and report(receipt, look.report, look.reason))
    else:
        said: Outcome = outcome(*status_of(connector, receipt))
        follow.status_seen(store, look, said.code, said.reason, said.state, said.finding)


def status_of(connector: Any, receipt: Any) -> tuple[str, str]:
    """(code, reason); a connector that knows reasons has ``answer``."""
    answer = getattr(connector, "answer", None)
    return answer(receipt) if answer is not None else (connector.status(receipt), "")


def compare(store: Store, settings: Settings) -> int:
    """Compare both sides' books of every target that was not compared today; returns how many were."""
    done = 0
    of = connectors_of(settings)
    for target, books in comparison.to_compare(store, COMPARE_EVERY, COMPARE_BACK):
        try:
            comparison.compared(store, target, repaired(store, compare_books(target, books, of)))
            done += 1
        except FAULTS as trouble:
            reason = trouble.en if isinstance(trouble, SohoaError) else type(trouble).__name__
            log.warning("books not compared", target=target, reason=reason)
            comparison.compare_again(store, target)
    return done


def compare_books(target: str, books: Mapping[str, Mapping[str, Any]], of: ConnectorsOf) -> dict[str, Any]:
    """``{"asked": n, "missing": […], "changed": […], "unbooked": […]}``, each entry with document, key and both sides.

    ``books``: as ``intake.store.comparison.booked`` gives them. Raises EnvironmentTrouble while the target cannot be asked.
    """
    found: dict[str, Any] = {"asked": len(books), "missing": [], "changed": [], "unbooked": []}
    for profile in sorted({str(each["profile"]) for each in books.values()}):
        mine = {
            key: receipt_of(each["receipt"]) if each["receipt"] and each["state"] == "delivered" else None
            for key, each in books.items()
            if each["profile"] == profile
        }
        for difference in differences(of(profile)[target], mine):
            here, there = difference.here, difference.there
            found[difference.kind].append(
                {
                    "document_id": books[difference.key]["document_id"],
                    "key": difference.key,
                    "state": books[difference.key]["state"],
                    "here": [here.remote_id, here.arrival_number] if here else None,
                    "there": [there.remote_id, there.arrival_number] if there else None,
                }
            )
    return found


def repaired(store: Store, found: dict[str, Any]) -> dict[str, Any]:
    """Dead letters that arrived after all are booked by their next try; the rest waits for a person at the desk."""
    for entry in found["unbooked"]:
        if entry["state"] == "dead":
            entry["repaired"] = redrive.found_there(store, entry["document_id"]) is not None
    return found
