"""The layout of a document's folder: originals, one folder per published attempt, and how they appear.

<home>/documents/<yyyymmdd>/<id>/
    original/           the files as delivered, in page order, read-only; never rewritten
    check.1/ ocr.1/ …   one folder per attempt that was published; the store says which one is true
    ocr.2.tmp/          an attempt being written; meaningless until renamed
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from intake import crashpoint
from intake.errors import DocumentError
from intake.model import Artefact, sha256_of

ORIGINAL = "original"
CERTIFICATES = "certificates"
"""beneath the home: ``certificates/<station>/<measured at>-<side>-<dpi>-<mode>.json``, never rewritten"""


@dataclass(frozen=True, slots=True)
class DocumentFolder:
    """What a stage may see: the originals and the attempts of earlier stages that the store calls true.

    ``root`` is absolute. ``published`` maps stage name → attempt number. ``confirmed`` holds the fields a
    person (or the accept rule) confirmed, name → value; empty before review. ``facts`` maps stage → the
    small JSON that stage returned.
    """

    document_id: str
    root: Path
    published: Mapping[str, int] = field(default_factory=dict)
    confirmed: Mapping[str, str | int | None] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    @property
    def originals(self) -> tuple[Path, ...]:
        """The files as delivered, in page order (names sort in page order); DocumentError when their time is over."""
        if not (self.root / ORIGINAL).is_dir():
            raise DocumentError(
                f"Bản quét gốc của hồ sơ {self.document_id} đã hết thời hạn lưu; hãy quét lại từ bản giấy.",
                f"The original scan of document {self.document_id} is past its retention; scan the paper again.",
            )
        return tuple(sorted(path for path in (self.root / ORIGINAL).iterdir() if path.is_file()))

    @property
    def turned(self) -> dict[int, int]:
        """Page → clockwise degrees by which the check set it upright; every stage shows and reads it so."""
        turned = self.facts.get("check", {}).get("turned", {})
        return {int(page): int(degrees) for page, degrees in turned.items()}  # type: ignore[attr-defined]

    def of(self, stage: str) -> Path:
        """The published folder of an earlier stage; raises DocumentError when there is none."""
        attempt = self.published.get(stage)
        if attempt is None:
            raise DocumentError(
                f"Hồ sơ {self.document_id} chưa có kết quả bước «{stage}»; hãy chạy lại từ bước đó.",
                f"Document {self.document_id} has no published «{stage}» folder; run it again from that stage.",
            )
        return attempt_folder(self.root, stage, attempt)


def document_root(documents: str | Path, document_id: str, revision: int = 1) -> Path:
    """Where a document lives: by day, so that no directory grows without bound; later revisions beside the first."""
    name = document_id if revision == 1 else f"{document_id}.r{revision}"
    return Path(documents) / document_id.split("-")[0] / name


def attempt_folder(root: Path, stage: str, attempt: int) -> Path:
    return root / f"{stage}.{attempt}"


def new_attempt(root: Path, stage: str, attempt: int) -> Path:
    """An empty ``<stage>.<attempt>.tmp`` folder; leftovers of a killed try of the same attempt are removed."""
    folder = root / f"{stage}.{attempt}.tmp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def publish(temporary: Path) -> Path:
    """Make an attempt durable and visible: fsync every file and folder, then rename away ``.tmp``.

    Runs twice without harm: the attempt number is fenced in the store, so a folder already published under
    this name was written by the same attempt before a crash and is replaced.
    """
    for folder, _, names in os.walk(temporary):
        for name in names:
            fsync_path(Path(folder, name))
        fsync_path(Path(folder))
    stage = temporary.name.split(".")[0]
    crashpoint.reached("publish.synced", stage)
    final = temporary.with_suffix("")
    shutil.rmtree(final, ignore_errors=True)
    temporary.rename(final)
    crashpoint.reached("publish.renamed", stage)
    fsync_path(final.parent)
    return final


def fsync_path(path: Path) -> None:
    """fsync a file or a directory (a rename is only durable once its directory is synced)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest(folder: Path, names: tuple[str, ...]) -> tuple[Artefact, ...]:
    """Hash the named files of an attempt folder."""
    return tuple(Artefact(name, sha256_of(folder / name), (folder / name).stat().st_size) for name in names)
