"""People and their sessions: who may sit at the desk, proven by password, ended by the clock.

Passwords are kept as argon2id, session tokens only as SHA-256, so the database opens no door by itself. A closed
account keeps its name and history (QĐ 12/2020/QĐ-UBND Đ29.10) and never comes back under another person.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from intake.errors import NotAllowed, OperatorError
from intake.model import Actor
from intake.spelling import nfc
from intake.store import audit
from intake.store.engine import Store
from intake.store.schema import session, user

ROLES = ("operator", "clerk", "senior", "van_thu", "admin", "auditor")
PASSWORD_MIN = 10
"""characters"""
FAILURES_MAX = 5
"""wrong passwords in a row before the account rests"""
LOCK_FIRST = timedelta(minutes=5)
LOCK_LONGEST = timedelta(hours=4)
IDLE = timedelta(minutes=45)
"""a session nobody touched for so long is over: the desk stands in a room others walk through"""
LONGEST = timedelta(hours=12)
"""one working day with overtime"""
TOUCH = timedelta(seconds=30)
"""how exact ``seen_at`` is: not every request needs a write"""

_VIETNAM = timezone(timedelta(hours=7))
"""fixed since 1975, no summer time"""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Person:
    """One account. ``roles`` in the order of ROLES."""

    name: str
    full_name: str
    roles: tuple[str, ...]
    locked_until: datetime | None
    created_at: datetime
    closed_at: datetime | None

    def has(self, *roles: str) -> bool:
        return any(role in self.roles for role in roles)

    def acting(self, allowed: Collection[str]) -> Actor:
        """This person in the first of her roles that is ``allowed``, else in her first role (and will be refused)."""
        role = next((role for role in self.roles if role in allowed), self.roles[0] if self.roles else "none")
        return Actor(self.name, role)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser: ``key`` names the session without being its token."""

    person: Person
    csrf: str
    key: str
    expires_at: datetime


def add(store: Store, name: str, full_name: str, roles: Collection[str], password: str, by: Actor) -> Person:
    """A new account. OperatorError: the name is taken (closed accounts keep theirs), wrong roles, weak password."""
    if not _NAME.fullmatch(name):
        raise OperatorError(
            f"Tên đăng nhập «{name}» không hợp lệ: 2–40 chữ thường không dấu, chữ số, dấu chấm hoặc gạch.",
            f"User name «{name}» is not valid: 2–40 lower-case letters without marks, digits, dots or dashes.",
        )
    kept = _known_roles(roles)
    secret = _hashed(name, password)
    with store.write() as connection:
        now = store.clock.now()
        if connection.execute(sa.select(user.c.name).where(user.c.name == name)).one_or_none():
            raise OperatorError(
                f"Tên đăng nhập «{name}» đã dùng (kể cả tài khoản đã đóng); hãy chọn tên khác.",
                f"User name «{name}» is taken (closed accounts keep theirs); choose another.",
            )
        connection.execute(
            user.insert().values(
                name=name,
                full_name=nfc(full_name).strip() or name,
                roles=list(kept),
                password=secret,
                failures=0,
                created_at=now,
            )
        )
        audit.append(connection, now, by, "person.added", None, None, {"person": name, "roles": list(kept)})
    return find(store, name)


def find(store: Store, name: str) -> Person:
    """One account; OperatorError when there is none."""
    with store.read() as connection:
        row = connection.execute(sa.select(user).where(user.c.name == name)).mappings().one_or_none()
    if row is None:
        raise OperatorError(f"Không có người dùng «{name}».", f"There is no user «{name}».")
    return _person(row)


def everyone(store: Store) -> list[Person]:
    """All accounts, open ones first."""
    with store.read() as connection:
        rows = connection.execute(sa.select(user).order_by(user.c.closed_at.is_not(None), user.c.name)).mappings()
        return [_person(row) for row in rows]


def set_roles(store: Store, name: str, roles: Collection[str], by: Actor) -> None:
    """Other roles; open sessions see them with their next click."""
    kept = _known_roles(roles)
    _change(store, name, {"roles": list(kept)}, by, "person.roles", {"roles": list(kept)})


