"""The act at the desk, with a real token: what was shown is signed, at the token's pace, and nothing is lost on the way."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from intake.errors import NotAllowed, OperatorError
from intake.model import Actor, sha256_of
from intake.settings import SignerSettings
from intake.states import State
from intake.store import Store, audit, people, signing
from intake.store.claim import claim, folder_of
from intake.store.decide import reject
from intake.store.reading import audit_rows, whole
from intake.store.signing import Chosen
from tests.sign.authority import PIN, Authority
from tests.sign.paper import pdf, scan
from tests.sign.station import HOA, SigningStation
from tests.surroundings.clock import ManualClock
from tests.surroundings.patience import until
from workers.sign import demo_ca
from workers.sign.batch import shown
from workers.sign.demo_ca import DemoAuthority
from workers.sign.proof import hindrances
from workers.sign.verify import verify
from workers.tools.pki import load_trust

Make = Callable[..., SigningStation]


@pytest.fixture
def clock(now: datetime) -> ManualClock:
    return ManualClock(now)


@pytest.fixture
def file_station(sqlite_store: Store, ca: Authority, tmp_path: Path) -> SigningStation:
    """The agency's valid key in a file, under a CA that can revoke."""
    return SigningStation(tmp_path / "home", sqlite_store, ca)


@pytest.fixture
def station(sqlite_store: Store, ca: Authority, demo: DemoAuthority, token: Path, tmp_path: Path) -> Make:
    """A station at the software token called ``label``."""

    def make(label: str = "sohoa", **options: Any) -> SigningStation:
        signer = SignerSettings(
            options={"module": str(demo_ca.softhsm_module()), "token_label": label, **options}, demo=True
        )
        made = SigningStation(tmp_path / "home", sqlite_store, ca, signer)
        made.settings = made.settings.model_copy(update={"trust": str(demo.trust)})
        made.with_profile()
        return made

    return make


def states(at: SigningStation, documents: list[str]) -> list[State]:
    return [whole(at.store, document).state for document in documents]


def waits_again(at: SigningStation, document: str) -> bool:
    """Approved, and its sign job free to be taken."""
    jobs = {job["stage"]: job["state"] for job in whole(at.store, document).jobs}
    return whole(at.store, document).state is State.APPROVED and jobs["sign"] == "ready"


def asked(at: SigningStation, set_id: str) -> None:
    until(lambda: at.desk.progress(set_id).asking or at.desk.progress(set_id).state != "signing")
    assert at.desk.progress(set_id).asking, at.desk.progress(set_id)


def test_the_chain_of_hashes_proves_that_what_was_signed_is_what_was_shown(
    station: Make, now: datetime, demo: DemoAuthority
) -> None:
    at = station()
    documents = [at.approved(str(number)) for number in range(1, 6)]
    set_id = at.sign(*documents, pin=PIN).id

    progress = at.desk.progress(set_id)
    assert (progress.state, progress.finished, progress.vi) == ("done", 5, "")
    rows = [row for row in audit_rows(at.store, 500) if json.loads(row["data"]).get("set") == set_id]
    frozen, done = (json.loads(next(r["data"] for r in rows if r["action"] == a)) for a in ("sign.frozen", "sign.done"))
    assert audit.verify(at.store).whole
    trust = load_trust(demo.trust)
    for document in documents:
        found, signed = whole(at.store, document), at.signed(document)
        published = signed.parents[1] / f"pdf.{found.published['pdf']['attempt']}" / "document.pdf"
        assert frozen["hashes"][document] == sha256_of(published)
        assert frozen["fields"][document] == signing.fields_digest(found.row["confirmed"])
        assert done["signed"][document] == sha256_of(signed) == found.published["sign"]["facts"]["sha256"]
        # from the file that was shown and the fields that were shown follows the very prefix that was signed
        paper = folder_of(at.store, str(at.settings.documents), document)
        again = shown(paper, at.settings.profile_of("incoming").sign, now)
        evidence = json.loads((signed.parent / "evidence.json").read_text())
        assert evidence["described_sha256"] == again.sha256
        assert verify(signed, trust, now).verdict == "valid"
        assert "Signature is Valid." in pdfsig(signed)
        assert not hindrances(signed), "still PDF/A-2b"


def pdfsig(path: Path) -> str:
    return subprocess.run(["pdfsig", path], capture_output=True, text=True, check=False).stdout


