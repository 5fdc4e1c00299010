"""The desk in real Chromium: a queue cleared by keyboard, two clerks, a night away, hostile names, and how it looks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from time import monotonic

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from intake.review.app import create_app
from intake.review.seat import Box, FieldName
from intake.states import State
from intake.store import reading
from tests.review.station import Paper, Served, Station, noted, picture, signed_in


def read_zone(document_id: str, page: int, box: Box, field: FieldName) -> str | None:
    """What the station offers here: it reads the same words wherever the box lies."""
    return "Văn phòng Ủy ban"


@pytest.fixture
def url(station: Station) -> Iterator[str]:
    with Served(create_app(station.store, station.settings, sign=None, read_zone=read_zone)) as address:
        yield address


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN", reduced_motion="reduce")
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    opened.set_default_timeout(20_000)
    yield opened
    assert [said for said in troubles if "with a status of 4" not in said] == []


class Keys:
    """A keyboard that counts its presses."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, key: str) -> None:
        self.pressed += 1
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        for letter in text:
            self.pressed += 1
            self.page.keyboard.type(letter)

    def since(self) -> int:
        pressed, self.pressed = self.pressed, 0
        return pressed


def opened(page: Page, document: str) -> None:
    page.wait_for_url(f"**/documents/{document}")
    expect(page.locator(":focus")).to_have_count(1)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_a_queue_of_twelve_is_cleared_without_touching_the_mouse(station: Station, url: str, page: Page) -> None:
    """A clean document takes 1 key press, a doubtful one at most 6; what is confirmed is what stands on the paper."""
    clean = [station.document(Paper(number=str(100 + n), subject=f"Thông báo số {n}")) for n in range(6)]
    doubtful = [
        station.document(Paper(number="207", doubtful=("CodeNumber",))),
        station.document(Paper(number="208", doubtful=("CodeNumber", "IssuedDate"))),
        station.document(Paper(number="209", doubtful=("CodeNumber", "IssuedDate", "Subject", "SignerFullName"))),
        station.document(
            Paper(number="210", read={"CodeNumber": "216"}, doubtful=("CodeNumber",), suggestions={"CodeNumber": "210"})
        ),
        station.document(Paper(number="211", read={"CodeNumber": None})),
        station.document(Paper(number="212", doubtful=("OrganName", "TypeName"))),
    ]
    signed_in(page, url, "lan")
    keys = Keys(page)
    keys.press("n")
    presses: dict[str, int] = {}
    shown: list[float] = []
    for document in clean:
        opened(page, document)
        shown.append(monotonic())
        keys.since()
        assert focused(page) == "confirm"
        keys.press("Control+Enter")
        presses[document] = keys.since()
    for document in doubtful:
        opened(page, document)
        shown.append(monotonic())
        keys.since()
        if document == doubtful[2]:
            picture(page, "review")
        if document == doubtful[3]:
            keys.press("Alt+g")
        if document == doubtful[4]:
            assert focused(page) == "f-CodeNumber"
            keys.type("211")
        while focused(page) != "confirm":
            keys.press("Enter")
        keys.press("Enter")
        presses[document] = keys.since()
    expect(page.locator("#rows")).to_contain_text("Không còn văn bản nào")
    shown.append(monotonic())
    noted(
        "queue-of-twelve",
        f"keys: {[presses[document] for document in (*clean, *doubtful)]}; from one document to the next, the desk's own "
        f"share: {[round(after - before, 2) for before, after in pairwise(shown)]} s",
    )
    assert max(presses[document] for document in clean) <= 1
    assert max(presses[document] for document in doubtful) <= 6
    for document, number in zip(doubtful, range(207, 213), strict=True):
        known = reading.whole(station.store, document)
        assert known.state is State.APPROVED
        assert known.row["confirmed"]["CodeNumber"] == str(number)
        assert known.row["confirmed"]["IssuedDate"] == "2026-11-20"