def set_password(store: Store, name: str, password: str, by: Actor) -> None:
    """A new password; it unlocks the account and ends its sessions."""
    _change(
        store, name, {"password": _hashed(name, password), "failures": 0, "locked_until": None}, by, "person.password"
    )


def close(store: Store, name: str, by: Actor) -> None:
    """Close on transfer or leave (Đ29.10): no sign-in ever again, the history stays."""
    find(store, name)
    _change(store, name, {"closed_at": store.clock.now()}, by, "person.closed")


def unlock(store: Store, name: str, by: Actor) -> None:
    """End a lock-out before its time."""
    _change(store, name, {"failures": 0, "locked_until": None}, by, "person.unlocked")


def sign_in(store: Store, name: str, password: str, *, address: str = "") -> tuple[str, Session]:
    """Check the password and open a session: (token for the cookie, session).

    Five wrong passwords in a row lock the account for 5 minutes, each further one doubles it (4 hours at most).
    The same answer for a wrong name and a wrong password, in the same time.
    """
    with store.read() as connection:
        row = connection.execute(sa.select(user).where(user.c.name == name)).mappings().one_or_none()
    right = _matches(row["password"] if row else _NOBODY, password)
    if row is None or row["closed_at"] is not None:
        raise _wrong()
    now = store.clock.now()
    if row["locked_until"] is not None and row["locked_until"] > now:
        raise _locked(row["locked_until"])
    if not right:
        _count_failure(store, name, address)
        raise _wrong()
    values: dict[str, object] = {"failures": 0, "locked_until": None}
    if _HASHER.check_needs_rehash(row["password"]):
        values["password"] = _HASHER.hash(password)
    with store.write() as connection:
        connection.execute(user.update().where(user.c.name == name).values(**values))
        return _opened(connection, row, now, {"address": address})


def sign_in_by(store: Store, name: str, issuer: str, *, address: str = "") -> tuple[str, Session]:
    """Open a session for whom an identity provider vouches. Account and roles are ours: who has no open account here
    does not come in, whatever the provider says."""
    with store.write() as connection:
        query = sa.select(user).where(user.c.name == name, user.c.closed_at.is_(None))
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NotAllowed(
                f"«{name}» chưa có tài khoản đang mở ở bàn kiểm tra này; hãy nhờ quản trị tạo.",
                f"«{name}» has no open account at this desk; ask the administrator for one.",
            )
        return _opened(connection, row, store.clock.now(), {"address": address, "by": issuer})


def _opened(
    connection: sa.Connection, row: sa.RowMapping, now: datetime, data: dict[str, object]
) -> tuple[str, Session]:
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    key, name = _key(token), row["name"]
    connection.execute(session.delete().where(session.c.expires_at < now))
    connection.execute(
        session.insert().values(
            token_hash=key, person=name, csrf=csrf, created_at=now, seen_at=now, expires_at=now + LONGEST
        )
    )
    audit.append(connection, now, Actor(name, "person"), "signed_in", None, None, data)
    return token, Session(_person(row), csrf, key, now + LONGEST)


def proves(store: Store, name: str, password: str) -> bool:
    """The password is this open account's (a wrong one counts towards the lock-out)."""
    with store.read() as connection:
        secret = connection.execute(
            sa.select(user.c.password).where(user.c.name == name, user.c.closed_at.is_(None))
        ).scalar_one_or_none()
    if secret is not None and _matches(secret, password):
        return True
    if secret is not None:
        _count_failure(store, name, "")
    return False


def session_of(store: Store, token: str) -> Session | None:
    """The live session behind a cookie: not idle, not past its end, its account open."""
    key = _key(token)
    with store.read() as connection:
        row = (
            connection.execute(
                sa.select(session, user)
                .join(user, user.c.name == session.c.person)
                .where(session.c.token_hash == key, user.c.closed_at.is_(None))
            )
            .mappings()
            .one_or_none()
        )
    now = store.clock.now()
    if row is None or row[session.c.expires_at] <= now or row[session.c.seen_at] + IDLE <= now:
        return None
    person = Person(
        row[user.c.name],
        row[user.c.full_name],
        tuple(row[user.c.roles]),
        row[user.c.locked_until],
        row[user.c.created_at],
        row[user.c.closed_at],
    )
    return Session(person, row[session.c.csrf], key, row[session.c.expires_at])


