"""The committed scans are what truth.json says, and the generator still makes them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from intake.model import FIELD_LENGTH, FieldName
from samples.make import SAMPLES, capture

ROOT = Path(__file__).resolve().parents[2] / "samples"
DOCUMENTS = json.loads((ROOT / "truth.json").read_text(encoding="utf-8"))["documents"]


def images_in(path: Path) -> int:
    if path.suffix == ".pdf":
        with pikepdf.open(path) as pdf:
            return len(pdf.pages)
    with Image.open(path) as image:
        return getattr(image, "n_frames", 1)


def test_there_are_enough_of_every_kind() -> None:
    assert len(DOCUMENTS) >= 14
    assert sum(document["pages"] for document in DOCUMENTS) >= 28
    assert sum(document["end"] == "delivered" for document in DOCUMENTS) >= 11
    assert sum(document["end"] == "refused" for document in DOCUMENTS) == 1
    assert {document["container"] for document in DOCUMENTS} == {"jpeg", "png", "tiff", "pdf", "folder"}
    assert {document["fields"]["Priority"] for document in DOCUMENTS} >= {0, 1, 3}


def test_they_stay_small() -> None:
    assert sum(path.stat().st_size for path in (ROOT / "scans").rglob("*.*")) < 7_000_000


def test_every_file_is_named_once_and_nothing_else_lies_there() -> None:
    named = [ROOT / name for document in DOCUMENTS for name in document["files"]]
    assert len(named) == len(set(named))
    assert sorted(named) == sorted(path for path in (ROOT / "scans").rglob("*") if path.is_file())


@pytest.mark.parametrize("document", DOCUMENTS, ids=[document["name"] for document in DOCUMENTS])
def test_pages_and_fields_are_as_told(document: dict) -> None:
    assert sum(images_in(ROOT / name) for name in document["files"]) == document["pages"]
    for name, value in document["fields"].items():
        assert len(str(value)) <= FIELD_LENGTH[FieldName(name)]


def test_the_secret_ones_text_is_nowhere() -> None:
    (secret,) = [document for document in DOCUMENTS if document["end"] == "refused"]
    assert secret["text"] == []


@pytest.mark.parametrize("name", ["ke-hoach-cua-dang-uy", "giay-moi-hop"])
def test_the_generator_still_makes_them(name: str) -> None:
    """Pixels, not bytes: another version of FreeType or OpenCV may round differently."""
    (sample,) = [sample for sample in SAMPLES if sample.name == name]
    _, (made,) = capture(sample)
    (path,) = (ROOT / "scans").glob(f"{name}.*")
    with Image.open(path) as image:
        kept = np.asarray(image.convert("RGB")).astype(int)
    assert kept.shape == made.pixels.shape
    assert np.abs(kept - made.pixels).mean() < 3
