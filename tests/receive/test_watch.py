"""Paper comes in: what scanners, file servers and people do to a scan folder, and what the ledger says of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import img2pdf
import pytest
from PIL import Image

from intake.profile import Profile, load
from intake.receive.complete import Probe
from intake.receive.watch import Pass, Watch
from intake.settings import shipped_profiles
from intake.states import State
from intake.store import Store, audit
from intake.store.admit import rhythm, uncleared
from intake.store.balance import balance
from intake.store.reading import arrivals, counts, every, waiting_captures
from tests.surroundings.clock import ManualClock

QUIET = 2.0


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load(
        shipped_profiles() / "incoming.toml", {"intake": {"quiet_seconds": QUIET, "damaged_after_seconds": 20.0}}
    )


@pytest.fixture(scope="module")
def probe() -> Iterator[Probe]:
    opened = Probe()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small JPEG page with something on it."""
    path = tmp_path_factory.mktemp("page") / "page.jpg"
    image = Image.effect_noise((320, 450), 60).convert("RGB")
    image.save(path, quality=75, dpi=(200, 200))
    return path.read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "scan"
    made.mkdir()
    return made


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    return tmp_path / "documents"


@pytest.fixture
def watch(sqlite_store: Store, folder: Path, documents: Path, profile: Profile, probe: Probe) -> Watch:
    return Watch(sqlite_store, "vanthu", folder, documents, profile, "desk", probe)


@pytest.fixture
def rounds(watch: Watch, clock: ManualClock) -> Callable[[int], list[Pass]]:
    """That many passes, one second apart."""

    def run(number: int) -> list[Pass]:
        done = []
        for _ in range(number):
            done.append(watch.once())
            clock.forward(1)
        return done

    return run


Rounds = Callable[[int], list[Pass]]


def test_a_file_becomes_a_document_and_leaves_the_folder(
    rounds: Rounds, folder: Path, sqlite_store: Store, documents: Path, page: bytes
) -> None:
    """Taken after quiet time, copied byte for byte, cleared after the commit, and everything balances."""
    (folder / "Công văn 12.jpg").write_bytes(page)
    rounds(5)

    (row,) = every(sqlite_store)
    assert row["name"] == "Công văn 12.jpg"
    (original,) = (documents / row["id"][:8] / row["id"] / "original").iterdir()
    assert original.read_bytes() == page
    assert list(folder.iterdir()) == []
    assert balance(sqlite_store, documents).balances
    assert audit.verify(sqlite_store).whole


def test_nothing_is_taken_before_its_quiet_time(rounds: Rounds, folder: Path, page: bytes) -> None:
    (folder / "a.jpg").write_bytes(page)

    assert [done.admitted for done in rounds(4)] == [0, 0, 1, 0]


def test_folder_of_pages_is_one_document_in_page_order(
    rounds: Rounds, folder: Path, sqlite_store: Store, documents: Path, page: bytes
) -> None:
    """`page10` comes after `page2`."""
    (folder / "lô 1").mkdir()
    for number in (1, 2, 10):
        (folder / "lô 1" / f"page{number}.jpg").write_bytes(page + bytes([number]))
    rounds(5)

    (row,) = every(sqlite_store)
    originals = sorted((documents / row["id"][:8] / row["id"] / "original").iterdir())
    assert [path.read_bytes()[-1] for path in originals] == [1, 2, 10]
    assert list(folder.iterdir()) == []


def test_a_scanner_that_reopens_its_file_is_waited_for(
    rounds: Rounds, folder: Path, sqlite_store: Store, documents: Path, clock: ManualClock, page: bytes
) -> None:
    """Half a JPEG, pauses of up to 4 s between writes: one whole document, and the station's rhythm is learned."""
    path = folder / "canon.jpg"
    cut = len(page) // 3
    for piece in (page[:cut], page[cut : 2 * cut], page[2 * cut :]):
        with path.open("ab") as stream:
            stream.write(piece)
        assert all(done.admitted == 0 for done in rounds(2))
        clock.forward(2)
    rounds(8)

    (row,) = every(sqlite_store)
    (original,) = (documents / row["id"][:8] / row["id"] / "original").iterdir()
    assert original.read_bytes() == page
    assert rhythm(sqlite_store, "vanthu") == pytest.approx(4, abs=1.1)


def test_zero_byte_placeholder_is_waited_for(rounds: Rounds, folder: Path, sqlite_store: Store, page: bytes) -> None:
    """A scanner warming up leaves an empty file first."""
    (folder / "a.jpg").touch()
    assert all(done.admitted == 0 for done in rounds(6))
    (folder / "a.jpg").write_bytes(page)
    rounds(6)

    assert counts(sqlite_store) == {"received": 1}


