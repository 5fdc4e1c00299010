"""The box a clerk drags is read from the original scan."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from intake.folder import ORIGINAL, document_root
from intake.model import Box, FieldName
from intake.settings import load
from intake.spelling import fold
from intake.store import Store
from tests.store.paper import arrive
from workers.station.zone import ZoneReader


@pytest.fixture
def reader(sqlite_store: Store, tmp_path: Path, samples: Path) -> Callable[[str, FieldName], str | None]:
    """Reads the zone of one of the sample's boxes."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "sohoa.toml").write_text('[station.vanthu]\nfolder = "scan"\n', encoding="utf-8")
    records = json.loads((samples / "truth.json").read_text(encoding="utf-8"))["documents"]
    record = next(item for item in records if item["name"] == "giay-moi-hop")
    scan = samples / record["document"]
    document_id = arrive(sqlite_store, scan.name, scan.read_bytes()).document_id
    folder = document_root(home / "documents", document_id) / ORIGINAL
    folder.mkdir(parents=True)
    shutil.copyfile(scan, folder / f"001{scan.suffix}")
    zone = ZoneReader(sqlite_store, load(home, {}))
    return lambda box, field: zone(document_id, 1, Box(*record["boxes_mm"][box]), field)


def test_words_of_the_zone_and_nothing_else(reader: Callable[[str, FieldName], str | None]) -> None:
    assert "giay moi" in fold(reader("type", FieldName.TYPE_NAME) or "")
    assert "viet nam" in fold(reader("nation", FieldName.SUBJECT) or "")


def test_a_date_comes_as_iso(reader: Callable[[str, FieldName], str | None]) -> None:
    assert reader("date", FieldName.ISSUED_DATE) == "2026-06-11"
