"""Sign-in through an identity provider: who it names comes in, with the roles given here, and no token that is not
signed by it, for us, now and for this very question opens anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from playwright.sync_api import Browser, expect

from intake.model import Actor
from intake.review.app import create_app
from intake.settings import OidcSettings
from intake.store import people, reading
from tests.review.provider import CLIENT, SECRET, Provider, new_key
from tests.review.station import Served, Station

ADMIN = Actor("root", "admin")


@pytest.fixture
def provider(station: Station) -> Provider:
    return Provider(station.clock.now)


@pytest.fixture
def issuer(provider: Provider) -> Iterator[str]:
    with Served(provider.app) as url:
        yield url.replace("127.0.0.1", "localhost")  # another site than the desk, as in life


@pytest.fixture
def app(station: Station, issuer: str) -> FastAPI:
    (station.settings.home / "oidc.secret").write_text(SECRET + "\n", encoding="utf-8")
    oidc = OidcSettings(issuer=issuer, client_id=CLIENT, client_secret_file="oidc.secret", label="Tài khoản tỉnh")
    return create_app(station.store, station.settings.model_copy(update={"oidc": oidc}), sign=None)


def through(app: FastAPI, **changed: str) -> tuple[TestClient, Response]:
    """Go to the provider and come back, with some of the answer's parameters ``changed``."""
    http = TestClient(app, follow_redirects=False)
    there = http.get("/login/oidc?next=/reports").headers["location"]
    back = httpx.get(there, follow_redirects=False).headers["location"]
    answer = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    return http, http.get("/login/oidc/back", params={**answer, **changed})


def test_who_the_provider_names_comes_in_with_the_roles_given_here(station: Station, app: FastAPI, issuer: str) -> None:
    http, answer = through(app)
    assert answer.status_code == 200
    assert "url=/reports" in answer.text
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    assert "Nguyễn Thị Lan" in http.get("/queue").text
    assert http.get("/people").status_code == 403, "a clerk, whatever the provider thinks of her"
    row = next(row for row in reading.audit_rows(station.store) if row["action"] == "signed_in")
    assert json.loads(row["data"])["by"] == issuer


def test_without_an_open_account_here_nobody_comes_in(station: Station, app: FastAPI, provider: Provider) -> None:
    provider.person = "nobody"
    assert through(app)[1].status_code == 403
    provider.person = "hoa"
    people.close(station.store, "hoa", ADMIN)
    http, answer = through(app)
    assert answer.status_code == 403
    assert http.get("/queue").status_code == 303


@pytest.mark.parametrize(
    "spoil",
    [
        {"aud": "another-desk"},
        {"aud": [CLIENT, "another-desk"], "azp": "another-desk"},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"nonce": "of another question"},
        {"preferred_username": None},
        {"preferred_username": ["lan"]},
    ],
    ids=lambda spoil: "-".join(spoil),
)
def test_a_token_for_another_time_place_or_question_opens_nothing(
    app: FastAPI, provider: Provider, spoil: dict[str, object]
) -> None:
    provider.spoil = spoil
    http, answer = through(app)
    assert answer.status_code == 403
    assert "sohoa" not in http.cookies


def test_a_token_signed_by_nobody_we_know_opens_nothing(app: FastAPI, provider: Provider) -> None:
    provider.key = new_key(other=True)
    assert through(app)[1].status_code == 403
    provider.key, provider.signed = new_key(), False
    assert through(app)[1].status_code == 403
    provider.signed = True
    assert through(app)[1].status_code == 200


def test_an_answer_nobody_asked_for_opens_nothing(app: FastAPI) -> None:
    assert through(app, state="guessed")[1].status_code == 403
    assert through(app, code="guessed")[1].status_code == 403
    assert through(app, error="access_denied")[1].status_code == 403
    assert through(app)[1].status_code == 200
    assert TestClient(app).get("/login/oidc/back?code=x&state=y").status_code == 403


def test_without_the_provider_the_password_still_opens_the_desk(station: Station, app: FastAPI) -> None:
    oidc = OidcSettings(issuer="http://localhost:9", client_id=CLIENT)
    away = create_app(station.store, station.settings.model_copy(update={"oidc": oidc}), sign=None)
    answer = TestClient(away).get("/login/oidc")
    assert answer.status_code == 503
    assert 'name="password"' in answer.text
    plain = create_app(station.store, station.settings, sign=None)
    assert "/login/oidc" not in TestClient(plain).get("/login").text, "off unless it is set"
    assert TestClient(plain).get("/login/oidc").status_code == 400
    for plain_http in ("http://id.example", "http://localhost.id.example"):
        with pytest.raises(ValueError, match="issuer"):
            OidcSettings(issuer=plain_http, client_id=CLIENT)


def test_in_the_browser_one_click_leads_through_the_other_site_and_back(app: FastAPI, browser: Browser) -> None:
    with Served(app) as url:
        page = browser.new_context(locale="vi-VN").new_page()
        page.goto(f"{url}/queue?view=all")
        page.get_by_role("link", name="Đăng nhập qua Tài khoản tỉnh").click()
        page.wait_for_url("**/queue*")
        expect(page.locator("#rows")).to_be_visible()
        page.context.close()
