"""Fixtures of the desk's tests: a station, a desk served on a free port, a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.review.station import Station


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a station with its people, made once: hashing passwords is meant to be slow."""
    home = tmp_path_factory.mktemp("opened")
    made = Station(home)
    made.person("lan", "clerk", full_name="Nguyễn Thị Lan")
    made.person("hoa", "clerk", full_name="Lê Thị Hoa")
    made.person("minh", "senior", full_name="Trần Minh")
    made.person("dung", "van_thu", full_name="Phạm Dung")
    made.store.close()
    return home / "sohoa.db"


@pytest.fixture
def station(tmp_path: Path, opened: Path) -> Iterator[Station]:
    home = tmp_path / "station"
    home.mkdir()
    shutil.copy(opened, home / "sohoa.db")
    made = Station(home)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module only: Playwright keeps an event loop running in this thread as long as it lives, and whoever
    calls asyncio.run meanwhile (pyHanko does) fails."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()
