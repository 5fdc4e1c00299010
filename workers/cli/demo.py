"""`sohoa demo`: the whole line on the sample scans — watched folder to signed, delivered and forwarded — with a table."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.table import Table

from intake.errors import DependencyMissing, ExitCode, OperatorError, SohoaError
from intake.settings import Settings, SystemClock, load
from intake.states import State
from intake.store import Store, audit
from intake.store.balance import balance
from intake.store.claim import folder_of
from intake.store.reading import every, idle, queue, whole
from workers.chain import WORKED
from workers.cli import demo_people
from workers.cli.init import create
from workers.cli.run import write_json_logs
from workers.sign.demo_ca import import_to_token, make, softhsm_module, token_config
from workers.sign.verify import verify
from workers.station.signing import TokenDesk
from workers.station.station import Station
from workers.tools.pki import load_trust

AGENCY = "SỞ SỐ HÓA DÙNG THỬ"
STATION = "vanthu"
TOKEN = "sohoa-demo"  # noqa: S105 - a token's label
SAMPLES = Path(__file__).resolve().parents[2] / "samples"
PATIENCE_SECONDS = 900.0
END_OF_THE_LINE = {"delivered": State.FORWARDED}
"""the samples' word for a good document → the state it ends in here"""


def command(
    home: Annotated[Path, typer.Option("--home", help="Thư mục, làm lại từ đầu / folder, started afresh.")] = Path(
        "var/demo"
    ),
    samples: Annotated[Path, typer.Option(help="Thư mục bản quét mẫu / folder of sample scans.")] = SAMPLES,
    log: Annotated[bool, typer.Option("--log", help="In nhật ký / print the log.")] = False,
) -> None:
    """Chạy thử toàn bộ dây chuyền / run the whole line on samples.

    Ví dụ / example: sohoa demo
    """
    console = Console(width=200 if not Console().is_terminal else None)
    truth = _truth(samples)
    home = home.absolute()
    _afresh(home)
    if log:
        write_json_logs()
    else:
        _log_to(home / "demo.log")
    settings = _build(home)
    clock = SystemClock()
    store = Store(settings.database_url, clock)
    demo_people.hire(store, settings.signer.plugin)
    station = Station(settings, store)
    desk = TokenDesk(store, settings)
    wait = _waiter(station)
    started = monotonic()
    station.start()
    try:
        _drop(samples, truth, settings.scan_folder(STATION))
        console.print(f"{len(truth)} văn bản mẫu vào thư mục quét / sample documents dropped into the scan folder…")
        wait(lambda: len(every(store)) == len(truth) and idle(store, WORKED))
        console.print("Thư ký đọc từng văn bản, xác nhận hoặc sửa / the clerk confirms or corrects each document…")
        corrected = demo_people.clear_queue(store, truth)
        console.print("Văn thư nhập PIN và ký / the văn thư types her PIN and signs…")
        cap = settings.profile_of(settings.station[STATION].profile).sign.cap_per_pin
        demo_people.sign_everything(store, desk, cap, wait)
        station.pool.wake()
        wait(lambda: idle(store, WORKED))
        faults = _report(console, store, settings, truth, corrected)
    finally:
        station.stop()
    console.print(f"{monotonic() - started:.0f} s. Kết quả nằm ở / results lie in {home / 'deliver'}")
    console.print(
        f"Mở bàn làm việc / open the desk: .venv/bin/sohoa run --home {home}   "
        f"({demo_people.CLERK} hoặc / or {demo_people.VAN_THU}, {demo_people.PASSWORD}, PIN {demo_people.PIN})"
    )
    for fault in faults:
        console.print(f"[red]✗[/red] {fault}")
    if faults:
        raise typer.Exit(int(ExitCode.FAILED))


def _truth(samples: Path) -> dict[str, Mapping[str, Any]]:
    """Name in the scan folder → the sample's record."""
    path = samples / "truth.json"
    if not path.is_file():
        raise OperatorError(
            f"Không thấy bản quét mẫu ở {samples}; hãy chạy từ bản sao mã nguồn hoặc dùng --samples.",
            f"There are no samples at {samples}; run this from a checkout or give --samples.",
        )
    records = json.loads(path.read_text(encoding="utf-8"))["documents"]
    return {Path(record["document"]).name: record for record in records}


def _afresh(home: Path) -> None:
    if home.exists() and any(home.iterdir()):
        settings_file = home / "sohoa.toml"
        if not settings_file.is_file() or "demo = true" not in settings_file.read_text(encoding="utf-8"):
            raise OperatorError(
                f"{home} không phải thư mục dùng thử; không xóa. Hãy chọn thư mục khác.",
                f"{home} is not a demo folder and is not deleted. Choose another.",
            )
        shutil.rmtree(home)


