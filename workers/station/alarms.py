"""Alarms by the profile's clock: an urgent document that is late is told to one person after the other."""

from __future__ import annotations

from datetime import timedelta

import structlog

from intake.profile.sections import ForwardSection
from intake.settings import Settings
from intake.store import Store, alarms
from workers.forward.choose import alarm_at

log = structlog.get_logger()


def watch(store: Store, settings: Settings) -> int:
    """Ring, escalate, settle; returns how many alarms rang or went on to the next person."""
    alarms.settle(store)
    now = store.clock.now()
    told = 0
    for each in alarms.urgent(store):
        section = settings.profile_of(each.profile).forward
        due = alarm_at(section, each.priority, each.arrived_at)
        if due <= now and alarms.ring(store, each.document_id, due, chain_of(section), _step(section)):
            log.error("urgent document is late", document=each.document_id, told=chain_of(section)[0])
            told += 1
    for each in alarms.silent(store):
        section = settings.profile_of(each.profile).forward
        to = alarms.escalate(store, each.document_id, chain_of(section), _step(section))
        if to is not None:
            log.error("urgent document is still late", document=each.document_id, told=to)
            told += 1
    return told


def chain_of(section: ForwardSection) -> tuple[str, ...]:
    """Who is told, in turn."""
    return (section.escalate_to or section.unmatched_unit, *section.escalation)


def _step(section: ForwardSection) -> timedelta:
    return timedelta(minutes=section.escalate_minutes)
