"""What the SANE driver does when scanimage, or the scanner behind it, misbehaves."""

from __future__ import annotations

import os
import select
import shutil
from pathlib import Path

import pytest
from PIL import Image

from intake.errors import DependencyMissing, EnvironmentTrouble, OperatorError
from intake.ports import ScanRequest
from scanner_drivers.sane import SaneDriver

FAKE = str(Path(__file__).parent / "fake_scanimage")
FEEDER = ScanRequest(source="feeder", resolution=200)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SaneDriver:
    """A driver over a program that behaves as its device name says."""
    page = tmp_path / "page.png"
    Image.new("RGB", (1654, 2339), (250, 250, 245)).save(page, dpi=(200, 200))
    monkeypatch.setenv("FAKE_PAGE", str(page))
    return SaneDriver(program=FAKE, silence=30)


def numbers(driver: SaneDriver, device: str, request: ScanRequest, out: Path) -> list[int]:
    return [page.number for page in driver.scan(device, request, out)]


def test_a_full_feeder_ends_when_it_is_empty(fake: SaneDriver, out: Path) -> None:
    assert numbers(fake, "fake:good", FEEDER, out) == [1, 2]


def test_an_empty_feeder_is_trouble_although_scanimage_says_success(fake: SaneDriver, out: Path) -> None:
    """scanimage --batch exits 0 with an empty feeder: files count, not the exit status."""
    with pytest.raises(EnvironmentTrouble, match="empty"):
        numbers(fake, "fake:empty", FEEDER, out)


def test_out_of_documents_after_pages_is_a_normal_end(fake: SaneDriver, out: Path) -> None:
    assert numbers(fake, "fake:says-nodocs-after-two", FEEDER, out) == [1, 2]


def test_a_jam_after_a_page_is_a_jam_and_says_how_many_came(fake: SaneDriver, out: Path) -> None:
    with pytest.raises(EnvironmentTrouble, match=r"jammed.*after 1 pages"):
        numbers(fake, "fake:jam-after-one", FEEDER, out)


def test_a_rounded_resolution_is_a_failure_although_scanimage_goes_on(fake: SaneDriver, out: Path) -> None:
    with pytest.raises(OperatorError, match="from 200 to 150"):
        numbers(fake, "fake:rounds", FEEDER, out)


def test_glass_rounded_by_a_tenth_of_a_millimetre_is_no_failure(fake: SaneDriver, out: Path) -> None:
    assert numbers(fake, "fake:rounds-the-glass", FEEDER, out) == [1]


def test_an_area_rounded_to_letter_would_cut_the_sheet(fake: SaneDriver, out: Path) -> None:
    with pytest.raises(OperatorError, match=r"297 to 279\.4"):
        numbers(fake, "fake:rounds-the-sheet", FEEDER, out)


def test_a_status_nobody_knows_is_still_said(fake: SaneDriver, out: Path) -> None:
    with pytest.raises(EnvironmentTrouble, match=r"99.*something new"):
        numbers(fake, "fake:unknown-status", FEEDER, out)


def test_a_crash_tells_the_room_on_the_disk(fake: SaneDriver, out: Path) -> None:
    """scanimage aborts when it cannot write a page."""
    with pytest.raises(EnvironmentTrouble, match=r"signal 6.*after 1 pages.*MB free"):
        numbers(fake, "fake:crashes", FEEDER, out)


def test_a_device_that_is_gone_is_named(fake: SaneDriver, out: Path) -> None:
    with pytest.raises(OperatorError, match="fake:gone"):
        numbers(fake, "fake:gone", FEEDER, out)


def test_a_hanging_scan_is_ended_with_everything_it_started(
    fake: SaneDriver, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fake's child holds a pipe open; the pipe closes only when that child is dead too."""
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    monkeypatch.setenv("FAKE_ALIVE", str(alive))
    reading = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
    driver = SaneDriver(program=FAKE, silence=0.4)
    with pytest.raises(EnvironmentTrouble, match="silent"):
        numbers(driver, "fake:hangs", FEEDER, out)
    ready, _, _ = select.select([reading], [], [], 10)
    assert ready
    assert os.read(reading, 1) == b""
    os.close(reading)
    assert list(out.glob("*.part")) == []


def test_without_scanimage_the_message_says_how_to_install_it(out: Path) -> None:
    with pytest.raises(DependencyMissing, match="apt-get install sane-utils"):
        numbers(SaneDriver(program="no-such-scanimage"), "test", FEEDER, out)


def test_the_test_device_gives_a4_in_colour_at_the_resolution_asked(out: Path) -> None:
    (page,) = SaneDriver().scan("test", ScanRequest(resolution=200), out)
    with Image.open(page.path) as image:
        assert image.mode == "RGB"
        assert abs(image.width - 1654) <= 2
        assert abs(image.height - 2339) <= 2
        assert image.format == "PNG"


def test_the_image_played_through_sane_comes_back_pixel_for_pixel(tmp_path: Path, out: Path) -> None:
    source = tmp_path / "page.png"
    Image.effect_noise((400, 300), 60).convert("RGB").save(source)
    (page,) = SaneDriver().scan(f"pnm:{source}", ScanRequest(resolution=200, area_mm=(0, 0, 50.8, 38.1)), out)
    with Image.open(page.path) as got, Image.open(source) as sent:
        assert got.tobytes() == sent.tobytes()


def test_a_gray_page_is_refused_when_colour_was_asked(tmp_path: Path, out: Path, fake: SaneDriver) -> None:
    Image.new("L", (1654, 2339), 250).save(os.environ["FAKE_PAGE"], dpi=(200, 200))
    with pytest.raises(OperatorError, match="Colour"):
        numbers(fake, "fake:good", FEEDER, out)


def test_a_page_at_another_resolution_is_refused_even_with_the_right_tag(out: Path, fake: SaneDriver) -> None:
    """Devices exist that take 600 and deliver 300; the size of the image tells."""
    Image.new("RGB", (1240, 1754), (250, 250, 245)).save(os.environ["FAKE_PAGE"], dpi=(200, 200))
    with pytest.raises(OperatorError, match="150 dpi"):
        numbers(fake, "fake:good", FEEDER, out)


def test_a_smaller_sheet_is_no_wrong_resolution(out: Path, fake: SaneDriver) -> None:
    """A5 from a feeder that trims to the paper."""
    Image.new("RGB", (1165, 1654), (250, 250, 245)).save(os.environ["FAKE_PAGE"], dpi=(200, 200))
    assert numbers(fake, "fake:good", FEEDER, out) == [1, 2]


def test_the_machines_own_sane_configuration_is_left_alone(out: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in Path("/etc/sane.d").glob("*.conf")}
    list(SaneDriver().scan("test", ScanRequest(resolution=75), out))
    assert {path: path.stat().st_mtime_ns for path in Path("/etc/sane.d").glob("*.conf")} == before
    assert shutil.which("scanimage")


def test_a_path_with_a_percent_sign_is_no_pattern(tmp_path: Path, fake: SaneDriver) -> None:
    folder = tmp_path / "100%d scans"
    folder.mkdir()
    assert numbers(fake, "fake:good", FEEDER, folder) == [1, 2]
    assert sorted(path.name for path in folder.iterdir()) == ["p0001.png", "p0002.png"]
