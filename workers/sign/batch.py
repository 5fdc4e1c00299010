"""The act: a frozen set of documents, shown to the văn thư, signed on her PIN, and proven to be what was shown.

No database and no clock here: the desk shows, unlocks, publishes and records; this module freezes, compares and signs.
The token works while the next document is prepared and the last one is proven, so that a slow token is never waiting.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from intake.errors import DocumentError, OperatorError, SohoaError
from intake.folder import DocumentFolder
from intake.model import COPY_FORMS, StageResult
from intake.ports import SigningSession
from intake.profile.sections import SignSection
from workers.sign import pades, stage, uplift
from workers.sign.certificate import Checked, check
from workers.sign.place import Place
from workers.tools.pki import TrustStore

FRESH_SECONDS = 10.0
"""A document begun longer ago (the person was asked for a PIN meanwhile) is begun again: its mark tells the time"""

AHEAD = 3
"""documents kept ready for the token, so that one large document does not make it wait"""

COMPLETING = 4
"""documents whose time-stamps are asked for side by side (the Government's authority bears no more); further ones queue
up, so that the token is done with the set as soon as it can be"""


class Changed(DocumentError):
    """A document is no longer what the person was shown: it is not signed and waits as it is."""


@dataclass(frozen=True)
class Shown:
    """One document as it was shown: ``sha256`` of the bytes that will be signed (before the signature), ``fields``
    the SHA-256 of the confirmed fields, the mark's words and place (None for a PDF that arrived signed)."""

    document: DocumentFolder
    section: SignSection
    sha256: str
    fields: str
    pages: int
    mark: tuple[str, ...]
    place: Place | None

    def as_json(self) -> dict[str, Any]:
        return {
            "document": self.document.document_id,
            "sha256": self.sha256,
            "fields_sha256": self.fields,
            "pages": self.pages,
            "form": self.section.form,
            "mark": list(self.mark),
            "box_mm": self.place.box.as_list() if self.place else None,
            "moved": self.place.moved if self.place else None,
        }


@dataclass(frozen=True)
class FrozenSet:
    """What the person sees and signs; ``sha256`` of the whole list goes into the audit chain before and after."""

    items: tuple[Shown, ...]

    @property
    def sha256(self) -> str:
        return _digest([item.as_json() for item in self.items])


@dataclass(frozen=True)
class Outcome:
    """What became of one document. ``result`` when signed (files in ``out``), else ``error``; ``number`` counts from 1."""

    shown: Shown
    number: int
    total: int
    out: Path | None = None
    result: StageResult | None = None
    error: SohoaError | None = None


def freeze(documents: Sequence[tuple[DocumentFolder, SignSection]], now: datetime) -> FrozenSet:
    """The list to show. Raises OperatorError for an empty set, more documents than the profile allows per PIN, a
    document twice, or a form of copy that does not fit what the paper is; DocumentError naming a document that cannot
    be signed at all."""
    if not documents:
        raise OperatorError("Chưa chọn văn bản nào để ký.", "No document was chosen.")
    cap = min(section.cap_per_pin for _, section in documents)
    if len(documents) > cap:
        raise OperatorError(
            f"Mỗi lần nhập PIN chỉ ký tối đa {cap} văn bản; đang chọn {len(documents)}. Hãy bỏ bớt và ký thành nhiều "
            "đợt.",
            f"At most {cap} documents per PIN; {len(documents)} are chosen. Sign them in several sets.",
        )
    ids = [document.document_id for document, _ in documents]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise OperatorError(f"Văn bản chọn hai lần: {', '.join(twice)}.", f"Chosen twice: {', '.join(twice)}.")
    return FrozenSet(tuple(shown(document, section, now) for document, section in documents))


def shown(document: DocumentFolder, section: SignSection, now: datetime) -> Shown:
    """One document as it would be signed. Raises as ``freeze``."""
    _form_fits(document, section)
    with TemporaryDirectory(prefix="sohoa-sign-") as folder:
        ready = stage.prepare(document, section, Path(folder), now)
    pages = int(str(document.facts.get("pdf", {}).get("pages") or 0))
    fields = _digest(dict(document.confirmed))
    return Shown(document, section, ready.sha256, fields, pages, ready.paragraphs, ready.where)


def _form_fits(document: DocumentFolder, section: SignSection) -> None:
    kind = str(document.facts.get("review", {}).get("source_kind") or "")
    forms = COPY_FORMS.get(kind, ())
    if section.mark_form == "copy" and section.form and forms and section.form not in forms:
        wanted = " / ".join(forms)
        raise OperatorError(
            f"Hồ sơ {document.document_id}: giấy là «{kind}» nên hình thức sao phải là {wanted}, không phải "
            f"{section.form}.",
            f"Document {document.document_id}: the paper is «{kind}», so the form of copy is {wanted}, not "
            f"{section.form}.",
        )


def sign_set(
    frozen: FrozenSet,
    session: SigningSession,
    *,
    trust: TrustStore,
    now: Callable[[], datetime],
    out: Callable[[DocumentFolder], Path],
    current: Callable[[str], DocumentFolder] | None = None,
    published: Callable[[Shown, StageResult], None] = lambda shown, result: None,
    stop: Callable[[], bool] = lambda: False,
    demo_allowed: bool = False,
) -> Generator[Outcome, None, None]:
    """Sign the set in order and yield each document's outcome as soon as it is proven.

    ``now``: the clock; every signature bears its own time. ``out``: an empty folder for a document's attempt.
    ``current``: the document as it is now, to compare with what was shown; ``published`` makes a proven document true.
    Both are called beside the token, in threads of their own, and their errors are the document's outcome. ``stop`` is
    asked before each document; what was not begun stays as it was. Raises OperatorError at once, before anything is
    signed, when the certificate may not sign. A document that changed or cannot be signed yields its DocumentError and
    the others go on; trouble with the token yields its error as the last outcome and ends the set: the rest waits.
    """
    checks: dict[str, Checked] = {}
    for item in frozen.items:
        key = _digest(item.section.model_dump(include={"agency", "certificate_names", "revocation"}, mode="json"))
        if key not in checks:
            checks[key] = check(session, item.section, trust, now(), demo_allowed)
    with _Line(frozen, session, checks, now, out, current, published) as line:
        yield from line.run(stop)


@dataclass(frozen=True)
class _Ready:
    """Prepared and begun; only the token is missing."""

    prepared: stage.Prepared
    begun: pades.Begun | None

    def discard(self) -> None:
        stage.discard(self.prepared)
        if self.begun is not None:
            self.begun.target.unlink(missing_ok=True)


class _Line:
    """Three stations: prepare (``AHEAD`` of it), the token (here), complete (behind, ``COMPLETING`` side by side)."""

    def __init__(
        self,
        frozen: FrozenSet,
        session: SigningSession,
        checks: dict[str, Checked],
        now: Callable[[], datetime],
        out: Callable[[DocumentFolder], Path],
        current: Callable[[str], DocumentFolder] | None,
        published: Callable[[Shown, StageResult], None],
    ) -> None:
        self.frozen, self.session, self.checks = frozen, session, checks
        self.now, self.out, self.current, self.published = now, out, current, published
        self.authorities: dict[str, uplift.TimeStampAuthority] = {}
        self.preparing = ThreadPoolExecutor(1, "sign-prepare")
        self.completing = ThreadPoolExecutor(COMPLETING, "sign-complete")

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.preparing.shutdown(wait=True, cancel_futures=True)
        self.completing.shutdown(wait=True)

    def run(self, stop: Callable[[], bool]) -> Iterator[Outcome]:
        items = self.frozen.items
        waiting: list[tuple[int, Future[StageResult] | SohoaError, Path | None]] = []
        coming = deque(self.preparing.submit(self._prepare, item) for item in items[:AHEAD])
        try:
            for number, item in enumerate(items, 1):
                if stop():
                    break
                ready = _result(coming.popleft())
                if number - 1 + AHEAD < len(items):
                    coming.append(self.preparing.submit(self._prepare, items[number - 1 + AHEAD]))
                what, out = (ready, None) if isinstance(ready, SohoaError) else self._token(item, ready)
                waiting.append((number, what, out))
                if isinstance(what, SohoaError) and not isinstance(what, DocumentError):
                    break
                while waiting and _done(waiting[0][1]):
                    yield self._outcome(*waiting.pop(0))
            while waiting:
                yield self._outcome(*waiting.pop(0))
        finally:
            for one in coming:
                self._drop(one)

    def _prepare(self, item: Shown) -> _Ready:
        document = self.current(item.document.document_id) if self.current else item.document
        if _digest(dict(document.confirmed)) != item.fields:
            raise _changed(item, "thông tin đã xác nhận", "its confirmed fields")
        ready = stage.prepare(document, item.section, self.out(document), self.now(), item.place)
        if ready.sha256 != item.sha256:
            stage.discard(ready)
            raise _changed(item, "nội dung tệp", "its bytes")
        try:
            return _Ready(ready, stage.begin(ready, self.session, self.now()))
        except BaseException:
            stage.discard(ready)
            raise

    def _token(self, item: Shown, ready: _Ready) -> tuple[Future[StageResult] | SohoaError, Path | None]:
        begun = ready.begun
        try:
            if begun is not None:
                self.session.await_person()
            moment = self.now()
            if begun is not None and (moment - begun.now).total_seconds() > FRESH_SECONDS:
                begun = stage.begin(ready.prepared, self.session, moment)
            pressed = pades.press(begun, self.session) if begun is not None else None
        except SohoaError as error:
            ready.discard()
            return error, None
        moment = begun.now if begun else moment
        return self.completing.submit(self._complete, item, ready.prepared, pressed, moment), ready.prepared.out

    def _complete(
        self, item: Shown, ready: stage.Prepared, pressed: pades.Pressed | None, moment: datetime
    ) -> StageResult:
        key = _digest(item.section.model_dump(include={"agency", "certificate_names", "revocation"}, mode="json"))
        try:
            authority = self._authority(item.section)
            result = stage.complete(ready, pressed, self.session, self.checks[key], moment, authority)
            self.published(item, result)
            return result
        finally:
            stage.discard(ready)

    def _authority(self, section: SignSection) -> uplift.TimeStampAuthority | None:
        """One for the whole set, so that one that does not answer is not waited for again and again."""
        made = uplift.authority_of(section)
        return self.authorities.setdefault(made.url, made) if made is not None else None

    def _drop(self, one: Future[_Ready]) -> None:
        if not one.cancel():
            ready = _result(one)
            if isinstance(ready, _Ready):
                ready.discard()

    def _outcome(self, number: int, what: Future[StageResult] | SohoaError, out: Path | None) -> Outcome:
        shown, total = self.frozen.items[number - 1], len(self.frozen.items)
        result = what if isinstance(what, SohoaError) else _result(what)
        if isinstance(result, SohoaError):
            return Outcome(shown, number, total, error=result)
        return Outcome(shown, number, total, out, result)


T = TypeVar("T")


def _result(what: Future[T]) -> T | SohoaError:
    """The result, or our own error as a value; a bug is raised."""
    try:
        return what.result()
    except SohoaError as error:
        return error


def _done(what: Future[StageResult] | SohoaError) -> bool:
    return isinstance(what, SohoaError) or what.done()


def _changed(item: Shown, vi: str, en: str) -> Changed:
    return Changed(
        f"Hồ sơ {item.document.document_id}: {vi} đã thay đổi sau khi trình ký; chưa ký. Hãy mở lại danh sách và kiểm "
        "tra.",
        f"Document {item.document.document_id}: {en} changed after it was shown; not signed. Open the list again.",
    )


def _digest(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
