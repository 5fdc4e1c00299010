"""A station's home for the crash tests, with a software token, and the proof of what must be true in the end."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from intake.model import Actor
from intake.settings import SystemClock, load
from intake.states import State
from intake.store import Store, audit, people
from intake.store.balance import balance
from intake.store.reading import every, whole
from intake.store.signing import assign_key
from tests.crash.drive import PIN, VAN_THU
from workers.cli.init import create
from workers.sign.demo_ca import make, softhsm_module, token_config
from workers.sign.verify import verify
from workers.tools.pki import load_trust

AGENCY = "SỞ THỬ TẮT MÁY"
ROOT = Path(__file__).parents[2]


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


def run(home: Path, mode: str = "local", crash_at: str | None = None) -> int:
    """One life of the station process; its exit code (-9 when it died at the crash point)."""
    environment = {key: value for key, value in os.environ.items() if key not in ("SOHOA_CRASH_AT", "SOFTHSM2_CONF")}
    if crash_at:
        environment["SOHOA_CRASH_AT"] = crash_at
    with (home / "drive.log").open("a") as log:
        return subprocess.run(
            [sys.executable, "-m", "tests.crash.drive", str(home), mode],
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            timeout=400,
        ).returncode


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
