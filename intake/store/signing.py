"""The signing act's memory: who may sign, the frozen set she was shown, and what became of each document."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from intake.errors import NotAllowed, OperatorError, StaleVersion
from intake.model import COPY_FORMS, Actor
from intake.states import State
from intake.store import audit
from intake.store.engine import Store
from intake.store.schema import document, key_assignment, published, sign_set


@dataclass(frozen=True, slots=True)
class KeyAssignment:
    """The device in a person's hands, in writing (QĐ 12/2020 Đ19.3); ``valid_until`` None = until it is returned."""

    decision_number: str
    valid_from: datetime
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the văn thư confirms the paper to be, and the form of copy she chooses."""

    source_kind: str
    form: str


@dataclass(frozen=True, slots=True)
class FrozenSet:
    """What the văn thư was shown: each item has document_id, version, sha256 of the PDF, pages, the fields, and the
    ``source_kind`` and ``form`` she chose (empty: as reviewed)."""

    id: str
    person: str
    expires_at: datetime
    items: tuple[Mapping[str, Any], ...]
    state: str
    results: Mapping[str, Any]


def assign_key(
    store: Store, person: str, signer: str, decision_number: str, valid_until: datetime | None, by: Actor
) -> None:
    """Hand the organisation's key device over to a văn thư, in writing (QĐ 12/2020 Đ19.3)."""
    if not decision_number.strip():
        raise OperatorError(
            "Phải ghi số quyết định giao thiết bị lưu khóa bí mật.",
            "The number of the decision that hands over the key device must be given.",
        )
    with store.write() as connection:
        now = store.clock.now()
        connection.execute(
            key_assignment.insert().values(
                person=person, signer=signer, decision_number=decision_number, valid_from=now, valid_until=valid_until
            )
        )
        audit.append(
            connection,
            now,
            by,
            "key.assigned",
            None,
            None,
            {"person": person, "signer": signer, "decision": decision_number},
        )


def return_key(store: Store, person: str, signer: str, by: Actor) -> None:
    """The device was handed back: from now on ``person`` cannot sign with it. NotAllowed when she does not hold it."""
    held = assignment(store, person, signer)
    with store.write() as connection:
        now = store.clock.now()
        connection.execute(
            key_assignment.update()
            .where(
                key_assignment.c.person == person,
                key_assignment.c.signer == signer,
                sa.or_(key_assignment.c.valid_until.is_(None), key_assignment.c.valid_until > now),
            )
            .values(valid_until=now)
        )
        told = {"person": person, "signer": signer, "decision": held.decision_number}
        audit.append(connection, now, by, "key.returned", None, None, told)


def assignment(store: Store, person: str, signer: str) -> KeyAssignment:
    """Under which decision ``person`` holds the device; NotAllowed when there is none in force."""
    with store.read() as connection:
        now = store.clock.now()
        found = connection.execute(
            sa.select(key_assignment.c.decision_number, key_assignment.c.valid_from, key_assignment.c.valid_until)
            .where(
                key_assignment.c.person == person,
                key_assignment.c.signer == signer,
                key_assignment.c.valid_from <= now,
                sa.or_(key_assignment.c.valid_until.is_(None), key_assignment.c.valid_until > now),
            )
            .order_by(key_assignment.c.id.desc())
            .limit(1)
        ).one_or_none()
    if found is None:
        raise NotAllowed(
            f"{person} chưa được giao thiết bị ký «{signer}» (QĐ 12/2020 Đ19.3). Quản trị: sohoa user assign-key.",
            f"{person} has not been assigned signing device «{signer}» (Decision 12/2020 Art. 19.3). "
            "Administrator: sohoa user assign-key.",
        )
    return KeyAssignment(*found)


def freeze(
    store: Store,
    actor: Actor,
    document_ids: Sequence[str],
    *,
    cap: int,
    chosen: Mapping[str, Chosen] | None = None,
    valid_for: timedelta = timedelta(minutes=10),
) -> FrozenSet:
    """Freeze the set shown to the văn thư. ``cap`` documents at most for one PIN entry; ``chosen``: what she says each
    paper is and the form of its copy (without: what the review says). The audit chain keeps hash and choice of each.
    """
    if actor.role != "van_thu":
        raise NotAllowed(
            "Chỉ văn thư được giao thiết bị mới được ký (NĐ 30/2020 Đ32.2.c).",
            "Only the văn thư who holds the device may sign (Decree 30/2020 Art. 32.2.c).",
        )
    if not 1 <= len(document_ids) <= cap:
        raise OperatorError(
            f"Mỗi lần nhập PIN ký từ 1 đến {cap} văn bản; đã chọn {len(document_ids)}.",
            f"One PIN entry signs 1 to {cap} documents; {len(document_ids)} were chosen.",
        )
    for document_id, one in (chosen or {}).items():
        if one.form not in COPY_FORMS.get(one.source_kind, ()):
            raise OperatorError(
                f"Hồ sơ {document_id}: giấy là «{one.source_kind}» thì không sao theo hình thức «{one.form}» "
                "(NĐ 30/2020 Đ3.10–3.12).",
                f"Document {document_id}: from «{one.source_kind}» there is no copy in the form «{one.form}» (Decree "
                "30/2020 Art. 3.10–3.12).",
            )
    with store.write() as connection:
        now = store.clock.now()
        items = [_item(connection, each, (chosen or {}).get(each)) for each in document_ids]
        identifier = f"{now:%Y%m%d}-{secrets.token_hex(5)}"
        connection.execute(
            sign_set.insert().values(
                id=identifier,
                person=actor.name,
                created_at=now,
                expires_at=now + valid_for,
                state="frozen",
                items=items,
                results={},
            )
        )
        audit.append(
            connection,
            now,
            actor,
            "sign.frozen",
            None,
            None,
            {
                "set": identifier,
                "hashes": {item["document_id"]: item["sha256"] for item in items},
                "fields": {item["document_id"]: fields_digest(item["fields"]) for item in items},
                "forms": {item["document_id"]: [item["source_kind"], item["form"]] for item in items},
            },
        )
    return FrozenSet(identifier, actor.name, now + valid_for, tuple(items), "frozen", {})


