"""The station's settings: `sohoa.toml` in its home, then the environment; read once, and nowhere else."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from ipaddress import ip_network
from pathlib import Path
from time import sleep
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from pydantic import Field as Bound

from intake import crashpoint
from intake.errors import OperatorError
from intake.profile import Profile
from intake.profile import find as find_profile
from intake.profile import load as load_profile


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StationSettings(Part):
    """``[station.NAME]``"""

    folder: str
    profile: str = "incoming"
    lane: Literal["urgent", "desk", "bulk"] = "desk"
    """``urgent``: a folder of its own for sheets stamped hỏa tốc, thượng khẩn, khẩn"""
    poll_seconds: float = Bound(default=2.0, ge=0.1, le=60)


class DatabaseSettings(Part):
    url: str | None = None
    """None = SQLite in the home"""


class QueueSettings(Part):
    redis: str | None = None
    """None = the local pool; a Redis URL = RQ carries job ids to `sohoa work` on any machine"""


class WorkersSettings(Part):
    processes: int = Bound(default=2, ge=0, le=64)
    stage_seconds: float = Bound(default=600, gt=0)
    memory_bytes: int = Bound(default=6_000_000_000, ge=500_000_000)
    lease_seconds: float = Bound(default=120, gt=0)
    recycle_after: int = Bound(default=200, ge=1)
    """documents a child process serves before it is replaced (native libraries leak)"""
    disk_free_min_bytes: int = Bound(default=500_000_000, ge=0)


class DeskSettings(Part):
    host: str = "127.0.0.1"
    port: int = Bound(default=8640, ge=0, le=65535)
    secure_cookies: bool = False
    """true behind HTTPS"""
    trusted_proxies: tuple[str, ...] = ()
    """addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed"""

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            ip_network(each)  # raises ValueError
        return value


class OidcSettings(Part):
    """``[oidc]``: people may sign in through the agency's identity provider; accounts and roles stay the desk's own"""

    issuer: str
    """https address whose ``/.well-known/openid-configuration`` describes the provider"""
    client_id: str
    client_secret_file: str | None = None
    """file in the home that holds the secret; None = a public client (PKCE is used in any case)"""
    claim: str = "preferred_username"
    """the claim that holds the name of the account here"""
    label: str = "OpenID Connect"
    """what the button on the sign-in page calls the provider"""

    @field_validator("issuer")
    @classmethod
    def _https(cls, value: str) -> str:
        address = urlsplit(value)
        if address.scheme != "https" and address.hostname not in ("localhost", "127.0.0.1"):
            raise ValueError("an https address")
        return value.rstrip("/")


class SignerSettings(Part):
    plugin: str = "pkcs11"
    options: dict[str, str | int | bool] = {}
    environment: dict[str, str] = {}
    """what the token's middleware wants in the environment (SoftHSM2: SOFTHSM2_CONF); never a PIN"""
    demo: bool = False
    """true lets a certificate of the demo CA sign; never in production"""


class Settings(Part):
    """All of ``sohoa.toml``; ``home`` holds everything a station owns."""

    home: Path
    station: dict[str, StationSettings] = {}
    profile: dict[str, dict[str, Any]] = {}
    database: DatabaseSettings = DatabaseSettings()
    queue: QueueSettings = QueueSettings()
    workers: WorkersSettings = WorkersSettings()
    desk: DeskSettings = DeskSettings()
    oidc: OidcSettings | None = None
    signer: SignerSettings = SignerSettings()
    trust: str = "trust"
    """folder of trusted CA certificates (PEM or DER): data, not code"""
    crash_at: str | None = None
    """tests only: the crash point the children of this process arm too"""

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.home / 'sohoa.db'}"

    @property
    def documents(self) -> Path:
        return self.home / "documents"

    @property
    def trust_folder(self) -> Path:
        return self.home / self.trust

    def before_signer(self) -> None:
        """Put ``signer.environment`` in place: vendors' libraries read nothing else. Only who opens the device calls it."""
        os.environ.update(self.signer.environment)

    def scan_folder(self, station: str) -> Path:
        """Absolute; OperatorError names the stations there are."""
        try:
            return self.home / self.station[station].folder
        except KeyError:
            known = ", ".join(sorted(self.station)) or "–"
            raise OperatorError(
                f"Không có trạm «{station}»; hiện có: {known}.", f"There is no station «{station}»; there are: {known}."
            ) from None

    def profile_of(self, name: str) -> Profile:
        """Profile ``name`` with this station's own values over it."""
        path = find_profile(name, (self.home / "profiles", shipped_profiles()))
        return load_profile(path, self.profile.get(name), f"{self.home / 'sohoa.toml'} [profile.{name}]")


def shipped_profiles() -> Path:
    """The folder of the profiles that come with the software."""
    return Path(str(files("profiles").joinpath("incoming.toml"))).parent


def load(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read ``<home>/sohoa.toml``; SOHOA_HOME, SOHOA_DATABASE_URL, SOHOA_REDIS_URL and SOHOA_DESK_HOST stand
    over it.

    SOHOA_CRASH_AT (tests only) arms a crash point.
    """
    environ = os.environ if environ is None else environ
    home = Path(home or environ.get("SOHOA_HOME") or "var/station").absolute()
    path = home / "sohoa.toml"
    if not path.is_file():
        raise OperatorError(
            f"Chưa có trạm tại {home}. Hãy chạy: sohoa init --home {home}",
            f"There is no station at {home}. Run: sohoa init --home {home}",
        )
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        if environ.get("SOHOA_DATABASE_URL"):
            data["database"] = {"url": environ["SOHOA_DATABASE_URL"]}
        if environ.get("SOHOA_REDIS_URL"):
            data["queue"] = {"redis": environ["SOHOA_REDIS_URL"]}
        if environ.get("SOHOA_DESK_HOST"):
            data["desk"] = {**data.get("desk", {}), "host": environ["SOHOA_DESK_HOST"]}
        settings = Settings.model_validate({**data, "home": home, "crash_at": environ.get("SOHOA_CRASH_AT")})
    except tomllib.TOMLDecodeError as error:
        raise OperatorError(
            f"{path}: không phải TOML hợp lệ ({error}).", f"{path}: not valid TOML ({error})."
        ) from error
    except ValidationError as error:
        vi = "\n".join(f"{path}: khóa «{'.'.join(map(str, e['loc']))}»: {e['msg']}." for e in error.errors())
        en = "\n".join(f"{path}: key «{'.'.join(map(str, e['loc']))}»: {e['msg']}." for e in error.errors())
        raise OperatorError(vi, en) from error
    if settings.crash_at:
        name, _, nth = settings.crash_at.partition(":")
        crashpoint.arm(name, int(nth or 1))
    return settings


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        sleep(seconds)
