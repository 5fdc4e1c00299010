"""The signing act: a văn thư unlocks the token for one frozen set, and exactly what she was shown is signed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import structlog

from intake import crashpoint
from intake.errors import DocumentError, SohoaError
from intake.folder import new_attempt
from intake.model import Actor, sha256_of
from intake.plugins import load
from intake.ports import Signer, SigningSession
from intake.profile.sections import SignSection
from intake.review.signing import MarkPreview, Progress
from intake.settings import Settings
from intake.store import Store, signing
from intake.store.claim import Claim, claim, extend, folder_of, hand_back
from intake.store.fail import fail
from intake.store.finish import OutboxEntry
from intake.store.reading import whole
from intake.store.signing import FrozenSet
from workers.push.key import delivery_key
from workers.runner.run import settle
from workers.sign import stage as sign
from workers.sign.batch import FORM_OF
from workers.sign.certificate import Checked, check
from workers.sign.place import Place
from workers.tools.pki import TrustStore, load_trust

log = structlog.get_logger()


ARRIVED_SIGNED = (
    "Văn bản đến đã có chữ ký số: giữ nguyên từng byte, không đóng dấu sao.",
    "It arrived signed: it is kept byte for byte and bears no mark of a copy.",
)


class TokenDesk:
    """``intake.review.signing.SigningDesk`` over this machine's signer. The PIN lives in one call of one thread."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._lease = timedelta(seconds=settings.workers.lease_seconds)
        self._places: dict[str, dict[str, Place]] = {}
        self._progress: dict[str, Progress] = {}
        self._stops: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def preview(self, frozen: FrozenSet) -> Sequence[MarkPreview]:
        """The mark of every document of the set; its place is remembered and used as shown."""
        places: dict[str, Place] = {}
        shown = []
        for item in frozen.items:
            identifier = item["document_id"]
            section = self._section(identifier)
            folder = folder_of(self._store, str(self._settings.documents), identifier)
            if folder.facts.get("pdf", {}).get("signed_original"):
                shown.append(MarkPreview(identifier, "", (), vi=ARRIVED_SIGNED[0], en=ARRIVED_SIGNED[1]))
                continue
            try:
                lines, where = sign.preview(folder, section, self._store.clock.now())
            except DocumentError as error:
                shown.append(MarkPreview(identifier, section.form, (), possible=False, vi=error.vi, en=error.en))
                continue
            places[identifier] = where
            shown.append(MarkPreview(identifier, section.form, tuple(lines), 1, where.box, where.moved))
        self._places[frozen.id] = places
        return shown

    def start(self, set_id: str, actor: Actor, pin: str) -> None:
        """Check the person's assignment, mark the set as begun, and sign in a thread of its own."""
        signing.assignment(self._store, actor.name, self._settings.signer.plugin)
        frozen = signing.begin(self._store, set_id, actor)
        with self._lock:
            self._progress[set_id] = Progress("signing", len(frozen.items), 0)
            self._stops[set_id] = threading.Event()
        threading.Thread(target=self._sign_all, args=(frozen, actor, pin), name=f"sign-{set_id}", daemon=True).start()

    def progress(self, set_id: str) -> Progress:
        with self._lock:
            known = self._progress.get(set_id)
        if known is not None:
            return known
        frozen = signing.load(self._store, set_id)
        outcomes = {key: (value["outcome"], value["message"]) for key, value in frozen.results.items()}
        state = frozen.state if frozen.state in ("frozen", "done", "stopped") else "stopped"
        return Progress(state, len(frozen.items), len(outcomes), outcomes)  # type: ignore[arg-type]

    def stop(self, set_id: str) -> None:
        stop = self._stops.get(set_id)
        if stop is not None:
            stop.set()

    def stop_all(self) -> None:
        """The station stops: the document being signed is finished, the others wait again."""
        for stop in list(self._stops.values()):
            stop.set()

    def _sign_all(self, frozen: FrozenSet, actor: Actor, pin: str) -> None:
        state = "stopped"
        vi, en = (
            "Đợt ký dừng vì lỗi phần mềm; văn bản chưa ký chờ đợt sau. Hãy báo quản trị.",
            "The set stopped on a fault of the software; what is unsigned waits. Tell the administrator.",
        )
        try:
            self._settings.before_signer()
            signer: Signer = load("sohoa.signers", self._settings.signer.plugin)(**self._settings.signer.options)
            trust = load_trust(self._settings.trust_folder)
            with signer.open(pin) as session:
                stopped = self._sign_each(frozen, actor, session, trust)
            state, vi, en = ("stopped" if stopped else "done"), "", ""
        except SohoaError as error:
            # PIN, token, certificate: nothing more can be signed now; what was signed stays signed.
            state = "stopped" if self.progress(frozen.id).finished else "frozen"
            vi, en = error.vi, error.en
            log.warning("signing stopped", set=frozen.id, reason=type(error).__name__)
        finally:
            signing.end(self._store, frozen.id, actor, state)
            shown = "refused" if state == "frozen" else state
            with self._lock:
                last = self._progress[frozen.id]
                self._progress[frozen.id] = replace(last, state=shown, vi=vi, en=en)  # type: ignore[arg-type]

    def _sign_each(self, frozen: FrozenSet, actor: Actor, session: SigningSession, trust: TrustStore) -> bool:
        """Document after document; True when the person stopped it before the end."""
        checked: dict[str, Checked] = {}
        for item in frozen.items:
            if self._stops[frozen.id].is_set():
                return True
            outcome, message = self._sign_one(frozen, item, actor, session, trust, checked)
            signing.note(self._store, frozen.id, item["document_id"], outcome, message)
            self._advance(frozen.id, item["document_id"], outcome, message)
        return False

    def _advance(self, set_id: str, document_id: str, outcome: str, message: str) -> None:
        with self._lock:
            last = self._progress[set_id]
            self._progress[set_id] = replace(
                last, finished=last.finished + 1, outcomes={**last.outcomes, document_id: (outcome, message)}
            )

    def _sign_one(
        self,
        frozen: FrozenSet,
        item: Mapping[str, object],
        actor: Actor,
        session: SigningSession,
        trust: TrustStore,
        checked: dict[str, Checked],
    ) -> tuple[str, str]:
        identifier = str(item["document_id"])
        changed = (
            "changed",
            "Văn bản đã thay đổi sau khi được hiển thị; không ký. / It changed after it was shown; not signed.",
        )
        if whole(self._store, identifier).version != item["version"]:
            return changed
        claimed = claim(
            self._store,
            f"sign:{actor.name}",
            str(self._settings.documents),
            stages={"sign"},
            lease=self._lease,
            document_id=identifier,
        )
        if claimed is None:
            return changed
        if sha256_of(claimed.folder.of("pdf") / "document.pdf") != item["sha256"]:
            hand_back(self._store, claimed)
            return changed
        try:
            with self._lease_kept(claimed):
                self._sign_claimed(frozen, claimed, actor, session, trust, checked)
        except DocumentError as error:
            fail(self._store, claimed, error, actor=actor)
            return "failed", f"{error.vi} / {error.en}"
        except SohoaError:
            hand_back(self._store, claimed)
            raise
        except BaseException:
            with suppress(SohoaError):
                hand_back(self._store, claimed)
            raise
        return "signed", ""

    @contextmanager
    def _lease_kept(self, claimed: Claim) -> Iterator[None]:
        """A time-stamp authority may take minutes; a power cut must not keep the document waiting as long."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(self._lease.total_seconds() / 3):
                with suppress(SohoaError):
                    extend(self._store, claimed, self._lease)

        thread = threading.Thread(target=beat, name=f"lease-{claimed.document_id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _sign_claimed(
        self,
        frozen: FrozenSet,
        claimed: Claim,
        actor: Actor,
        session: SigningSession,
        trust: TrustStore,
        checked: dict[str, Checked],
    ) -> None:
        profile = self._settings.profile_of(claimed.profile)
        section = self._section(claimed.document_id)
        now = self._store.clock.now()
        if claimed.profile not in checked:
            checked[claimed.profile] = check(session, section, trust, now, self._settings.signer.demo)
        out = new_attempt(claimed.folder.root, "sign", claimed.attempt)
        result = sign.run(
            claimed.folder,
            section,
            out,
            signer=session,
            now=now,
            trust=trust,
            demo_allowed=self._settings.signer.demo,
            checked=checked[claimed.profile],
            where=self._places.get(frozen.id, {}).get(claimed.document_id),
        )
        crashpoint.reached("sign.after")
        sha256 = str(result.facts["sha256"])
        owed = [
            OutboxEntry(t.name, delivery_key(t.name, claimed.document_id, claimed.revision, sha256))
            for t in profile.push.target
        ]
        settle(self._store, claimed, result, actor=actor, owed=owed)

    def _section(self, document_id: str) -> SignSection:
        """The profile's section with the form of copy that this paper allows."""
        found = whole(self._store, document_id)
        section = self._settings.profile_of(str(found.row["profile"])).sign
        kind = str(found.published.get("review", {}).get("facts", {}).get("source_kind", "bản chính"))
        return (
            section.model_copy(update={"form": FORM_OF.get(kind, section.form)}) if section.form == "SAO Y" else section
        )
