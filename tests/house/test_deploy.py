"""The units and the compose file in deploy/ say what the code does."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest
import yaml

from intake.plugins import plugins
from intake.settings import load
from intake.store.claim import LANES
from workers.queues import rq
from workers.queues.local import GRACE_SECONDS, HAND_BACK_SECONDS
from workers.station.desk import STOP_SECONDS

DEPLOY = Path(__file__).parents[2] / "deploy"


def _unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DEPLOY / name, encoding="utf-8")
    return parser


@pytest.mark.parametrize("name", ["sohoa-station.service", "sohoa-work@.service"])
def test_a_unit_starts_a_command_there_is_and_waits_for_its_clean_stop(name: str) -> None:
    service = _unit(name)["Service"]
    words = shlex.split(service["ExecStart"].replace("exec ", ""))
    line = " ".join(words)
    command = line.split("/sohoa ")[1].split()[0]

    assert command in {plugin.name for plugin in plugins("sohoa.commands")}
    assert service["Restart"] == "always"
    assert service["KillMode"] == "mixed"  # SIGTERM for the station only: its stages finish or are handed back
    slowest = max(GRACE_SECONDS + HAND_BACK_SECONDS + STOP_SECONDS, rq.GRACE_SECONDS + HAND_BACK_SECONDS)
    assert slowest < float(service["TimeoutStopSec"])


def test_the_compose_file_starts_the_whole_house() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]

    assert set(services) == {"database", "redis", "station", "worker"}
    assert services["station"]["command"] == ["run"]
    assert services["worker"]["command"] == ["work", "--queue", ",".join(LANES)]
    for name in ("station", "worker"):
        assert services[name]["stop_grace_period"] == "30s"
        assert services[name]["volumes"] == ["home:/srv/sohoa"]


def test_the_settings_of_the_compose_file_are_understood(tmp_path: Path) -> None:
    """A desk that listens at 127.0.0.1 inside a container is heard by nobody."""
    station = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]["station"]
    (tmp_path / "sohoa.toml").write_text("[desk]\nport = 8641\n", encoding="utf-8")
    settings = load(tmp_path, {**station["environment"], "SOHOA_DATABASE_URL": "postgresql+psycopg://database/sohoa"})

    assert settings.database_url == "postgresql+psycopg://database/sohoa"
    assert settings.queue.redis == "redis://redis:6379/0"
    assert (settings.desk.host, settings.desk.port) == ("0.0.0.0", 8641)
