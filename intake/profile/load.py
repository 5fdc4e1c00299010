"""Read a profile file; a mistake is answered with file, key and what to write."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from intake.errors import ProfileError
from intake.profile.sections import Profile


def load(path: Path, overrides: dict[str, Any] | None = None, overrides_stand_in: str = "") -> Profile:
    """The profile in ``path``. ``overrides`` (section → keys) come from the station's settings, so that an
    agency states its name, targets and rules without copying the legal values; ``overrides_stand_in`` names that
    file and table, for mistakes made there."""
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
        raise ProfileError(*_explain(path, overrides or {}, overrides_stand_in, error)) from error


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


WANTED = {
    "string_too_short": "ít nhất {min_length} ký tự",
    "string_too_long": "nhiều nhất {max_length} ký tự",
    "string_pattern_mismatch": "chữ đúng mẫu {pattern}",
    "greater_than": "số lớn hơn {gt}",
    "greater_than_equal": "số từ {ge} trở lên",
    "less_than": "số nhỏ hơn {lt}",
    "less_than_equal": "số không quá {le}",
    "literal_error": "một trong {expected}",
    "enum": "một trong {expected}",
    "string_type": "chữ trong dấu nháy",
    "int_type": "số nguyên",
    "int_parsing": "số nguyên",
    "int_from_float": "số nguyên",
    "float_type": "số",
    "float_parsing": "số",
    "bool_type": "true hoặc false",
    "bool_parsing": "true hoặc false",
    "list_type": "danh sách […]",
    "tuple_type": "danh sách […]",
    "dict_type": "bảng khóa = giá trị",
    "model_type": "bảng khóa = giá trị",
    "date_from_datetime_parsing": "ngày dạng 2027-02-05",
}
"""Pydantic's kinds of error as an administrator's Vietnamese; its own words stand for the rest."""


def _wanted(item: ErrorDetails) -> str:
    words = WANTED.get(item["type"])
    return words.format(**item.get("ctx", {})) if words else item["msg"]


def _explain(path: Path, overrides: dict[str, Any], stand_in: str, error: ValidationError) -> tuple[str, str]:
    vi, en = [], []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"])
        section, *rest = item["loc"]
        there = overrides.get(str(section))
        file = stand_in if there is not None and (not rest or rest[0] in there) and stand_in else str(path)
        kind = item["type"]
        if kind == "missing":
            vi.append(f"{file}: thiếu khóa «{key}»; hãy viết «{key} = …».")
            en.append(f"{file}: key «{key}» is missing; write «{key} = …».")
        elif kind == "extra_forbidden":
            vi.append(f"{file}: khóa «{key}» không được dùng; hãy xóa hoặc sửa chính tả.")
            en.append(f"{file}: key «{key}» is not known; delete it or mend its spelling.")
        else:
            vi.append(f"{file}: khóa «{key}» = {item['input']!r} không hợp lệ; cần: {_wanted(item)}.")
            en.append(f"{file}: key «{key}» = {item['input']!r} is not valid; wanted: {item['msg']}.")
    return "\n".join(vi), "\n".join(en)
