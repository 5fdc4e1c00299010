"""Structural completeness: a cut file is never called whole, a whole one never cut."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from pathlib import Path

import img2pdf
import pikepdf
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from intake.receive.complete import Probe, incomplete


def _page(kind: str) -> bytes:
    image = Image.effect_noise((240, 340), 70).convert("RGB")
    out = io.BytesIO()
    if kind == "pdf":
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=70, dpi=(200, 200))
        return bytes(img2pdf.convert([jpeg.getvalue()] * 3))
    if kind == "pdf-pages-first":
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=70, dpi=(200, 200))
        with pikepdf.open(io.BytesIO(bytes(img2pdf.convert([jpeg.getvalue()] * 3)))) as pdf:
            pdf.save(out, linearize=True)
        return out.getvalue()
    if kind == "tiff-multi":
        image.save(out, "TIFF", save_all=True, append_images=[image, image], compression="tiff_lzw")
        return out.getvalue()
    image.save(out, kind.upper(), **({"quality": 70} if kind == "jpeg" else {}))
    return out.getvalue()


KINDS = {kind: _page(kind) for kind in ("jpeg", "png", "tiff", "tiff-multi", "pdf", "pdf-pages-first")}


@pytest.mark.parametrize("kind", KINDS)
def test_whole_files_are_whole(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "scan"
    path.write_bytes(KINDS[kind])

    assert incomplete(path) is None


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), share=st.floats(0, 0.985))
def test_a_cut_file_is_never_whole(kind: str, share: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Cut anywhere up to 98.5 % of its bytes, as a scanner or a network that stopped would leave it."""
    path = tmp_path_factory.mktemp("cut") / "scan"
    data = KINDS[kind]
    path.write_bytes(data[: max(4, int(len(data) * share))])

    assert incomplete(path) is not None


@pytest.mark.parametrize("kind", ["pdf", "pdf-pages-first"])
def test_a_hole_in_a_preallocated_pdf_is_seen(kind: str, tmp_path: Path) -> None:
    """SMB servers preallocate: full size, zeros where the data is still to come."""
    data = bytearray(KINDS[kind])
    middle = len(data) // 2
    data[middle : middle + 6000] = bytes(6000)
    path = tmp_path / "scan.pdf"
    path.write_bytes(data)

    assert incomplete(path) is not None


@pytest.mark.parametrize("coding", ["group4", "flate", "jpeg2000"])
@pytest.mark.parametrize("place", [0.25, 0.5, 0.75])
def test_a_hole_in_any_page_image_of_a_pdf_is_seen(coding: str, place: float, tmp_path: Path) -> None:
    """The syntax check decodes JPEG only: every other coding passed with 4 kB of its middle missing."""
    page = Image.effect_noise((700, 900), 80)
    out = io.BytesIO()
    if coding == "group4":
        page.convert("1").save(out, "TIFF", compression="group4")
    else:
        page.convert("RGB").save(out, "PNG" if coding == "flate" else "JPEG2000")
    data = bytearray(img2pdf.convert([out.getvalue()] * 2))
    path = tmp_path / "scan.pdf"
    path.write_bytes(data)
    assert incomplete(path) is None

    start = int(len(data) * place) // 4096 * 4096
    data[start : start + 8192] = bytes(8192)
    path.write_bytes(data)
    assert incomplete(path) is not None


def test_blank_pages_of_any_coding_are_whole(tmp_path: Path) -> None:
    """An even surface codes to long runs too; none of them is a hole."""
    path = tmp_path / "scan.pdf"
    blank = Image.new("RGB", (2480, 3508), "white")
    for mode, kind, options in (("1", "TIFF", {"compression": "group4"}), ("RGB", "PNG", {}), ("RGB", "JPEG2000", {})):
        out = io.BytesIO()
        blank.convert(mode).save(out, kind, **options)
        path.write_bytes(img2pdf.convert(out.getvalue()))
        assert incomplete(path) is None, kind


def test_a_bomb_is_left_to_the_check_stage(tmp_path: Path) -> None:
    """A header that claims 60000 × 60000 px is not decoded here; the check stage refuses it by its claim."""
    small = io.BytesIO()
    Image.new("RGB", (8, 8)).save(small, "PNG")
    data = bytearray(small.getvalue())
    data[16:24] = (60000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    path = tmp_path / "bomb.png"
    path.write_bytes(data)

    assert incomplete(path) is None


def test_unknown_kinds_are_left_to_the_check_stage(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("xin chào các anh chị văn thư")

    assert incomplete(path) is None
    path.write_bytes(b"")
    assert incomplete(path) == "zero bytes"


def test_a_station_that_is_killed_leaves_no_probe_behind(tmp_path: Path) -> None:
    """Every death left one process waiting for the next file: the crash matrix had 134 of them in the end."""
    path = tmp_path / "scan.png"
    path.write_bytes(KINDS["png"])
    station = subprocess.Popen(
        [sys.executable, "-c", STATION, str(path)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert station.stdout is not None
    assert station.stdout.readline() == "None\n"
    (probe,) = (child for child in psutil.Process(station.pid).children() if "spawn_main" in " ".join(child.cmdline()))
    station.kill()
    station.wait()
    probe.wait(30)


@pytest.mark.parametrize("whole", [True, False])
def test_a_probe_that_died_idle_is_replaced_and_the_file_is_looked_at(tmp_path: Path, whole: bool) -> None:
    """A station whose probe the system had killed raised at every look, and took no file any more."""
    path = tmp_path / "scan.jpg"
    path.write_bytes(KINDS["jpeg"])
    before = set(psutil.Process().children())
    probe = Probe()
    assert probe.incomplete(path) is None
    (child,) = (c for c in set(psutil.Process().children()) - before if "spawn_main" in " ".join(c.cmdline()))
    child.kill()
    child.wait(30)
    path.write_bytes(KINDS["jpeg"] if whole else KINDS["jpeg"][:-400])
    assert (probe.incomplete(path) is None) == whole
    probe.close()


STATION = """
import sys
from pathlib import Path
from threading import Event
from intake.receive.complete import Probe
if __name__ == "__main__":
    probe = Probe()
    print(probe.incomplete(Path(sys.argv[1])), flush=True)
    Event().wait()
"""
