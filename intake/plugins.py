"""Plug-ins by entry point: one named winner, checked against its socket; one bad plug-in does not stop the rest."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from intake.errors import DependencyMissing, OperatorError

GROUPS = ("sohoa.commands", "sohoa.scanner_drivers", "sohoa.connectors", "sohoa.signers", "sohoa.ocr_engines")


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point and the distribution it came from."""

    group: str
    name: str
    distribution: str
    version: str
    entry: EntryPoint

    def load(self) -> Any:
        """The object behind the entry point; DependencyMissing when its own imports fail."""
        try:
            return self.entry.load()
        except ImportError as error:
            raise DependencyMissing(
                f"Không nạp được phần mở rộng «{self.name}» ({self.group}, gói {self.distribution}): {error}. "
                "Hãy cài lại gói đó.",
                f"Plug-in «{self.name}» ({self.group}, distribution {self.distribution}) cannot be loaded: {error}. "
                "Install that distribution again.",
            ) from error


def plugins(group: str) -> tuple[Plugin, ...]:
    """Every plug-in of a group, by name."""
    found = [
        Plugin(group, entry.name, *((entry.dist.name, entry.dist.version) if entry.dist else ("?", "?")), entry)
        for entry in entry_points(group=group)
    ]
    return tuple(sorted(found, key=lambda plugin: plugin.name))


def load(group: str, name: str) -> Any:
    """The plug-in of that name; OperatorError names those at hand when there is none."""
    for plugin in plugins(group):
        if plugin.name == name:
            return plugin.load()
    at_hand = ", ".join(plugin.name for plugin in plugins(group)) or "–"
    raise OperatorError(
        f"Không có «{name}» trong nhóm {group}. Hiện có: {at_hand}.",
        f"There is no «{name}» in group {group}. At hand: {at_hand}.",
    )
