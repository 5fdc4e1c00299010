"""`sohoa profile explain`: why a document would go where it goes, the rules of a profile tried one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from intake.errors import DocumentError, ExitCode, OperatorError
from intake.model import Severity
from intake.profile import Profile
from workers.check.gate import inspect
from workers.cli.profile_file import open_profile
from workers.forward.calendar import HANOI, calendar_of
from workers.forward.choose import UNMATCHED, choose, tried
from workers.ocr.reading import read
from workers.tools.assignment import assignment_json
from workers.tools.record import LANGUAGE

Fields = Mapping[str, str | int | None]


def explain(fields: Fields, profile: Profile, *, station: str, arrived_at: datetime) -> dict[str, Any]:
    """``{"assignment": {…}, "rules": [{"rule", "matches", "conditions": [{"key", "met", "message", "message_en"}]}]}``.

    ``fields``: Appendix VI names → values, from ``sohoa ocr`` or as confirmed; ``arrived_at`` is aware. Nothing is
    sent and nothing is written: `sohoa profile explain` shows it, and the desk may show it beside a document.
    """
    section = profile.forward
    record = {"Language": LANGUAGE, **fields}
    assignment = choose(record, section, station=station, arrived_at=arrived_at, calendar=calendar_of(section))
    return {
        "assignment": assignment_json(assignment),
        "rules": [
            {
                "rule": outcome.rule.name,
                "matches": outcome.matches,
                "conditions": [
                    {"key": item.key, "met": item.met, "message": item.vi, "message_en": item.en}
                    for item in outcome.conditions
                ],
            }
            for outcome in tried(record, section, station=station)
        ],
    }


def command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            exists=True,
            dir_okay=False,
            help="Bản quét của MỘT văn bản, hoặc JSON của «sohoa ocr --json» / Scans of ONE document, or its ocr JSON",
        ),
    ],
    profile: Annotated[str, typer.Option(help="Hồ sơ quy tắc / Profile: name or .toml file")] = "incoming",
    station: Annotated[str, typer.Option(help="Trạm quét / Station")] = "",
    arrived: Annotated[
        datetime | None, typer.Option(help="Lúc đến, giờ Việt Nam / Arrival, Vietnamese time; mặc định / default: now")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="In JSON / Print JSON")] = False,
) -> None:
    """Vì sao văn bản được chuyển đến đơn vị đó / Why a document would go to that unit; nothing is sent.

    Ví dụ / Example: sohoa profile explain 001.jpg --profile incoming --station quay-1
    """
    rules = open_profile(profile)
    moment = arrived.replace(tzinfo=HANOI) if arrived else datetime.now(UTC)
    told = explain(fields_of(files, rules), rules, station=station, arrived_at=moment)
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return
    console = Console(highlight=False)
    for rule in told["rules"]:
        console.print(f"{'✔' if rule['matches'] else '✘'} {rule['rule']}", markup=False)
        for item in rule["conditions"]:
            console.print(f"    {'✔' if item['met'] else '✘'} {item['message']} / {item['message_en']}", markup=False)
    chosen = told["assignment"]
    who = " · ".join(part for part in (chosen["unit"], chosen["person"], *chosen["coordinators"]) if part)
    rule = "không quy tắc nào khớp / no rule matches" if chosen["rule"] == UNMATCHED else chosen["rule"]
    console.print(f"→ {who} · {chosen['due']} · {rule}", markup=False)


def fields_of(files: list[Path], profile: Profile) -> dict[str, str | int | None]:
    """From JSON as it is; from scans by reading their header, after the gate looked for a secrecy mark."""
    if len(files) == 1 and files[0].suffix.lower() == ".json":
        return _from_json(files[0])
    findings, _ = inspect(files, profile.check)
    if any(finding.severity is Severity.REFUSE for finding in findings):
        raise _Secret(
            "Văn bản có dấu chỉ độ mật: không đọc, không chuyển. Hãy xử lý theo quy định về bảo vệ bí mật nhà nước.",
            "The document bears a secrecy mark: it is not read and not forwarded. Follow the rules on state secrets.",
        )
    reading = read(files, profile.ocr, header_only=True)
    return {str(name): field.value for name, field in reading.fields.items()}


class _Secret(DocumentError):
    """Refused before anything is read."""

    exit_code = ExitCode.FINDINGS


def _from_json(path: Path) -> dict[str, str | int | None]:
    try:
        said = json.loads(path.read_text("utf-8"))
        fields = said.get("fields", said)
        return {name: value.get("value") if isinstance(value, dict) else value for name, value in fields.items()}
    except (ValueError, AttributeError) as error:
        raise OperatorError(
            f"{path}: không phải JSON của «sohoa ocr --json» hay bảng trường → giá trị.",
            f"{path}: neither the JSON of «sohoa ocr --json» nor a table of field → value.",
        ) from error