def touch(store: Store, key: str) -> None:
    """The person did something: the idle clock starts anew. Polling by an open page does not count."""
    now = store.clock.now()
    with store.read() as connection:
        seen = connection.execute(sa.select(session.c.seen_at).where(session.c.token_hash == key)).scalar_one_or_none()
    if seen is None or seen + TOUCH > now:
        return
    with store.write() as connection:
        connection.execute(session.update().where(session.c.token_hash == key).values(seen_at=now))


def sign_out(store: Store, held: Session) -> None:
    """End one session."""
    with store.write() as connection:
        connection.execute(session.delete().where(session.c.token_hash == held.key))
        audit.append(connection, store.clock.now(), Actor(held.person.name, "person"), "signed_out")


def _change(
    store: Store, name: str, values: dict[str, object], by: Actor, action: str, data: dict[str, object] | None = None
) -> None:
    with store.write() as connection:
        changed = connection.execute(
            user.update().where(user.c.name == name, user.c.closed_at.is_(None)).values(**values)
        )
        if changed.rowcount != 1:
            raise OperatorError(
                f"Không có tài khoản đang mở tên «{name}».", f"There is no open account named «{name}»."
            )
        if action in ("person.password", "person.closed"):
            connection.execute(session.delete().where(session.c.person == name))
        audit.append(connection, store.clock.now(), by, action, None, None, {"person": name, **(data or {})})


def _count_failure(store: Store, name: str, address: str) -> None:
    with store.write() as connection:
        now = store.clock.now()
        failures = (
            connection.execute(sa.select(user.c.failures).where(user.c.name == name).with_for_update()).scalar_one() + 1
        )
        rest = None
        if failures >= FAILURES_MAX:
            rest = now + min(LOCK_FIRST * 2 ** min(failures - FAILURES_MAX, 10), LOCK_LONGEST)
        connection.execute(user.update().where(user.c.name == name).values(failures=failures, locked_until=rest))
        audit.append(
            connection,
            now,
            Actor(name, "person"),
            "sign_in.locked" if rest else "sign_in.failed",
            None,
            None,
            {"address": address, "failures": failures},
        )


def _known_roles(roles: Collection[str]) -> tuple[str, ...]:
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        raise OperatorError(
            f"Vai trò không hợp lệ: {', '.join(unknown) or '–'}; hãy chọn trong {', '.join(ROLES)}.",
            f"Not a role: {', '.join(unknown) or '–'}; choose among {', '.join(ROLES)}.",
        )
    if "auditor" in roles and len(set(roles)) > 1:
        raise OperatorError(
            "Kiểm tra viên chỉ được xem, không giữ vai trò nào khác.",
            "An auditor only reads and holds no other role.",
        )
    return tuple(role for role in ROLES if role in roles)


def _hashed(name: str, password: str) -> str:
    if len(password) < PASSWORD_MIN or password.casefold() == name:
        raise OperatorError(
            f"Mật khẩu phải có ít nhất {PASSWORD_MIN} ký tự và khác tên đăng nhập.",
            f"A password has at least {PASSWORD_MIN} characters and is not the user name.",
        )
    return _HASHER.hash(nfc(password))


def _matches(secret: str, password: str) -> bool:
    try:
        return _HASHER.verify(secret, nfc(password))
    except (VerificationError, InvalidHashError):
        return False


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _person(row: sa.RowMapping) -> Person:
    return Person(
        row["name"],
        row["full_name"],
        tuple(row["roles"]),
        row["locked_until"],
        row["created_at"],
        row["closed_at"],
    )


def _wrong() -> NotAllowed:
    return NotAllowed("Tên đăng nhập hoặc mật khẩu không đúng.", "The user name or the password is wrong.")


def _locked(until: datetime) -> NotAllowed:
    local = until.astimezone(_VIETNAM)
    return NotAllowed(
        f"Tài khoản tạm khóa vì nhập sai mật khẩu nhiều lần; thử lại sau {local:%H:%M ngày %d/%m}, "
        "hoặc nhờ quản trị mở khóa.",
        f"The account is locked after too many wrong passwords; try again after {local:%H:%M on %d/%m}, "
        "or ask the administrator to unlock it.",
    )
