"""Reading: what lists, screens, commands and metrics may ask of the store; nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from intake.errors import OperatorError
from intake.model import Finding
from intake.spelling import fold
from intake.states import State
from intake.store import search
from intake.store.engine import Store
from intake.store.schema import (
    arrival,
    attempt,
    audit,
    document,
    finding,
    head,
    job,
    outbox,
    postponed,
    published,
    second_key,
)


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything the store knows of one document."""

    row: Mapping[str, Any]
    findings: tuple[Finding, ...]
    published: Mapping[str, Mapping[str, Any]]
    jobs: tuple[Mapping[str, Any], ...]
    outbox: tuple[Mapping[str, Any], ...]
    history: tuple[Mapping[str, Any], ...]
    head: Mapping[str, Any] | None = None
    """``fields`` of page 1's head, while the rest is being read: to be shown as provisional, never decided on"""

    @property
    def state(self) -> State:
        return State(self.row["state"])

    @property
    def version(self) -> int:
        return int(self.row["version"])


def whole(store: Store, document_id: str) -> Whole:
    """One document; OperatorError when there is none."""
    with store.read() as connection:
        row = connection.execute(sa.select(document).where(document.c.id == document_id)).mappings().one_or_none()
        if row is None:
            raise OperatorError(f"Không có hồ sơ {document_id}.", f"There is no document {document_id}.")

        def rows(table: sa.Table, *order: Any) -> list[sa.RowMapping]:
            query = sa.select(table).where(table.c.document_id == document_id).order_by(*order)
            return list(connection.execute(query).mappings())

        findings = tuple(
            Finding.from_json(found["data"])
            for found in rows(finding, finding.c.id)
            if found["revision"] == row["revision"]
        )
        return Whole(
            row=dict(row),
            findings=findings,
            published={
                item["stage"]: dict(item)
                for item in rows(published, published.c.at)
                if item["revision"] == row["revision"]
            },
            jobs=tuple(dict(item) for item in rows(job, job.c.id)),
            outbox=tuple(dict(item) for item in rows(outbox, outbox.c.id)),
            history=tuple(dict(item) for item in rows(audit, audit.c.seq)),
            head=next(
                (
                    dict(item)
                    for item in rows(head)
                    if item["revision"] == row["revision"] and row["state"] == State.CHECKED
                ),
                None,
            ),
        )


