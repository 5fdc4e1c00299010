"""What monitoring asks of a station: `/healthz` for the watchdog, `/metrics` for Prometheus. Never document text."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from intake.errors import EnvironmentTrouble
from intake.settings import Settings
from intake.store import Store
from intake.store.reading import arrivals, counts, jobs
from intake.store.timestamps import waiting


class _Collector:
    """Reads the store at scrape time: numbers are the truth's own, no second count can drift."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings

    def collect(self) -> Iterator[GaugeMetricFamily]:
        documents = GaugeMetricFamily("sohoa_documents", "Documents per state", labels=["state"])
        for state, number in counts(self._store).items():
            documents.add_metric([state], number)
        yield documents
        ledger = GaugeMetricFamily("sohoa_arrivals", "Captures in the ledger per state", labels=["state"])
        for state, number in arrivals(self._store).items():
            ledger.add_metric([state], number)
        yield ledger
        live = GaugeMetricFamily("sohoa_jobs", "Live jobs", labels=["stage", "lane", "state"])
        for stage, lane, state, number in jobs(self._store):
            live.add_metric([stage, lane, state], number)
        yield live
        lacking = waiting(self._store)
        yield GaugeMetricFamily(
            "sohoa_timestamps_waiting", "Signed documents whose time-stamp is still away", value=len(lacking)
        )
        oldest = (self._store.clock.now() - lacking[0]["since"]).total_seconds() if lacking else 0.0
        yield GaugeMetricFamily("sohoa_timestamps_oldest_seconds", "Age of the longest of them", value=oldest)
        free = shutil.disk_usage(self._settings.home).free
        yield GaugeMetricFamily("sohoa_disk_free_bytes", "Free bytes on the disk of the home", value=free)


def instrument(app: FastAPI, store: Store, settings: Settings) -> None:
    """Add the two addresses; both need no login and tell no content."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(store, settings))  # type: ignore[arg-type]

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> Response:
        try:
            counts(store)
        except EnvironmentTrouble as trouble:
            return JSONResponse({"status": "down", "reason": trouble.en}, status_code=503)
        full = shutil.disk_usage(settings.home).free < settings.workers.disk_free_min_bytes
        return JSONResponse({"status": "disk full" if full else "ok"}, status_code=503 if full else 200)
