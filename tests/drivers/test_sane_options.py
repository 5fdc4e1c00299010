"""What devices offer is read from their own listings, and nothing is ever replaced by something near it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.errors import OperatorError
from intake.ports import ScanRequest
from scanner_drivers import sane_options

DESK = """
  Scan mode:
    --mode Lineart|Gray|Color [Lineart]
        Selects the scan mode (e.g., lineart, monochrome, or color).
    --depth 8|16bit [8]
    --resolution 75|100|200|300|600dpi [75]
        Sets the resolution of the scanned image.
    --source Flatbed|ADF|ADF Duplex [Flatbed]
  Geometry:
    -l 0..215.9mm (in steps of 0.0211639) [0]
    -t 0..296.926mm (in steps of 0.0211639) [0]
    -x 0..215.9mm (in steps of 0.0211639) [215.9]
    -y 0..296.926mm (in steps of 0.0211639) [296.926]
"""

FEEDER_ONLY = """
  Scan Mode:
    --source ADF Front|ADF Back|ADF Duplex [ADF Front]
    --mode Lineart|Halftone|Gray|Color [Lineart]
    --resolution 50..600dpi (in steps of 1) [600]
    --page-width 0..224.846mm (in steps of 0.0211639) [215.872]
    --page-height 0..863.489mm (in steps of 0.0211639) [279.364]
    -x 0..215.872mm (in steps of 0.0211639) [215.872]
    -y 0..279.364mm (in steps of 0.0211639) [279.364]
    --swdeskew[=(yes|no)] [inactive]
"""

SPLIT_DUPLEX = """
    --source Flatbed|Automatic Document Feeder [Flatbed]
    --adf-mode Simplex|Duplex [inactive]
    --mode Black & White|24bit Color|True Gray [24bit Color]
    --resolution auto||100|200|300dpi [100]
"""


def test_a_desk_scanner() -> None:
    options = sane_options.parse(DESK)
    assert options["resolution"].choices == ("75", "100", "200", "300", "600")
    assert options["x"].high == 215.9
    assert sane_options.settings(options, ScanRequest(source="duplex", resolution=300)) == [
        "--source", "ADF Duplex", "--mode", "Color", "--depth", "8", "--resolution", "300",
        "-l", "0", "-t", "0", "-x", "210", "-y", "296.926",
    ]  # fmt: skip


def test_a_glass_shorter_than_the_sheet_is_refused() -> None:
    """A feeder whose area is set for Letter would cut 18 mm off an A4 sheet."""
    options = sane_options.parse(FEEDER_ONLY)
    with pytest.raises(OperatorError, match="297 mm"):
        sane_options.settings(options, ScanRequest(source="feeder"))
    arguments = sane_options.settings(options, ScanRequest(source="feeder", area_mm=(0, 0, 210, 279)))
    assert arguments[:2] == ["--source", "ADF Front"]
    assert arguments[arguments.index("--page-width") + 1] == "210"


def test_a_feeder_only_device_has_no_flatbed() -> None:
    with pytest.raises(OperatorError, match="flatbed"):
        sane_options.settings(sane_options.parse(FEEDER_ONLY), ScanRequest(source="flatbed", area_mm=(0, 0, 210, 279)))


def test_duplex_as_an_option_of_its_own() -> None:
    arguments = sane_options.settings(sane_options.parse(SPLIT_DUPLEX), ScanRequest(source="duplex"))
    assert arguments == [
        "--source", "Automatic Document Feeder", "--adf-mode=Duplex", "--mode", "24bit Color", "--resolution", "300",
    ]  # fmt: skip


def test_a_device_without_colour_is_refused() -> None:
    options = sane_options.parse("    --mode Lineart|Gray [Gray]\n    --resolution 200|300dpi [200]\n")
    with pytest.raises(OperatorError, match="Color"):
        sane_options.settings(options, ScanRequest())


@given(offered=st.lists(st.integers(50, 1200), min_size=1, max_size=12, unique=True), asked=st.integers(50, 1200))
def test_a_resolution_is_set_exactly_or_refused_from_a_list(offered: list[int], asked: int) -> None:
    options = sane_options.parse(f"    --resolution {'|'.join(map(str, offered))}dpi [{offered[0]}]\n")
    _exactly_or_refused(options, asked, asked in offered)


@given(low=st.integers(25, 300), span=st.integers(0, 900), step=st.integers(1, 100), asked=st.integers(25, 1200))
def test_a_resolution_is_set_exactly_or_refused_from_a_range(low: int, span: int, step: int, asked: int) -> None:
    options = sane_options.parse(f"    --resolution {low}..{low + span}dpi (in steps of {step}) [{low}]\n")
    _exactly_or_refused(options, asked, low <= asked <= low + span and (asked - low) % step == 0)


def _exactly_or_refused(options: dict[str, sane_options.Option], asked: int, offered: bool) -> None:
    request = ScanRequest(resolution=asked)
    if offered:
        assert sane_options.settings(options, request) == ["--resolution", str(asked)]
    else:
        with pytest.raises(OperatorError, match=f"{asked} dpi"):
            sane_options.settings(options, request)


@given(st.text(max_size=300))
def test_any_listing_can_be_read(listing: str) -> None:
    sane_options.parse(listing)
