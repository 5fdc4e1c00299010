"""The folder connector holds what every connector must, and leaves no doubt after a crash at any step."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import resource
import shutil
from pathlib import Path

import pytest

from intake.errors import EnvironmentTrouble, OperatorError
from tests.conformance.connector import ASSIGNMENT, ConnectorConformance, digest, key_of, make_package
from workers.push.folder import FolderConnector


class TestFolder(ConnectorConformance):
    @pytest.fixture
    def connect(self, tmp_path):
        return lambda: FolderConnector({"path": "deliver"}, tmp_path)

    @pytest.fixture
    def stored(self, tmp_path):
        def now() -> list[str]:
            visible = (tmp_path / "deliver").glob("[!.]*/signed.pdf")
            return [hashlib.sha256(path.read_bytes()).hexdigest() for path in visible]

        return now


@pytest.fixture
def target(tmp_path) -> FolderConnector:
    return FolderConnector({"path": "deliver"}, tmp_path)


@pytest.fixture
def package(tmp_path):
    return make_package(tmp_path / "package", key_of("one"))


def visible(tmp_path: Path) -> list[Path]:
    return sorted(path for path in (tmp_path / "deliver").iterdir() if not path.name.startswith("."))


def test_a_document_taken_away_by_the_receiver_is_not_delivered_again(tmp_path, target, package):
    receipt = target.put_if_absent(package.key, package)
    shutil.rmtree(tmp_path / "deliver" / receipt.remote_id)
    assert target.put_if_absent(package.key, package) == receipt
    assert visible(tmp_path) == []
    assert target.status(receipt) == "03"


def test_a_crash_after_the_box_was_made_is_finished_by_the_next_try(tmp_path, target, package):
    receipt = target.put_if_absent(package.key, package)
    delivery = tmp_path / "deliver" / ".sohoa" / "delivery" / package.key
    (tmp_path / "deliver" / receipt.remote_id).rename(delivery / "box")
    assert target.find(package.key) == receipt
    assert [path.name for path in visible(tmp_path)] == [receipt.remote_id]


def test_a_crash_while_writing_leaves_nothing_visible_and_nothing_behind(tmp_path, target, package):
    target.find(package.key)
    left = tmp_path / "deliver" / ".sohoa" / "part" / f"{package.key}.dead"
    (left / "box").mkdir(parents=True)
    (left / "box" / "signed.pdf").write_bytes(b"%PDF-half")
    assert target.find(package.key) is None
    assert visible(tmp_path) == []
    target.put_if_absent(package.key, package)
    assert not left.exists()
    assert len(visible(tmp_path)) == 1


def test_a_late_writer_finds_the_place_taken_even_when_the_copy_is_gone(tmp_path, target, package):
    """The race a check before writing cannot close: another station delivers, and the receiver picks up, while this
    one is still writing its part."""
    receipt = target.put_if_absent(package.key, package)
    shutil.rmtree(tmp_path / "deliver" / receipt.remote_id)
    late = tmp_path / "deliver" / ".sohoa" / "part" / f"{package.key}.late"
    (late / "box").mkdir(parents=True)
    with pytest.raises(OSError):
        late.rename(tmp_path / "deliver" / ".sohoa" / "delivery" / package.key)
    assert target.find(package.key) == receipt
    assert visible(tmp_path) == []


def test_every_file_and_the_receipt_arrive_together(tmp_path, target, package):
    receipt = target.put_if_absent(package.key, package)
    folder = tmp_path / "deliver" / receipt.remote_id
    assert {path.name for path in folder.iterdir()} == {p.name for p in package.files.values()} | {"receipt.json"}
    assert hashlib.sha256((folder / "signed.pdf").read_bytes()).hexdigest() == digest(package)
    assert json.loads((folder / "receipt.json").read_text())["key"] == package.key
    target.forward(receipt, ASSIGNMENT)
    assert json.loads((folder / "assignment.json").read_text())["unit"] == ASSIGNMENT.unit


def test_the_folder_is_named_so_that_a_person_and_any_file_system_can_read_it(tmp_path, target, package):
    receipt = target.put_if_absent(package.key, package)
    assert receipt.remote_id == f"252_QD-UBND_{package.key[:12]}"


@pytest.mark.parametrize("make_wrong", ["missing", "a file"])
def test_a_missing_mount_is_said_and_the_document_waits(tmp_path, package, make_wrong):
    if make_wrong == "a file":
        (tmp_path / "share").write_text("not a folder")
    target = FolderConnector({"path": "share", "create": False}, tmp_path)
    with pytest.raises(EnvironmentTrouble, match="share"):
        target.put_if_absent(package.key, package)
    with pytest.raises(EnvironmentTrouble, match="share"):
        target.find(package.key)


def test_a_read_only_target_is_said(package):
    target = FolderConnector({"path": "/proc/sohoa"}, Path("/"))
    with pytest.raises(EnvironmentTrouble, match="/proc/sohoa"):
        target.put_if_absent(package.key, package)


def _deliver_with_little_space(home: Path, package, answer) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        FolderConnector({"path": "deliver"}, home).put_if_absent(package.key, package)
        answer.put("delivered")
    except EnvironmentTrouble as trouble:
        answer.put(trouble.en)


def test_no_space_for_the_copy_is_said_and_nothing_is_half_delivered(tmp_path, target):
    package = make_package(tmp_path / "package", key_of("big"), size=100_000)
    context = multiprocessing.get_context("fork")
    answer = context.Queue()
    process = context.Process(target=_deliver_with_little_space, args=(tmp_path, package, answer))
    process.start()
    said = answer.get(timeout=30)
    process.join()
    assert "does not take a file this large" in said
    assert visible(tmp_path) == []
    assert target.put_if_absent(package.key, package)


def _deliver_and_die(home: Path, package, step: int) -> None:
    """Die inside the n-th rename or fsync, as a power cut would have it."""
    count = 0

    def after(name):
        real = getattr(os, name)

        def call(*args, **keywords):
            nonlocal count
            result = real(*args, **keywords)
            count += 1
            if count == step:
                os._exit(9)
            return result

        setattr(os, name, call)

    after("fsync")
    after("rename")
    after("replace")
    FolderConnector({"path": "deliver"}, home).put_if_absent(package.key, package)
    os._exit(0)


def test_killed_at_every_step_of_writing_it_is_delivered_once(tmp_path):
    """Every fsync and rename is a place to die; the receiver takes the copy away as soon as it sees it."""
    context = multiprocessing.get_context("fork")
    taken: dict[str, int] = {}
    step = 0
    while True:
        step += 1
        package = make_package(tmp_path / f"package{step}", key_of(f"step {step}"))
        process = context.Process(target=_deliver_and_die, args=(tmp_path, package, step))
        process.start()
        process.join()
        _take_away(tmp_path, taken)
        target = FolderConnector({"path": "deliver"}, tmp_path)
        receipt = target.find(package.key) or target.put_if_absent(package.key, package)
        _take_away(tmp_path, taken)
        assert taken[receipt.remote_id] == 1, f"step {step}"
        if process.exitcode == 0:
            break
    assert step > 10
    assert set(taken.values()) == {1}


def _take_away(home: Path, taken: dict[str, int]) -> None:
    if not (home / "deliver").exists():
        return
    for folder in visible(home):
        assert (folder / "signed.pdf").read_bytes().endswith(b"%%EOF\n")
        taken[folder.name] = taken.get(folder.name, 0) + 1
        shutil.rmtree(folder)


def test_a_name_somebody_else_took_is_a_trouble_not_a_crash(tmp_path, target, package):
    taken = tmp_path / "deliver" / f"252_QD-UBND_{package.key[:12]}"
    taken.mkdir(parents=True)
    (taken / "x").write_text("not ours")
    with pytest.raises(EnvironmentTrouble, match="move it away"):
        target.put_if_absent(package.key, package)
    shutil.rmtree(taken)
    assert (tmp_path / "deliver" / target.find(package.key).remote_id / "signed.pdf").exists()


def test_a_damaged_receipt_is_a_trouble_that_says_where(tmp_path, target, package):
    target.put_if_absent(package.key, package)
    (tmp_path / "deliver" / ".sohoa" / "delivery" / package.key / "receipt.json").write_text("{")
    with pytest.raises(EnvironmentTrouble, match=package.key):
        target.find(package.key)


def test_a_misspelt_option_is_named(tmp_path):
    with pytest.raises(OperatorError, match="paht"):
        FolderConnector({"paht": "deliver"}, tmp_path)
