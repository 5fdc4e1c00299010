"""``sohoa profile``: look at rule profiles, check one's own, print the station's test sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from intake.profile import digest, load
from workers.check.target import make_target
from workers.cli.dry_run import command as dry_run
from workers.cli.explain import command as explain
from workers.cli.profile_file import FOLDERS, open_profile

app = typer.Typer(
    help="Hồ sơ quy tắc: xem, kiểm tra, in tờ chuẩn. / Rule profiles: show, check, print the test sheet.",
    no_args_is_help=True,
)


@app.command("list")
def list_profiles() -> None:
    """Các hồ sơ có sẵn. / The profiles at hand.

    Ví dụ / Example:  sohoa profile list
    """
    seen: set[str] = set()
    for folder in FOLDERS:
        for path in sorted(folder.glob("*.toml")):
            if path.stem not in seen:
                seen.add(path.stem)
                profile = load(path)
                typer.echo(f"{profile.name:12} {profile.title} / {profile.title_en} ({profile.holds_from})  {path}")


@app.command()
def show(name: Annotated[str, typer.Argument(help="Tên hồ sơ hoặc tệp .toml. / Name or .toml file.")]) -> None:
    """In mọi giá trị của một hồ sơ, kể cả mặc định. / Print every value of a profile, defaults included.

    Ví dụ / Example:  sohoa profile show incoming
    """
    typer.echo(open_profile(name).model_dump_json(indent=2))


@app.command()
def check(name: Annotated[str, typer.Argument(help="Tên hồ sơ hoặc tệp .toml. / Name or .toml file.")]) -> None:
    """Kiểm tra một hồ sơ; lỗi nêu tệp, khóa và cách viết đúng. / Check a profile; mistakes name file, key and remedy.

    Ví dụ / Example:  sohoa profile check profiles/incoming.toml
    """
    profile = open_profile(name)
    typer.echo(f"{profile.name}: hợp lệ / valid · {digest(profile)[:12]}")


@app.command()
def target(
    output: Annotated[Path, typer.Option("--output", "-o", help="Tệp PDF ghi ra. / PDF to write.")] = Path(
        "target.pdf"
    ),
) -> None:
    """Tờ chuẩn để kiểm định máy quét. / The test sheet that certifies a scanner.

    In đúng 100 %, quét bằng máy cần kiểm định rồi chạy: sohoa check --target SCAN
    Print at 100 %, scan it on the station's scanner, then: sohoa check --target SCAN

    Ví dụ / Example:  sohoa profile target -o target.pdf
    """
    typer.echo(str(make_target(output)))


app.command("explain")(explain)
app.command("dry-run")(dry_run)
