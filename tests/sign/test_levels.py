"""Every level is reached, and three judges agree: ours, Debian's pdfsig, and pyHanko's own long-term validation."""

from __future__ import annotations

import asyncio
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.policy_decl import PdfSignatureValidationSpec, SignatureValidationSpec
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from intake.profile.sections import SignSection
from tests.sign.authority import AGENCY, Authority
from tests.sign.paper import document
from workers.sign import stage
from workers.sign.pkcs12 import OpenKey
from workers.sign.proof import hindrances
from workers.sign.verify import verify
from workers.tools.pki import TrustStore


def pdfsig(path: Path) -> str:
    return subprocess.run(["pdfsig", path], capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_each_level_is_reached_and_accepted_by_independent_judges(
    level: str,
    ca: Authority,
    trust: TrustStore,
    key: OpenKey,
    section: SignSection,
    now: datetime,
    tmp_path: Path,
) -> None:
    wanted = section.model_copy(update={"level": level, "tsa_url": ca.tsa()})
    out = tmp_path / "out"
    out.mkdir()
    result = stage.run(document(tmp_path), wanted, out, signer=key, now=now, trust=trust, demo_allowed=True)
    signed = out / "signed.pdf"
    assert [finding.code for finding in result.findings] == []
    assert result.facts["level"] == level
    assert result.facts["agency"] == AGENCY
    assert sorted(path.name for path in out.iterdir()) == ["evidence.json", "signed.pdf"]

    report = verify(signed, trust, now + timedelta(minutes=1), online=True)
    assert report.verdict == "valid", report.as_json()
    assert report.own[0].level == level
    assert report.own[0].signed_at is not None
    assert datetime.fromisoformat(report.own[0].signed_at) == now
    assert (report.own[0].proven_at is not None) == (level != "B-B")

    told = pdfsig(signed)
    assert "Signature is Valid." in told
    assert f"CN={AGENCY}" in told
    assert "ETSI.CAdES.detached" in told
    assert "SHA-256" in told
    assert not hindrances(signed)
    assert subprocess.run(["qpdf", "--check", signed], capture_output=True, check=False).returncode == 0


def test_a_b_lta_signature_needs_no_network_and_satisfies_the_long_term_validation_of_the_standard(
    ca: Authority, trust: TrustStore, key: OpenKey, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    wanted = section.model_copy(update={"level": "B-LTA", "tsa_url": ca.tsa()})
    stage.run(document(tmp_path), wanted, tmp_path, signer=key, now=now, trust=trust, demo_allowed=True)
    signed = tmp_path / "signed.pdf"
    for years in (0, 5):  # the signer's certificate ends after two years
        report = verify(signed, trust, now + timedelta(days=1 + 365 * years))
        assert report.verdict == "valid", report.as_json()

    policy = CertValidationPolicySpec(
        SimpleTrustManager.build([CertTrustAnchor(root) for root in trust.roots]), CertRevTrustPolicy(REQUIRE_REVINFO)
    )
    with signed.open("rb") as stream:
        embedded = PdfFileReader(stream).embedded_regular_signatures[0]
        embedded.compute_integrity_info()
        spec = PdfSignatureValidationSpec(SignatureValidationSpec(policy))
        judged = asyncio.run(ades_lta_validation(embedded, spec))
    assert judged.ades_subindic is AdESPassed.OK
