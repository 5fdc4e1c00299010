"""A stamp of urgency is seen before the queue is: it decides who goes first and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from intake.folder import document_root
from intake.settings import Settings
from intake.store import Store, audit, haste
from intake.store.claim import claim
from intake.store.reading import whole
from tests.store.paper import arrive, take
from workers.check.glance import asks_for_haste
from workers.check.view import PageView
from workers.station.glance import Glance
from workers.tools.pages import decode, list_pages

URGENT = ("cong-dien-hoa-toc.jpg", "cong-van-khan-xam-nhap-man.jpg")
SECRET = "mat-bai-tap-gia-dinh.jpg"


def first_page(path: Path) -> PageView:
    source = list_pages([path])[0]
    return PageView.of(source, decode(source))


@pytest.mark.parametrize("name", [*URGENT, SECRET])
def test_urgent_sheets_and_secret_ones_go_first(samples: Path, name: str) -> None:
    """A secret sheet too: the sooner the gate stops it, the shorter it lies there."""
    assert asks_for_haste(first_page(samples / "scans" / name))


@pytest.mark.parametrize("name", ["cong-van-bao-cao-so-lieu.jpg", "to-trinh-sua-tuong-rao/001.jpg", "giay-moi-hop.png"])
def test_the_others_keep_their_place(samples: Path, name: str) -> None:
    path = samples / "scans" / name
    assert not asks_for_haste(first_page(path if path.is_file() else sorted(path.parent.iterdir())[0]))


def test_only_who_stands_behind_others_is_looked_at_and_the_last_come_first(store: Store) -> None:
    names = [arrive(store, f"{number}.jpg", str(number).encode()).document_id for number in range(haste.BEHIND - 1)]
    assert haste.newest(store, set()) == []
    names.append(arrive(store, "last.jpg", b"last").document_id)
    assert [row[0] for row in haste.newest(store, set(), 2)] == names[:-3:-1]
    assert [row[0] for row in haste.newest(store, {names[-1]})] == [names[-2]]


def test_an_overtaker_is_claimed_next_and_stays_ahead(store: Store) -> None:
    """Into the urgent lane with its job, told in the chain; the jobs that follow are urgent too."""
    for number in range(5):
        arrive(store, f"{number}.jpg", str(number).encode())
    last = arrive(store, "last.jpg", b"last").document_id
    assert haste.overtake(store, last)
    taken = take(store)
    assert (taken.document_id, taken.lane) == (last, "urgent")
    assert whole(store, last).row["lane"] == "urgent"
    assert [row["action"] for row in whole(store, last).history][-1] == "lane.changed"
    assert not haste.overtake(store, last), "a worker has it"
    assert audit.verify(store).whole


def test_the_station_looks_with_a_child_and_lets_the_urgent_sheet_overtake(
    sqlite_store: Store, samples, tmp_path
) -> None:
    """Real sheets, a real child process: of five that wait, the urgent one is claimed first; damaged bytes wait."""
    settings = Settings(home=tmp_path)
    scans = ["cong-van-bao-cao-so-lieu.jpg", "giay-moi-hop.png", URGENT[0], "cong-van-dat-truong-hoc.jpg"]
    contents = {name: (samples / "scans" / name).read_bytes() for name in scans} | {"rong.jpg": b"\xff\xd8 cut"}
    ids = {}
    for name, content in contents.items():
        ids[name] = arrive(sqlite_store, name, content).document_id
        folder = document_root(settings.documents, ids[name]) / "original"
        folder.mkdir(parents=True)
        (folder / f"001{Path(name).suffix}").write_bytes(content)
    glance = Glance(sqlite_store, settings)
    looked = []
    while (found := glance.once()) is not None:
        looked.append(found)
    glance.close()
    assert looked == [False, False, True, False, False]
    assert claim(sqlite_store, "w", "/nowhere", stages={"check"}).document_id == ids[URGENT[0]]
