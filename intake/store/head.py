"""Head: what page 1's head says is shown while the rest is read — never decided on, gone when the reading ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from intake import crashpoint
from intake.model import Actor, FieldName
from intake.states import State
from intake.store import haste
from intake.store.claim import LANES, Claim, drop_head
from intake.store.engine import Store
from intake.store.schema import document, head, job


def show(store: Store, claimed: Claim, fields: Mapping[str, Mapping[str, Any]], *, actor: Actor) -> bool:
    """One small commit beside the truth; False when this attempt is no longer the one that runs, and nothing is shown.

    State, version and fields of the document stay as they are: only ``finish`` says what was read. An urgent head
    moves the document into the urgent lane at once, as a glance would.
    """
    with store.write() as connection:
        # The document before its job, as whoever stops a running job locks them: two in other orders would wait for
        # each other.
        row = (
            connection.execute(sa.select(document).where(document.c.id == claimed.document_id).with_for_update())
            .mappings()
            .one()
        )
        mine = connection.execute(
            sa.select(job.c.id)
            .where(
                job.c.id == claimed.job_id,
                job.c.state == "running",
                job.c.attempt == claimed.attempt,
                job.c.worker == claimed.worker,
            )
            .with_for_update()
        ).one_or_none()
        if mine is None or row["state"] != State.CHECKED:  # nothing is shown before the secrecy gate let it through
            return False
        now = store.clock.now()
        drop_head(connection, claimed.document_id)  # of an attempt that did not live to its end
        connection.execute(
            head.insert().values(
                document_id=claimed.document_id,
                revision=claimed.revision,
                attempt=claimed.attempt,
                at=now,
                fields=dict(fields),
            )
        )
        if (fields.get(FieldName.PRIORITY) or {}).get("value") and row["lane"] != LANES[0]:
            haste.lead(connection, row, ("ready", "running"), actor, now)
        crashpoint.reached("head.before_commit", claimed.stage)
    crashpoint.reached("head.committed", claimed.stage)
    return True
