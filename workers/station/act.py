"""One frozen set while it is being signed: its claims and leases, what is published, and the person who is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from intake import crashpoint
from intake.errors import DocumentError, EnvironmentTrouble, OperatorError, SohoaError
from intake.folder import DocumentFolder, new_attempt
from intake.model import Actor, StageResult, sha256_of
from intake.ports import SigningSession
from intake.profile import Profile
from intake.settings import Settings
from intake.store import Store, signing
from intake.store.claim import Claim, claim, extend, hand_back
from intake.store.fail import fail
from intake.store.outbox import OutboxEntry
from intake.store.reading import whole
from intake.store.signing import FrozenSet
from workers.push.key import delivery_key
from workers.runner.run import settle
from workers.sign import batch
from workers.sign.batch import Changed, Outcome, Shown
from workers.tools.pki import TrustStore

ANSWER_SECONDS = 300.0
"""A key that wants the PIN again waits this long for the person; then the rest of the set waits for another one"""

Told = Callable[[str, str, str], None]
"""document id, outcome, message → what the page shows"""


class Stopped(OperatorError):
    """The person stopped the set while she was asked for her PIN."""


class Act:
    """Claims a document when it is prepared, publishes it when it is proven, gives back what was not signed."""

    def __init__(self, store: Store, settings: Settings, frozen: FrozenSet, actor: Actor, told: Told) -> None:
        self._store, self._settings, self._frozen, self._actor, self._told = store, settings, frozen, actor, told
        self._items = {str(item["document_id"]): item for item in frozen.items}
        self._claims: dict[str, Claim] = {}
        self._profiles: dict[str, Profile] = {}
        self._lease = timedelta(seconds=settings.workers.lease_seconds)
        self._lock = threading.Lock()
        self.stop = threading.Event()
        self._answered = threading.Condition()
        self._answer: str | None = None
        self.asking = False

    def run(
        self,
        ready: batch.FrozenSet,
        refused: Mapping[str, DocumentError],
        session: SigningSession,
        trust: TrustStore,
    ) -> None:
        """Sign the set. Raises what ended it early (token, PIN, disk); what was not signed waits again.

        ``refused``: documents whose preview said that they cannot be signed; each is held with its reason.
        """
        trouble: SohoaError | None = None
        with self._leases_kept():
            try:
                signing_now = batch.sign_set(
                    ready,
                    session,
                    trust=trust,
                    now=self._store.clock.now,
                    out=self._out,
                    current=self._take,
                    published=self._publish,
                    stop=self.stop.is_set,
                    demo_allowed=self._settings.signer.demo,
                )
                with closing(signing_now) as outcomes:
                    for outcome in outcomes:
                        trouble = self._ended(outcome) or trouble
                for identifier, error in refused.items():
                    if not self.stop.is_set():
                        self._refuse(identifier, error)
            finally:
                for left in list(self._claims):
                    self._give_back(left)
        if trouble is not None and not isinstance(trouble, Stopped):
            raise trouble

    def ask(self) -> str:
        """The PIN for one more signature, from the person at the page. Called in the thread that holds the token."""
        with self._answered:
            self._answer, self.asking = None, True
            try:
                self._answered.wait_for(lambda: self._answer is not None or self.stop.is_set(), ANSWER_SECONDS)
                answer, self._answer = self._answer, None
            finally:
                self.asking = False
        if answer is not None:
            return answer
        if self.stop.is_set():
            raise Stopped("Đã dừng; văn bản chưa ký chờ đợt sau.", "Stopped; what is unsigned waits.")
        raise OperatorError(
            "Không có ai nhập PIN cho chữ ký tiếp theo. Đợt ký dừng; văn bản chưa ký chờ đợt sau.",
            "Nobody entered the PIN for the next signature. The set stops; what is unsigned waits.",
        )

    def answer(self, pin: str) -> None:
        """The person typed it; OperatorError when nobody asked."""
        with self._answered:
            if not self.asking:
                raise OperatorError("Thiết bị ký không hỏi mã PIN lúc này.", "The device asks for no PIN now.")
            self._answer, self.asking = pin, False
            self._answered.notify_all()

    def halt(self) -> None:
        self.stop.set()
        with self._answered:
            self._answered.notify_all()

    def _take(self, document_id: str) -> DocumentFolder:
        item = self._items[document_id]
        if whole(self._store, document_id).version != item["version"]:
            raise _changed(document_id)
        claimed = claim(
            self._store,
            f"sign:{self._actor.name}",
            str(self._settings.documents),
            stages={"sign"},
            lease=self._lease,
            document_id=document_id,
        )
        if claimed is None:
            raise _changed(document_id)
        with self._lock:
            self._claims[document_id] = claimed
        if sha256_of(claimed.folder.of("pdf") / "document.pdf") != item["sha256"]:
            raise _changed(document_id)
        return as_confirmed(claimed.folder, item)

    def _out(self, document: DocumentFolder) -> Path:
        return new_attempt(document.root, "sign", self._claims[document.document_id].attempt)

    def _publish(self, shown: Shown, result: StageResult) -> None:
        """Beside the token: make a proven document true."""
        claimed = self._claims[shown.document.document_id]
        crashpoint.reached("sign.after")
        sha256 = str(result.facts["sha256"])
        profile = self._profile(claimed.profile)
        owed = [
            OutboxEntry(t.name, delivery_key(t.name, claimed.document_id, claimed.revision, sha256), t.per_minute)
            for t in profile.push.target
        ]
        wait = timedelta(hours=profile.sign.timestamp_wait_hours)
        try:
            settle(self._store, claimed, result, actor=self._actor, owed=owed, timestamp_wait=wait)
        except OSError as error:
            raise EnvironmentTrouble(
                f"Không ghi được vào đĩa: {error.strerror}. Hãy kiểm tra dung lượng và quyền; văn bản chưa ký vẫn chờ.",
                f"The disk cannot be written: {error.strerror}. Check space and permissions; what is unsigned waits.",
            ) from error
        with self._lock:
            del self._claims[claimed.document_id]
        signing.note(self._store, self._frozen.id, claimed.document_id, "signed", signed=sha256)
        self._told(claimed.document_id, "signed", "")

    def _ended(self, outcome: Outcome) -> SohoaError | None:
        """Note what was not signed; the trouble that must end the set, if it is one."""
        error, identifier = outcome.error, outcome.shown.document.document_id
        if error is None:
            return None
        if not isinstance(error, DocumentError):
            self.stop.set()
            self._give_back(identifier)
            return error
        with self._lock:
            claimed = self._claims.pop(identifier, None)
        self._not_signed(identifier, claimed, error)
        return None

    def _refuse(self, identifier: str, error: DocumentError) -> None:
        try:
            self._take(identifier)
        except Changed as changed:
            error = changed
        with self._lock:
            claimed = self._claims.pop(identifier, None)
        self._not_signed(identifier, claimed, error)

    def _not_signed(self, identifier: str, claimed: Claim | None, error: DocumentError) -> None:
        """A document that changed waits again; one that cannot be signed is held with the reason."""
        kind, message = "changed" if isinstance(error, Changed) else "failed", f"{error.vi} / {error.en}"
        if claimed is not None and kind == "changed":
            hand_back(self._store, claimed)
        elif claimed is not None:
            fail(self._store, claimed, error, actor=self._actor)
        signing.note(self._store, self._frozen.id, identifier, kind, message)
        self._told(identifier, kind, message)

    def _give_back(self, document_id: str) -> None:
        with self._lock:
            claimed = self._claims.pop(document_id, None)
        if claimed is not None:
            hand_back(self._store, claimed)

    def _profile(self, name: str) -> Profile:
        with self._lock:
            if name not in self._profiles:
                self._profiles[name] = self._settings.profile_of(name)
            return self._profiles[name]

    @contextmanager
    def _leases_kept(self) -> Iterator[None]:
        """A time-stamp authority may take minutes; a power cut must not keep the documents waiting as long."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self._lease.total_seconds() / 3):
                with self._lock:
                    held = list(self._claims.values())
                for claimed in held:
                    with suppress(SohoaError):
                        extend(self._store, claimed, self._lease)

        thread = threading.Thread(target=beat, name=f"lease-{self._frozen.id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def as_confirmed(folder: DocumentFolder, item: Mapping[str, Any]) -> DocumentFolder:
    """The document with what the văn thư herself confirmed the paper to be."""
    if not item.get("source_kind"):
        return folder
    review = {**folder.facts.get("review", {}), "source_kind": item["source_kind"]}
    return replace(folder, facts={**folder.facts, "review": review})


def _changed(document_id: str) -> Changed:
    return Changed(
        f"Hồ sơ {document_id} đã thay đổi sau khi được hiển thị; không ký. Hãy lập đợt mới.",
        f"Document {document_id} changed after it was shown; not signed. Make a new set.",
    )
