"""The organisation's token, with Debian's SoftHSM2 standing in for it: opened by PIN, for one set, never bypassed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pkcs11
import pytest
import typer
from pkcs11 import TokenFlag
from typer.testing import CliRunner

from intake.errors import DependencyMissing, EnvironmentTrouble, OperatorError
from intake.ports import Signer, SigningSession
from intake.profile.sections import SignSection
from tests.sign.authority import PIN
from tests.sign.paper import document
from workers.cli.verify import command
from workers.sign import demo_ca, stage
from workers.sign.demo_ca import DemoAuthority
from workers.sign.pkcs11 import Pkcs11Signer, tries, wrong_pin
from workers.sign.verify import verify
from workers.tools.pki import load_trust


def test_a_token_signs_and_the_file_is_accepted(
    softhsm: Pkcs11Signer, demo: DemoAuthority, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    trust = load_trust(demo.trust)
    with softhsm.open(PIN) as session:
        assert isinstance(softhsm, Signer)
        assert isinstance(session, SigningSession)
        assert session.demo, "a software token must never pass for the organisation's device"
        result = stage.run(
            document(tmp_path), section, tmp_path, signer=session, now=now, trust=trust, demo_allowed=True
        )
    assert result.facts["level"] == "B-B"
    assert verify(tmp_path / "signed.pdf", trust, now).verdict == "valid"
    told = subprocess.run(["pdfsig", tmp_path / "signed.pdf"], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid." in told
    evidence = json.loads((tmp_path / "evidence.json").read_text())
    assert evidence["device"].startswith("PKCS#11 SoftHSM project sohoa")


def test_a_wrong_pin_is_told_and_the_right_one_works_afterwards(softhsm: Pkcs11Signer) -> None:
    for _ in range(2):
        with pytest.raises(OperatorError, match="Sai mã PIN") as wrong, softhsm.open("999999"):
            pass
        assert "999999" not in str(wrong.value)
        assert wrong.value.__cause__ is None
    with softhsm.open(PIN) as session:
        assert session.certificate


def test_the_pin_stays_in_no_object_after_the_token_is_open(softhsm: Pkcs11Signer) -> None:
    with softhsm.open(PIN) as session:
        engine = session.engine
        assert PIN not in repr(session)
        assert PIN not in repr([vars(engine), vars(engine.credential), vars(softhsm)])


def test_a_second_set_waits_until_the_first_is_closed(softhsm: Pkcs11Signer) -> None:
    with softhsm.open(PIN), pytest.raises(OperatorError, match="đợt ký khác"), softhsm.open(PIN):
        pass
    with softhsm.open(PIN) as session:
        assert session.device


def test_a_login_left_behind_is_ended_so_that_the_pin_is_really_asked(softhsm: Pkcs11Signer) -> None:

    library = pkcs11.lib(softhsm.module)
    library.reinitialize()  # another test of this process may have loaded it with tokens of its own
    token = next(
        slot.get_token() for slot in library.get_slots(token_present=True) if slot.get_token().label == "sohoa"
    )
    left = token.open(user_pin=PIN)
    with pytest.raises(OperatorError, match="Sai mã PIN"), softhsm.open("000000"):
        pass
    with softhsm.open(PIN) as session:
        assert session.certificate
    del left


def test_a_token_that_is_not_there_is_trouble_not_an_error_of_the_document(token: Path) -> None:
    absent = Pkcs11Signer(str(demo_ca.softhsm_module()), token_label="không có")
    with pytest.raises(EnvironmentTrouble, match="không mất gì"), absent.open(PIN):
        pass


def test_several_tokens_without_a_label_are_named(token: Path) -> None:
    with pytest.raises(OperatorError, match="«sohoa»"), Pkcs11Signer(str(demo_ca.softhsm_module())).open(PIN):
        pass


def test_a_missing_module_names_its_path(tmp_path: Path) -> None:
    with (
        pytest.raises(DependencyMissing, match=r"bit4id\.so"),
        Pkcs11Signer(str(tmp_path / "bit4id.so")).open(PIN),
    ):
        pass
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"\x7fELF broken")
    with pytest.raises(EnvironmentTrouble, match=r"broken\.so"), Pkcs11Signer(str(broken)).open(PIN):
        pass


def test_a_key_that_demands_the_pin_each_time_gets_it_from_the_person_each_time(
    token: Path, demo: DemoAuthority, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    trust = load_trust(demo.trust)
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        return PIN

    each = Pkcs11Signer(str(demo_ca.softhsm_module()), token_label="each")
    with each.open(PIN, ask) as session:
        for number in range(3):
            out = tmp_path / f"out{number}"
            out.mkdir()
            paper = document(tmp_path, f"d{number}")
            stage.run(paper, section, out, signer=session, now=now, trust=trust, demo_allowed=True)
    assert len(asked) == 2, "the first signature uses the PIN just entered, the others ask"

    with each.open(PIN) as session:
        papers = [document(tmp_path, f"e{number}") for number in range(2)]
        stage.run(papers[0], section, tmp_path, signer=session, now=now, trust=trust, demo_allowed=True)
        with pytest.raises(OperatorError, match="từng chữ ký"):
            stage.run(papers[1], section, tmp_path, signer=session, now=now, trust=trust, demo_allowed=True)
    assert not (tmp_path / "signed.pdf").exists()


def test_a_wrong_pin_in_the_middle_signs_nothing_more(
    token: Path, demo: DemoAuthority, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    trust = load_trust(demo.trust)
    each = Pkcs11Signer(str(demo_ca.softhsm_module()), token_label="each")
    with each.open(PIN, lambda: "000000") as session:
        stage.run(document(tmp_path, "a"), section, tmp_path, signer=session, now=now, trust=trust, demo_allowed=True)
        (tmp_path / "signed.pdf").unlink()
        with pytest.raises(OperatorError, match="Sai mã PIN"):
            stage.run(
                document(tmp_path, "b"), section, tmp_path, signer=session, now=now, trust=trust, demo_allowed=True
            )
    assert not (tmp_path / "signed.pdf").exists()


def test_the_command_line_takes_the_pin_from_a_descriptor_and_shows_it_nowhere(
    token: Path, demo: DemoAuthority, tmp_path: Path
) -> None:
    source = document(tmp_path).of("pdf") / "document.pdf"
    target = tmp_path / "signed.pdf"
    arguments = [
        *(source, "-o", target, "--trust", demo.trust, "--demo", "--json", "--pin-fd", "0"),
        *("--agency", "Ủy ban nhân dân Thành phố Hồ Chí Minh", "--option", "token_label=sohoa"),
        *("--option", f"module={demo_ca.softhsm_module()}"),
    ]
    program = "import typer; from workers.cli.sign import command; typer.run(command)"
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        input=PIN.encode(),
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr.decode()
    result = json.loads(done.stdout)
    assert (result["level"], result["output"]) == ("B-B", str(target))
    assert PIN not in done.stderr.decode()
    assert PIN.encode() not in done.stdout.replace(result["sha256"].encode(), b"")


def test_the_verify_command_answers_by_exit_code_and_in_vietnamese(
    softhsm: Pkcs11Signer, demo: DemoAuthority, section: SignSection, now: datetime, tmp_path: Path
) -> None:
    with softhsm.open(PIN) as session:
        stage.run(
            document(tmp_path),
            section,
            tmp_path,
            signer=session,
            now=now,
            trust=load_trust(demo.trust),
            demo_allowed=True,
        )
    app = typer.Typer()
    app.command()(command)
    signed = tmp_path / "signed.pdf"
    good = CliRunner().invoke(app, [str(signed), "--trust", str(demo.trust), "--json"])
    assert (good.exit_code, json.loads(good.stdout)["verdict"]) == (0, "valid")
    spoken = CliRunner().invoke(app, [str(signed), "--trust", str(demo.trust)]).stdout
    for words in ("HỢP LỆ", "Hình thức sao: «SAO Y;", "ô 14", "không bị thu hồi", "Đạt PDF/A-2b"):
        assert words in spoken
    signed.write_bytes(signed.read_bytes().replace(b"/Subtype /XML", b"/Subtype /XMM").replace(b"SAO", b"SAP") + b" ")
    signed.write_bytes(signed.read_bytes()[:3000] + b"\x01" + signed.read_bytes()[3001:])
    assert CliRunner().invoke(app, [str(signed), "--trust", str(demo.trust)]).exit_code == 10


@pytest.mark.parametrize(
    ("flags", "left"),
    [
        (TokenFlag.USER_PIN_LOCKED | TokenFlag.USER_PIN_FINAL_TRY, 0),
        (TokenFlag.USER_PIN_FINAL_TRY, 1),
        (TokenFlag.USER_PIN_COUNT_LOW, None),
        (TokenFlag.TOKEN_INITIALIZED, None),
    ],
)
def test_what_a_token_tells_of_its_remaining_tries(flags: TokenFlag, left: int | None) -> None:
    """SoftHSM2 never locks, so only the reading of the flags is proven here."""
    assert tries(SimpleNamespace(flags=flags)) == left


def test_the_words_for_a_wrong_pin_say_how_many_tries_are_left() -> None:
    assert "còn 0 lần" in wrong_pin(0).vi
    assert "chỉ còn 1 lần thử" in wrong_pin(1).vi
    assert "còn nhiều nhất 4 lần thử" in wrong_pin(4).vi
    assert "không cho biết" in wrong_pin(None).vi
    for left in (0, 1, 4, None):
        assert "chờ" in wrong_pin(left).vi
