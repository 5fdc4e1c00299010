"""The tables: what is true (document), being tried (job, outbox), ever appeared (arrival), was done (audit)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


class UtcTime(sa.types.TypeDecorator[datetime]):
    """Aware datetimes in UTC on both back-ends (SQLite would drop the zone silently)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the store")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _column(name: str, type_: Any, *args: Any, **kwargs: Any) -> sa.Column[Any]:
    """NOT NULL unless said otherwise: an absent value must be a decision."""
    kwargs.setdefault("nullable", False)
    return sa.Column(name, type_, *args, **kwargs)


arrival = sa.Table(
    "arrival",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _column("station", sa.Text),
    _column("name", sa.Text),
    _column("state", sa.Text),  # pending | admitted | duplicate | refused | vanished
    _column("seen_at", UtcTime),
    _column("decided_at", UtcTime, nullable=True),
    _column("bytes", sa.BigInteger, nullable=True),
    _column("content_key", sa.Text, nullable=True),
    _column("files", Json, nullable=True),  # [{name, sha256, bytes, mtime_ns}]
    _column("document_id", sa.Text, nullable=True),
    _column("reason_vi", sa.Text, nullable=True),
    _column("reason_en", sa.Text, nullable=True),
    _column("cleared_at", UtcTime, nullable=True),
    _column("released_at", UtcTime, nullable=True),  # the originals were let go: their time was over
    sa.Index(
        "uq_arrival_pending",
        "station",
        "name",
        unique=True,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    ),
    sa.Index(
        "ix_arrival_uncleared",
        "station",
        sqlite_where=sa.text("cleared_at IS NULL AND state <> 'pending'"),
        postgresql_where=sa.text("cleared_at IS NULL AND state <> 'pending'"),
    ),
    sa.Index("ix_arrival_document", "document_id"),
    sa.Index(
        "ix_arrival_released",
        "released_at",
        sqlite_where=sa.text("released_at IS NOT NULL"),
        postgresql_where=sa.text("released_at IS NOT NULL"),
    ),
)

station_rhythm = sa.Table(
    "station_rhythm",
    metadata,
    _column("station", sa.Text, primary_key=True),
    _column("longest_gap", sa.Float),  # s
)

document = sa.Table(
    "document",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _column("revision", sa.Integer),
    _column("station", sa.Text),
    _column("name", sa.Text),
    _column("content_key", sa.Text, unique=True),
    _column("profile", sa.Text),
    _column("profile_digest", sa.Text),
    _column("state", sa.Text),
    _column("version", sa.Integer),
    _column("lane", sa.Text),  # urgent | desk | bulk
    _column("arrived_at", UtcTime),
    _column("updated_at", UtcTime),
    _column("due_at", UtcTime, nullable=True),
    _column("pages", sa.Integer, nullable=True),
    _column("fields", Json),
    _column("confirmed", Json),
    _column("decision", sa.Text, nullable=True),  # what the reading said: accept | review
    _column("held_from", sa.Text, nullable=True),
    _column("held_vi", sa.Text, nullable=True),
    _column("held_en", sa.Text, nullable=True),
    _column("claimed_by", sa.Text, nullable=True),
    _column("claimed_until", UtcTime, nullable=True),
    _column("replaces", sa.Text, nullable=True),
    _column("type_name", sa.Text, nullable=True),
    _column("code_number", sa.Text, nullable=True),
    _column("code_notation", sa.Text, nullable=True),
    _column("issued_date", sa.Text, nullable=True),
    _column("organ_name", sa.Text, nullable=True),
    _column("subject", sa.Text, nullable=True),
    _column("priority", sa.Integer),
    _column("search", sa.Text),  # folded: lower case, no diacritics
    sa.Index("ix_document_queue", "state", "priority", "due_at", "id"),
    sa.Index("ix_document_arrived", "arrived_at"),
    sa.Index("ix_document_number", "code_number", "code_notation", "organ_name"),
)

head = sa.Table(
    "head",
    metadata,
    _column("document_id", sa.Text, sa.ForeignKey("document.id"), primary_key=True),
    _column("revision", sa.Integer),
    _column("attempt", sa.Integer),
    _column("at", UtcTime),
    _column("fields", Json),
)
"""What the head of page 1 says while the document is still being read: shown, never decided on, gone with the reading."""

published = sa.Table(
    "published",
    metadata,
    _column("document_id", sa.Text, sa.ForeignKey("document.id"), primary_key=True),
    _column("revision", sa.Integer, primary_key=True),
    _column("stage", sa.Text, primary_key=True),
    _column("attempt", sa.Integer),
    _column("at", UtcTime),
    _column("facts", Json),
    _column("artefacts", Json),  # [{name, sha256, bytes}]
)

finding = sa.Table(
    "finding",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _column("document_id", sa.Text, sa.ForeignKey("document.id"), index=True),
    _column("revision", sa.Integer),
    _column("stage", sa.Text),
    _column("attempt", sa.Integer),
    _column("code", sa.Text),
    _column("severity", sa.Text),
    _column("data", Json),
)

