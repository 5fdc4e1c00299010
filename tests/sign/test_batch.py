"""The act: what was shown is what is signed; it can be stopped; a trouble in the middle loses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from intake.errors import EnvironmentTrouble, OperatorError
from intake.folder import DocumentFolder
from intake.profile.sections import SignSection
from tests.sign.authority import AGENCY, PIN, Authority
from tests.sign.paper import RECORD, document, pdf, scan
from workers.sign.batch import Changed, FrozenSet, Outcome, freeze, sign_set
from workers.sign.demo_ca import DemoAuthority
from workers.sign.pkcs11 import Pkcs11Signer
from workers.sign.pkcs12 import OpenKey
from workers.sign.verify import verify
from workers.tools.pki import TrustStore, load_trust

Make = Callable[..., list[tuple[DocumentFolder, SignSection]]]
Sign = Callable[..., list[Outcome]]


@pytest.fixture
def papers(tmp_path: Path, section: SignSection) -> Make:
    def make(count: int, **keys: object) -> list[tuple[DocumentFolder, SignSection]]:
        return [
            (document(tmp_path, f"d{n}", confirmed=RECORD | {"CodeNumber": str(n + 1)}, **keys), section)
            for n in range(count)
        ]

    return make


@pytest.fixture
def sign(key: OpenKey, trust: TrustStore, now: datetime) -> Sign:
    def run(frozen: FrozenSet, session: object = key, **keys: object) -> list[Outcome]:
        def out(paper: DocumentFolder) -> Path:
            folder = paper.root / "sign.1.tmp"
            folder.mkdir(exist_ok=True)
            return folder

        keys = {"trust": trust, "now": lambda: now, "out": out, "demo_allowed": True} | keys
        return list(sign_set(frozen, session, **keys))  # type: ignore[arg-type]

    return run


def test_a_set_is_signed_in_order_and_the_hashes_shown_are_those_signed(
    papers: Make, sign: Sign, trust: TrustStore, now: datetime
) -> None:
    chosen = papers(4)
    frozen = freeze(chosen, now)
    assert len(frozen.sha256) == 64
    assert frozen.sha256 == freeze(chosen, now).sha256, "the same documents give the same list"
    outcomes = sign(frozen)
    assert [outcome.number for outcome in outcomes] == [1, 2, 3, 4]
    for outcome, (paper, _) in zip(outcomes, chosen, strict=True):
        assert outcome.error is None
        assert outcome.out is not None
        assert outcome.result is not None
        evidence = json.loads((outcome.out / "evidence.json").read_text())
        assert evidence["described_sha256"] == outcome.shown.sha256
        assert sorted(path.name for path in outcome.out.iterdir()) == ["evidence.json", "signed.pdf"]
        assert verify(outcome.out / "signed.pdf", trust, now, online=True).own[0].signer == AGENCY
        assert paper.document_id in json.dumps(frozen.items[outcome.number - 1].as_json())


def test_a_file_changed_after_it_was_shown_is_not_signed_and_the_others_are(
    papers: Make, sign: Sign, now: datetime, tmp_path: Path
) -> None:
    chosen = papers(3)
    frozen = freeze(chosen, now)
    target = chosen[1][0].of("pdf") / "document.pdf"
    pdf(target, [scan(fill=230)])
    outcomes = sign(frozen)
    assert [type(outcome.error) for outcome in outcomes] == [type(None), Changed, type(None)]
    assert "thay đổi sau khi trình ký" in str(outcomes[1].error)
    assert list((chosen[1][0].root / "sign.1.tmp").iterdir()) == []


def test_fields_changed_after_they_were_shown_are_not_signed(papers: Make, sign: Sign, now: datetime) -> None:
    chosen = papers(2)
    by_id = {paper.document_id: paper for paper, _ in chosen}
    frozen = freeze(chosen, now)
    by_id["d0"] = replace(by_id["d0"], confirmed=RECORD | {"CodeNumber": "999"})
    outcomes = sign(frozen, current=by_id.__getitem__)
    assert [outcome.error is None for outcome in outcomes] == [False, True]


def test_the_set_can_be_stopped_between_documents_and_the_rest_is_as_it_was(
    papers: Make, sign: Sign, now: datetime
) -> None:
    chosen = papers(5)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    outcomes = sign(freeze(chosen, now), stop=stop)
    assert [outcome.number for outcome in outcomes] == [1, 2]
    assert all(outcome.error is None for outcome in outcomes)
    left = [list((paper.root / "sign.1.tmp").glob("*")) for paper, _ in chosen[2:]]
    assert left == [[], [], []]


class Unplugged:
    """A session whose token is pulled out after ``after`` signatures."""

    def __init__(self, key: OpenKey, after: int) -> None:
        self.certificate, self.chain, self.device, self.demo = key.certificate, key.chain, key.device, key.demo
        self._inner, self.after, self.given = key.engine, after, 0
        self.engine = self

    def await_person(self) -> None:
        return None

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        self.given += not dry_run
        if self.given > self.after:
            raise EnvironmentTrouble("Mất kết nối với thiết bị ký.", "The token is gone.")
        return await self._inner.async_sign_raw(data, digest_algorithm, dry_run)


def test_a_token_pulled_out_in_the_middle_ends_the_set_and_loses_nothing(
    papers: Make, sign: Sign, key: OpenKey, trust: TrustStore, now: datetime
) -> None:
    chosen = papers(4)
    outcomes = sign(freeze(chosen, now), Unplugged(key, 1))
    assert [outcome.error is None for outcome in outcomes] == [True, False]
    assert isinstance(outcomes[1].error, EnvironmentTrouble)
    for outcome in outcomes[:1]:
        assert outcome.out is not None
        assert verify(outcome.out / "signed.pdf", trust, now, online=True).verdict == "valid"
    for paper, _ in chosen[1:]:
        assert list((paper.root / "sign.1.tmp").glob("*")) == []
    again = sign(freeze(chosen[1:], now))
    assert [outcome.error for outcome in again] == [None, None, None]


def test_a_set_on_the_token_asks_for_the_pin_once(
    papers: Make, sign: Sign, softhsm: Pkcs11Signer, demo: DemoAuthority, now: datetime
) -> None:
    with softhsm.open(PIN) as session:
        outcomes = sign(freeze(papers(3), now), session, trust=load_trust(demo.trust))
    assert [outcome.error for outcome in outcomes] == [None, None, None]


def test_slow_time_stamps_of_a_set_are_asked_for_side_by_side(
    papers: Make, sign: Sign, ca: Authority, section: SignSection, now: datetime
) -> None:
    wanted = section.model_copy(update={"level": "B-T", "tsa_url": ca.tsa("together")})
    chosen = [(paper, wanted) for paper, _ in papers(4)]
    outcomes = sign(freeze(chosen, now))
    assert [outcome.result.facts["level"] for outcome in outcomes if outcome.result] == ["B-T"] * 4


def test_what_a_set_may_not_be_is_refused_when_it_is_frozen(
    papers: Make, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    few = section.model_copy(update={"cap_per_pin": 2})
    chosen = papers(3)
    with pytest.raises(OperatorError, match="tối đa 2"):
        freeze([(paper, few) for paper, _ in chosen], now)
    with pytest.raises(OperatorError, match="hai lần"):
        freeze([chosen[0], chosen[0]], now)
    with pytest.raises(OperatorError, match="Chưa chọn"):
        freeze([], now)
    copy = document(tmp_path, "e", facts={"review": {"source_kind": "bản sao y"}})
    with pytest.raises(OperatorError, match="SAO LỤC"):
        freeze([(copy, section)], now)
    assert freeze([(copy, section.model_copy(update={"form": "SAO LỤC"}))], now).items


def test_nothing_is_signed_when_the_certificate_may_not_sign(
    papers: Make, sign: Sign, key: OpenKey, section: SignSection, now: datetime
) -> None:
    chosen = papers(2)
    other = section.model_copy(update={"agency": "Bộ Nội vụ"})
    frozen = freeze([chosen[0], (chosen[1][0], other)], now)
    counting = Unplugged(key, 99)
    with pytest.raises(OperatorError, match="Bộ Nội vụ"):
        sign(frozen, counting)
    assert counting.given == 0, "the token was never asked"
