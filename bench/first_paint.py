"""Does the review screen open slower for a giant than for one sheet? Measured in real Chromium, turn and turn about.

Run: python -m bench.first_paint. One A4 page at 200 dpi against 500 pages that begin with an A3 page at 600 dpi. The
previews are those the pdf stage writes; prints the median and p95 of the first contentful paint and of the moment the
page itself is drawn (largest contentful paint), then how long a tile of the giant takes when it is enlarged.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, sync_playwright

from intake.folder import attempt_folder, document_root
from intake.review.app import create_app
from intake.store import reading
from tests.review.station import FONT, Paper, Served, Station, signed_in
from workers.pdf import preview
from workers.station.magnifier import Magnifier
from workers.tools.pages import list_pages

ROUNDS = 30
PAINTS = """new Promise(done => new PerformanceObserver(list => done({
  first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  page: list.getEntries().at(-1).startTime,
})).observe({ type: "largest-contentful-paint", buffered: true }))"""


def scan(width_mm: float, height_mm: float, dpi: int) -> bytes:
    """A sheet full of type as a colour JPEG."""
    image = Image.new("RGB", (round(width_mm / 25.4 * dpi), round(height_mm / 25.4 * dpi)), (250, 249, 245))
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONT.format("Regular"), round(13 / 72 * dpi))
    for row in range(20, int(height_mm) - 20, 7):
        pen.text((30 / 25.4 * dpi, row / 25.4 * dpi), "Căn cứ Luật Tổ chức chính quyền địa phương; " * 3, "black", font)
    stream = io.BytesIO()
    image.save(stream, "jpeg", quality=85, dpi=(dpi, dpi))
    return stream.getvalue()


def deliver(station: Station, pages: int, width_mm: float, height_mm: float, dpi: int) -> str:
    """A document whose first page is such a scan, with the previews the pdf stage would have written."""
    sheet = [round(width_mm / 25.4 * dpi), round(height_mm / 25.4 * dpi), dpi, dpi]
    document = station.document(Paper(pages=pages, doubtful=("CodeNumber",)), sheet=sheet)
    root = document_root(station.settings.documents, document)
    (root / "original" / "001.jpg").unlink()
    (root / "original" / "001.jpg").write_bytes(scan(width_mm, height_mm, dpi))
    folder = attempt_folder(root, "pdf", 1)
    source = list_pages([root / "original" / "001.jpg"])[0]
    width = station.settings.profile_of("incoming").pdf.preview_width
    preview.write(source, folder / "preview" / "001.webp", folder / "thumb" / "001.webp", width)
    return document


def paints(page: Page, path: str) -> tuple[float, float]:
    page.goto("about:blank")
    page.goto(path, wait_until="load")
    seen = page.evaluate(PAINTS)
    return seen["first"], seen["page"]


def measure(browser: Browser, station: Station) -> None:
    small, giant = deliver(station, 1, 210, 297, 200), deliver(station, 500, 297, 420, 600)
    app = create_app(station.store, station.settings, sign=None, cut_tile=Magnifier(station.store, station.settings))
    with Served(app) as url:
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        signed_in(page, url, "lan")
        taken: dict[str, list[tuple[float, float]]] = {small: [], giant: []}
        for turn in range(ROUNDS + 2):  # the first two warm up
            for document in (small, giant) if turn % 2 else (giant, small):
                seen = paints(page, f"{url}/documents/{document}")
                if turn >= 2:
                    taken[document].append(seen)
        print(f"{'':<28}{'1 page A4 200 dpi':>20}{'500 pages A3 600 dpi':>24}{'ratio':>8}")
        for name, place in (("first paint", 0), ("the page is drawn", 1)):
            for word, of in (("median", median), ("p95", lambda times: sorted(times)[int(len(times) * 0.95)])):
                one, other = (of([each[place] for each in taken[document]]) for document in (small, giant))
                print(f"{name + ', ' + word:<28}{one:>17.0f} ms{other:>21.0f} ms{other / one:>8.2f}")
        page.close()
    known, cut = reading.whole(station.store, giant), Magnifier(station.store, station.settings)
    for word, place in (("first", 3), ("every further", 4)):
        begun = time.perf_counter()
        cut(known, 1, 0, place, 3)
        print(f"{word} tile of the A3 page: {(time.perf_counter() - begun) * 1000:.0f} ms")


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="sohoa-paint-"))
    station = Station(folder)
    station.person("lan", "clerk")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            measure(browser, station)
            browser.close()
    finally:
        station.store.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
