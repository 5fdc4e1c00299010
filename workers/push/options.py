"""Options of a connector, read once and strictly: an unknown or mistyped key is named, never ignored."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from intake.errors import EnvironmentTrouble, OperatorError

Value = str | int | float | bool


class Options:
    """Typed look-ups in the ``options`` table of a ``[[push.target]]``.

    ``connector`` names it in messages; relative paths are taken from ``base``, the station's home.
    """

    def __init__(self, connector: str, values: Mapping[str, Value], base: Path) -> None:
        self._connector = connector
        self._values = dict(values)
        self._base = base
        self._known: set[str] = set()

    def text(self, name: str, default: str | None = None) -> str:
        value = self._get(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, "một chuỗi ký tự", "a string")
        return value

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        value = self._get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self._wrong(name, f"một số nguyên từ {least}", f"a whole number from {least}")
        return value

    def seconds(self, name: str, default: float) -> float:
        value = self._get(name, default)
        if isinstance(value, bool | str) or not 0 < value < 3600:
            raise self._wrong(name, "số giây dưới 3600", "seconds under 3600")
        return float(value)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._get(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true hoặc false", "true or false")
        return value

    def path(self, name: str, default: str | None = None) -> Path:
        return self._base / self.text(name, default)

    def optional_path(self, name: str) -> Path | None:
        text = self.text(name, "")
        return self._base / text if text else None

    def secret(self, name: str) -> str:
        """A secret that is named, never written: ``env:NAME`` or ``file:path``. Empty when the option is absent.

        Raises EnvironmentTrouble when the variable or file is missing; the value never enters a message.
        """
        reference = self.text(name, "")
        if not reference:
            return ""
        kind, _, where = reference.partition(":")
        if kind == "env":
            value = os.environ.get(where, "")
        elif kind == "file":
            value = self._secret_file(name, self._base / where)
        else:
            raise OperatorError(
                f"Nơi nhận «{self._connector}»: khóa «{name}» phải là env:TÊN_BIẾN hoặc file:đường_dẫn, không ghi "
                "thẳng bí mật vào hồ sơ quy tắc.",
                f"Connector «{self._connector}»: option «{name}» must be env:NAME or file:path; a secret is never "
                "written into a profile.",
            )
        if not value:
            raise EnvironmentTrouble(
                f"Nơi nhận «{self._connector}»: {reference} (khóa «{name}») trống hoặc chưa đặt. Hãy đặt rồi thử lại.",
                f"Connector «{self._connector}»: {reference} (option «{name}») is empty or not set. "
                "Set it and try again.",
            )
        return value

    def table(self, prefix: str) -> dict[str, str]:
        """All options ``<prefix>.<rest>``, by their rest."""
        found = {}
        for name in self._values:
            if name.startswith(f"{prefix}."):
                found[name.removeprefix(f"{prefix}.")] = str(self._get(name, None))
        return found

    def close(self) -> None:
        """Refuse what nobody asked for: a misspelt option must not be a silent wish."""
        unknown = sorted(set(self._values) - self._known)
        if unknown:
            raise OperatorError(
                f"Nơi nhận «{self._connector}» không có khóa {', '.join(unknown)}. Các khóa dùng được: "
                f"{', '.join(sorted(self._known))}.",
                f"Connector «{self._connector}» has no option {', '.join(unknown)}. Options at hand: "
                f"{', '.join(sorted(self._known))}.",
            )

    def _get(self, name: str, default: Value | None) -> Value:
        self._known.add(name)
        if name in self._values:
            return self._values[name]
        if default is None:
            raise OperatorError(
                f"Nơi nhận «{self._connector}» thiếu khóa «{name}»; hãy viết options.{name} = … trong hồ sơ quy tắc.",
                f"Connector «{self._connector}» lacks option «{name}»; write options.{name} = … in the profile.",
            )
        return default

    def _secret_file(self, name: str, path: Path) -> str:
        try:
            return path.read_text("utf-8").strip()
        except OSError as error:
            raise EnvironmentTrouble(
                f"Nơi nhận «{self._connector}»: không đọc được tệp bí mật của khóa «{name}» ({error.strerror}).",
                f"Connector «{self._connector}»: the secret file of option «{name}» cannot be read ({error.strerror}).",
            ) from error

    def _wrong(self, name: str, vi: str, en: str) -> OperatorError:
        return OperatorError(
            f"Nơi nhận «{self._connector}»: khóa «{name}» phải là {vi}.",
            f"Connector «{self._connector}»: option «{name}» must be {en}.",
        )
