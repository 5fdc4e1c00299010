"""A station's home for the crash tests, with a software token, and the proof of what must be true in the end."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from intake.model import Actor
from intake.settings import SystemClock, load
from intake.states import State
from intake.store import Store, audit, people
from intake.store.balance import balance
from intake.store.reading import every, whole
from intake.store.signing import assign_key
from tests.crash.life import IN_CHILD, PIN, VAN_THU
from workers.cli.init import create
from workers.sign.demo_ca import make, softhsm_module, token_config
from workers.sign.verify import verify
from workers.tools.pki import load_trust

AGENCY = "SỞ THỬ TẮT MÁY"
ROOT = Path(__file__).parents[2]
KILLED = -9


def build(home: Path, database: str | None = None, redis: str | None = None, lease_seconds: float = 3) -> None:
    """Empty home, demo token, people; short leases so that rescue is quick."""
    token = home / "token"
    create(
        home,
        AGENCY,
        signer_options=f'{{ module = "{softhsm_module()}", token_label = "crash" }}',
        signer_environment=f'{{ SOFTHSM2_CONF = "{token / "softhsm2.conf"}" }}',
        demo=True,
    )
    token.mkdir()
    config = token_config(token)
    authority = make(token, AGENCY, PIN, SystemClock().now())
    code = (
        "import os,sys,datetime,pathlib;os.environ['SOFTHSM2_CONF']=sys.argv[1];"
        "from workers.sign.demo_ca import DemoAuthority,import_to_token;"
        "import_to_token(DemoAuthority(pathlib.Path('.'),pathlib.Path(sys.argv[2]),sys.argv[3]),"
        "pathlib.Path(sys.argv[1]),'crash',sys.argv[3])"
    )
    # its own process: PKCS#11 libraries read their configuration once
    subprocess.run([sys.executable, "-c", code, str(config), str(authority.pkcs12), PIN], check=True, cwd=ROOT)
    shutil.copytree(authority.trust, home / "trust", dirs_exist_ok=True)
    with (home / "sohoa.toml").open("a", encoding="utf-8") as stream:
        stream.write(f"\n[workers]\nprocesses = 1\nlease_seconds = {lease_seconds}\n")
        stream.write("\n[profile.incoming.intake]\nquiet_seconds = 0.3\n")
        if database:
            stream.write(f'\n[database]\nurl = "{database}"\n')
        if redis:
            stream.write(f'\n[queue]\nredis = "{redis}"\n')
    store = Store(load(home, {}).database_url, SystemClock())
    store.migrate()
    admin = Actor("test", "admin")
    people.add(store, VAN_THU.name, "Hoa", ["van_thu"], "mat-khau-dai-12", admin)
    assign_key(store, VAN_THU.name, "pkcs11", "1/QĐ", None, admin)
    store.close()


def scans_for(names: Sequence[str], sample: Path, folder: Path) -> list[Path]:
    """One scan per name: the same page, told apart by a JPEG comment."""
    folder.mkdir(exist_ok=True)
    data = sample.read_bytes()
    made = []
    for name in names:
        comment = name.encode()
        path = folder / f"{name}.jpg"
        path.write_bytes(data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:])
        made.append(path)
    return made


def relay(home: Path, mode: str, points: Sequence[str]) -> dict[str, str]:
    """Life after life until every point was met; who died at each: station, worker, child or nobody."""
    died: dict[str, str] = {}
    while left := [point for point in points if point not in died]:
        if left[0] in IN_CHILD:
            assert _life(home, mode, []) == 0  # what an earlier death left must not be what meets this point
        code = _life(home, mode, left)
        for word, point in (line.split() for line in (home / "relay.log").read_text().splitlines()):
            died[point] = word
        begun = [point for point, word in died.items() if word == "begun"]
        assert (code, len(begun)) in ((0, 0), (KILLED, 1)), (code, begun, (home / "drive.log").read_text()[-3000:])
        died.update(dict.fromkeys(begun, "station"))
        with (home / "relay.log").open("a") as log:
            log.writelines(f"station {point}\n" for point in begun)
    assert _life(home, mode, []) == 0, (home / "drive.log").read_text()[-3000:]
    return died


def _life(home: Path, mode: str, points: Sequence[str]) -> int:
    """One life of the station process; its exit code (-9 when it died at a crash point)."""
    return begin(home, mode, points, points[0] if points and points[0] in IN_CHILD else None).wait(3600)


def begin(
    home: Path, mode: str, points: Sequence[str] = (), crash_at: str | None = None, number: int = 0
) -> subprocess.Popen[bytes]:
    """Start a life of the station process (tests/crash/drive.py); its words go to ``drive.log``."""
    environment = {key: value for key, value in os.environ.items() if key not in ("SOHOA_CRASH_AT", "SOFTHSM2_CONF")}
    if crash_at:
        environment["SOHOA_CRASH_AT"] = crash_at
    with (home / "drive.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.crash.drive", "--number", str(number), str(home), mode, *points],
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )


def prove(home: Path, scans: list[Path]) -> None:
    """Every scan is a document, once, with its bytes; signed, valid, delivered once; ledger and chain whole."""
    settings = load(home, {})
    store = Store(settings.database_url, SystemClock())
    rows = every(store)
    wanted = sorted(hashlib.sha256(scan.read_bytes()).hexdigest() for scan in scans)
    originals = sorted(
        hashlib.sha256(path.read_bytes()).hexdigest()
        for row in rows
        for path in (settings.documents / row["id"][:8] / row["id"] / "original").iterdir()
    )
    assert originals == wanted
    assert [row["state"] for row in rows] == [State.FORWARDED] * len(scans), [(r["state"], r["held_en"]) for r in rows]
    assert audit.verify(store).whole
    assert balance(store, settings.documents).balances
    delivered = sorted((home / "deliver").glob("*/signed.pdf"))
    assert len(delivered) == len(scans)
    trust = load_trust(settings.trust_folder)
    for path in delivered:
        assert verify(path, trust, SystemClock().now()).verdict == "valid"
    for row in rows:
        (owed,) = whole(store, row["id"]).outbox
        assert owed["state"] == "delivered"
    assert not [path for path in settings.scan_folder("vanthu").iterdir() if not path.name.startswith(".")]
    store.close()
