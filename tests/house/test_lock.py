"""What a user installs is all that runs: the lock of `make demo` and `make run`, without the tests' own packages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

LOADED = """
import importlib, json, pkgutil, sys
from importlib.metadata import packages_distributions
for top in ("intake", "workers", "scanner_drivers"):
    for module in pkgutil.walk_packages(importlib.import_module(top).__path__, top + "."):
        importlib.import_module(module.name)
owners = packages_distributions()
print(json.dumps(sorted({name for module in list(sys.modules) for name in owners.get(module.partition(".")[0], ())})))
"""


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_that_is_loaded_is_in_the_lock_of_the_installation() -> None:
    """`requests` was only in the tests' lock, and on a user's machine neither `sohoa demo` nor `sohoa run` started."""
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    locked = {_plain(name) for name in re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.M)}
    loaded = {_plain(name) for name in json.loads(done.stdout)} - {"sohoa", "pip", "setuptools"}
    assert len(loaded) > 30
    loaded -= {"greenlet", "pyyaml"}  # SQLAlchemy and pyHanko take them where they are, and do without
    assert loaded <= locked, loaded - locked
