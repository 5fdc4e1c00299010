"""Take the files that an MFP, a mail drop or a person has put into a directory: the directory is the device."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from intake.errors import EnvironmentTrouble, OperatorError
from intake.model import sha256_of
from intake.ports import ScannedPage, ScanRequest
from scanner_drivers import delivered

TAKEN = "taken"
"""sub-folder of the device folder to which files go once copied: nothing is deleted, nothing is taken twice"""

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".pdf"})
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")


class FolderDriver:
    """Driver ``folder``. The device is the path of a directory; its files become the pages, in natural order.

    What the device was set to cannot be known here, so resolution and colour are not compared with the request:
    the capture gate measures them.
    """

    name = "folder"

    def devices(self) -> tuple[str, ...]:
        """Always empty: any directory can be a device, so none is proposed."""
        return ()

    def scan(self, device: str, request: ScanRequest, out: Path) -> Iterator[ScannedPage]:
        """Copy the files of ``device`` to ``out`` and, when all are taken, move the originals to ``taken/``.

        Raises OperatorError when the directory is missing, empty or may not be changed, EnvironmentTrouble when a
        file is still being written or the number of files is not ``expected_pages``.
        """
        directory = _directory(device)
        files = _files(directory)
        if not files:
            raise OperatorError(
                f"Thư mục «{directory}» không có tệp JPEG, PNG, TIFF hay PDF nào. Hãy quét vào thư mục này rồi chạy lại.",
                f"Folder «{directory}» holds no JPEG, PNG, TIFF or PDF file. Scan into this folder and run again.",
            )
        delivered.counted(len(files), request)
        for path in files:
            _whole(path)
        for number, path in enumerate(files, 1):
            with delivered.writing(out):
                taken = _copy(path, number, out)
            yield taken
        with delivered.writing(directory):
            _put_away(files, directory)


def _directory(device: str) -> Path:
    directory = Path(device).expanduser()
    if not device or not directory.is_dir():
        raise OperatorError(
            f"Không có thư mục «{device}». Với driver folder, --device là đường dẫn thư mục chứa tệp quét.",
            f"There is no folder «{device}». With the folder driver, --device is the path of the folder of scans.",
        )
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        raise OperatorError(
            f"Không có quyền đọc và ghi thư mục «{directory}». Hãy cấp quyền cho tài khoản đang chạy sohoa.",
            f"Folder «{directory}» may not be read and written. Give the account that runs sohoa the permission.",
        )
    return directory


def _files(directory: Path) -> list[Path]:
    """Scans in natural order (page 2 before page 10); links, hidden and unfinished files are not scans."""
    found = [
        path
        for path in directory.iterdir()
        if path.is_file()
        and not path.is_symlink()
        and not path.name.startswith((".", "~"))
        and not path.name.lower().endswith(UNFINISHED)
        and path.suffix.lower() in SUFFIXES
    ]
    return sorted(
        found, key=lambda path: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]
    )


def _whole(path: Path) -> None:
    """Raise EnvironmentTrouble for a file that is still growing: it does not decode, or its PDF has no end."""
    try:
        if path.suffix.lower() == ".pdf":
            with path.open("rb") as stream:
                stream.seek(max(0, path.stat().st_size - 2048))
                if b"%%EOF" not in stream.read():
                    raise ValueError("no %%EOF")
            return
        with Image.open(path) as image:
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise EnvironmentTrouble(
            f"Tệp «{path.name}» chưa ghi xong hoặc bị hỏng ({error}). Hãy đợi máy quét ghi xong rồi chạy lại; "
            "chưa tệp nào bị lấy đi.",
            f"File «{path.name}» is still being written or damaged ({error}). Wait for the scanner and run again; "
            "no file was taken.",
        ) from error


def _copy(path: Path, number: int, out: Path) -> ScannedPage:
    before = sha256_of(path)
    final = out / f"p{number:04d}{path.suffix.lower()}"
    part = final.with_name(final.name + ".part")
    shutil.copyfile(path, part)
    part.rename(final)
    page = delivered.page(number, final)
    if page.sha256 != before or sha256_of(path) != before:
        final.unlink()
        raise EnvironmentTrouble(
            f"Tệp «{path.name}» còn thay đổi trong lúc lấy. Hãy đợi máy quét ghi xong rồi chạy lại.",
            f"File «{path.name}» changed while it was taken. Wait for the scanner to finish and run again.",
        )
    return page


def _put_away(files: list[Path], directory: Path) -> None:
    taken = directory / TAKEN
    taken.mkdir(exist_ok=True)
    for path in files:
        target = taken / path.name
        number = 1
        while target.exists():
            number += 1
            target = taken / f"{path.stem}-{number}{path.suffix}"
        path.rename(target)
