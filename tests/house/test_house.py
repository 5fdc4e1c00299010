"""The house rules that a machine can hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.reference.generate import HERE, pages
from intake import crashpoint
from intake.profile import load
from intake.settings import shipped_profiles

ROOT = Path(__file__).parents[2]
CODE = sorted(path for package in ("intake", "workers", "scanner_drivers") for path in (ROOT / package).rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base"}


def test_imports_run_one_way() -> None:
    """import-linter's contracts hold."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_module_has_a_name_without_a_reason() -> None:
    assert [str(path) for path in CODE if path.stem in FORBIDDEN_NAMES] == []


def test_every_module_says_why_it_exists() -> None:
    """A module docstring, its first sentence on one line."""
    silent = []
    for path in CODE:
        if "migrations/versions" in str(path):
            continue
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        if not docstring or len(docstring.splitlines()[0]) < 15:
            silent.append(str(path.relative_to(ROOT)))
    assert silent == []


def test_locks_pin_hashes_and_name_no_index() -> None:
    for lock in ("requirements.lock", "requirements-test.lock"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert "://" not in text, lock
        assert "--index" not in text, lock
        pinned = re.findall(r"^([a-z0-9][^=\s]*)==", text, re.M)
        assert len(pinned) > 50
        assert all("--hash=sha256:" in block for block in re.split(r"^(?=[a-z0-9])", text, flags=re.M)[1:])


def test_generated_reference_is_up_to_date() -> None:
    """Run `.venv/bin/python -m docs.reference.generate` when this fails."""
    for name, content in pages().items():
        assert (HERE / name).read_text(encoding="utf-8") == content, name


def test_every_finding_code_is_in_the_docs() -> None:
    """A code an operator may see is explained somewhere in docs/."""
    told = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))
    missing = set()
    stages = [path for path in CODE if path.parts[-3:-1] != ("workers", "station") and "workers" in path.parts]
    for path in stages:
        for code in re.findall(
            r'"((?:check|ocr|pdf|sign|push|forward)\.[a-z0-9_]+)"', path.read_text(encoding="utf-8")
        ):
            if code not in crashpoint.POINTS and code.split(".")[1] not in told:
                missing.add(code)
    assert missing == set()


def test_links_in_the_docs_lead_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} → {target}")
    assert broken == []


@pytest.mark.parametrize("path", sorted(shipped_profiles().glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_profiles_load_and_cite_the_law(path: Path) -> None:
    """Each rule value carries its source and the day it holds from."""
    profile = load(path)
    for rule in (
        profile.check.dpi_min,
        profile.check.colour,
        profile.check.scale,
        profile.pdf.version_min,
        profile.sign.mark,
    ):
        assert re.search(r"Đ\d|Phụ lục", rule.source), rule
        assert rule.holds_from.year >= 2019


def test_every_crash_point_is_reached_by_the_code() -> None:
    """A point nobody meets proves nothing."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in CODE if path.name != "crashpoint.py")
    assert [point for point in crashpoint.POINTS if f'"{point}"' not in text] == []


def test_environment_is_read_in_one_place() -> None:
    """Only settings read the environment for decisions; adapters may pass it on to programs they start."""
    readers = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "intake").rglob("*.py")
        if re.search(r"os\.environ|getenv", path.read_text(encoding="utf-8")) and path.name != "settings.py"
    ]
    assert readers == []


def test_no_broad_except_but_in_the_runner() -> None:
    """Foreign exceptions are translated at the adapter; bugs become values in one place."""
    broad = [
        str(path.relative_to(ROOT))
        for path in CODE
        if re.search(r"except (Exception|BaseException)?\s*(as \w+)?:", path.read_text(encoding="utf-8"))
        and re.search(r"except Exception|except:", path.read_text(encoding="utf-8"))
    ]
    assert broad == ["workers/runner/child.py", "workers/runner/run.py"]
