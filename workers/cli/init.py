"""`sohoa init`: a new station's home, ready to be filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from intake.errors import OperatorError
from intake.settings import SystemClock, load
from intake.store import Store

TEMPLATE = """# Cấu hình trạm số hóa / settings of this station (docs/reference/settings.md)

[station.{station}]
folder = "scan/{station}"          # thư mục quét / watched folder (may be absolute, e.g. a share)
profile = "{profile}"              # văn bản đến / incoming; others: sohoa profile list

# Tên cơ quan đúng như trên chứng thư chữ ký số / the agency's name exactly as in its certificate
[profile.{profile}.sign]
agency = "{agency}"

[profile.{profile}.push]
organ_id = "{organ_id}"
target = [{{ name = "deliver", connector = "folder", options = {{ path = "deliver" }} }}]

[signer]
plugin = "pkcs11"
options = {options}
{environment}demo = {demo}

[desk]
host = "127.0.0.1"
port = 8640
"""

SIGNER_TO_FILL_IN = '{ module = "/usr/lib/your-token-middleware.so", token_label = "TOKEN", key_label = "KEY" }'


def command(
    home: Annotated[Path, typer.Option("--home", help="Thư mục của trạm / the station's home.")] = Path("var/station"),
    agency: Annotated[str, typer.Option(help="Tên cơ quan, tổ chức / the agency's name.")] = "",
    station: Annotated[str, typer.Option(help="Tên trạm quét / name of the scanning station.")] = "vanthu",
    profile: Annotated[str, typer.Option(help="Hồ sơ quy tắc / rule profile.")] = "incoming",
    organ_id: Annotated[str, typer.Option(help="Mã định danh cơ quan / the agency's identifier.")] = "",
) -> None:
    """Lập một trạm mới / make a new station.

    Ví dụ / example: sohoa init --home /srv/sohoa --agency "SỞ NỘI VỤ"
    """
    create(home, agency, station, profile, organ_id)
    typer.echo(
        f"Đã lập trạm tại {home}. Việc tiếp theo: sửa {home / 'sohoa.toml'} (agency, signer), "
        f"thêm người dùng (sohoa user add --home {home}), rồi chạy sohoa run --home {home}.\n"
        f"The station is at {home}. Next: edit {home / 'sohoa.toml'} (agency, signer), add people "
        f"(sohoa user add --home {home}), then sohoa run --home {home}."
    )


def create(
    home: Path,
    agency: str,
    station: str = "vanthu",
    profile: str = "incoming",
    organ_id: str = "",
    *,
    signer_options: str = SIGNER_TO_FILL_IN,
    signer_environment: str = "",
    demo: bool = False,
) -> None:
    """Write ``sohoa.toml``, the folders and an empty database; OperatorError when the home is in use."""
    path = home / "sohoa.toml"
    if path.exists():
        raise OperatorError(
            f"{home} đã là một trạm; không ghi đè. Hãy chọn thư mục khác hoặc sửa {path}.",
            f"{home} is a station already; it is not overwritten. Choose another folder or edit {path}.",
        )
    for folder in (home, home / "scan" / station, home / "documents", home / "trust", home / "deliver"):
        folder.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    path.write_text(
        TEMPLATE.format(
            station=station,
            profile=profile,
            agency=agency.replace('"', '\\"'),
            organ_id=organ_id,
            options=signer_options,
            environment=f"environment = {signer_environment}\n" if signer_environment else "",
            demo=str(demo).lower(),
        ),
        encoding="utf-8",
    )
    store = Store(load(home).database_url, SystemClock())
    store.migrate()
    store.close()
