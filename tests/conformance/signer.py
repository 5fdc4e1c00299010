"""What every signer must hold, ours and anybody's: subclass, give the fixtures, run pytest.

    from tests.conformance.signer import SignerConformance

    class TestMine(SignerConformance):
        @pytest.fixture
        def signer(self):          # -> intake.ports.Signer over a trial key
            ...
        @pytest.fixture
        def pin(self):             # -> str, what opens it
            ...

Nothing here needs a network, a database or time to pass. The suite checks the socket; whether a signature satisfies
a judge is for tests/sign.
"""

from __future__ import annotations

import asyncio
import hashlib
import pickle
import traceback

import pytest
from asn1crypto import cms, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from intake.errors import OperatorError
from intake.ports import Signer, SigningSession

WRONG = "4711-sai"


def verify(certificate: x509.Certificate, signature: bytes, data: bytes) -> None:
    """Raises InvalidSignature unless ``signature`` over ``data`` (SHA-256) was made by the certificate's key."""
    key = serialization.load_der_public_key(certificate.public_key.dump())
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))


class SignerConformance:
    """The suite."""

    def test_it_fits_the_socket(self, signer: Signer, pin: str) -> None:
        assert isinstance(signer, Signer)
        assert signer.name
        with signer.open(pin, lambda: pin) as session:
            assert isinstance(session, SigningSession)

    def test_the_session_tells_whose_key_it_is(self, signer: Signer, pin: str) -> None:
        with signer.open(pin, lambda: pin) as session:
            certificate = x509.Certificate.load(session.certificate, strict=True)
            assert not certificate.ca
            assert session.engine.signing_cert.dump() == session.certificate
            for der in session.chain:
                x509.Certificate.load(der, strict=True)
            assert session.device
            assert isinstance(session.demo, bool)

    def test_it_makes_signatures_of_its_certificate_s_key(self, signer: Signer, pin: str) -> None:
        with signer.open(pin, lambda: pin) as session:
            for data in (b"mot", b"hai " * 1000):
                made = asyncio.run(session.engine.async_sign_raw(data, "sha256"))
                verify(x509.Certificate.load(session.certificate), made, data)

    def test_a_trial_run_needs_no_key_and_is_as_long_as_the_real_one(self, signer: Signer, pin: str) -> None:
        with signer.open(pin, lambda: pin) as session:
            real = asyncio.run(session.engine.async_sign_raw(b"x", "sha256"))
            trial = asyncio.run(session.engine.async_sign_raw(b"x", "sha256", dry_run=True))
            assert len(trial) >= len(real)

    def test_it_makes_a_cms_with_its_own_certificate_and_without_the_root(self, signer: Signer, pin: str) -> None:
        with signer.open(pin, lambda: pin) as session:
            digest = hashlib.sha256(b"van ban").digest()
            made = asyncio.run(session.engine.async_sign(digest, "sha256", use_pades=True))
            held = [choice.chosen for choice in cms.ContentInfo.load(made.dump())["content"]["certificates"]]
            assert session.certificate in [one.dump() for one in held]
            assert not any(one.self_issued for one in held)

    def test_a_wrong_pin_is_the_person_s_to_mend_and_is_written_nowhere(self, signer: Signer, pin: str) -> None:
        with pytest.raises(OperatorError) as refused, signer.open(WRONG, lambda: WRONG) as session:
            asyncio.run(session.engine.async_sign_raw(b"x", "sha256"))
        told = "".join(traceback.format_exception(refused.value))
        assert WRONG not in told.replace(f'"{WRONG}"', "")
        assert WRONG not in str(pickle.loads(pickle.dumps(refused.value)))
        assert refused.value.vi
        assert refused.value.en
        with signer.open(pin, lambda: pin) as session:
            assert session.certificate

    def test_the_pin_is_in_no_description_of_the_open_session(self, signer: Signer, pin: str) -> None:
        with signer.open(pin, lambda: pin) as session:
            assert pin not in repr(session)
            assert pin not in session.device
            assert pin not in repr(vars(session.engine))

    def test_it_can_be_opened_again_after_it_was_closed(self, signer: Signer, pin: str) -> None:
        for _ in range(3):
            with signer.open(pin, lambda: pin) as session:
                assert session.certificate

    def test_tries_left_is_a_number_or_unknown(self, signer: Signer, pin: str) -> None:
        left = signer.tries_left()
        assert left is None or left >= 0