def queue(
    store: Store,
    *,
    states: Collection[str] = (State.ASSEMBLED,),
    station: str | None = None,
    text: str = "",
    limit: int = 100,
    skip: int = 0,
    free_for: str | None = None,
    owner: str | None = None,
    later: bool | None = None,
    newest: bool = False,
    keyed_once: bool | None = None,
    with_fields: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[dict[str, Any]]:
    """Documents in the order a clerk should take them: urgency, then deadline, then arrival (``newest``: last come first).

    ``free_for`` leaves out what others hold under a live lease; ``owner`` keeps only what that person holds; ``later``
    leaves out (False) or keeps only (True) what is put off right now; ``keyed_once`` likewise for what waits for its
    second key; ``since`` and ``until`` (both included) say when it arrived. Rows are without ``fields`` and
    ``confirmed`` (``with_fields`` adds ``fields``) and with ``postponed_until`` and ``postponed_why``. The cost does not
    grow with the number of documents: each state is read in index order, as far as the page needs.
    """
    now = store.clock.now()
    off = sa.select(postponed.c.document_id).where(postponed.c.document_id == document.c.id, postponed.c.until > now)
    wanted: list[sa.ColumnElement[bool]] = []
    if station:
        wanted.append(document.c.station == station)
    if owner:
        wanted += [document.c.claimed_by == owner, document.c.claimed_until > now]
    if free_for is not None:
        wanted.append(
            sa.or_(document.c.claimed_by.is_(None), document.c.claimed_by == free_for, document.c.claimed_until <= now)
        )
    if later is not None:
        wanted.append(off.exists() if later else ~off.exists())
    if keyed_once is not None:
        once = sa.select(second_key.c.document_id).where(
            second_key.c.document_id == document.c.id,
            second_key.c.state == "waiting",
            second_key.c.version == document.c.version,
        )
        wanted.append(once.exists() if keyed_once else ~once.exists())
    if since is not None:
        wanted.append(document.c.arrived_at >= since)
    if until is not None:
        wanted.append(document.c.arrived_at <= until)
    order = _order(document, newest)
    parts: list[sa.ColumnElement[bool]] = [document.c.state == state for state in sorted(set(states))]
    with store.read() as connection:
        if text.strip():
            few = search.few(connection, text)
            if few == []:
                return []
            if few is None:
                wanted.append(search.containing(text))
            else:  # the ids lead: as an expression the state offers SQLite no index to walk instead
                parts = [document.c.id.in_(few) & document.c.state.concat("").in_(set(states))]
        keys = [document.c.id, document.c.priority, document.c.due_at, document.c.arrived_at]
        each = [sa.select(*keys).where(part, *wanted).order_by(*order).limit(skip + limit).subquery() for part in parts]
        front = sa.union_all(*(sa.select(one) for one in each)).subquery()
        query = (
            sa.select(
                *_LISTED,
                *([document.c.fields] if with_fields else []),
                postponed.c.until.label("postponed_until"),
                postponed.c.reason.label("postponed_why"),
            )
            .join_from(
                document,
                postponed,
                sa.and_(postponed.c.document_id == document.c.id, postponed.c.until > now),
                isouter=True,
            )
            .where(document.c.id.in_(sa.select(front.c.id).order_by(*_order(front, newest)).offset(skip).limit(limit)))
            .order_by(*_order(document, newest))
        )
        return [dict(row) for row in connection.execute(query).mappings()]


def _order(table: sa.FromClause, newest: bool) -> tuple[sa.ColumnElement[Any], ...]:
    if newest:
        return table.c.arrived_at.desc(), table.c.id.desc()
    return table.c.priority.desc(), table.c.due_at, table.c.arrived_at, table.c.id


_LISTED = [column for column in document.c if column.name not in ("fields", "confirmed", "search")]

TALLY_MOST = 1000
"""what a tab counts up to: nobody needs to know whether 4,000 or 4,100 wait, and counting them would cost every page"""


def tally(store: Store) -> dict[str, int]:
    """Documents per state, each up to TALLY_MOST."""
    each = [
        sa.select(sa.literal(state.value).label("state"), sa.func.count().label("number")).select_from(
            sa.select(sa.literal(1)).where(document.c.state == state.value).limit(TALLY_MOST).subquery()
        )
        for state in State
    ]
    with store.read() as connection:
        return {row.state: int(row.number) for row in connection.execute(sa.union_all(*each))}


def arrived(store: Store, since: datetime, until: datetime, most: int = 20_000) -> list[dict[str, Any]]:
    """What came in between two moments, in order of arrival: id, station, state, pages, arrived_at, due_at, priority."""
    columns = ("id", "station", "state", "pages", "arrived_at", "due_at", "priority")
    query = (
        sa.select(*(document.c[name] for name in columns))
        .where(document.c.arrived_at >= since, document.c.arrived_at < until)
        .order_by(document.c.arrived_at, document.c.id)
        .limit(most)
    )
    with store.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def put_off(store: Store) -> int:
    """How many documents are put off right now."""
    with store.read() as connection:
        # Asked one by one: joined, SQLite walks every waiting document to find the few that are put off.
        state = sa.select(document.c.state).where(document.c.id == postponed.c.document_id).scalar_subquery()
        query = (
            sa.select(sa.func.count())
            .select_from(postponed)
            .where(postponed.c.until > store.clock.now(), state == State.ASSEMBLED)
        )
        return int(connection.execute(query).scalar_one())


def twins(store: Store, document_id: str, number: str, notation: str, organ: str, year: str) -> list[tuple[str, str]]:
    """Other live documents with this number, notation, agency (marks and case aside) and year: (id, state)."""
    query = sa.select(document.c.id, document.c.state, document.c.organ_name).where(
        document.c.code_number == number,
        document.c.code_notation == notation,
        document.c.issued_date.startswith(year, autoescape=True),
        document.c.id != document_id,
        document.c.state.not_in([State.REJECTED, State.REFUSED, State.RECALLED]),
    )
    with store.read() as connection:
        rows = connection.execute(query.order_by(document.c.id)).all()
    return [(row.id, row.state) for row in rows if not organ or fold(row.organ_name or "") == fold(organ)]


def attempts_of(store: Store, document_ids: Collection[str], stage: str) -> dict[str, int]:
    """Document id → the attempt of ``stage`` that is true of its present revision."""
    query = (
        sa.select(published.c.document_id, published.c.attempt)
        .join(
            document,
            sa.and_(document.c.id == published.c.document_id, document.c.revision == published.c.revision),
        )
        .where(published.c.stage == stage, published.c.document_id.in_(list(document_ids)))
    )
    with store.read() as connection:
        return {row.document_id: int(row.attempt) for row in connection.execute(query)}


def review_facts(store: Store, document_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Document id → what the review published of its present revision: ``by``, ``at``, ``source_kind``."""
    query = (
        sa.select(published.c.document_id, published.c.facts)
        .join(
            document,
            sa.and_(document.c.id == published.c.document_id, document.c.revision == published.c.revision),
        )
        .where(published.c.stage == "review", published.c.document_id.in_(list(document_ids)))
    )
    with store.read() as connection:
        return {row.document_id: dict(row.facts) for row in connection.execute(query)}


def counts(store: Store) -> dict[str, int]:
    """Documents per state."""
    with store.read() as connection:
        rows = connection.execute(sa.select(document.c.state, sa.func.count()).group_by(document.c.state))
        return {str(row[0]): int(row[1]) for row in rows}


def arrivals(store: Store) -> dict[str, int]:
    """Ledger rows per state."""
    with store.read() as connection:
        rows = connection.execute(sa.select(arrival.c.state, sa.func.count()).group_by(arrival.c.state))
        return {str(row[0]): int(row[1]) for row in rows}


LIVE = ("ready", "running")
"""asked for one by one: each has an index of its own, and what is done is never read, however much it is"""


def jobs(store: Store) -> list[tuple[str, str, str, int]]:
    """Live jobs: (stage, lane, state, number)."""
    with store.read() as connection:
        rows = connection.execute(
            sa.union_all(
                *(
                    sa.select(job.c.stage, job.c.lane, job.c.state, sa.func.count())
                    .where(job.c.state == state)
                    .group_by(job.c.stage, job.c.lane, job.c.state)
                    for state in LIVE
                )
            )
        )
        return [(row[0], row[1], row[2], int(row[3])) for row in rows]


def idle(store: Store, stages: Collection[str]) -> bool:
    """No job of these stages is ready or running."""
    with store.read() as connection:
        return not any(
            connection.execute(
                sa.select(job.c.id).where(job.c.state == state, job.c.stage.in_(list(stages))).limit(1)
            ).one_or_none()
            for state in LIVE
        )


def attempts(store: Store, document_id: str) -> list[dict[str, Any]]:
    """Delivery attempts that did not end in a receipt, oldest first."""
    with store.read() as connection:
        rows = connection.execute(
            sa.select(attempt, outbox.c.target)
            .join(outbox, outbox.c.id == attempt.c.outbox_id)
            .where(outbox.c.document_id == document_id)
            .order_by(attempt.c.id)
        )
        return [dict(row) for row in rows.mappings()]


def every(store: Store, since: datetime | None = None) -> list[dict[str, Any]]:
    """All documents in order of arrival (exports, balance, the demo's table)."""
    query = sa.select(document).order_by(document.c.arrived_at, document.c.id)
    if since:
        query = query.where(document.c.arrived_at >= since)
    with store.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def audit_rows(store: Store, limit: int = 200, document_id: str | None = None) -> list[dict[str, Any]]:
    """The newest audit rows, newest first."""
    query = sa.select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if document_id:
        query = query.where(audit.c.document_id == document_id)
    with store.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def exists(store: Store, document_id: str) -> bool:
    """Whether a document of that id was ever admitted."""
    with store.read() as connection:
        found = connection.execute(sa.select(document.c.id).where(document.c.id == document_id)).one_or_none()
        return found is not None


def waiting_captures(store: Store) -> list[dict[str, Any]]:
    """Captures in the scan folders that are not documents yet, with the reason when one cannot be taken."""
    with store.read() as connection:
        rows = connection.execute(
            sa.select(arrival.c.station, arrival.c.name, arrival.c.reason_vi, arrival.c.reason_en)
            .where(arrival.c.state == "pending")
            .order_by(arrival.c.id)
        )
        return [dict(row) for row in rows.mappings()]


def latest_audit_time(store: Store) -> datetime | None:
    """When the newest audit row was written; a clock behind it has stepped back."""
    with store.read() as connection:
        return connection.execute(sa.select(audit.c.at).order_by(audit.c.seq.desc()).limit(1)).scalar_one_or_none()
