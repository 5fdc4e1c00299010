"""Open a rule profile as commands name it: by its name, or by the path of its file."""

from __future__ import annotations

from pathlib import Path

from intake.profile import Profile, find, load
from intake.settings import shipped_profiles

FOLDERS = (Path("profiles"), shipped_profiles())
"""an agency's own profiles (beside where it works) before ours"""


def open_profile(name: str) -> Profile:
    """A profile by name (searched in FOLDERS) or by the path of its .toml file; raises ProfileError."""
    return load(Path(name) if name.endswith(".toml") else find(name, FOLDERS))
