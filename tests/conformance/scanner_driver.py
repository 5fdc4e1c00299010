"""What every scanner driver must hold, ours and anybody's.

Subclass ScannerDriverSuite in a test module, give a ``case`` fixture, and pytest runs the claims:

    class TestMyDriver(ScannerDriverSuite):
        @pytest.fixture
        def case(self, tmp_path):
            return Case(driver=MyDriver(), device="bench", request=ScanRequest(resolution=200), pages=1)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PIL import Image

from intake.errors import EnvironmentTrouble, OperatorError, SohoaError
from intake.ports import ScannedPage, ScannerDriver, ScanRequest


@dataclass(frozen=True)
class Case:
    """A device that works, and what it delivers; devices that fail, and how.

    ``honours``: the driver commands the device, so resolution and colour must be as asked (False for push folders).
    ``fresh``: scanning again needs new paper (a folder that has been emptied), so repeat claims are skipped.
    ``trouble``: name of the trouble → device that has it (jam, empty, cover, offline …), asked with ``request``.
    ``not_offered``: requests the device must refuse by name.
    """

    driver: ScannerDriver
    device: str
    request: ScanRequest
    pages: int
    honours: bool = True
    fresh: bool = False
    unknown_device: str = "no-such-device"
    trouble: Mapping[str, str] = field(default_factory=dict)
    not_offered: tuple[ScanRequest, ...] = ()


class ScannerDriverSuite:
    """The claims. ``out`` is the empty folder of one scan."""

    @pytest.fixture
    def case(self) -> Case:
        raise NotImplementedError("give a case fixture")

    @pytest.fixture
    def out(self, tmp_path: Path) -> Path:
        folder = tmp_path / "out"
        folder.mkdir()
        return folder

    def test_it_is_a_driver_that_starts_without_arguments(self, case: Case) -> None:
        assert isinstance(case.driver, ScannerDriver)
        assert isinstance(case.driver.name, str)
        assert case.driver.name
        assert isinstance(type(case.driver)(), ScannerDriver)

    def test_devices_are_a_tuple_of_names(self, case: Case) -> None:
        devices = case.driver.devices()
        assert isinstance(devices, tuple)
        assert all(isinstance(name, str) and name for name in devices)

    def test_pages_come_in_order_and_names_sort_so(self, case: Case, out: Path) -> None:
        pages = list(case.driver.scan(case.device, case.request, out))
        assert [page.number for page in pages] == list(range(1, case.pages + 1))
        assert [page.path for page in pages] == sorted(page.path for page in pages)

    def test_a_page_is_whole_when_it_is_yielded_and_never_changes_after(self, case: Case, out: Path) -> None:
        seen: list[ScannedPage] = []
        for page in case.driver.scan(case.device, case.request, out):
            assert hashlib.sha256(page.path.read_bytes()).hexdigest() == page.sha256
            seen.append(page)
        for page in seen:
            assert hashlib.sha256(page.path.read_bytes()).hexdigest() == page.sha256

    def test_out_holds_the_pages_and_nothing_else(self, case: Case, out: Path) -> None:
        pages = list(case.driver.scan(case.device, case.request, out))
        assert sorted(out.iterdir()) == sorted(page.path for page in pages)

    def test_resolution_and_colour_are_as_asked(self, case: Case, out: Path) -> None:
        if not case.honours:
            pytest.skip("the driver does not command its device")
        for page in case.driver.scan(case.device, case.request, out):
            with Image.open(page.path) as image:
                assert image.mode == "RGB"
                assert [round(value) for value in image.info["dpi"]] == [case.request.resolution] * 2

    def test_two_scans_do_not_meet(self, case: Case, tmp_path: Path) -> None:
        if case.fresh:
            pytest.skip("one scan uses up the paper")
        outs = [tmp_path / name for name in ("first", "second")]
        for folder in outs:
            folder.mkdir()
        counts = [len(list(case.driver.scan(case.device, case.request, folder))) for folder in outs]
        assert counts == [case.pages, case.pages]

    def test_a_wrong_count_of_pages_is_said_and_not_swallowed(self, case: Case, out: Path) -> None:
        request = replace(case.request, expected_pages=case.pages + 1)
        with pytest.raises(EnvironmentTrouble) as caught:
            list(case.driver.scan(case.device, request, out))
        _both_languages(caught.value)

    def test_the_right_count_passes(self, case: Case, out: Path) -> None:
        request = replace(case.request, expected_pages=case.pages)
        assert len(list(case.driver.scan(case.device, request, out))) == case.pages

    def test_an_unknown_device_is_the_operators_to_mend(self, case: Case, out: Path) -> None:
        with pytest.raises((OperatorError, EnvironmentTrouble)) as caught:
            list(case.driver.scan(case.unknown_device, case.request, out))
        _both_languages(caught.value)
        assert list(out.iterdir()) == []

    def test_a_setting_that_is_not_offered_is_refused_never_replaced(self, case: Case, out: Path) -> None:
        if not case.not_offered:
            pytest.skip("the device offers everything")
        for request in case.not_offered:
            with pytest.raises(OperatorError) as caught:
                list(case.driver.scan(case.device, request, out))
            _both_languages(caught.value)
            assert list(out.iterdir()) == []

    def test_trouble_at_the_device_is_trouble_of_the_surroundings(self, case: Case, tmp_path: Path) -> None:
        for name, device in case.trouble.items():
            folder = tmp_path / name
            folder.mkdir()
            with pytest.raises(EnvironmentTrouble) as caught:
                list(case.driver.scan(device, case.request, folder))
            _both_languages(caught.value)
            assert [path for path in folder.iterdir() if path.name.endswith(".part")] == []

    def test_a_folder_that_is_gone_is_trouble_and_no_crash(self, case: Case, tmp_path: Path) -> None:
        with pytest.raises(EnvironmentTrouble) as caught:
            list(case.driver.scan(case.device, case.request, tmp_path / "gone" / "away"))
        _both_languages(caught.value)

    def test_a_caller_that_stops_early_leaves_no_unfinished_file(self, case: Case, out: Path) -> None:
        scanning = case.driver.scan(case.device, case.request, out)
        first = next(iter(scanning))
        scanning.close()  # type: ignore[attr-defined]
        assert first.path.exists()
        assert [path for path in out.iterdir() if path.name.endswith(".part")] == []


def _both_languages(error: SohoaError) -> None:
    assert error.vi
    assert error.en
    assert error.vi != error.en
