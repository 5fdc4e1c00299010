"""A giant opens like any other document: a prepared preview first, the scan itself only where somebody looks closer."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, Request, expect

from intake.folder import document_root
from intake.review.app import create_app
from intake.store import reading
from tests.review.station import Clerk, Paper, Served, Station, signed_in
from tests.surroundings.patience import until
from workers.station.magnifier import EDGE, Magnifier

A3 = (7016, 9921)
PAGES = 120


def deliver(station: Station, pages: int) -> str:
    """The first page is A3 at 600 dpi with a line one px wide that only the scan itself can show."""
    document = station.document(Paper(pages=pages, doubtful=("CodeNumber",)), sheet=(*A3, 600, 600))
    image = Image.new("1", A3, 1)
    ImageDraw.Draw(image).line((700, 0, 700, A3[1]), fill=0, width=1)
    originals = document_root(station.settings.documents, document) / "original"
    (originals / "001.jpg").unlink()
    image.save(originals / "001.tif", compression="group4", dpi=(600, 600))
    return document


@pytest.fixture
def page(station: Station, browser: Browser) -> Iterator[Page]:
    app = create_app(station.store, station.settings, sign=None, cut_tile=Magnifier(station.store, station.settings))
    with Served(app) as url:
        context = browser.new_context(viewport={"width": 1366, "height": 768}, base_url=url)
        opened = context.new_page()
        opened.set_default_timeout(20_000)
        signed_in(opened, "", "lan")
        yield opened
        context.close()


def asked_until_drawn(page: Page, document: str) -> tuple[set[str], int]:
    """What the screen asks for before its page is drawn (numbers left out), and the bytes of the screen itself."""
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    page.on("request", note)
    answer = page.goto(f"/documents/{document}", wait_until="commit")
    until(lambda: page.evaluate("document.getElementById('page')?.naturalWidth > 0"))
    seen = {re.sub(r".*/documents/[^/]+", "", each.url) for each in asked if "/documents/" in each.url}
    page.remove_listener("request", note)
    assert answer is not None
    return seen, len(answer.body())


def test_a_giant_opens_like_a_sheet_and_shows_the_scan_itself_only_where_somebody_looks(
    station: Station, page: Page
) -> None:
    giant = deliver(station, PAGES)
    single = station.document(Paper(doubtful=("CodeNumber",)))
    first, small = asked_until_drawn(page, single)
    seen, bytes_ = asked_until_drawn(page, giant)
    beside = {each for each in seen - first if not each.startswith("/thumbs/")}
    assert {each for each in beside if "tiles" not in each} == set(), "one preview, as for a single sheet"
    assert len([each for each in seen if each.startswith("/pages/")]) == 1
    assert bytes_ < small + 12 * 400 + PAGES * 40, "twelve thumbs, then a few figures a page"
    expect(page.locator("#thumbs li")).to_have_count(PAGES)
    for _ in range(8):
        page.keyboard.press("Alt+=")
    expect(page.locator("#zoom")).to_have_text("596 %")
    drawn(page)
    assert page.locator("#tiles img").count() <= 24, "of several hundred"
    page.keyboard.press("Alt+r")
    drawn(page)
    page.keyboard.press("PageDown")
    expect(page.locator("#page-number")).to_have_text("2")


def drawn(page: Page) -> None:
    """Wait for tiles, all of them there."""
    tiles = page.locator("#tiles img")
    until(lambda: tiles.evaluate_all("all => all.length > 0 && all.every(each => each.naturalWidth > 0)"))


def test_a_tile_is_cut_from_the_scan_and_a_secret_has_none(station: Station) -> None:
    giant = deliver(station, 2)
    cut = Magnifier(station.store, station.settings)
    app = create_app(station.store, station.settings, sign=None, cut_tile=cut)
    known = reading.whole(station.store, giant)
    sharp = cut(known, 1, 0, 1, 0)
    assert sharp is not None
    with Image.open(io.BytesIO(sharp)) as tile:
        assert tile.size == (EDGE, EDGE)
        column = [tile.convert("L").getpixel((x, 100)) for x in range(EDGE)]
    assert min(range(EDGE), key=column.__getitem__) == 700 - EDGE
    last = cut(known, 1, 2, 3, 4)
    assert last is not None
    with Image.open(io.BytesIO(last)) as tile:
        assert tile.size == (round((A3[0] - 3 * 4 * EDGE) / 4), round((A3[1] - 4 * 4 * EDGE) / 4))
    assert cut(known, 1, 0, 14, 0) is None
    assert cut(known, 3, 0, 0, 0) is None
    lan = Clerk(station, "lan", app=app)
    assert lan.get(f"/documents/{giant}/tiles/1/1/0-0-0.webp").headers["cache-control"] == "no-store"
    for off in ("7-0-0", "0-999-0", "0--1-0"):
        assert lan.get(f"/documents/{giant}/tiles/1/1/{off}.webp").status_code in (404, 422)
    lan.post(f"/documents/{giant}/reject", version=known.version, reason="secret")
    assert lan.get(f"/documents/{giant}/tiles/1/1/0-0-0.webp").status_code == 403
    assert (
        Clerk(station, "minh", app=app).get(f"/documents/{station.refused()}/tiles/1/1/0-0-0.webp").status_code == 403
    )
