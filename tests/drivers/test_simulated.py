"""The simulated scanner does what its name says, the same each time, and its time is the clock it was given."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from intake.errors import EnvironmentTrouble, OperatorError
from intake.ports import ScanRequest
from scanner_drivers.simulated import BEHAVIOURS, PAUSES, SimulatedDriver

SCANS = Path(__file__).resolve().parents[2] / "samples" / "scans"
REQUEST = ScanRequest(source="feeder", resolution=75)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


class Watching:
    """A clock that looks at a folder instead of waiting."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.slept: list[float] = []
        self.sizes: list[int] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.sizes.append((self.folder / "p0001.jpg").stat().st_size)


def test_the_same_device_gives_the_same_bytes(tmp_path: Path) -> None:
    hashes = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        hashes.append([page.sha256 for page in SimulatedDriver().scan("pages=2", REQUEST, tmp_path / name)])
    assert hashes[0] == hashes[1]
    assert hashes[0][0] != hashes[0][1]


def test_a_half_written_file_grows_under_its_final_name_while_the_device_takes_its_time(out: Path) -> None:
    clock = Watching(out)
    (page,) = SimulatedDriver(clock).scan("half-written,pages=1", REQUEST, out)
    assert clock.slept == list(PAUSES)
    assert clock.sizes == sorted(set(clock.sizes))
    assert clock.sizes[-1] < page.path.stat().st_size


def test_an_unnoticed_double_feed_gives_one_page_fewer_and_a_sheet_edge_in_the_page(out: Path) -> None:
    pages = list(SimulatedDriver().scan("doublefeed@2", REQUEST, out))
    assert len(pages) == 2


def test_a_double_feed_is_caught_by_the_operators_count(out: Path) -> None:
    request = ScanRequest(source="feeder", resolution=75, expected_pages=3)
    with pytest.raises(EnvironmentTrouble, match="stuck together"):
        list(SimulatedDriver().scan("doublefeed@2", request, out))


@pytest.mark.parametrize(("device", "said"), [("wrong-resolution", "150 dpi"), ("gray", "Colour")])
def test_a_device_that_does_something_else_than_asked_is_caught(device: str, said: str, out: Path) -> None:
    with pytest.raises(OperatorError, match=said):
        list(SimulatedDriver().scan(device, ScanRequest(source="feeder", resolution=200), out))


def test_pages_before_a_jam_have_come(out: Path) -> None:
    scanning = SimulatedDriver().scan("jam@3", REQUEST, out)
    assert [next(scanning).number, next(scanning).number] == [1, 2]
    with pytest.raises(EnvironmentTrouble, match="page 3"):
        next(scanning)


def test_a_flatbed_gives_one_page_and_a_duplex_feeder_two_a_sheet(tmp_path: Path) -> None:
    counts = {}
    for source in ("flatbed", "feeder", "duplex"):
        folder = tmp_path / source
        folder.mkdir()
        request = ScanRequest(source=source, resolution=75)  # type: ignore[arg-type]
        counts[source] = len(list(SimulatedDriver().scan("pages=2", request, folder)))
    assert counts == {"flatbed": 1, "feeder": 2, "duplex": 4}


def test_sheets_can_be_taken_from_a_folder(out: Path) -> None:
    device = f"simulated:from={SCANS / 'quyet-dinh-nang-luong'}"
    pages = list(SimulatedDriver().scan(device, ScanRequest(source="feeder", resolution=200), out))
    assert len(pages) == 3
    with Image.open(pages[0].path) as image:
        assert image.size == (1654, 2339)


def test_a_behaviour_nobody_knows_lists_those_there_are(out: Path) -> None:
    with pytest.raises(OperatorError) as caught:
        list(SimulatedDriver().scan("catches-fire", REQUEST, out))
    assert all(name in caught.value.en for name in BEHAVIOURS)