job = sa.Table(
    "job",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _column("document_id", sa.Text, sa.ForeignKey("document.id")),
    _column("revision", sa.Integer),
    _column("stage", sa.Text),
    _column("state", sa.Text),  # ready | running | done | failed
    _column("lane", sa.Text),
    _column("attempt", sa.Integer),
    _column("troubles", sa.Integer),
    _column("run_after", UtcTime),
    _column("rung_at", UtcTime, nullable=True),
    _column("lease_until", UtcTime, nullable=True),
    _column("worker", sa.Text, nullable=True),
    _column("error", sa.Text, nullable=True),
    _column("created_at", UtcTime),
    _column("finished_at", UtcTime, nullable=True),
    sa.UniqueConstraint("document_id", "revision", "stage"),
    sa.CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="ck_job_running_has_lease"),
    sa.Index(
        "ix_job_ready",  # in the order in which a claim takes them: the first that fits is found without sorting the rest
        "lane",
        "id",
        "stage",
        sqlite_where=sa.text("state = 'ready'"),
        postgresql_where=sa.text("state = 'ready'"),
    ),
    sa.Index(
        "ix_job_running",
        "lease_until",
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    ),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _column("document_id", sa.Text, sa.ForeignKey("document.id"), index=True),
    _column("revision", sa.Integer),
    _column("target", sa.Text),
    _column("key", sa.Text, unique=True),
    _column("state", sa.Text),  # waiting | delivered | dead
    _column("created_at", UtcTime),
    _column("sent_at", UtcTime, nullable=True),
    _column("received_at", UtcTime, nullable=True),
    _column("receipt", Json, nullable=True),
    _column("tries", sa.Integer, server_default="0"),
    _column("next_at", UtcTime, nullable=True),
    _column("earlier", Json, nullable=True),  # receipts of copies that were returned, mended and signed again
    # After the receipt: what the target says of the document, and what it is still to be told.
    _column("status", sa.Text, nullable=True),  # edXML code 01-16
    _column("status_reason", sa.Text, nullable=True),
    _column("status_at", UtcTime, nullable=True),
    _column("look_at", UtcTime, nullable=True),
    _column("report", sa.Text, nullable=True),  # the status the sender is still owed (QĐ 12/2020 Đ10.3)
    _column("reported", sa.Text, nullable=True),
    _column("reported_at", UtcTime, nullable=True),
    _column("recall", sa.Text, nullable=True),  # owed | told
    sa.UniqueConstraint("document_id", "revision", "target"),
    sa.Index(
        "ix_outbox_look",
        "look_at",
        sqlite_where=sa.text("look_at IS NOT NULL"),
        postgresql_where=sa.text("look_at IS NOT NULL"),
    ),
    sa.Index("ix_outbox_target", "target", "state"),
)

delivery_target = sa.Table(
    "delivery_target",
    metadata,
    _column("name", sa.Text, primary_key=True),
    _column("failures", sa.Integer),  # troubles in a row
    _column("open_until", UtcTime, nullable=True),  # circuit breaker: nothing is sent before
    _column("probe_until", UtcTime, nullable=True),
    _column("pace_seconds", sa.Float),  # 0 = no limit
    _column("next_at", UtcTime, nullable=True),
    _column("last_well", UtcTime, nullable=True),
    _column("last_trouble_at", UtcTime, nullable=True),
    _column("last_trouble", sa.Text, nullable=True),
    _column("compared_at", UtcTime, nullable=True),
    _column("compared", Json, nullable=True),  # {asked, missing: […], changed: […], unbooked: […]}
)

attempt = sa.Table(
    "delivery_attempt",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _column("outbox_id", BigId, sa.ForeignKey("outbox.id"), index=True),
    _column("at", UtcTime),
    _column("worker", sa.Text),
    _column("answer", sa.Text),
    _column("outcome", sa.Text, server_default="trouble"),  # receipt | trouble | refused
    _column("request_id", sa.Text, nullable=True),
    _column("seconds", sa.Float, nullable=True),
)

alarm = sa.Table(
    "alarm",
    metadata,
    _column("document_id", sa.Text, sa.ForeignKey("document.id"), primary_key=True),
    _column("due_at", UtcTime),
    _column("rung_at", UtcTime),
    _column("told", Json),  # [{to, at}], the first who was told first
    _column("next_at", UtcTime, nullable=True),  # when the next person is told
    _column("settled_at", UtcTime, nullable=True),
    sa.Index(
        "ix_alarm_open",
        "document_id",
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    ),
)
"""Urgent documents whose clock ran out before they were at the handler's unit."""

audit = sa.Table(
    "audit",
    metadata,
    _column("seq", BigId, primary_key=True, autoincrement=False),
    _column("at", UtcTime),
    _column("actor", sa.Text),
    _column("action", sa.Text),
    _column("document_id", sa.Text, nullable=True, index=True),
    _column("version", sa.Integer, nullable=True),
    _column("data", sa.Text),  # canonical JSON, exactly the bytes that were hashed
    _column("previous", sa.Text),
    _column("hash", sa.Text),
)

