"""Put the pages of a document right: the files of its next revision, each page taken over without touching its pixels."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from PIL import Image

from intake.errors import DocumentError, EnvironmentTrouble
from intake.folder import ORIGINAL, document_root, fsync_path
from intake.model import sha256_of
from intake.store.admit import Delivered


@dataclass(frozen=True, slots=True)
class PlacedPage:
    """Where one page of the document lies: file, and its place in the file from 0 (``only`` = the file is this page)."""

    file: Path
    index: int
    only: bool


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
    elif page.only:
        target = folder / f"{name}{page.file.suffix.lower()}"
        try:
            os.link(page.file, target)
        except OSError:
            shutil.copyfile(page.file, target)
    elif page.file.suffix.lower() == ".pdf":
        with pikepdf.open(page.file) as whole, pikepdf.new() as single:
            single.pages.append(whole.pages[page.index])
            single.save(folder / f"{name}.pdf")
    else:
        with Image.open(page.file) as image:
            image.seek(page.index)
            image.copy().save(folder / f"{name}.tif", compression="tiff_lzw", dpi=image.info.get("dpi"))


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
