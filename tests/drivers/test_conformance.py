"""Our drivers hold what the suite asks of any driver."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from intake.ports import ScanRequest
from scanner_drivers.folder import FolderDriver
from scanner_drivers.sane import SaneDriver
from scanner_drivers.simulated import SimulatedDriver
from tests.conformance.scanner_driver import Case, ScannerDriverSuite

SCANS = Path(__file__).resolve().parents[2] / "samples" / "scans"
SMALL = (0.0, 0.0, 105.0, 148.0)
"""A6: quick to scan in tests"""


class TestSimulated(ScannerDriverSuite):
    @pytest.fixture
    def case(self) -> Case:
        return Case(
            driver=SimulatedDriver(),
            device="good",
            request=ScanRequest(source="feeder", resolution=100, area_mm=SMALL),
            pages=3,
            trouble={
                "jam": "jam@2",
                "empty": "empty",
                "cover": "cover",
                "offline": "offline",
                "multifeed": "multifeed@2",
                "truncated": "truncated@1",
            },
            not_offered=(ScanRequest(resolution=5000),),
        )


class TestSane(ScannerDriverSuite):
    """Through scanimage and SANE's own test back-end: ten pages in the feeder."""

    @pytest.fixture
    def case(self) -> Case:
        return Case(
            driver=SaneDriver(),
            device="test",
            request=ScanRequest(source="feeder", resolution=100, area_mm=SMALL),
            pages=10,
            not_offered=(
                ScanRequest(resolution=5000),
                ScanRequest(source="duplex"),
                ScanRequest(area_mm=(0, 0, 400, 297)),
            ),
        )

    def test_devices_are_a_tuple_of_names(self, case: Case) -> None:
        """Asked of a scanimage that answers at once: looking around the network takes seconds."""
        quick = SaneDriver(program=str(Path(__file__).parent / "fake_scanimage"))
        assert quick.devices() == ("fake:one", "fake:two")


class TestSanePlayingAnImage(ScannerDriverSuite):
    """Through SANE's pnm back-end: a real page, and the device's troubles."""

    @pytest.fixture
    def case(self) -> Case:
        page = SCANS / "cong-van-bao-cao-so-lieu.jpg"
        return Case(
            driver=SaneDriver(),
            device=f"pnm:{page}",
            request=ScanRequest(resolution=200),
            pages=1,
            trouble={
                name: f"pnm:{page}#{name}" for name in ("jammed", "nodocs", "coveropen", "ioerror", "accessdenied")
            },
            not_offered=(ScanRequest(resolution=220), ScanRequest(source="feeder")),
        )

    def test_devices_are_a_tuple_of_names(self, case: Case) -> None:
        assert case.driver.name == "sane"


class TestFolder(ScannerDriverSuite):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Case:
        device = tmp_path / "mfp"
        shutil.copytree(SCANS / "quyet-dinh-nang-luong", device)
        growing = tmp_path / "growing"
        growing.mkdir()
        (growing / "001.jpg").write_bytes((device / "001.jpg").read_bytes()[:5000])
        return Case(
            driver=FolderDriver(),
            device=str(device),
            request=ScanRequest(resolution=200),
            pages=3,
            honours=False,
            fresh=True,
            trouble={"still being written": str(growing)},
        )