def test_a_file_that_arrived_signed_goes_through_the_act_byte_for_byte(station: Make) -> None:
    at = station()
    first = at.approved("1")
    at.sign(first, pin=PIN)
    arrived = at.approved("2", source=at.signed(first))
    frozen = at.freeze(arrived, first := at.approved("3"))
    marks = at.desk.preview(frozen)
    assert [bool(mark.lines) for mark in marks] == [False, True]
    assert "giữ nguyên từng byte" in marks[0].vi
    at.desk.start(frozen.id, HOA, PIN)
    at.desk.join(frozen.id)
    assert states(at, [arrived, first]) == [State.SIGNED, State.SIGNED]
    assert at.signed(arrived).read_bytes() == (folder(at, arrived) / "pdf.1" / "document.pdf").read_bytes()
    assert [item.code for item in whole(at.store, arrived).findings] == ["sign.incoming_signed"]


def test_she_chooses_the_form_of_copy_and_says_what_the_paper_is(station: Make) -> None:
    at = station()
    extract, copy = at.approved("1"), at.approved("2")
    with pytest.raises(OperatorError, match="SAO LỤC"):
        at.freeze(extract, chosen={extract: Chosen("bản gốc", "SAO LỤC")})
    chosen = {extract: Chosen("bản gốc", "TRÍCH SAO"), copy: Chosen("bản sao y", "SAO LỤC")}
    frozen = signing.freeze(at.store, HOA, [extract, copy], cap=9, chosen=chosen)
    marks = at.desk.preview(frozen)
    assert [mark.lines[0].split(";")[0] for mark in marks] == ["TRÍCH SAO", "SAO LỤC"]
    assert all("(thời điểm ký)" in mark.lines[0] for mark in marks)
    at.desk.start(frozen.id, HOA, PIN)
    at.desk.join(frozen.id)
    evidence = [json.loads((at.signed(one).parent / "evidence.json").read_text()) for one in (extract, copy)]
    assert [one["mark_text"][0].split(";")[0] for one in evidence] == ["TRÍCH SAO", "SAO LỤC"]
    assert [one["source_kind"] for one in evidence] == ["bản gốc", "bản sao y"]
    row = next(row for row in audit_rows(at.store, 100) if row["action"] == "sign.frozen")
    assert json.loads(row["data"])["forms"][copy] == ["bản sao y", "SAO LỤC"]


def test_a_key_that_wants_the_pin_each_time_asks_at_the_desk_and_the_time_is_that_of_the_answer(
    station: Make, now: datetime
) -> None:
    at = station("each")
    documents = [at.approved(str(number)) for number in range(1, 4)]
    frozen = at.freeze(*documents)
    with pytest.raises(OperatorError, match="không đang chạy"):
        at.desk.answer(frozen.id, PIN)
    at.desk.start(frozen.id, HOA, PIN)
    for _ in range(2):
        asked(at, frozen.id)
        at.store.clock.sleep(600)  # she was called away
        at.desk.answer(frozen.id, PIN)
    at.desk.join(frozen.id)
    assert at.desk.progress(frozen.id).state == "done"
    facts = [whole(at.store, document).published["sign"]["facts"] for document in documents]
    times = [datetime.fromisoformat(fact["signed_at"]) for fact in facts]
    assert times == [now, now + timedelta(minutes=10), now + timedelta(minutes=20)]
    evidence = [json.loads((at.signed(one).parent / "evidence.json").read_text()) for one in documents]
    printed = [datetime.fromisoformat(one["mark_text"][0].split("; ")[-1]) for one in evidence]
    assert printed == times


def test_stopping_while_the_key_asks_leaves_the_rest_waiting(station: Make) -> None:
    at = station("each")
    documents = [at.approved(str(number)) for number in range(1, 4)]
    frozen = at.freeze(*documents)
    at.desk.start(frozen.id, HOA, PIN)
    asked(at, frozen.id)
    at.desk.stop(frozen.id)
    at.desk.join(frozen.id)
    progress = at.desk.progress(frozen.id)
    assert (progress.state, progress.finished) == ("stopped", 1)
    assert [waits_again(at, document) for document in documents] == [False, True, True]
    assert [path for root in documents for path in folder(at, root).glob("*.tmp/*")] == []


def folder(at: SigningStation, document: str) -> Path:
    return at.settings.documents / document.split("-")[0] / document