def fields_digest(fields: Mapping[str, Any]) -> str:
    """SHA-256 over the confirmed fields: the chain proves them without telling them."""
    text = json.dumps(dict(fields), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _item(connection: sa.Connection, document_id: str, chosen: Chosen | None) -> dict[str, Any]:
    row = connection.execute(sa.select(document).where(document.c.id == document_id)).mappings().one_or_none()
    if row is None or State(row["state"]) is not State.APPROVED:
        raise StaleVersion(
            f"Hồ sơ {document_id} không còn chờ ký. Hãy tải lại danh sách.",
            f"Document {document_id} no longer waits for a signature. Load the list again.",
        )
    facts = connection.execute(
        sa.select(published.c.facts).where(
            published.c.document_id == document_id, published.c.revision == row["revision"], published.c.stage == "pdf"
        )
    ).scalar_one()
    return {
        "document_id": document_id,
        "version": row["version"],
        "sha256": facts["sha256"],
        "pages": row["pages"],
        "fields": row["confirmed"],
        "source_kind": chosen.source_kind if chosen else "",
        "form": chosen.form if chosen else "",
    }


def load(store: Store, set_id: str) -> FrozenSet:
    with store.read() as connection:
        row = connection.execute(sa.select(sign_set).where(sign_set.c.id == set_id)).mappings().one_or_none()
    if row is None:
        raise OperatorError(f"Không có đợt ký {set_id}.", f"There is no signing set {set_id}.")
    return FrozenSet(row["id"], row["person"], row["expires_at"], tuple(row["items"]), row["state"], row["results"])


def begin(store: Store, set_id: str, actor: Actor) -> FrozenSet:
    """The PIN was given: frozen → signing, once, by the person who froze it, before it expires."""
    frozen = load(store, set_id)
    with store.write() as connection:
        now = store.clock.now()
        changed = connection.execute(
            sign_set.update()
            .where(
                sign_set.c.id == set_id,
                sign_set.c.state == "frozen",
                sign_set.c.person == actor.name,
                sign_set.c.expires_at > now,
            )
            .values(state="signing")
        )
        if changed.rowcount != 1:
            raise StaleVersion(
                f"Đợt ký {set_id} đã hết hạn, đã ký hoặc của người khác. Hãy lập đợt mới.",
                f"Signing set {set_id} has expired, was used, or is another person's. Make a new one.",
            )
        audit.append(connection, now, actor, "sign.begun", None, None, {"set": set_id})
    return frozen


def note(
    store: Store, set_id: str, document_id: str, outcome: str, message: str = "", signed: str | None = None
) -> None:
    """What became of one document: ``signed`` (then ``signed`` is the file's SHA-256), ``changed`` or ``failed``."""
    with store.write() as connection:
        row = connection.execute(sa.select(sign_set.c.results).where(sign_set.c.id == set_id).with_for_update()).one()
        results = {**row.results, document_id: {"outcome": outcome, "message": message, "sha256": signed}}
        connection.execute(sign_set.update().where(sign_set.c.id == set_id).values(results=results))


def end(store: Store, set_id: str, actor: Actor, state: str) -> None:
    """signing → ``done`` or ``stopped``; a stopped set's unsigned documents simply wait again.

    A set whose PIN was wrong goes back to ``frozen``: nothing was signed. The audit row tells for each document what
    became of it and the hash of the signed file; ``sign.frozen`` of the same set told the hash that was shown.
    """
    with store.write() as connection:
        now = store.clock.now()
        connection.execute(
            sign_set.update().where(sign_set.c.id == set_id, sign_set.c.state == "signing").values(state=state)
        )
        results = connection.execute(sa.select(sign_set.c.results).where(sign_set.c.id == set_id)).scalar_one()
        audit.append(
            connection,
            now,
            actor,
            f"sign.{state}",
            None,
            None,
            {
                "set": set_id,
                "outcomes": {key: value["outcome"] for key, value in results.items()},
                "signed": {key: value["sha256"] for key, value in results.items() if value.get("sha256")},
            },
        )