def _build(home: Path) -> Settings:
    """A station with a software token and a demo CA; the token's key is called «for trial only» in its certificate."""
    token = home / "token"
    create(
        home,
        AGENCY,
        STATION,
        organ_id="000.00.00.H26",
        signer_options=f'{{ module = "{softhsm_module()}", token_label = "{TOKEN}" }}',
        signer_environment=f'{{ SOFTHSM2_CONF = "{token / "softhsm2.conf"}" }}',
        demo=True,
    )
    token.mkdir(mode=0o700)
    os.environ["SOFTHSM2_CONF"] = str(token_config(token))
    authority = make(token, AGENCY, demo_people.PIN, SystemClock().now())
    try:
        import_to_token(authority, token / "softhsm2.conf", TOKEN, demo_people.PIN)
    except subprocess.CalledProcessError as error:
        raise DependencyMissing(
            "Không tạo được thiết bị ký giả lập (softhsm2-util). Hãy chạy: sudo apt-get install --reinstall softhsm2",
            "The software token could not be made (softhsm2-util). Run: sudo apt-get install --reinstall softhsm2",
        ) from error
    shutil.copytree(authority.trust, home / "trust", dirs_exist_ok=True)
    authority.pkcs12.unlink()  # from here on the key is on the token only
    return load(home)


def _drop(samples: Path, truth: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """As a scanner would: written under a hidden name, then renamed."""
    for name, record in truth.items():
        source = samples / record["document"]
        hidden = folder / f".{name}"
        if source.is_dir():
            shutil.copytree(source, hidden)
        else:
            shutil.copyfile(source, hidden)
        hidden.rename(folder / name)


def _waiter(station: Station) -> Callable[[Callable[[], bool]], None]:
    def wait(until: Callable[[], bool]) -> None:
        end = monotonic() + PATIENCE_SECONDS
        while not until():
            if station.wait(0.2) or monotonic() > end:
                raise SohoaError(
                    "Bản dùng thử không xong trong thời hạn; xem demo.log.",
                    "The demo did not finish in time; see demo.log.",
                )

    return wait


def _report(
    console: Console,
    store: Store,
    settings: Settings,
    truth: Mapping[str, Mapping[str, Any]],
    corrected: Mapping[str, list[str]],
) -> list[str]:
    table = Table(title="Kết quả / results", show_lines=True)
    for head in ("văn bản / document", "số / number", "ngày / date", "trích yếu / subject", "phát hiện / findings",
                 "chữ ký / signature", "chuyển tới / delivered to", "giao xử lý / forwarded to"):  # fmt: skip
        table.add_column(head, overflow="fold")
    faults: list[str] = []
    trust = load_trust(settings.trust_folder)
    done = 0
    for row in every(store):
        found = whole(store, row["id"])
        refused = found.state is State.REFUSED
        signature = ""
        if found.state is State.FORWARDED:
            signed = folder_of(store, str(settings.documents), row["id"]).of("sign") / "signed.pdf"
            report = verify(signed, trust, store.clock.now())
            signature = f"{report.verdict_vi}: {report.agency}"
            if report.verdict != "valid":
                faults.append(f"{row['name']}: chữ ký / signature {report.verdict}")
            done += 1
        number = "/".join(str(part) for part in (row["code_number"], row["code_notation"]) if part)
        table.add_row(
            f"{row['name']}\n{found.state}",
            number,
            row["issued_date"] or "",
            row["subject"] or "",
            _findings(found.findings, corrected.get(row["id"], ())),
            signature,
            "\n".join(f"{o['target']} {o['receipt']['remote_id']}" for o in found.outbox if o["receipt"]),
            _assignment(found.published.get("forward", {}).get("facts", {})),
        )
        wanted = END_OF_THE_LINE.get(truth[row["name"]]["end"], truth[row["name"]]["end"])
        if found.state != wanted:
            faults.append(f"{row['name']}: {found.state}, cần / expected {wanted}")
        if refused and (left := _content_left(settings.documents, row["id"])):
            faults.append(f"{row['name']}: còn nội dung / content left: {', '.join(left)}")
    console.print(table)
    chain = audit.verify(store)
    ledger = balance(store, settings.documents)
    console.print(ledger.text())
    console.print(f"Nhật ký / audit chain: {'nguyên vẹn / whole' if chain.whole else chain.vi} ({chain.rows})")
    console.print(f"{done} văn bản đã ký, chuyển và giao xử lý / signed, delivered and forwarded")
    if not chain.whole:
        faults.append(chain.en)
    if not ledger.balances:
        faults.append("đối soát lệch / the ledger does not balance")
    if queue(store, states=(State.APPROVED, State.SIGNED, State.DELIVERED)):
        faults.append("còn văn bản dở dang / documents left under way")
    return faults


def _findings(findings: Any, corrected: Any) -> str:
    lines = [f"{item.code}: {item.vi}" for item in findings if item.severity.word != "note"]
    if corrected:
        lines.append(f"thư ký sửa / corrected by the clerk: {', '.join(corrected)}")
    return "\n".join(lines)


def _assignment(facts: Mapping[str, Any]) -> str:
    assignment = facts.get("assignment")
    if not assignment:
        return ""
    return f"{assignment['unit']}\n{assignment['due']}\n({assignment['rule']})"


def _content_left(documents: Path, document_id: str) -> list[str]:
    """Files of a refused document beside its untouched original and the codes of the check."""
    root = next(documents.glob(f"*/{document_id}"))
    return [
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and path.parent.name != "original" and path.name != "check.json"
    ]


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer(ensure_ascii=False)],
        logger_factory=structlog.WriteLoggerFactory(file=path.open("a", encoding="utf-8")),
    )
