"""Who may come in: passwords, lock-out, sessions that end, posts that prove where they come from."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from intake.model import Actor
from intake.review.app import create_app
from intake.settings import DeskSettings
from intake.store import audit, people, reading
from tests.review.station import PASSWORD, Clerk, Station

ADMIN = Actor("root", "admin")


def test_neither_passwords_nor_session_tokens_lie_in_the_database(station: Station) -> None:
    clerk = Clerk(station, "lan")
    token = clerk.http.cookies["sohoa"]
    with station.store.read() as connection:
        stored = str(connection.execute(sa.text("SELECT * FROM session")).all())
        stored += str(connection.execute(sa.text("SELECT * FROM person")).all())
    assert token not in stored
    assert PASSWORD not in stored
    assert "$argon2id$" in stored


def test_the_cookie_is_kept_from_scripts_other_sites_and_plain_http(station: Station) -> None:
    answer = Clerk(station).sign_in("lan")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    behind_https = station.settings.model_copy(
        update={"desk": station.settings.desk.model_copy(update={"secure_cookies": True})}
    )
    station.settings = behind_https
    secure = Clerk(station).sign_in("lan").headers["set-cookie"]
    assert secure.startswith("__Host-sohoa=")
    assert "Secure" in secure


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(station: Station) -> None:
    wrong_name = Clerk(station).sign_in("nobody", PASSWORD)
    wrong_password = Clerk(station).sign_in("lan", "not the password")
    assert wrong_name.status_code == wrong_password.status_code == 403
    assert wrong_name.json() == wrong_password.json()


def test_five_wrong_passwords_lock_the_account_until_the_clock_opens_it(station: Station) -> None:
    clerk = Clerk(station)
    for _ in range(5):
        assert clerk.sign_in("lan", "wrong").status_code == 403
    locked = clerk.sign_in("lan")
    assert locked.status_code == 403
    assert "tạm khóa" in locked.json()["vi"]
    station.clock.forward(minutes=5, seconds=1)
    assert clerk.sign_in("lan").status_code == 200


def test_each_further_failure_doubles_the_rest_and_an_administrator_can_end_it(station: Station) -> None:
    clerk = Clerk(station)
    for _ in range(5):
        clerk.sign_in("lan", "wrong")
    station.clock.forward(minutes=6)
    clerk.sign_in("lan", "wrong")
    station.clock.forward(minutes=6)
    assert clerk.sign_in("lan").status_code == 403, "the second rest is ten minutes"
    people.unlock(station.store, "lan", ADMIN)
    assert clerk.sign_in("lan").status_code == 200


def test_one_address_cannot_try_passwords_without_end(station: Station) -> None:
    clerk = Clerk(station)
    pace = clerk.desk.sign_in_pace
    for _ in range(pace.times):
        pace.step("testclient", station.clock.now())
    assert clerk.sign_in("lan").status_code == 429, "even with the right password"
    station.clock.forward(minutes=2)
    assert clerk.sign_in("lan").status_code == 200


def test_a_session_left_alone_ends_and_polling_does_not_keep_it_awake(station: Station) -> None:
    clerk = Clerk(station, "lan")
    for _ in range(5):
        station.clock.forward(minutes=10)
        clerk.get("/queue/rows", **{"x-poll": "1"})
    assert clerk.get("/queue", accept="application/json").status_code == 401
    assert clerk.get("/queue").headers["location"].startswith("/login")


def test_work_keeps_a_session_awake_but_not_beyond_a_working_day(station: Station) -> None:
    clerk = Clerk(station, "lan")
    for _ in range(23):
        station.clock.forward(minutes=30)
        assert clerk.get("/queue").status_code == 200
    station.clock.forward(minutes=31)
    assert clerk.get("/queue").status_code == 303


def test_a_post_without_the_pages_own_code_or_from_another_site_does_nothing(station: Station) -> None:
    document = station.document()
    clerk = Clerk(station, "lan")
    assert clerk.post(f"/documents/{document}/reject", csrf="", version=4, reason="other", text="x").status_code == 403
    for header in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = clerk.http.post(
            f"/documents/{document}/reject",
            data={"version": 4, "reason": "other", "text": "x"},
            headers={"x-csrf": clerk.csrf, "accept": "application/json", **header},
        )
        assert answer.status_code == 403
    assert clerk.post(f"/documents/{document}/reject", version=4, reason="other", text="x").status_code == 200


def test_a_closed_account_cannot_come_in_and_its_open_session_is_over(station: Station) -> None:
    clerk = Clerk(station, "lan")
    people.close(station.store, "lan", ADMIN)
    assert clerk.get("/queue").status_code == 303
    assert Clerk(station).sign_in("lan").status_code == 403
    assert people.find(station.store, "lan").closed_at is not None, "its history stays"


def test_nobody_returns_under_a_closed_name(station: Station) -> None:
    people.close(station.store, "lan", ADMIN)
    answer = None
    try:
        people.add(station.store, "lan", "Another", ["clerk"], PASSWORD, ADMIN)
    except people.OperatorError as error:
        answer = error
    assert answer is not None


def test_only_an_administrator_changes_people_and_an_auditor_only_looks(station: Station) -> None:
    station.person("quan", "admin")
    station.person("tra", "auditor")
    assert Clerk(station, "lan").get("/people").status_code == 403
    auditor = Clerk(station, "tra")
    assert auditor.get("/people").status_code == 200
    assert auditor.post("/people/lan/close").status_code == 403
    admin = Clerk(station, "quan")
    assert admin.post("/people/lan/roles", role="auditor").status_code == 303
    assert people.find(station.store, "lan").roles == ("auditor",)
    assert admin.post("/people/quan/close").status_code == 400, "not her own account"


def test_an_auditor_decides_nothing_and_takes_no_lease(station: Station) -> None:
    station.person("tra", "auditor")
    document = station.document()
    auditor = Clerk(station, "tra")
    assert auditor.get(f"/documents/{document}").status_code == 200
    for act in ("approve", "reject", "hold", "release", "postpone", "take"):
        answer = auditor.post(
            f"/documents/{document}/{act}", version=4, reason="other", text="x", source_kind="bản chính"
        )
        assert answer.status_code in (403, 422), act
    with station.store.read() as connection:
        row = connection.execute(sa.text("SELECT state, claimed_by FROM document")).one()
    assert tuple(row) == ("assembled", None)


def test_every_answer_forbids_inline_script_framing_and_caching(station: Station) -> None:
    clerk = Clerk(station, "lan")
    for path in ("/login", "/queue", f"/documents/{station.document()}", "/nothing-here"):
        headers = clerk.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


def test_a_body_larger_than_the_page_takes_is_refused(station: Station) -> None:
    clerk = Clerk(station, "lan")
    assert clerk.post("/language", language="en", back="x" * 2_000_000).status_code == 413


def test_return_addresses_stay_on_this_site(station: Station) -> None:
    for path in ("https://evil.example", "//evil.example", "/\\evil.example"):
        answer = Clerk(station).http.post("/login", data={"name": "lan", "password": PASSWORD, "next": path})
        assert answer.headers["location"] == "/queue"


def test_every_act_on_people_stands_in_an_unbroken_audit_chain(station: Station) -> None:
    Clerk(station).sign_in("lan", "wrong")
    Clerk(station, "lan").post("/logout")
    people.set_roles(station.store, "lan", ["senior"], ADMIN)
    people.set_password(station.store, "lan", "another password", ADMIN)
    people.close(station.store, "lan", ADMIN)
    with station.store.read() as connection:
        actions = list(connection.execute(sa.text("SELECT action FROM audit ORDER BY seq")).scalars())
        text = str(connection.execute(sa.text("SELECT data FROM audit")).all())
    expected = ["sign_in.failed", "signed_in", "signed_out", "person.roles", "person.password", "person.closed"]
    assert actions[-6:] == expected
    assert PASSWORD not in text
    assert "another password" not in text
    assert audit.verify(station.store).whole


def addresses(station: Station) -> list[str]:
    """From where people signed in, as written down."""
    rows = reading.audit_rows(station.store)
    return [json.loads(row["data"])["address"] for row in rows if row["action"] == "signed_in"]


def behind(station: Station, *proxies: str) -> FastAPI:
    desk = DeskSettings(secure_cookies=True, trusted_proxies=proxies)
    return create_app(station.store, station.settings.model_copy(update={"desk": desk}), sign=None)


def forwarded(app: FastAPI, peer: str, clients: str) -> Response:
    """A sign-in that reaches the desk from ``peer``, which says it comes for ``clients``."""
    http = TestClient(app, base_url="https://desk.example", client=(peer, 50_000))
    headers = {"x-forwarded-for": clients, "x-forwarded-proto": "https", "accept": "application/json"}
    return http.post("/login", data={"name": "lan", "password": PASSWORD}, headers=headers)


def test_only_a_trusted_proxy_is_believed_about_who_asks(station: Station) -> None:
    """A clerk cannot borrow another address: neither directly nor by a header her proxy passes on."""
    app = behind(station, "10.0.0.0/24")
    assert forwarded(app, "10.0.0.5", "192.168.7.20").status_code == 200
    assert forwarded(app, "192.168.7.66", "192.168.7.20").status_code == 200
    assert forwarded(app, "10.0.0.5", "1.2.3.4, 192.168.7.21").status_code == 200
    assert addresses(station) == ["192.168.7.21", "192.168.7.66", "192.168.7.20"]
    assert forwarded(behind(station), "10.0.0.5", "192.168.7.20").status_code == 200
    assert addresses(station)[0] == "10.0.0.5", "nobody is trusted unless named"


def test_the_limits_behind_a_proxy_are_each_persons_own(station: Station) -> None:
    app = behind(station, "10.0.0.5")
    http = TestClient(app, base_url="https://desk.example", client=("10.0.0.5", 50_000))
    wrong = {"name": "nobody", "password": "x"}
    for _ in range(19):
        app.state.desk.sign_in_pace.step("192.168.7.20", station.clock.now())
    tries = [http.post("/login", data=wrong, headers={"x-forwarded-for": "192.168.7.20"}) for _ in range(2)]
    assert [each.status_code for each in tries] == [403, 429]
    assert http.post("/login", data=wrong, headers={"x-forwarded-for": "192.168.7.21"}).status_code == 403


def test_the_proxys_https_reaches_the_browser_as_a_promise(station: Station) -> None:
    http = TestClient(behind(station, "10.0.0.5"), base_url="http://desk.example", client=("10.0.0.5", 50_000))
    plain, secure = http.get("/login"), http.get("/login", headers={"x-forwarded-proto": "https"})
    assert "strict-transport-security" not in plain.headers
    assert secure.headers["strict-transport-security"].startswith("max-age=")
    with pytest.raises(ValueError, match="trusted_proxies"):
        DeskSettings(trusted_proxies=("the proxy",))