def test_a_wrong_pin_signs_nothing_tells_the_tries_and_the_same_set_can_be_signed_with_the_right_one(
    station: Make,
) -> None:
    at = station(pin_tries=5)
    documents = [at.approved("1"), at.approved("2")]
    frozen = at.freeze(*documents)
    for left in (4, 3):
        at.desk.start(frozen.id, HOA, "999999")
        at.desk.join(frozen.id)
        progress = at.desk.progress(frozen.id)
        assert progress.state == "refused"
        assert f"còn nhiều nhất {left} lần thử" in progress.vi
        assert "999999" not in repr(progress)
        assert all(waits_again(at, document) for document in documents)
    at.desk.start(frozen.id, HOA, PIN)
    at.desk.join(frozen.id)
    assert at.desk.progress(frozen.id).state == "done"
    assert states(at, documents) == [State.SIGNED, State.SIGNED]
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0), "no crash dump can hold the PIN"


@pytest.fixture
def doomed(demo: DemoAuthority, token: Path) -> Iterator[Path]:
    """A token of its own that can be pulled out: its folder."""
    tokens = token.parent / "tokens"
    before = set(tokens.iterdir())
    demo_ca.import_to_token(demo, token, "doomed", PIN, always_authenticate=True)
    [made] = set(tokens.iterdir()) - before
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_a_token_pulled_out_in_the_middle_of_a_set_loses_nothing_and_the_rest_is_signed_later(
    station: Make, doomed: Path, tmp_path: Path
) -> None:
    at = station("doomed")
    documents = [at.approved(str(number)) for number in range(1, 5)]
    frozen = at.freeze(*documents)
    at.desk.start(frozen.id, HOA, PIN)
    asked(at, frozen.id)
    doomed.rename(tmp_path / "pulled")
    at.desk.answer(frozen.id, PIN)
    at.desk.join(frozen.id)
    progress = at.desk.progress(frozen.id)
    assert (progress.state, progress.finished) == ("stopped", 1)
    assert "hãy" in progress.vi.lower()
    assert [waits_again(at, document) for document in documents] == [False, True, True, True]

    (tmp_path / "pulled").rename(doomed)
    rest = at.freeze(*documents[1:2])
    at.desk.start(rest.id, HOA, PIN)
    at.desk.join(rest.id)
    assert at.desk.progress(rest.id).state == "done", at.desk.progress(rest.id)
    assert states(at, documents[:2]) == [State.SIGNED, State.SIGNED]


def test_what_changed_after_it_was_shown_is_not_signed_and_the_others_are(station: Make) -> None:
    at = station()
    documents = [at.approved(str(number)) for number in range(1, 5)]
    frozen = at.freeze(*documents)
    pdf(folder(at, documents[0]) / "pdf.1" / "document.pdf", [scan(fill=200)])
    reject(at.store, documents[1], whole(at.store, documents[1]).version, Actor("s", "senior"), "other")
    with at.store.write() as connection:
        connection.exec_driver_sql(
            "UPDATE document SET version = version + 1, confirmed = '{}' WHERE id = ?", (documents[2],)
        )
    at.desk.start(frozen.id, HOA, PIN)
    at.desk.join(frozen.id)
    outcomes = at.desk.progress(frozen.id).outcomes
    assert [outcomes[document][0] for document in documents] == ["changed", "changed", "changed", "signed"]
    assert "đã thay đổi" in outcomes[documents[0]][1]
    assert states(at, documents) == [State.APPROVED, State.REJECTED, State.APPROVED, State.SIGNED]
    assert waits_again(at, documents[0])


