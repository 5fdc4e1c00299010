"""Put the pages of a document right: the files of its next revision, each page taken over without touching its pixels."""

from __future__ import annotations

import io
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pikepdf
from PIL import Image, ImageOps

from intake.errors import DocumentError, EnvironmentTrouble
from intake.folder import ORIGINAL, document_root, fsync_path
from intake.model import sha256_of
from intake.store.admit import Delivered


@dataclass(frozen=True, slots=True)
class PlacedPage:
    """Where one page of the document lies: file, and its place in the file from 0 (``only`` = the file is this page).

    ``turn``: clockwise degrees (0, 90, 180, 270) it is to be turned by from how the file shows it.
    """

    file: Path
    index: int
    only: bool
    turn: int = 0

    def turned(self, degrees: int) -> PlacedPage:
        return replace(self, turn=(self.turn + degrees) % 360)


def placed_pages(originals: Sequence[Path]) -> list[PlacedPage]:
    """Every page of the delivered files in reading order; DocumentError for a file that cannot be taken apart."""
    found = []
    for file in originals:
        count = _count(file)
        found += [PlacedPage(file, index, count == 1) for index in range(count)]
    return found


@dataclass(frozen=True, slots=True)
class LaidOut:
    """Pages written beside the document's folder, durable, not yet its revision."""

    temporary: Path
    final: Path
    files: tuple[Delivered, ...]

    def take_over(self) -> None:
        """Make them the revision. Only inside the transaction that fenced it: whatever lies there was never committed."""
        shutil.rmtree(self.final, ignore_errors=True)
        self.temporary.rename(self.final)
        fsync_path(self.final.parent)

    def forget(self) -> None:
        shutil.rmtree(self.temporary, ignore_errors=True)


def lay_out(documents: Path, document_id: str, revision: int, pages: Sequence[PlacedPage | Path]) -> LaidOut:
    """Write the originals of ``revision``, one file per page; a ``Path`` is a newly scanned page."""
    final = document_root(documents, document_id, revision)
    temporary = final.with_name(f"{final.name}.{secrets.token_hex(6)}.tmp")
    folder = temporary / ORIGINAL
    try:
        folder.mkdir(parents=True)
        for number, page in enumerate(pages, start=1):
            _place(page, folder, f"{number:03d}")
        files = sorted(folder.iterdir())
        for each in (*files, folder, temporary):
            fsync_path(each)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise EnvironmentTrouble(
            f"Không ghi được các trang mới của hồ sơ {document_id} ({error.strerror}). Hãy kiểm tra đĩa.",
            f"The new pages of document {document_id} cannot be written ({error.strerror}). Check the disk.",
        ) from error
    delivered = tuple(Delivered(file.name, sha256_of(file), file.stat().st_size) for file in files)
    return LaidOut(temporary, final, delivered)


def _place(page: PlacedPage | Path, folder: Path, name: str) -> None:
    if isinstance(page, Path):
        shutil.copyfile(page, folder / f"{name}{page.suffix.lower()}")
        return
    kind = page.file.suffix.lower()
    if page.only and not page.turn:
        target = folder / f"{name}{kind}"
        try:
            os.link(page.file, target)
        except OSError:
            shutil.copyfile(page.file, target)
    elif kind == ".pdf":
        with pikepdf.open(page.file) as whole, pikepdf.new() as single:
            single.pages.append(whole.pages[page.index])
            single.pages[0].rotate(page.turn, relative=True)
            single.save(folder / f"{name}.pdf")
    elif kind in (".jpg", ".jpeg"):
        (folder / f"{name}.jpg").write_bytes(turned_jpeg(page.file.read_bytes(), page.turn))
    else:
        _picture(page, folder / f"{name}.tif")


def _picture(page: PlacedPage, target: Path) -> None:
    """One frame of a TIFF or a PNG as a TIFF that loses nothing: the same pixels, in another order when turned."""
    with Image.open(page.file) as image:
        image.seek(page.index)
        dpi = image.info.get("dpi")
        upright = ImageOps.exif_transpose(image)
        if page.turn:
            upright = upright.transpose(TURNS[page.turn])
            dpi = dpi[::-1] if dpi and page.turn != 180 else dpi
        tags = {"dpi": dpi} if dpi else {}
        packing = "group4" if upright.mode == "1" else "tiff_lzw"
        upright.save(target, compression=packing, icc_profile=image.info.get("icc_profile"), **tags)


TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
"""clockwise degrees → Pillow's counter-clockwise"""
_ORIENTATION = 0x0112
_SHOWN = {1: 0, 6: 90, 3: 180, 8: 270}
"""Exif orientation → clockwise degrees to show the picture upright"""


def turned_jpeg(data: bytes, turn: int) -> bytes:
    """The same JPEG shown turned: only its Exif segment is new, no pixel is computed again."""
    with Image.open(io.BytesIO(data)) as image:
        exif = image.getexif()
    shown = (_SHOWN.get(exif.get(_ORIENTATION, 1), 0) + turn) % 360
    exif[_ORIENTATION] = next(value for value, degrees in _SHOWN.items() if degrees == shown)
    payload = exif.tobytes()
    segments, at = [], 2
    while data[at] == 0xFF and (0xE0 <= data[at + 1] <= 0xEF or data[at + 1] == 0xFE):
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if not data[at + 4 : end].startswith(b"Exif\0\0"):
            segments.append(data[at:end])
        at = end
    first = 1 if segments and segments[0][1] == 0xE0 else 0  # JFIF wants to stand before everything else
    segments.insert(first, b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload)
    return data[:2] + b"".join(segments) + data[at:]


def _count(file: Path) -> int:
    try:
        if file.suffix.lower() == ".pdf":
            with pikepdf.open(file) as pdf:
                if "/AcroForm" in pdf.Root and "/SigFlags" in pdf.Root.AcroForm:
                    raise DocumentError(
                        f"Tệp {file.name} đã có chữ ký số nên không được tách trang.",
                        f"File {file.name} carries a digital signature and must not be taken apart.",
                    )
                return len(pdf.pages)
        with Image.open(file) as image:
            return int(getattr(image, "n_frames", 1))
    except (pikepdf.PdfError, OSError) as error:
        raise DocumentError(
            f"Tệp {file.name} không tách trang được ({type(error).__name__}). Hãy quét lại cả văn bản.",
            f"File {file.name} cannot be taken apart ({type(error).__name__}). Scan the whole document again.",
        ) from error
