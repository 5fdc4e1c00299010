"""Nothing is signed with a certificate that may not sign, and the words say which and why."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.errors import NotAllowed, OperatorError
from intake.profile.sections import SignSection
from tests.sign.authority import AGENCY, LONG, PASSWORD, Authority
from tests.sign.paper import document
from workers.sign import stage
from workers.sign.certificate import check
from workers.sign.demo_ca import DemoAuthority
from workers.sign.pkcs12 import OpenKey, Pkcs12Signer
from workers.tools.pki import TrustStore, load_trust, same_name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("expired", "hết hạn"),
        ("future", "chưa có hiệu lực"),
        ("revoked", "thu hồi"),
        ("other", "Sở Y tế"),
        ("person", "Nguyễn Văn A"),
        ("encrypting", "sai mục đích"),
    ],
)
def test_a_certificate_that_may_not_sign_is_refused_before_the_token_is_asked(
    name: str,
    words: str,
    ca: Authority,
    trust: TrustStore,
    section: SignSection,
    now: datetime,
    tmp_path: Path,
) -> None:
    paper = document(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    with Pkcs12Signer(ca.pkcs12(name)).open(PASSWORD) as key, pytest.raises(OperatorError) as refused:
        stage.run(paper, section, out, signer=key, now=now, trust=trust, demo_allowed=True)
    assert words in refused.value.vi
    assert "chưa ký gì" in refused.value.vi
    assert "nothing was signed" in refused.value.en
    assert list(out.iterdir()) == []


def test_a_certificate_of_an_unknown_issuer_is_refused(
    trust: TrustStore, demo: DemoAuthority, section: SignSection, now: datetime
) -> None:
    with Pkcs12Signer(demo.pkcs12).open(PASSWORD) as key, pytest.raises(OperatorError, match="kho tin cậy"):
        check(key, section, trust, now, demo_allowed=True)


def test_a_trial_key_never_signs_unless_the_station_allows_it(
    key: OpenKey, trust: TrustStore, section: SignSection, now: datetime
) -> None:
    with pytest.raises(NotAllowed, match="CHỈ DÙNG THỬ"):
        check(key, section, trust, now)


def test_without_network_the_profile_decides_between_refusing_and_saying_so(
    ca: Authority, key: OpenKey, trust: TrustStore, section: SignSection, now: datetime
) -> None:
    ca.server.closed = True
    try:
        found = check(key, section, trust, now, demo_allowed=True).findings
        assert [finding.code for finding in found] == ["sign.revocation_unchecked"]
        strict = section.model_copy(update={"revocation": "require"})
        with pytest.raises(OperatorError, match="CRL/OCSP"):
            check(key, strict, trust, now, demo_allowed=True)
    finally:
        ca.server.closed = False


def test_no_address_of_an_untrusted_certificate_is_followed(
    ca: Authority, demo: DemoAuthority, key: OpenKey, section: SignSection, now: datetime
) -> None:
    before = len(ca.server.asked)
    with pytest.raises(OperatorError):
        check(key, section, load_trust(demo.trust), now, demo_allowed=True)
    assert ca.server.asked[before:] == []


def test_an_agency_name_of_200_letters_is_compared_whole(
    ca: Authority, trust: TrustStore, section: SignSection, now: datetime
) -> None:
    assert 180 <= len(LONG) <= 200
    with Pkcs12Signer(ca.pkcs12("long")).open(PASSWORD) as key:
        check(key, section.model_copy(update={"agency": LONG}), trust, now, demo_allowed=True)
        with pytest.raises(OperatorError):
            check(key, section.model_copy(update={"agency": LONG[:-2] + "Y."}), trust, now, demo_allowed=True)


def test_another_spelling_in_the_certificate_is_accepted_only_when_the_profile_names_it(
    ca: Authority, trust: TrustStore, section: SignSection, now: datetime
) -> None:
    with Pkcs12Signer(ca.pkcs12("other")).open(PASSWORD) as key:
        named = section.model_copy(update={"certificate_names": ("SỞ  Y TẾ",)})
        assert check(key, named, trust, now, demo_allowed=True).revocation_known


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("Ủy ban nhân dân", "Uỷ ban nhân dân", True),
        ("Sở Văn hóa", "SỞ  VĂN HOÁ", True),
        ("U\u0309y ban", "Ủy ban", True),
        ("Sở Y tế – Hà Nội", "Sở Y tế - Hà Nội", True),
        ("Sở Y tế", "Sở Y te", False),
        ("Ủy ban nhân dân xã A", "Ủy ban nhân dân xã Á", False),
    ],
)
def test_names_are_equal_whatever_their_spelling_and_unequal_by_any_letter(left: str, right: str, same: bool) -> None:
    assert same_name(left, right) is same


@given(st.text(alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạắấ ", min_size=1, max_size=40))
def test_a_name_equals_itself_in_every_case_and_composition(name: str) -> None:

    assert same_name(name, unicodedata.normalize("NFD", name.upper()))


def test_a_trust_folder_with_a_damaged_file_is_not_half_read(tmp_path: Path) -> None:
    (tmp_path / "hong.cer").write_bytes(b"khong phai chung thu")
    with pytest.raises(OperatorError, match=r"hong\.cer"):
        load_trust(tmp_path)
    with pytest.raises(OperatorError, match="trust folder"):
        load_trust(tmp_path / "none")


def test_the_agency_in_the_settings_is_the_agency_in_the_mark(section: SignSection) -> None:
    assert section.agency == AGENCY