def test_accepting_all_stops_once_at_what_is_odd_and_never_passes_what_is_wrong(
    station: Station, url: str, page: Page
) -> None:
    odd = station.document(Paper(kind="Thông báo"))
    wrong = station.document(Paper(number="300", issued="2026-12-24"))
    signed_in(page, url, "lan")
    page.goto(f"{url}/documents/{odd}")
    assert focused(page) == "f-TypeName"
    page.keyboard.press("Control+Enter")
    expect(page.locator("#p-TypeName")).to_contain_text("Quyết định")
    assert reading.whole(station.store, odd).state is State.ASSEMBLED
    expect(page.locator("#confirm")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    opened(page, wrong)
    assert reading.whole(station.store, odd).state is State.APPROVED
    for _ in range(3):
        page.keyboard.press("Control+Enter")
        expect(page.locator("#p-IssuedDate .error")).to_be_visible()
        expect(page.locator("#confirm")).to_be_enabled()
    assert reading.whole(station.store, wrong).state is State.ASSEMBLED
    page.fill("#f-IssuedDate", "20112026")
    page.keyboard.press("Tab")
    expect(page.locator("#f-IssuedDate")).to_have_value("20/11/2026")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/queue")
    assert reading.whole(station.store, wrong).row["confirmed"]["IssuedDate"] == "2026-11-20"


def test_two_clerks_on_one_document_see_each_other_and_the_second_needs_a_reason(
    station: Station, url: str, browser: Browser, page: Page
) -> None:
    document = station.document(Paper(doubtful=("CodeNumber",)))
    signed_in(page, url, "lan")
    page.goto(f"{url}/documents/{document}")
    other = browser.new_context(locale="vi-VN").new_page()
    signed_in(other, url, "hoa")
    expect(other.locator("#rows")).to_contain_text("lan")
    other.goto(f"{url}/documents/{document}")
    expect(other.locator(".notice")).to_contain_text("lan đang mở văn bản này")
    assert other.locator("#confirm").count() == 0
    other.fill("#take-reason", "Lan đi họp")
    other.keyboard.press("Enter")
    other.wait_for_selector("#confirm")
    expect(other.locator(":focus")).to_have_count(1)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#state")).to_contain_text("đang do hoa xử lý")
    other.keyboard.press("Control+Enter")
    other.wait_for_url("**/queue")
    expect(page.locator("#confirm")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#state")).to_contain_text("đã thay đổi sau khi bạn mở")
    history = [(row["actor"], row["action"]) for row in reading.whole(station.store, document).history]
    assert ("hoa (clerk)", "take_over") in history
    assert [actor for actor, action in history if action == "approve"] == ["hoa (clerk)"]
    other.context.close()


def test_leaving_the_page_gives_the_document_back_at_once(station: Station, url: str, page: Page) -> None:
    document = station.document()
    signed_in(page, url, "lan")
    page.goto(f"{url}/documents/{document}")
    assert reading.whole(station.store, document).row["claimed_by"] == "lan"
    page.keyboard.press("Alt+q")
    page.wait_for_selector("#rows")
    expect(page.locator("#rows .owner")).to_have_count(0, timeout=15_000)


def test_a_screen_left_open_overnight_asks_for_the_password_and_keeps_what_was_typed(
    station: Station, url: str, page: Page
) -> None:
    document = station.document(Paper(doubtful=("Subject",)))
    signed_in(page, url, "lan")
    page.goto(f"{url}/documents/{document}")
    page.fill("#f-Subject", "Về việc gõ dở từ chiều hôm qua")
    station.clock.forward(hours=15)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#again")).to_be_visible()
    assert reading.whole(station.store, document).state is State.ASSEMBLED
    page.keyboard.type("sai mật khẩu")
    page.keyboard.press("Enter")
    expect(page.locator("#again-trouble")).to_be_visible()
    page.keyboard.type("mat-khau-thu-123")
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    known = reading.whole(station.store, document)
    assert known.row["confirmed"]["Subject"] == "Về việc gõ dở từ chiều hôm qua"


def test_function_keys_send_back_with_a_reason_and_the_reason_is_kept(station: Station, url: str, page: Page) -> None:
    first = station.document(Paper(pages=3))
    second, third = station.document(Paper(number="2")), station.document(Paper(number="3"))
    signed_in(page, url, "lan")
    page.goto(f"{url}/documents/{first}")
    page.keyboard.press("PageDown")
    page.keyboard.press("F2")
    expect(page.locator("#i-page")).to_have_value("2")
    picture(page, "rescan")
    page.keyboard.press("Tab")
    page.keyboard.type("mất góc phải")
    page.keyboard.press("Enter")
    opened(page, second)
    last = reading.whole(station.store, first).history[-1]
    assert '"page":2' in last["data"]
    assert "mất góc phải" in last["data"]
    page.keyboard.press("F6")
    page.keyboard.press("Enter")
    opened(page, third)
    page.keyboard.press("F10")
    page.keyboard.type("Không rõ số")
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    assert reading.whole(station.store, third).state is State.HELD
    assert reading.whole(station.store, second).state is State.ASSEMBLED, "put off, not decided"


def test_enter_while_a_keyboard_method_composes_belongs_to_the_letter_and_text_is_stored_composed(
    station: Station, url: str, page: Page
) -> None:
    document = station.document(Paper(doubtful=("Subject",)))
    signed_in(page, url, "lan")
    page.goto(f"{url}/documents/{document}")
    assert focused(page) == "f-Subject"
    page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    assert focused(page) == "f-Subject"
    page.fill("#f-Subject", "Ve\u0302\u0300 vie\u0323\u0302c hoa\u0300 gia\u0309i")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/queue")
    assert reading.whole(station.store, document).row["confirmed"]["Subject"] == "Về việc hoà giải"
    page.goto(f"{url}/queue?view=sign&text=hòa giải")
    expect(page.locator("#rows tbody tr")).to_have_count(1)


def test_a_box_drawn_on_the_page_is_read_into_the_focused_field_and_still_waits_for_the_person(
    station: Station, url: str, page: Page
) -> None:
    document = station.document(Paper(doubtful=("OrganName",)))
    signed_in(page, url, "lan")
    page.goto(f"{url}/documents/{document}")
    assert focused(page) == "f-OrganName"
    page.keyboard.press("Alt+v")
    at = page.locator("#stage").bounding_box()
    assert at is not None
    page.mouse.move(at["x"] + 150, at["y"] + 60)
    page.mouse.down()
    page.mouse.move(at["x"] + 330, at["y"] + 110, steps=4)
    page.mouse.up()
    expect(page.locator("#f-OrganName")).to_have_value("Văn phòng Ủy ban")
    assert reading.whole(station.store, document).state is State.ASSEMBLED
    rows = [row for row in reading.audit_rows(station.store) if row["action"] == "zone.read"]
    assert "Văn phòng" not in rows[0]["data"]


HOSTILE = "\"><img src=x onerror=window.hit=1><script>window.hit=1</script>{{7*7}}'"


def test_hostile_file_names_and_readings_stay_text(station: Station, url: str, page: Page) -> None:
    document = station.document(
        Paper(
            name=HOSTILE,
            read={
                "Subject": HOSTILE,
                "OrganName": HOSTILE,
                "CodeNumber": "<b>1</b>",
                "TypeName": "</textarea><script>window.hit=1</script>",
            },
            suggestions={"CodeNumber": HOSTILE},
            doubtful=("Subject", "CodeNumber"),
        ),
        station="<i>quay</i>",
    )
    early, _ = station.being_read(Paper(subject=HOSTILE, organ=HOSTILE, number="<b>2</b>"))
    signed_in(page, url, "minh")
    paths = ["/queue", f"/queue?text={HOSTILE}", f"/documents/{document}", "/queue?view=all&station=<i>quay</i>"]
    paths += [f"/documents/{document}/arrange", "/group/CodeNumber", "/batches?station=<i>quay</i>", "/reports"]
    paths += [f"/documents/{early}", "/queue?view=running"]
    paths += [f"/queue?since={HOSTILE}&until={HOSTILE}", f"/batches?day={HOSTILE}", f"/login?next={HOSTILE}"]
    for path in paths:
        page.goto(url + path)
        page.wait_for_load_state()
        assert page.evaluate("window.hit") is None, path
        assert page.locator("img[src=x]").count() == 0, path
    page.goto(f"{url}/documents/{document}")
    expect(page.locator("#f-Subject")).to_have_value(HOSTILE)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".problem").first).to_be_visible()
    assert page.evaluate("window.hit") is None


