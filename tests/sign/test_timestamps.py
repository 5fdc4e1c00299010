"""A time-stamp authority that is away or wrong costs the level, never the document, and is never silent."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pyhanko.sign.timestamps.common_utils import TimestampRequestError

from intake.errors import EnvironmentTrouble
from intake.model import Finding
from intake.profile.sections import SignSection
from tests.sign.authority import Authority
from tests.sign.paper import document
from workers.sign import stage, uplift
from workers.sign.pkcs12 import OpenKey
from workers.sign.timestamp import TimeStampAuthority
from workers.sign.verify import verify
from workers.tools.pki import TrustStore

Sign = Callable[[str, str], tuple[Path, tuple[Finding, ...]]]


@pytest.fixture
def sign(ca: Authority, trust: TrustStore, key: OpenKey, section: SignSection, now: datetime, tmp_path: Path) -> Sign:
    def run(url: str, level: str = "B-T") -> tuple[Path, tuple[Finding, ...]]:
        wanted = section.model_copy(update={"level": level, "tsa_url": url, "tsa_seconds": 5.0})
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        paper = document(tmp_path / f"p{len(list(tmp_path.iterdir()))}")
        result = stage.run(paper, wanted, out, signer=key, now=now, trust=trust, demo_allowed=True)
        return out / "signed.pdf", result.findings

    return run


@pytest.mark.parametrize(
    ("manner", "why"),
    [
        ("500", "HTTP 500"),
        ("garbage", "not a TimeStampResp"),
        ("html", "not a TimeStampResp"),
        ("empty", "not a TimeStampResp"),
        ("endless", "too long"),
        ("nonce", "wrong nonce"),
        ("imprint", "of something else"),
        ("rejection", "status rejection"),
        ("selfmade", "authority not trusted"),
    ],
)
def test_a_wrong_answer_leaves_a_valid_b_b_signature_and_says_that_the_time_stamp_is_pending(
    manner: str,
    why: str,
    ca: Authority,
    trust: TrustStore,
    sign: Sign,
    now: datetime,
) -> None:
    signed, findings = sign(ca.tsa(manner), "B-T")
    assert [finding.code for finding in findings] == ["sign.timestamp_pending"]
    assert why in findings[0].vi
    report = verify(signed, trust, now + timedelta(minutes=1), online=True)
    assert (report.verdict, report.own[0].level) == ("valid", "B-B")


def test_an_authority_that_does_not_answer_at_all_is_pending(trust: TrustStore, sign: Sign, now: datetime) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        signed, findings = sign(f"http://127.0.0.1:{unused.getsockname()[1]}/", "B-LTA")
    assert [finding.code for finding in findings] == ["sign.timestamp_pending"]
    assert verify(signed, trust, now, online=True).verdict == "valid"


@pytest.mark.parametrize(("level", "reached"), [("B-T", "B-T"), ("B-LT", "B-LT"), ("B-LTA", "B-LT")])
def test_the_time_stamp_is_added_later_without_key_or_pin_and_without_changing_a_byte(
    level: str,
    reached: str,
    ca: Authority,
    trust: TrustStore,
    sign: Sign,
    section: SignSection,
    now: datetime,
    tmp_path: Path,
) -> None:
    signed, _ = sign(ca.tsa("500"), level)
    later = tmp_path / "later.pdf"
    wanted = section.model_copy(update={"level": level, "tsa_url": ca.tsa()})
    told, lacking, _ = uplift.add_timestamp(signed, later, wanted, trust, now)
    assert (told, lacking) == (level, ())
    assert later.read_bytes().startswith(signed.read_bytes())
    report = verify(later, trust, now + timedelta(minutes=1), online=True)
    assert report.verdict == "valid", report.as_json()
    assert report.own[0].proven_at is not None
    assert report.own[0].level == reached


def test_a_certified_file_that_allows_no_changes_takes_its_late_time_stamp_too(
    ca: Authority, trust: TrustStore, key: OpenKey, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    strict = section.model_copy(update={"docmdp": "no-changes", "level": "B-LTA", "tsa_url": ca.tsa("500")})
    stage.run(document(tmp_path), strict, tmp_path, signer=key, now=now, trust=trust, demo_allowed=True)
    wanted = strict.model_copy(update={"tsa_url": ca.tsa()})
    uplift.add_timestamp(tmp_path / "signed.pdf", tmp_path / "later.pdf", wanted, trust, now)
    report = verify(tmp_path / "later.pdf", trust, now + timedelta(minutes=1))
    assert report.verdict == "valid", report.as_json()


def test_an_authority_that_is_still_away_leaves_no_half_written_file(
    ca: Authority,
    trust: TrustStore,
    sign: Sign,
    section: SignSection,
    now: datetime,
    tmp_path: Path,
) -> None:
    signed, _ = sign(ca.tsa("500"), "B-T")
    later = tmp_path / "later.pdf"
    before = signed.read_bytes()
    for manner in ("500", "nonce", "garbage"):
        away = section.model_copy(update={"level": "B-T", "tsa_url": ca.tsa(manner)})
        with pytest.raises(EnvironmentTrouble, match="dấu thời gian"):
            uplift.add_timestamp(signed, later, away, trust, now)
    assert not later.exists()
    assert signed.read_bytes() == before
    assert [path.name for path in tmp_path.glob("later*")] == []


def test_an_answer_that_drips_is_cut_off_at_the_profile_s_seconds(ca: Authority) -> None:
    ticks = iter(range(0, 100_000, 100))
    slow = TimeStampAuthority(ca.tsa("endless"), seconds=180, clock=lambda: float(next(ticks)))
    with pytest.raises(TimestampRequestError, match="180 s"):
        slow._post(b"x")
