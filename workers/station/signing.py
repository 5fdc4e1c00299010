"""The signing act: a văn thư unlocks the token for one frozen set, and exactly what she was shown is signed."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import Any

import structlog

from intake.errors import DocumentError, OperatorError, SohoaError
from intake.folder import DocumentFolder
from intake.model import COPY_FORMS, Actor
from intake.plugins import load
from intake.ports import Signer
from intake.profile.sections import SignSection
from intake.review.signing import MarkPreview, Progress
from intake.settings import Settings
from intake.store import Store, signing
from intake.store.claim import folder_of
from intake.store.reading import whole
from intake.store.signing import FrozenSet
from workers.sign import batch
from workers.sign.batch import Shown
from workers.sign.mark import signing_time
from workers.station.act import Act, as_confirmed
from workers.tools.nocore import no_core
from workers.tools.pki import load_trust

log = structlog.get_logger()

ARRIVED_SIGNED = (
    "Văn bản đến đã có chữ ký số: giữ nguyên từng byte, không đóng dấu sao.",
    "It arrived signed: it is kept byte for byte and bears no mark of a copy.",
)
TIME_OPEN = "(thời điểm ký)"
LOOKED_MOST = 20


@dataclass(frozen=True)
class _Looked:
    """A set as the person was shown it at ``now``; ``refused``: what cannot be signed, and why."""

    now: datetime
    ready: batch.FrozenSet
    refused: Mapping[str, DocumentError]


class TokenDesk:
    """``intake.review.signing.SigningDesk`` over this machine's signer. The PIN lives in one call of one thread."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._looked: dict[str, _Looked] = {}
        self._progress: dict[str, Progress] = {}
        self._acts: dict[str, Act] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def preview(self, frozen: FrozenSet) -> Sequence[MarkPreview]:
        """The mark of every document of the set; its place is remembered and used as shown."""
        looked = self._look(frozen)
        marks = {one.document.document_id: _previewed(one, looked.now) for one in looked.ready.items}
        for identifier, error in looked.refused.items():
            marks[identifier] = MarkPreview(identifier, "", (), possible=False, vi=error.vi, en=error.en)
        return [marks[str(item["document_id"])] for item in frozen.items]

    def start(self, set_id: str, actor: Actor, pin: str) -> None:
        """Check the person's assignment, mark the set as begun, and sign in a thread of its own."""
        signing.assignment(self._store, actor.name, self._settings.signer.plugin)
        frozen = signing.begin(self._store, set_id, actor)
        act = Act(self._store, self._settings, frozen, actor, lambda *told: self._advance(set_id, *told))
        thread = threading.Thread(
            target=self._sign_all, args=(act, frozen, actor, pin), name=f"sign-{set_id}", daemon=True
        )
        with self._lock:
            self._progress[set_id] = Progress("signing", len(frozen.items), 0)
            self._acts[set_id], self._threads[set_id] = act, thread
        thread.start()

    def progress(self, set_id: str) -> Progress:
        with self._lock:
            known, act = self._progress.get(set_id), self._acts.get(set_id)
        if known is not None:
            return replace(known, asking=act is not None and act.asking)
        frozen = signing.load(self._store, set_id)
        outcomes = {key: (value["outcome"], value["message"]) for key, value in frozen.results.items()}
        state = frozen.state if frozen.state in ("frozen", "done", "stopped") else "stopped"
        return Progress(state, len(frozen.items), len(outcomes), outcomes)  # type: ignore[arg-type]

    def answer(self, set_id: str, pin: str) -> None:
        """The PIN that the key wants for its next signature; OperatorError when it wants none."""
        act = self._acts.get(set_id)
        if act is None:
            raise OperatorError("Đợt ký này không đang chạy.", "This set is not being signed.")
        act.answer(pin)

    def stop(self, set_id: str) -> None:
        act = self._acts.get(set_id)
        if act is not None:
            act.halt()

    def stop_all(self, seconds: float) -> None:
        """The station stops: the document being signed is finished within ``seconds``, the others wait again."""
        running = list(self._acts)
        for set_id in running:
            self.stop(set_id)
        end = monotonic() + seconds
        for set_id in running:
            self.join(set_id, max(0.0, end - monotonic()))

    def join(self, set_id: str, seconds: float | None = None) -> None:
        """Until the set's thread has ended."""
        thread = self._threads.get(set_id)
        if thread is not None:
            thread.join(seconds)

    def _sign_all(self, act: Act, frozen: FrozenSet, actor: Actor, pin: str) -> None:
        state = "stopped"
        vi, en = (
            "Đợt ký dừng vì lỗi phần mềm; văn bản chưa ký chờ đợt sau. Hãy báo quản trị.",
            "The set stopped on a fault of the software; what is unsigned waits. Tell the administrator.",
        )
        try:
            looked = self._look(frozen)
            no_core()
            self._settings.before_signer()
            signer: Signer = load("sohoa.signers", self._settings.signer.plugin)(**self._settings.signer.options)
            trust = load_trust(self._settings.trust_folder)
            with signer.open(pin, act.ask) as session:
                act.run(looked.ready, looked.refused, session, trust)
            finished = self.progress(frozen.id).finished
            state, vi, en = ("done" if finished == len(frozen.items) else "stopped"), "", ""
        except SohoaError as error:
            # PIN, token, certificate: nothing more can be signed now; what was signed stays signed.
            state = "stopped" if self.progress(frozen.id).finished else "frozen"
            vi, en = error.vi, error.en
            log.warning("signing stopped", set=frozen.id, reason=type(error).__name__)
        finally:
            signing.end(self._store, frozen.id, actor, state)
            with self._lock:
                shown_as = "refused" if state == "frozen" else state
                last = self._progress[frozen.id]
                self._progress[frozen.id] = replace(last, state=shown_as, vi=vi, en=en)  # type: ignore[arg-type]
                del self._acts[frozen.id]
                if state != "frozen":
                    self._looked.pop(frozen.id, None)

    def _advance(self, set_id: str, document_id: str, outcome: str, message: str) -> None:
        with self._lock:
            last = self._progress[set_id]
            self._progress[set_id] = replace(
                last, finished=last.finished + 1, outcomes={**last.outcomes, document_id: (outcome, message)}
            )

    def _look(self, frozen: FrozenSet) -> _Looked:
        """Each document as it will be signed, or why it cannot be; looked at once per set."""
        with self._lock:
            known = self._looked.get(frozen.id)
        if known is not None:
            return known
        now = self._store.clock.now()
        sections: dict[str, SignSection] = {}
        ready: list[Shown] = []
        refused: dict[str, DocumentError] = {}
        for item in frozen.items:
            identifier = str(item["document_id"])
            profile = str(whole(self._store, identifier).row["profile"])
            if profile not in sections:
                sections[profile] = self._settings.profile_of(profile).sign
            folder = as_confirmed(folder_of(self._store, str(self._settings.documents), identifier), item)
            try:
                ready.append(batch.shown(folder, _formed(sections[profile], folder, item), now))
            except DocumentError as error:
                refused[identifier] = error
        looked = _Looked(now, batch.FrozenSet(tuple(ready)), refused)
        with self._lock:
            self._looked[frozen.id] = looked
            for oldest in list(self._looked)[:-LOOKED_MOST]:
                del self._looked[oldest]  # frozen and never signed; looked at again if it is
        return looked


def _formed(section: SignSection, folder: DocumentFolder, item: Mapping[str, Any]) -> SignSection:
    """The profile's section with the form of copy the person chose, or the one that the paper allows."""
    if section.mark_form != "copy" or not section.form:
        return section
    kind = str(folder.facts.get("review", {}).get("source_kind", "bản chính"))
    allowed = COPY_FORMS.get(kind, (section.form,))
    form = item.get("form") or (section.form if section.form in allowed else allowed[0])
    return section.model_copy(update={"form": form})


def _previewed(one: Shown, now: datetime) -> MarkPreview:
    identifier, section = one.document.document_id, one.section
    if one.place is None:
        return MarkPreview(identifier, "", (), vi=ARRIVED_SIGNED[0], en=ARRIVED_SIGNED[1])
    lines = tuple(line.replace(signing_time(section, now), TIME_OPEN) for line in one.mark)
    return MarkPreview(identifier, section.form, lines, 1, one.place.box, one.place.moved)