def test_the_queue_renews_itself_without_a_reload(station: Station, url: str, page: Page) -> None:
    station.document(Paper(subject="Văn bản thứ nhất"))
    signed_in(page, url, "lan")
    page.evaluate("window.same = true")
    station.document(Paper(subject="Văn bản mới đến", priority=3))
    station.document(Paper(number="118", subject="Văn bản đọc xong, chưa có PDF"), upto="ocr")
    station.being_read(Paper(number="31", notation="CĐ-UBND", kind="Công điện", subject="Ứng phó bão số 9", priority=2))
    rows = page.locator("#rows tbody tr")
    expect(rows.first).to_contain_text("Văn bản mới đến", timeout=15_000)
    expect(rows.nth(1)).to_contain_text("Ứng phó bão số 9")
    expect(rows.nth(1)).to_contain_text("Đang đọc tiếp")
    expect(rows.nth(3)).to_contain_text("Đang tạo PDF")
    expect(page.locator(".tabs [aria-current] b")).to_have_text("2")  # those that can be decided on
    assert page.evaluate("window.same") is True
    picture(page, "queue")


def test_the_focus_walks_the_fields_in_the_order_of_the_paper_and_is_always_seen(
    station: Station, url: str, page: Page
) -> None:
    document = station.document(Paper(doubtful=("OrganName",)))
    signed_in(page, url, "lan")
    page.goto(f"{url}/documents/{document}")
    order = []
    for _ in range(6):
        order.append(focused(page))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        page.keyboard.press("Tab")
    assert order == ["f-OrganName", "f-CodeNumber", "f-CodeNotation", "f-IssuedDate", "f-TypeName", "f-Subject"]