def test_file_that_never_becomes_whole_is_taken_for_the_check_to_explain(
    rounds: Rounds, folder: Path, sqlite_store: Store, page: bytes
) -> None:
    """Never dropped, never waited for without end."""
    (folder / "cut.jpg").write_bytes(page[: len(page) // 2])
    assert all(done.admitted == 0 for done in rounds(15))
    rounds(8)

    assert counts(sqlite_store) == {"received": 1}


@pytest.mark.parametrize(
    "name", ["a.jpg.part", "b.tmp", "._c.jpg", ".hidden.jpg", "~$x.pdf", "Thumbs.db", "p0001.png.part"]
)
def test_names_of_unfinished_files_and_droppings_are_passed_over(
    rounds: Rounds, folder: Path, sqlite_store: Store, page: bytes, name: str
) -> None:
    (folder / name).write_bytes(page)
    rounds(5)

    assert arrivals(sqlite_store) == {}
    (folder / name).rename(folder / "done.jpg")
    rounds(5)
    assert counts(sqlite_store) == {"received": 1}


def test_symlinks_pipes_and_nested_folders_are_refused_and_never_opened(
    rounds: Rounds, folder: Path, sqlite_store: Store, tmp_path: Path, page: bytes
) -> None:
    """Paths that lead outside, and reads that would block, are refused once each, in the ledger."""
    secret = tmp_path / "outside.jpg"
    secret.write_bytes(page)
    (folder / "link.jpg").symlink_to(secret)
    os.mkfifo(folder / "pipe.jpg")
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "pages").mkdir()
    (folder / "pages" / "001.jpg").symlink_to(secret)
    rounds(6)

    assert arrivals(sqlite_store) == {"refused": 4}
    assert counts(sqlite_store) == {}
    assert secret.exists()


def test_same_scan_dropped_twice_is_one_document(
    rounds: Rounds, folder: Path, sqlite_store: Store, documents: Path, page: bytes
) -> None:
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(page)
    rounds(6)

    assert counts(sqlite_store) == {"received": 1}
    assert arrivals(sqlite_store) == {"admitted": 1, "duplicate": 1}
    assert list(folder.iterdir()) == []
    assert len(list(documents.glob("*/*"))) == 1


def test_two_stations_dropping_the_same_name_do_not_meet(
    sqlite_store: Store, tmp_path: Path, profile: Profile, probe: Probe, clock: ManualClock, page: bytes
) -> None:
    watches = []
    for number in (1, 2):
        scan = tmp_path / f"scan{number}"
        scan.mkdir()
        (scan / "scan001.jpg").write_bytes(page + bytes([number]))
        watches.append(Watch(sqlite_store, f"s{number}", scan, tmp_path / "documents", profile, "desk", probe))
    for _ in range(5):
        for one in watches:
            one.once()
        clock.forward(1)

    assert sorted(row["station"] for row in every(sqlite_store)) == ["s1", "s2"]


def test_file_changed_after_it_was_taken_becomes_a_new_version(
    rounds: Rounds,
    folder: Path,
    sqlite_store: Store,
    documents: Path,
    profile: Profile,
    probe: Probe,
    clock: ManualClock,
    page: bytes,
) -> None:
    """Old and new bytes are never mixed: the first document is rejected with the reason, the second goes on."""
    (folder / "a.jpg").write_bytes(page)
    rounds(2)
    # the clearing is prevented by a crash after the commit, and the scanner writes again before the restart
    keep = folder / "a.jpg"
    hard_link = folder.parent / "kept.jpg"
    os.link(keep, hard_link)
    rounds(2)
    assert counts(sqlite_store) == {"received": 1}
    with sqlite_store.write() as connection:
        connection.exec_driver_sql("UPDATE arrival SET cleared_at = NULL")
    keep.write_bytes(page + b"more")
    restarted = Watch(sqlite_store, "vanthu", folder, documents, profile, "desk", probe)
    for _ in range(6):
        restarted.once()
        clock.forward(1)

    assert sorted(row["state"] for row in every(sqlite_store)) == [State.RECEIVED, State.REJECTED]
    assert list(folder.iterdir()) == []
    assert balance(sqlite_store, documents).balances


def test_restart_after_the_commit_clears_without_noticing_again(
    folder: Path,
    sqlite_store: Store,
    documents: Path,
    profile: Profile,
    probe: Probe,
    clock: ManualClock,
    page: bytes,
    rounds: Rounds,
) -> None:
    """The sweep may run twice: a committed source still lying there is removed, not admitted again."""
    (folder / "a.jpg").write_bytes(page)
    saved = folder.parent / "saved.jpg"
    shutil.copy2(folder / "a.jpg", saved)
    rounds(5)
    with sqlite_store.write() as connection:
        connection.exec_driver_sql("UPDATE arrival SET cleared_at = NULL")
    shutil.copy2(saved, folder / "a.jpg")
    assert len(uncleared(sqlite_store, "vanthu")) == 1
    Watch(sqlite_store, "vanthu", folder, documents, profile, "desk", probe).once()

    assert arrivals(sqlite_store) == {"admitted": 1}
    assert list(folder.iterdir()) == []


def test_share_that_vanishes_and_comes_back_loses_nothing(
    rounds: Rounds, folder: Path, sqlite_store: Store, page: bytes
) -> None:
    (folder / "a.jpg").write_bytes(page)
    rounds(1)
    away = folder.rename(folder.parent / "unmounted")
    assert all(done.away for done in rounds(3))
    assert arrivals(sqlite_store) == {"pending": 1}
    away.rename(folder)
    rounds(5)

    assert counts(sqlite_store) == {"received": 1}


def test_file_removed_before_it_was_whole_is_in_the_ledger(
    rounds: Rounds, folder: Path, sqlite_store: Store, documents: Path, page: bytes
) -> None:
    (folder / "a.jpg").write_bytes(page)
    rounds(1)
    (folder / "a.jpg").unlink()
    rounds(1)

    assert arrivals(sqlite_store) == {"vanished": 1}
    assert balance(sqlite_store, documents).balances


def test_clock_stepping_back_does_not_stop_the_watch(
    rounds: Rounds, folder: Path, sqlite_store: Store, clock: ManualClock, page: bytes
) -> None:
    (folder / "a.jpg").write_bytes(page)
    rounds(1)
    clock.forward(-86400)
    rounds(5)

    assert counts(sqlite_store) == {"received": 1}


def test_too_large_a_file_waits_with_its_reason(
    sqlite_store: Store, folder: Path, documents: Path, probe: Probe, clock: ManualClock, page: bytes
) -> None:
    small = load(shipped_profiles() / "incoming.toml", {"intake": {"bytes_max": 10}})
    (folder / "a.jpg").write_bytes(page)
    watch = Watch(sqlite_store, "vanthu", folder, documents, small, "desk", probe)
    for _ in range(5):
        watch.once()
        clock.forward(1)

    (waiting,) = waiting_captures(sqlite_store)
    assert "bytes_max" in waiting["reason_vi"]
    assert (folder / "a.jpg").read_bytes() == page


def test_a_nearly_full_disk_takes_nothing_in_and_says_so(
    sqlite_store: Store,
    folder: Path,
    documents: Path,
    profile: Profile,
    probe: Probe,
    clock: ManualClock,
    page: bytes,
    rounds: Rounds,
) -> None:
    """The source waits in the scan folder, nothing half done beside it; with room again it is taken."""
    (folder / "a.jpg").write_bytes(page)
    full = Watch(sqlite_store, "vanthu", folder, documents, profile, "desk", probe, disk_free_min_bytes=10**18)
    for _ in range(5):
        full.once()
        clock.forward(1)

    (waiting,) = waiting_captures(sqlite_store)
    assert "gần đầy" in waiting["reason_vi"]
    assert "nearly full" in waiting["reason_en"]
    assert list(documents.rglob("*")) == []
    assert (folder / "a.jpg").read_bytes() == page
    rounds(5)
    assert counts(sqlite_store) == {"received": 1}


def test_what_lies_there_at_the_start_passes_the_same_gate(
    sqlite_store: Store, folder: Path, documents: Path, profile: Profile, probe: Probe, clock: ManualClock, page: bytes
) -> None:
    """A file as old as the hills may still be half of one: a copy onto the share that was going on when we started."""
    (folder / "half.jpg").write_bytes(page[: len(page) // 2])
    (folder / "whole.jpg").write_bytes(page)
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    watch = Watch(sqlite_store, "vanthu", folder, documents, profile, "desk", probe)
    for _ in range(5):
        watch.once()
        clock.forward(1)
    assert [row["name"] for row in every(sqlite_store)] == ["whole.jpg"]

    (folder / "half.jpg").write_bytes(page[:-2] + b"\xff\xff\xd9")
    for _ in range(12):  # its pause was learned
        watch.once()
        clock.forward(1)
    assert {row["name"] for row in every(sqlite_store)} == {"whole.jpg", "half.jpg"}


def test_a_pdf_that_grows_page_by_page_is_one_document(
    rounds: Rounds, folder: Path, sqlite_store: Store, documents: Path, clock: ManualClock, page: bytes
) -> None:
    """A scanner's PDF is a valid file after every page: only its rhythm tells that more is to come."""
    for number in range(1, 5):
        whole = bytes(img2pdf.convert([page] * number))
        (folder / "scan.pdf").write_bytes(whole)
        assert all(done.admitted == 0 for done in rounds(2))
    rounds(6)

    (row,) = every(sqlite_store)
    (original,) = (documents / row["id"][:8] / row["id"] / "original").iterdir()
    assert original.read_bytes() == whole
