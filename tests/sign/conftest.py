"""One authority and one software token per test process; everything else is made per test."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from intake.profile.sections import SignSection
from tests.sign.authority import AGENCY, PASSWORD, PIN, Authority, authority, box_14
from workers.sign import demo_ca
from workers.sign.pkcs11 import Pkcs11Signer
from workers.sign.pkcs12 import OpenKey, Pkcs12Signer
from workers.tools.pki import TrustStore, load_trust


@pytest.fixture(scope="session")
def now() -> datetime:
    """The tests' signing time: the CA's certificates are made around it."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> Iterator[Authority]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with authority(tmp_path_factory.mktemp("ca"), now) as running:
        yield running


@pytest.fixture(scope="session")
def trust(ca: Authority) -> TrustStore:
    return load_trust(ca.trust)


@pytest.fixture
def key(ca: Authority) -> Iterator[OpenKey]:
    """The agency's valid key, unlocked."""
    with Pkcs12Signer(ca.pkcs12()).open(PASSWORD) as opened:
        yield opened


@pytest.fixture
def section() -> SignSection:
    return SignSection(agency=AGENCY, mark=box_14())


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> demo_ca.DemoAuthority:
    return demo_ca.make(tmp_path_factory.mktemp("demo"), AGENCY, PASSWORD, now)


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory, demo: demo_ca.DemoAuthority) -> Iterator[Path]:
    """A SoftHSM2 configuration with two tokens: «sohoa» and «each» (a key that demands the PIN per signature)."""
    before = os.environ.get("SOFTHSM2_CONF")
    config = demo_ca.token_config(tmp_path_factory.mktemp("token"))
    os.environ["SOFTHSM2_CONF"] = str(config)
    demo_ca.import_to_token(demo, config, "sohoa", PIN)
    demo_ca.import_to_token(demo, config, "each", PIN, always_authenticate=True)
    yield config
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture
def softhsm(token: Path) -> Pkcs11Signer:
    return Pkcs11Signer(str(demo_ca.softhsm_module()), token_label="sohoa")