def test_a_document_without_a_place_for_the_mark_is_held_with_the_reason_and_the_others_are_signed(
    station: Make, tmp_path: Path
) -> None:
    at = station()
    dark = pdf(tmp_path / "dark.pdf", [scan(fill=30)])
    documents = [at.approved("1", source=dark), at.approved("2")]
    frozen = at.freeze(*documents)
    assert [mark.possible for mark in at.desk.preview(frozen)] == [False, True]
    at.desk.start(frozen.id, HOA, PIN)
    at.desk.join(frozen.id)
    assert states(at, documents) == [State.HELD, State.SIGNED]
    assert "chỗ trống" in whole(at.store, documents[0]).row["held_vi"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("expired", "hết hạn"),
        ("future", "chưa có hiệu lực"),
        ("revoked", "thu hồi"),
        ("other", "Sở Y tế"),
        ("person", "Nguyễn Văn A"),
        ("untrusted", "không dẫn tới chứng thư gốc"),
    ],
)
def test_a_certificate_that_may_not_sign_stops_the_set_before_anything_is_signed(
    name: str, words: str, file_station: SigningStation, ca: Authority, demo: DemoAuthority
) -> None:
    at = file_station
    path = demo.pkcs12 if name == "untrusted" else ca.pkcs12(name)
    at.settings = at.settings.model_copy(
        update={"signer": SignerSettings(plugin="pkcs12", options={"file": str(path)}, demo=True)}
    )
    at.with_profile()
    documents = [at.approved("1"), at.approved("2")]
    set_id = at.sign(*documents).id
    progress = at.desk.progress(set_id)
    assert (progress.state, progress.finished) == ("refused", 0)
    assert words in progress.vi
    assert "chưa ký gì" in progress.vi
    assert all(waits_again(at, document) for document in documents)


def test_only_the_van_thu_who_holds_the_device_in_writing_and_in_time_may_sign(file_station: SigningStation) -> None:
    at = file_station
    document = at.approved()
    admin = Actor("test", "admin")
    for actor in (Actor("lan", "clerk"), Actor("root", "admin")):
        with pytest.raises(NotAllowed, match="văn thư"):
            signing.freeze(at.store, actor, [document], cap=9)
    people.add(at.store, "yen", "Yến", ["van_thu"], "mat-khau-dai-12", admin)
    yen = Actor("yen", "van_thu")
    frozen = signing.freeze(at.store, yen, [document], cap=9)
    with pytest.raises(NotAllowed, match=r"19\.3"):
        at.desk.start(frozen.id, yen, "x")
    until_when = at.store.clock.now() + timedelta(days=1)
    signing.assign_key(at.store, "yen", "pkcs12", "16/QĐ-VP", until_when, admin)
    held = signing.assignment(at.store, "yen", "pkcs12")
    assert (held.decision_number, held.valid_until) == ("16/QĐ-VP", until_when)
    at.store.clock.sleep(86400)
    with pytest.raises(NotAllowed):
        signing.assignment(at.store, "yen", "pkcs12")
    signing.return_key(at.store, HOA.name, "pkcs12", admin)
    with pytest.raises(NotAllowed):
        at.sign(document)
    assert [row["action"] for row in audit_rows(at.store, 3)][:1] == ["sign.frozen"]
    assert "key.returned" in [row["action"] for row in audit_rows(at.store, 9)]
    assert waits_again(at, document)


def test_no_more_documents_than_the_cap_go_on_one_pin(file_station: SigningStation) -> None:
    documents = [file_station.approved(str(number)) for number in range(3)]
    with pytest.raises(OperatorError, match="1 đến 2"):
        signing.freeze(file_station.store, HOA, documents, cap=2)


def test_an_authority_that_is_away_is_not_waited_for_by_every_document(
    file_station: SigningStation, ca: Authority
) -> None:
    at = file_station
    at.with_profile(level="B-T", tsa_url=ca.tsa("500"))
    documents = [at.approved(str(number)) for number in range(9)]
    before = ca.server.asked.count("/bad/500")
    at.sign(*documents)
    assert states(at, documents) == [State.SIGNED] * 9
    assert ca.server.asked.count("/bad/500") - before <= 7, "three misses, and what was already on its way"


def test_nothing_on_the_disk_of_the_station_knows_the_pin(
    station: Make, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    at = station("each")
    documents = [at.approved("1"), at.approved("2")]
    frozen = at.freeze(*documents)
    at.desk.start(frozen.id, HOA, "8842761-sai")
    at.desk.join(frozen.id)
    at.desk.start(frozen.id, HOA, PIN)
    asked(at, frozen.id)
    at.desk.answer(frozen.id, "8842761-sai")
    at.desk.join(frozen.id)
    assert at.desk.progress(frozen.id).state == "stopped"
    said = "".join(capfd.readouterr())
    found = subprocess.run(["grep", "-rlF", "8842761-sai", tmp_path], capture_output=True, check=False).stdout
    assert (found, "8842761" in said) == (b"", False)
    assert claim(at.store, "w", str(at.settings.documents), stages={"sign"}) is not None, "the second one waits"
