"""Our three signers in the suite that anybody's must pass, and the remote one against a service that checks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from intake.errors import EnvironmentTrouble, OperatorError
from intake.profile.sections import SignSection
from tests.conformance.signer import SignerConformance
from tests.sign.authority import PASSWORD, PIN, Authority
from tests.sign.csc_service import ACCESS, Service, running
from tests.sign.paper import document
from workers.sign import demo_ca, stage
from workers.sign.csc import CscSigner
from workers.sign.pkcs11 import Pkcs11Signer
from workers.sign.pkcs12 import Pkcs12Signer
from workers.sign.verify import verify
from workers.tools.pki import TrustStore


@pytest.fixture
def service(ca: Authority) -> Iterator[Service]:
    chain = [ca.certificate(name).dump() for name in ("valid", "interm")]
    with running(Service(ca.key, chain, PIN)) as started:
        yield started


@pytest.fixture
def remote(service: Service, tmp_path: Path) -> CscSigner:
    (tmp_path / "access").write_text(ACCESS)
    return CscSigner(url=service.url, token_file=str(tmp_path / "access"))


class TestPkcs11(SignerConformance):
    @pytest.fixture
    def signer(self, softhsm: Pkcs11Signer) -> Pkcs11Signer:
        return softhsm

    @pytest.fixture
    def pin(self) -> str:
        return PIN


class TestPkcs11EachTime(SignerConformance):
    """A key that demands the PIN for every signature."""

    @pytest.fixture
    def signer(self, token: Path) -> Pkcs11Signer:
        return Pkcs11Signer(str(demo_ca.softhsm_module()), token_label="each")

    @pytest.fixture
    def pin(self) -> str:
        return PIN


class TestPkcs12(SignerConformance):
    @pytest.fixture
    def signer(self, ca: Authority) -> Pkcs12Signer:
        return Pkcs12Signer(ca.pkcs12())

    @pytest.fixture
    def pin(self) -> str:
        return PASSWORD


class TestCscAtOnce(SignerConformance):
    @pytest.fixture
    def signer(self, remote: CscSigner) -> CscSigner:
        return remote

    @pytest.fixture
    def pin(self) -> str:
        return PIN


class TestCscEachHash(TestCscAtOnce):
    @pytest.fixture
    def service(self, ca: Authority) -> Iterator[Service]:
        chain = [ca.certificate(name).dump() for name in ("valid", "interm")]
        with running(Service(ca.key, chain, PIN, scal="2", multisign=1)) as started:
            yield started


def test_a_remote_key_signs_a_document_that_is_accepted(
    remote: CscSigner, trust: TrustStore, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    with remote.open(PIN) as session:
        stage.run(document(tmp_path), section, tmp_path, signer=session, now=now, trust=trust)
    assert verify(tmp_path / "signed.pdf", trust, now, online=True).verdict == "valid"


def test_more_signatures_than_authorised_ask_the_person_again(remote: CscSigner, service: Service) -> None:
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        return PIN

    with remote.open(PIN, ask) as session:
        for number in range(7):
            asyncio.run(session.engine.async_sign_raw(b"%d" % number, "sha256"))
    assert (len(asked), service.authorised) == (2, 3)
    with remote.open(PIN) as session:
        for number in range(3):
            asyncio.run(session.engine.async_sign_raw(b"%d" % number, "sha256"))
        with pytest.raises(OperatorError, match="3 chữ ký"):
            asyncio.run(session.engine.async_sign_raw(b"x", "sha256"))


@pytest.mark.parametrize(
    ("mood", "kind"),
    [("down", EnvironmentTrouble), ("html", EnvironmentTrouble), ("disabled", OperatorError)],
)
def test_a_service_in_a_bad_mood_is_told_and_nothing_is_signed(
    mood: str, kind: type[Exception], remote: CscSigner, service: Service
) -> None:
    service.mood = mood
    with pytest.raises(kind), remote.open(PIN):
        pass


def test_a_service_that_stops_answering_in_the_middle_leaves_no_file(
    remote: CscSigner, service: Service, trust: TrustStore, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with remote.open(PIN) as session:
        service.mood = "empty"
        with pytest.raises(EnvironmentTrouble, match="signHash"):
            stage.run(document(tmp_path), section, out, signer=session, now=now, trust=trust)
    assert list(out.iterdir()) == []


def test_a_station_whose_access_has_expired_is_told_apart_from_the_network(service: Service, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("het-han")
    with pytest.raises(OperatorError, match="mã truy cập"), CscSigner(service.url, str(tmp_path / "old")).open(PIN):
        pass
    with pytest.raises(EnvironmentTrouble, match="mã truy cập"), CscSigner(service.url, "none").open(PIN):
        pass


def test_a_remote_service_is_spoken_to_in_secret_only(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="https"):
        CscSigner("http://ky.example.vn/csc/v2", str(tmp_path / "x"))
