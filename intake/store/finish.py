"""Finish: one commit makes an attempt true — fence, findings, artefacts, state, audit row, next job, outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from intake import crashpoint
from intake.errors import StaleClaim
from intake.model import Actor, Artefact, FieldName, Finding, StageResult
from intake.spelling import fold, nfc
from intake.states import BY_PERSON, DUE, State, advance
from intake.store import audit, outbox, timestamps
from intake.store.claim import Claim, drop_head
from intake.store.engine import Store
from intake.store.outbox import OutboxEntry
from intake.store.schema import document, finding, job, published


def finish(
    store: Store,
    claimed: Claim,
    result: StageResult,
    artefacts: Sequence[Artefact],
    *,
    actor: Actor,
    auto_accept: bool = False,
    owed: Sequence[OutboxEntry] = (),
    timestamp_wait: timedelta = timedelta(0),
) -> State:
    """Commit the attempt; raises StaleClaim when the lease was given to another worker.

    ``auto_accept``: the profile lets a document whose reading says ``accept`` pass the review without a person.
    ``owed``: outbox rows, written in the commit that records the signature. ``timestamp_wait``: how long the delivery
    of a document that is not urgent waits when its signature lacks its time-stamp.
    """
    with store.write() as connection:
        now = store.clock.now()
        _fence(connection, claimed, now)
        row = (
            connection.execute(sa.select(document).where(document.c.id == claimed.document_id).with_for_update())
            .mappings()
            .one()
        )
        if DUE.get(State(row["state"])) != claimed.stage:
            raise _stale(claimed)  # rejected, superseded or recalled while the stage ran
        state = advance(claimed.stage, result.findings)
        _record(connection, claimed, result, artefacts, now)
        values: dict[str, Any] = {"state": state, "version": row["version"] + 1, "updated_at": now}
        if claimed.stage == "check":
            values["pages"] = result.facts.get("pages")
        if claimed.stage == "ocr":
            values |= described(result.facts.get("fields", {}), row["name"])
            values["decision"] = result.facts.get("decision", "review")
            values["lane"] = "urgent" if values["priority"] else row["lane"]
            drop_head(connection, claimed.document_id)
        if state is State.ASSEMBLED and auto_accept and row["decision"] == "accept":
            state = values["state"] = State.APPROVED
            values["confirmed"] = {name: item.get("value") for name, item in row["fields"].items()}
        if state is State.HELD:
            worst = max(result.findings, key=lambda item: item.severity)
            values |= {"held_from": row["state"], "held_vi": worst.vi, "held_en": worst.en}
        if claimed.stage == "push":
            _receipts(connection, claimed, result.facts, now)
        if claimed.stage == "forward":
            due = result.facts.get("assignment", {}).get("due")
            values["due_at"] = datetime.fromisoformat(due) if due else row["due_at"]
        connection.execute(document.update().where(document.c.id == claimed.document_id).values(**values))
        outbox.add(connection, claimed.document_id, claimed.revision, owed, now)
        run_after = now
        lack = timestamps.lacking(result.findings) if claimed.stage == "sign" else None
        if lack is not None:
            timestamps.owe(connection, claimed.document_id, claimed.revision, lack, now)
            run_after = now if row["priority"] else now + timestamp_wait
        owe(connection, claimed.document_id, claimed.revision, state, values.get("lane", row["lane"]), run_after)
        audit.append(
            connection,
            now,
            actor,
            f"{claimed.stage}.finished",
            claimed.document_id,
            row["version"] + 1,
            {
                "attempt": claimed.attempt,
                "from": row["state"],
                "to": state,
                "findings": sorted({item.code for item in result.findings}),
                "artefacts": {item.name: item.sha256 for item in artefacts},
            },
        )
        crashpoint.reached("finish.before_commit", claimed.stage)
    crashpoint.reached("finish.committed", claimed.stage)
    return state


def owe(connection: sa.Connection, document_id: str, revision: int, state: State, lane: str, now: datetime) -> None:
    """The job the new state owes, from ``now`` on: none at the end of the line and none where a clerk decides."""
    stage = DUE.get(state)
    if stage is None or (stage in BY_PERSON and stage != "sign"):
        return
    again = connection.execute(
        job.update()
        .where(job.c.document_id == document_id, job.c.revision == revision, job.c.stage == stage)
        .values(
            state="ready",
            lane=lane,
            run_after=now,
            rung_at=None,
            lease_until=None,
            worker=None,
            troubles=0,
            finished_at=None,
        )
    )
    if again.rowcount == 0:
        connection.execute(
            job.insert().values(
                document_id=document_id,
                revision=revision,
                stage=stage,
                state="ready",
                lane=lane,
                attempt=0,
                troubles=0,
                run_after=now,
                created_at=now,
            )
        )


def described(fields: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    """Columns of ``document`` that lists, filters and search read, from the fields' JSON."""

    def value(field: FieldName) -> Any:
        found = fields.get(field, {}).get("value")
        return nfc(found) if isinstance(found, str) else found

    words = [str(item.get("value")) for item in fields.values() if item.get("value") is not None]
    number, notation = value(FieldName.CODE_NUMBER), value(FieldName.CODE_NOTATION)
    if number and notation:
        words.append(f"{number}/{notation}")
    return {
        "fields": dict(fields),
        "type_name": value(FieldName.TYPE_NAME),
        "code_number": number,
        "code_notation": notation,
        "issued_date": value(FieldName.ISSUED_DATE),
        "organ_name": value(FieldName.ORGAN_NAME),
        "subject": value(FieldName.SUBJECT),
        "priority": int(value(FieldName.PRIORITY) or 0),
        "search": fold(" ".join([name, *words])),
    }


