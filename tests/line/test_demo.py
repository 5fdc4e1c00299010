"""`sohoa demo` does what the README promises."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_demo_ends_well_and_its_copies_convince_strangers(tmp_path: Path) -> None:
    """Exit code 0; at least nine copies delivered; `pdfsig` and `qpdf` accept each; the secret left no content."""
    home = tmp_path / "demo"
    code = "from intake.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, "demo", "--home", str(home)], cwd=ROOT, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]

    delivered = sorted((home / "deliver").glob("*/signed.pdf"))
    assert len(delivered) >= 9
    for path in delivered:
        said = subprocess.run(["pdfsig", str(path)], capture_output=True, text=True).stdout
        assert "Signature is Valid" in said, path
        assert subprocess.run(["qpdf", "--check", str(path)], capture_output=True).returncode == 0, path
        manifest = json.loads((path.parent / "manifest.json").read_text(encoding="utf-8"))
        assert manifest
    secret = [
        path.parent.parent
        for path in (home / "documents").glob("*/*/check.1/check.json")
        if "refuse" in path.read_text()
    ]
    assert len(secret) == 1
    names = sorted(str(path.relative_to(secret[0])) for path in secret[0].rglob("*") if path.is_file())
    assert names == ["check.1/check.json", "original/001.jpg"]
