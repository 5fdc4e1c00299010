"""Read a profile file; a mistake is answered with file, key and what to write."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from intake.errors import ProfileError
from intake.profile.sections import Profile


def load(path: Path, overrides: dict[str, Any] | None = None) -> Profile:
    """The profile in ``path``. ``overrides`` (section → keys) come from the station's settings, so that an
    agency states its name, targets and rules without copying the legal values."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ProfileError(
            f"Không có tệp hồ sơ quy tắc {path}. Các hồ sơ có sẵn: {_siblings(path)}.",
            f"There is no profile file {path}. Profiles at hand: {_siblings(path)}.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(
            f"{path}: không phải TOML hợp lệ ({error}). Hãy sửa đúng dòng đó.",
            f"{path}: not valid TOML ({error}). Mend that line.",
        ) from error
    for section, keys in (overrides or {}).items():
        if isinstance(keys, dict) and isinstance(data.get(section), dict):
            data[section] = {**data[section], **keys}
        else:
            data[section] = keys
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        raise ProfileError(*_explain(path, error)) from error


def find(name: str, folders: tuple[Path, ...]) -> Path:
    """The file of profile ``name`` in the first folder that has it (an agency's folder before ours)."""
    for folder in folders:
        candidate = folder / f"{name}.toml"
        if candidate.is_file():
            return candidate
    return folders[-1] / f"{name}.toml"


def digest(profile: Profile) -> str:
    """SHA-256 of the profile's content: pinned at admission, so a rerun is the same run."""
    return hashlib.sha256(profile.model_dump_json().encode()).hexdigest()


def _siblings(path: Path) -> str:
    return ", ".join(sorted(p.stem for p in path.parent.glob("*.toml"))) or "–"


def _explain(path: Path, error: ValidationError) -> tuple[str, str]:
    vi, en = [], []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"])
        kind = item["type"]
        if kind == "missing":
            vi.append(f"{path}: thiếu khóa «{key}»; hãy viết «{key} = …».")
            en.append(f"{path}: key «{key}» is missing; write «{key} = …».")
        elif kind == "extra_forbidden":
            vi.append(f"{path}: khóa «{key}» không được dùng; hãy xóa hoặc sửa chính tả.")
            en.append(f"{path}: key «{key}» is not known; delete it or mend its spelling.")
        else:
            vi.append(f"{path}: khóa «{key}» = {item['input']!r} không hợp lệ; cần: {item['msg']}.")
            en.append(f"{path}: key «{key}» = {item['input']!r} is not valid; wanted: {item['msg']}.")
    return "\n".join(vi), "\n".join(en)
