"""A real Mayan EDMS, set up in a folder of the test and run with its own tasks done at once, without OCR."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path
from threading import Event

import httpx

from tests.surroundings.patience import until

SETTINGS = """
from mayan.settings.production import *  # noqa
CELERY_TASK_ALWAYS_EAGER = True
ALLOWED_HOSTS = ["*"]
"""
TOKEN = """
from django.contrib.auth import get_user_model
from rest_framework.authtoken.models import Token
admin = get_user_model().objects.filter(is_superuser=True).first()
print("TOKEN", Token.objects.get_or_create(user=admin)[0].key)
"""


class MayanServer:
    """``program``: mayan-edms.py of an environment where ``pip install mayan-edms`` was done."""

    def __init__(self, program: Path, home: Path) -> None:
        self._program = program
        self._home = home
        media = home / "media"
        media.mkdir(parents=True)
        (home / "settings_for_tests.py").write_text(SETTINGS)
        self._env = {
            **os.environ,
            "MAYAN_MEDIA_ROOT": str(media),
            "PYTHONPATH": str(home),
            "MAYAN_OCR_AUTO_OCR": "false",
            "MAYAN_FILE_METADATA_AUTO_PROCESS": "false",
            "MAYAN_DOCUMENT_PARSING_AUTO_PARSING": "false",
        }
        # Its set-up wants JavaScript packages from the network and says so by its exit code; the API needs none.
        self._run("common_initial_setup", "--force", settings=False, check=False)
        said = self._run("shell", text=TOKEN)
        self.token = next(line.split()[1] for line in said.splitlines() if line.startswith("TOKEN "))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._log = (home / "server.log").open("wb")
        self._process = subprocess.Popen(
            [
                str(program),
                "runserver",
                f"127.0.0.1:{port}",
                "--noreload",
                "--insecure",
                "--settings=settings_for_tests",
            ],
            env=self._env,
            cwd=home,
            stdout=self._log,
            stderr=self._log,
        )
        self._until_up()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()

    def get(self, path: str) -> httpx.Response:
        while True:
            answer = httpx.get(
                f"{self.url}/api/v4/{path}", headers={"Authorization": f"Token {self.token}"}, timeout=120
            )
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return answer
            Event().wait(float(answer.headers.get("Retry-After", 1)))  # Mayan's own limit of pace

    def _run(self, *arguments: str, text: str = "", settings: bool = True, check: bool = True) -> str:
        more = ["--settings=settings_for_tests"] if settings else []
        done = subprocess.run(
            [str(self._program), *arguments, *more],
            env=self._env,
            cwd=self._home,
            input=text,
            capture_output=True,
            text=True,
            timeout=600,
            check=check,
        )
        return done.stdout

    def _until_up(self) -> None:
        """A foreign process tells nobody that it is ready; it can only be asked."""
        until(self._is_up)

    def _is_up(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError((self._home / "server.log").read_text("utf-8")[-2000:])
        try:
            self.get("document_types/")
        except httpx.TransportError:
            return False
        return True