audit_head = sa.Table(
    "audit_head",
    metadata,
    _column("id", sa.Integer, primary_key=True, autoincrement=False),
    _column("seq", sa.BigInteger),
    _column("hash", sa.Text),
)
"""One row: its lock makes the chain gapless on PostgreSQL; SQLite has one writer anyway."""

user = sa.Table(
    "person",
    metadata,
    _column("name", sa.Text, primary_key=True),
    _column("full_name", sa.Text),
    _column("roles", Json),  # operator, clerk, senior, van_thu, admin, auditor
    _column("password", sa.Text),  # argon2
    _column("failures", sa.Integer),
    _column("locked_until", UtcTime, nullable=True),
    _column("created_at", UtcTime),
    _column("closed_at", UtcTime, nullable=True),
)

session = sa.Table(
    "session",
    metadata,
    _column("token_hash", sa.Text, primary_key=True),
    _column("person", sa.Text, sa.ForeignKey("person.name"), index=True),
    _column("csrf", sa.Text),
    _column("created_at", UtcTime),
    _column("seen_at", UtcTime),
    _column("expires_at", UtcTime),
)

key_assignment = sa.Table(
    "key_assignment",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _column("person", sa.Text, sa.ForeignKey("person.name")),
    _column("signer", sa.Text),
    _column("decision_number", sa.Text),  # QĐ 12/2020 Đ19.3: the device is handed over in writing
    _column("valid_from", UtcTime),
    _column("valid_until", UtcTime, nullable=True),
)

sign_set = sa.Table(
    "sign_set",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _column("person", sa.Text),
    _column("created_at", UtcTime),
    _column("expires_at", UtcTime),
    _column("state", sa.Text),  # frozen | signing | done | stopped
    _column("items", Json),  # [{document_id, version, sha256, …}] as shown
    _column("results", Json),
)

timestamp_owed = sa.Table(
    "timestamp_owed",
    metadata,
    _column("document_id", sa.Text, sa.ForeignKey("document.id"), primary_key=True),
    _column("revision", sa.Integer, primary_key=True),
    _column("level", sa.Text),  # the PAdES level the profile asked for when it was signed
    _column("push_attempt", sa.Integer),  # deliveries begun before this signature; more than that: one of it was begun
    _column("state", sa.Text),  # waiting | done | impossible
    _column("since", UtcTime),
    _column("next_at", UtcTime),
    _column("tries", sa.Integer),
    _column("last_vi", sa.Text, nullable=True),
    _column("last_en", sa.Text, nullable=True),
    sa.Index(
        "ix_timestamp_owed_waiting",
        "next_at",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    ),
)
"""Signed documents whose time-stamp (or long-term evidence) was away: asked for again until it is there."""

# The desk: what people put beside a document without changing what is true of it.

postponed = sa.Table(
    "postponed",
    metadata,
    _column("document_id", sa.Text, sa.ForeignKey("document.id"), primary_key=True),
    _column("person", sa.Text),
    _column("at", UtcTime),
    _column("until", UtcTime),
    _column("reason", sa.Text),
)

sa.Index(
    "ix_document_desk",
    document.c.state,
    document.c.priority.desc(),
    document.c.due_at,
    document.c.arrived_at,
    document.c.id,
)
sa.Index("ix_document_state_arrived", document.c.state, document.c.arrived_at, document.c.id)

second_key = sa.Table(
    "second_key",
    metadata,
    _column("document_id", sa.Text, sa.ForeignKey("document.id"), primary_key=True),
    _column("version", sa.Integer),  # the version the first person confirmed
    _column("state", sa.Text, index=True),  # waiting | agreed | differs
    _column("first_by", sa.Text),
    _column("first_at", UtcTime),
    _column("fields", Json),  # what the first person confirmed, name → value
    _column("source_kind", sa.Text),
    _column("second_by", sa.Text, nullable=True),
    _column("second", Json, nullable=True),
)

rescan = sa.Table(
    "rescan",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _column("document_id", sa.Text, sa.ForeignKey("document.id"), index=True),
    _column("revision", sa.Integer),  # the revision whose page is to be scanned again
    _column("page", sa.Integer),
    _column("station", sa.Text),
    _column("reason", sa.Text),
    _column("asked_by", sa.Text),
    _column("asked_at", UtcTime),
    _column("state", sa.Text),  # open | done | dropped
    _column("done_by", sa.Text, nullable=True),
    _column("done_at", UtcTime, nullable=True),
)

api_token = sa.Table(
    "api_token",
    metadata,
    _column("token_hash", sa.Text, primary_key=True),
    _column("name", sa.Text),
    _column("station", sa.Text),  # where what it submits arrives
    _column("created_by", sa.Text),
    _column("created_at", UtcTime),
    _column("closed_at", UtcTime, nullable=True),
)

webhook = sa.Table(
    "webhook",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    _column("url", sa.Text),
    _column("secret", sa.Text),  # must be known to sign with; shown once
    _column("after_seq", sa.BigInteger),  # the last audit row that was told
    _column("failures", sa.Integer),
    _column("next_at", UtcTime),
    _column("last_answer", sa.Text, nullable=True),
    _column("created_by", sa.Text),
    _column("created_at", UtcTime),
    _column("closed_at", UtcTime, nullable=True),
)
