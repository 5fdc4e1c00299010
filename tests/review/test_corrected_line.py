"""Corrections with the real workers: a page lies on its side, two documents were scanned as one; both end delivered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from intake.folder import document_root
from intake.model import Actor, sha256_of
from intake.review.app import create_app
from intake.settings import Settings, SystemClock, load
from intake.states import State
from intake.store import Store, admit, audit, people, reading
from intake.store.balance import balance
from intake.store.signing import assign_key
from tests.crash.home import build
from tests.crash.life import PIN, VAN_THU
from tests.review.station import PASSWORD, Clerk
from tests.surroundings.patience import until
from workers.runner.run import Runner
from workers.station.signing import TokenDesk

BOOK = "20261123-0123456789"


class Line:
    """Store, desk and one worker of a station, without its threads."""

    def __init__(self, home: Path) -> None:
        build(home, lease_seconds=60)
        _sign_by_file(home)
        self.settings: Settings = load(home, {})
        self.store = Store(self.settings.database_url, SystemClock())
        people.add(self.store, "lan", "Lan", ["clerk"], PASSWORD, Actor("test", "admin"))
        assign_key(self.store, VAN_THU.name, "pkcs12", "2/QĐ", None, Actor("test", "admin"))
        people.set_password(self.store, VAN_THU.name, PASSWORD, Actor("test", "admin"))
        self.runner = Runner(self.store, self.settings)
        self.desk = create_app(self.store, self.settings, sign=TokenDesk(self.store, self.settings))

    def deliver(self, document_id: str, pages: list[Path]) -> None:
        """What the receiving end does: originals in place, then the ledger."""
        folder = document_root(self.settings.documents, document_id) / "original"
        folder.mkdir(parents=True)
        files = []
        for number, page in enumerate(pages, start=1):
            path = folder / f"{number:03d}{page.suffix}"
            path.write_bytes(page.read_bytes())
            files.append(admit.Delivered(path.name, sha256_of(path), path.stat().st_size))
        arrival = admit.notice(self.store, "vanthu", "quyen")
        admit.admit(self.store, arrival, document_id, files, profile="incoming", profile_digest="0" * 64)

    def work(self) -> None:
        while self.runner.once() is not None:
            pass

    def clerk(self, name: str) -> Clerk:
        return Clerk(None, name, app=self.desk)

    def states(self) -> dict[str, State]:
        return {str(row["id"]): State(row["state"]) for row in reading.every(self.store)}

    def confirm(self, document_id: str) -> None:
        known = reading.whole(self.store, document_id)
        read = {name: str(field["value"]) for name, field in known.row["fields"].items() if field["value"] is not None}
        clerk = self.clerk("lan")
        form = {f"field.{name}": value for name, value in read.items()}
        form |= {"version": str(known.version), "source_kind": "bản chính"}
        answer = clerk.post(f"/documents/{document_id}/approve", **form)
        if answer.status_code == 422:  # warnings are seen once, then it may pass
            keys = " ".join(item["key"] for item in answer.json()["problems"])
            answer = clerk.post(f"/documents/{document_id}/approve", **form, confirmed=keys)
        assert answer.status_code == 200, answer.text


def _sign_by_file(home: Path) -> None:
    """The demo key of the home's token from its file: a process has one SoftHSM2, and other tests may hold it open."""
    path = home / "sohoa.toml"
    text = re.sub(r"\[signer\][^\[]*", "", path.read_text(encoding="utf-8"))
    key = home / "token" / "demo.p12"
    path.write_text(
        f'{text}\n[signer]\nplugin = "pkcs12"\noptions = {{ file = "{key}" }}\ndemo = true\n', encoding="utf-8"
    )


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path / "home")
    yield made
    made.runner.close()
    made.store.close()


def test_two_documents_scanned_as_one_and_one_of_them_on_its_side_both_end_delivered(
    line: Line, samples: Path, tmp_path: Path
) -> None:
    first, second = samples / "scans" / "cong-van-bao-cao-so-lieu.jpg", tmp_path / "lying.jpg"
    with Image.open(samples / "scans" / "cong-van-dat-truong-hoc.jpg") as upright:
        upright.transpose(Image.Transpose.ROTATE_90).save(second, quality=92, dpi=(200, 200))
    line.deliver(BOOK, [first, second])
    line.work()
    read = reading.whole(line.store, BOOK)
    assert read.state is State.ASSEMBLED, "the page on its side was turned, not stopped"
    told = [(item.code, item.severity.word, item.measured) for item in read.findings if "orientation" in item.code]
    assert told == [("check.orientation_90", "note", 90.0)]
    assert line.clerk("lan").get(f"/documents/{BOOK}/arrange").text.count('<option value="0" selected>') == 2

    form = {
        "place.1": 1,
        "place.2": 2,
        "turn.1": 0,
        "turn.2": 0,
        "begins.2": 1,
        "reason": "hai văn bản",
    }
    answer = line.clerk("lan").post(f"/documents/{BOOK}/arrange", version=read.version, **form)
    assert answer.status_code == 200, answer.text
    line.work()
    states = line.states()
    assert set(states.values()) == {State.ASSEMBLED}, states
    (other,) = set(states) - {BOOK}
    for document, page in ((BOOK, first), (other, second)):
        line.confirm(document)
        (kept,) = (
            document_root(line.settings.documents, document, 2 if document == BOOK else 1) / "original"
        ).iterdir()
        with Image.open(kept) as taken, Image.open(page) as given:
            assert taken.tobytes() == given.tobytes()
            assert taken.getexif().get(274, 1) == (1 if document == BOOK else 6), (
                "the turn that was seen is in the file now"
            )

    head = line.clerk(VAN_THU.name)
    where = head.post("/signing/freeze", document=[BOOK, other]).headers["location"]
    assert head.post(f"{where}/start", pin=PIN).status_code < 400
    until(lambda: not (line.work() or set(line.states().values()) - {State.FORWARDED}))
    for document in (BOOK, other):
        row = reading.whole(line.store, document).outbox[0]
        (delivered,) = (line.settings.home / "deliver").glob(f"*{row['receipt']['remote_id']}*/signed.pdf")
        with pikepdf.open(delivered) as pdf:
            (page,) = pdf.pages
            _, _, wide, high = (float(value) for value in page.mediabox)
            assert (wide < high) == (int(page.obj.get("/Rotate", 0)) % 180 == 0), "it stands upright"
    assert audit.verify(line.store).whole
    found = balance(line.store, line.settings.documents)
    assert found.balances, found.text()
    assert (found.arrived, found.delivered) == (2, 2)
    (turned,) = (document_root(line.settings.documents, BOOK, 2) / "original").iterdir()
    turned.write_bytes(turned.read_bytes() + b" ")
    assert not balance(line.store, line.settings.documents).balances, "later revisions are watched as the first is"
