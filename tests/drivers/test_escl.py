"""The eSCL driver against a scanner on the loopback that has every bad habit known from the field."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PIL import Image

from intake.errors import EnvironmentTrouble, OperatorError
from intake.ports import ScanRequest
from scanner_drivers.escl import EsclDriver
from scanner_drivers.sane import SaneDriver
from tests.conformance.scanner_driver import Case, ScannerDriverSuite
from tests.drivers.escl_scanner import Habit, serving

PAGE = (Path(__file__).resolve().parents[2] / "samples/scans/quyet-dinh-nang-luong/003.jpg").read_bytes()
FEEDER = ScanRequest(source="feeder", resolution=200)
AIRSCAN = Path("/usr/lib/x86_64-linux-gnu/sane/libsane-airscan.so.1")


class JumpingClock:
    """Time that passes only when slept, or by ``step`` seconds at each look."""

    def __init__(self, step: float = 0.0) -> None:
        self.time = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
        self.step = dt.timedelta(seconds=step)
        self.slept: list[float] = []

    def now(self) -> dt.datetime:
        self.time += self.step
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += dt.timedelta(seconds=seconds)


def picture(mode: str = "RGB", size: tuple[int, int] = (1654, 2339), dpi: int = 200, kind: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size, 250 if mode == "L" else (250, 250, 245)).save(stream, kind, dpi=(dpi, dpi))
    return stream.getvalue()


def habits() -> dict[str, Habit]:
    return {
        "good": Habit([PAGE, PAGE, PAGE], feeder_after="ScannerAdfLoaded"),
        "empty": Habit([], feeder="ScannerAdfEmpty"),
        "hatch": Habit([], feeder="ScannerAdfHatchOpen"),
        "down": Habit([], state="Down"),
        "jam": Habit([PAGE, 404], feeder_after="ScannerAdfJam", job_states=["Aborted"]),
        "jam-as-empty-page": Habit([PAGE, b""], job_states=["Aborted"]),
        "multipick": Habit([PAGE, 409], feeder_after="ScannerAdfMultipickDetected", job_states=["Aborted"]),
        "aborted": Habit([PAGE, 404], job_states=["Aborted"]),
        "one-page-lost": Habit([PAGE, PAGE], completed=3),
        "cut": Habit([PAGE], cut=True),
        "server-error": Habit([PAGE, 500]),
        "busy": Habit([PAGE], starts=[409] * 50),
        "never-ready": Habit([503] * 100),
        "slow": Habit([503, (503, 7), 503, PAGE, 503, PAGE]),
        "too-early": Habit([PAGE, 404, 404, PAGE], job_states=["Processing", "Processing", "Completed"]),
        "hangs-in-processing": Habit([PAGE], job_states=["Processing"]),
        "gone": Habit([PAGE, 410]),
        "forgets": Habit([PAGE, PAGE], forgets_jobs=True),
        "does-not-count": Habit([PAGE], completed=None),
        "other-host": Habit([PAGE], location="http://printer.invalid:9{path}"),
        "half-address": Habit([PAGE], location="http://[fe80{path}"),
        "no-address": Habit([PAGE], location=""),
        "refused-at-first": Habit([PAGE], starts=[503, 503]),
        "rejects": Habit([PAGE], starts=[400]),
        "sends-pdf": Habit([b"%PDF-1.4\n"], content_type="application/pdf"),
        "sends-png": Habit([picture(kind="PNG")], formats=["image/png"]),
        "sends-gray": Habit([picture("L")]),
        "sends-half": Habit([picture(size=(827, 1170))]),
        "pdf-only": Habit([PAGE], formats=["application/pdf"]),
        "duplex": Habit([PAGE, PAGE], duplex=True),
        "not-xml": Habit([PAGE], raw_capabilities=b"<html>login"),
        "entities": Habit(
            [PAGE],
            raw_capabilities=b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a><MakeAndModel>&x;</MakeAndModel></a>',
        ),
    }


@pytest.fixture
def scanner() -> Iterator[tuple[int, dict[str, Habit]]]:
    made = habits()
    with serving(made) as port:
        yield port, made


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def pages(port: int, name: str, out: Path, request: ScanRequest = FEEDER, clock: JumpingClock | None = None) -> int:
    driver = EsclDriver(clock or JumpingClock())
    return len(list(driver.scan(f"http://127.0.0.1:{port}/{name}/eSCL", request, out)))


class TestConformance(ScannerDriverSuite):
    @pytest.fixture
    def case(self, scanner: tuple[int, dict[str, Habit]]) -> Case:
        port, _ = scanner
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            closed = unused.getsockname()[1]
        names = ("empty", "hatch", "down", "jam", "jam-as-empty-page", "multipick", "aborted", "one-page-lost", "cut",
                 "server-error", "busy", "never-ready", "hangs-in-processing", "no-address", "rejects",
                 "not-xml")  # fmt: skip
        return Case(
            driver=EsclDriver(JumpingClock()),
            device=f"http://127.0.0.1:{port}/good/eSCL",
            request=FEEDER,
            pages=3,
            trouble={
                **{name: f"http://127.0.0.1:{port}/{name}/eSCL" for name in names},
                "offline": f"http://127.0.0.1:{closed}/eSCL",
            },
            not_offered=(
                ScanRequest(resolution=5000),
                ScanRequest(source="feeder", resolution=400),  # offered as 400 × 200 only
                ScanRequest(source="duplex", resolution=200),
                ScanRequest(resolution=200, area_mm=(0, 0, 297, 420)),
            ),
        )


@pytest.mark.parametrize(
    ("name", "count"),
    [("good", 3), ("slow", 2), ("too-early", 2), ("gone", 1), ("forgets", 2), ("does-not-count", 1), ("other-host", 1),
     ("half-address", 1), ("refused-at-first", 1), ("sends-png", 1)],
)  # fmt: skip
def test_habits_that_are_no_fault_are_borne(
    scanner: tuple[int, dict[str, Habit]], name: str, count: int, out: Path
) -> None:
    assert pages(scanner[0], name, out) == count


def test_the_bytes_are_kept_as_the_device_sent_them(scanner: tuple[int, dict[str, Habit]], out: Path) -> None:
    pages(scanner[0], "good", out)
    assert (out / "p0001.jpg").read_bytes() == PAGE


def test_a_job_that_counts_more_images_than_came_is_a_lost_page(
    scanner: tuple[int, dict[str, Habit]], out: Path
) -> None:
    with pytest.raises(EnvironmentTrouble, match="scanned 3 pages but sent 2"):
        pages(scanner[0], "one-page-lost", out)


def test_an_empty_page_is_a_jam_and_never_the_end(scanner: tuple[int, dict[str, Habit]], out: Path) -> None:
    with pytest.raises(EnvironmentTrouble, match="page 2 empty"):
        pages(scanner[0], "jam-as-empty-page", out)


def test_what_the_feeder_says_is_told(scanner: tuple[int, dict[str, Habit]], out: Path) -> None:
    with pytest.raises(EnvironmentTrouble, match=r"Two sheets.*after 1 pages"):
        pages(scanner[0], "multipick", out)


def test_our_own_job_is_cancelled_after_trouble_and_nobody_elses(
    scanner: tuple[int, dict[str, Habit]], out: Path
) -> None:
    port, made = scanner
    for name in ("aborted", "busy", "good"):
        if name == "good":
            pages(port, name, out)
        else:
            with pytest.raises(EnvironmentTrouble):
                pages(port, name, out)
    assert made["aborted"].deleted == ["ScanJobs/1"]
    assert made["busy"].deleted == []
    assert made["good"].deleted == []


def test_retry_after_is_waited_for(scanner: tuple[int, dict[str, Habit]], out: Path) -> None:
    clock = JumpingClock()
    pages(scanner[0], "slow", out, clock=clock)
    assert clock.slept == [1.0, 7.0, 1.0, 1.0]


def test_a_page_that_drips_for_ever_is_given_up(scanner: tuple[int, dict[str, Habit]], out: Path) -> None:
    with pytest.raises(EnvironmentTrouble, match="too slow"):
        pages(scanner[0], "good", out, clock=JumpingClock(step=400))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sends-pdf", "neither JPEG nor PNG"),
        ("sends-gray", "Colour"),
        ("sends-half", "100 dpi"),
        ("pdf-only", "JPEG, PNG"),
    ],
)
def test_something_else_than_asked_is_refused(
    scanner: tuple[int, dict[str, Habit]], name: str, said: str, out: Path
) -> None:
    with pytest.raises(OperatorError, match=said):
        pages(scanner[0], name, out)


def test_entities_in_the_devices_xml_are_not_followed(scanner: tuple[int, dict[str, Habit]], out: Path) -> None:
    with pytest.raises(OperatorError) as caught:
        pages(scanner[0], "entities", out)
    assert Path("/etc/hostname").read_text().strip() not in caught.value.en


def test_what_is_asked_is_colour_at_best_quality_and_no_picture_improvement(
    scanner: tuple[int, dict[str, Habit]], out: Path
) -> None:
    port, made = scanner
    pages(port, "duplex", out, ScanRequest(source="duplex", resolution=200))
    asked = made["duplex"].settings[0].decode()
    for part in (
        "RGB24",
        "<scan:XResolution>200",
        "<scan:Duplex>true",
        "<scan:CompressionFactor>0<",
        "<pwg:Width>2480",
    ):
        assert part in asked
    for part in ("Brightness", "Sharpen", "NoiseRemoval", "BlankPage"):
        assert part not in asked


def certificate(folder: Path) -> tuple[ssl.SSLContext, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mfp")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(30))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = folder / "mfp.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context, hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).hexdigest()


def test_a_self_signed_certificate_is_taken_only_when_pinned(tmp_path: Path, out: Path) -> None:
    context, fingerprint = certificate(tmp_path)
    driver = EsclDriver(JumpingClock())
    with serving({"good": Habit([PAGE])}, context) as port:
        address = f"https://127.0.0.1:{port}/good/eSCL"
        assert len(list(driver.scan(f"{address}#sha256={fingerprint}", FEEDER, out))) == 1
        with pytest.raises(OperatorError, match=fingerprint):
            list(driver.scan(f"{address}#sha256={'0' * 64}", FEEDER, out))
        with pytest.raises(EnvironmentTrouble, match="certificate"):
            list(driver.scan(address, FEEDER, out))


@pytest.mark.skipif(not AIRSCAN.exists(), reason="sane-airscan is not installed")
def test_an_independent_client_understands_our_scanner_too(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """scanimage over sane-airscan scans from the same server: the server speaks eSCL, not just what our client says."""
    with serving({"good": Habit([PAGE, PAGE])}) as port:
        (tmp_path / "dll.conf").write_text("airscan\n")
        (tmp_path / "dll.d").mkdir()
        (tmp_path / "airscan.conf").write_text(
            f'[devices]\n"Loop" = http://127.0.0.1:{port}/good/eSCL, eSCL\n[options]\ndiscovery = disable\n'
        )
        monkeypatch.setenv("SANE_CONFIG_DIR", str(tmp_path))
        assert len(list(SaneDriver().scan("airscan:e0:Loop", FEEDER, out))) == 2
