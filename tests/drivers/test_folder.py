"""The folder driver loses nothing, doubles nothing and takes nothing half-written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from intake.errors import EnvironmentTrouble, OperatorError
from intake.model import sha256_of
from intake.ports import ScanRequest
from scanner_drivers.folder import FolderDriver

SCANS = Path(__file__).resolve().parents[2] / "samples" / "scans"
PAGE = SCANS / "quyet-dinh-nang-luong" / "003.jpg"


@pytest.fixture
def device(tmp_path: Path) -> Path:
    folder = tmp_path / "device"
    folder.mkdir()
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_page_2_comes_before_page_10(device: Path, out: Path) -> None:
    for number in (10, 2, 1):
        (device / f"scan {number}.jpg").write_bytes(PAGE.read_bytes() + bytes([number]))
    pages = list(FolderDriver().scan(str(device), ScanRequest(), out))
    assert [page.path.read_bytes()[-1] for page in pages] == [1, 2, 10]


def test_every_byte_is_in_out_and_the_originals_are_kept_aside(device: Path, out: Path) -> None:
    shutil.copy(PAGE, device / "a.jpg")
    shutil.copy(SCANS / "thong-bao-ket-luan-hop.pdf", device / "b.pdf")
    hashes = [sha256_of(device / name) for name in ("a.jpg", "b.pdf")]
    pages = list(FolderDriver().scan(str(device), ScanRequest(), out))
    assert [page.sha256 for page in pages] == hashes
    assert [sha256_of(device / "taken" / name) for name in ("a.jpg", "b.pdf")] == hashes


def test_a_second_scan_finds_nothing_and_says_so(device: Path, out: Path, tmp_path: Path) -> None:
    shutil.copy(PAGE, device / "a.jpg")
    list(FolderDriver().scan(str(device), ScanRequest(), out))
    with pytest.raises(OperatorError, match="holds no"):
        list(FolderDriver().scan(str(device), ScanRequest(), tmp_path))


def test_the_same_name_again_does_not_overwrite_what_was_taken(device: Path, out: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for folder in (out, other):
        (device / "scan.jpg").write_bytes(PAGE.read_bytes() + folder.name.encode())
        list(FolderDriver().scan(str(device), ScanRequest(), folder))
    assert sorted(path.name for path in (device / "taken").iterdir()) == ["scan-2.jpg", "scan.jpg"]


def test_a_growing_file_stops_the_whole_batch_and_nothing_is_taken(device: Path, out: Path) -> None:
    shutil.copy(PAGE, device / "001.jpg")
    (device / "002.jpg").write_bytes(PAGE.read_bytes()[:4000])
    with pytest.raises(EnvironmentTrouble, match=r"002\.jpg"):
        list(FolderDriver().scan(str(device), ScanRequest(), out))
    assert list(out.iterdir()) == []
    assert sorted(path.name for path in device.iterdir()) == ["001.jpg", "002.jpg"]


def test_a_pdf_without_its_end_is_not_taken(device: Path, out: Path) -> None:
    whole = (SCANS / "thong-bao-ket-luan-hop.pdf").read_bytes()
    (device / "scan.pdf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EnvironmentTrouble, match="EOF"):
        list(FolderDriver().scan(str(device), ScanRequest(), out))


def test_links_hidden_unfinished_and_foreign_files_are_left(device: Path, out: Path) -> None:
    shutil.copy(PAGE, device / "page.jpg")
    for name in (".hidden.jpg", "~lock.jpg", "next.jpg.part", "next.jpg.tmp", "Thumbs.db", "note.txt"):
        shutil.copy(PAGE, device / name)
    (device / "link.jpg").symlink_to(PAGE)
    (device / "sub.jpg").mkdir()
    assert len(list(FolderDriver().scan(str(device), ScanRequest(), out))) == 1


def test_a_scan_left_in_the_middle_keeps_the_originals_where_they_are(device: Path, out: Path) -> None:
    for number in (1, 2):
        shutil.copy(PAGE, device / f"{number}.jpg")
    scanning = FolderDriver().scan(str(device), ScanRequest(), out)
    next(scanning)
    scanning.close()
    assert sorted(path.name for path in device.iterdir()) == ["1.jpg", "2.jpg"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_changed_is_refused_before_anything_is_copied(device: Path, out: Path) -> None:
    shutil.copy(PAGE, device / "1.jpg")
    device.chmod(0o500)
    with pytest.raises(OperatorError, match="permission"):
        list(FolderDriver().scan(str(device), ScanRequest(), out))
    assert list(out.iterdir()) == []