def _fence(connection: sa.Connection, claimed: Claim, now: datetime) -> None:
    """Only the worker and attempt on record may commit: a rescued job's first worker is a zombie."""
    changed = connection.execute(
        job.update()
        .where(
            job.c.id == claimed.job_id,
            job.c.state == "running",
            job.c.attempt == claimed.attempt,
            job.c.worker == claimed.worker,
        )
        .values(state="done", lease_until=None, finished_at=now)
    )
    if changed.rowcount != 1:
        raise _stale(claimed)


def _stale(claimed: Claim) -> StaleClaim:
    return StaleClaim(
        f"Việc {claimed.stage} của hồ sơ {claimed.document_id} đã giao cho máy khác hoặc đã dừng; kết quả này bị bỏ.",
        f"The {claimed.stage} of document {claimed.document_id} went elsewhere or was stopped; this result is dropped.",
    )


def note_finding(connection: sa.Connection, claimed: Claim, item: Finding) -> None:
    """One finding of the claimed stage, in the caller's transaction."""
    connection.execute(
        finding.insert().values(
            document_id=claimed.document_id,
            revision=claimed.revision,
            stage=claimed.stage,
            attempt=claimed.attempt,
            code=item.code,
            severity=item.severity.word,
            data=item.as_json(),
        )
    )


def _record(
    connection: sa.Connection, claimed: Claim, result: StageResult, artefacts: Sequence[Artefact], now: datetime
) -> None:
    mine = (
        finding.c.document_id == claimed.document_id,
        finding.c.revision == claimed.revision,
        finding.c.stage == claimed.stage,
    )
    connection.execute(finding.delete().where(*mine))
    for item in result.findings:
        note_finding(connection, claimed, item)
    connection.execute(
        published.delete().where(
            published.c.document_id == claimed.document_id,
            published.c.revision == claimed.revision,
            published.c.stage == claimed.stage,
        )
    )
    connection.execute(
        published.insert().values(
            document_id=claimed.document_id,
            revision=claimed.revision,
            stage=claimed.stage,
            attempt=claimed.attempt,
            at=now,
            facts=dict(result.facts),
            artefacts=[{"name": a.name, "sha256": a.sha256, "bytes": a.bytes} for a in artefacts],
        )
    )


def _receipts(connection: sa.Connection, claimed: Claim, facts: Mapping[str, Any], now: datetime) -> None:
    """Book what this attempt brought; receipts of earlier attempts were booked in theirs."""
    new = {name: each for name, each in facts.get("receipts", {}).items() if name not in claimed.booked}
    tries = facts.get("tries", [outbox.received(name, each) for name, each in new.items()])
    outbox.note_tries(connection, claimed.document_id, claimed.revision, claimed.worker, tries, now)
    outbox.drop_others(connection, claimed.document_id, claimed.revision)
