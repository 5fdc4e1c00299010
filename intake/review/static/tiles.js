// Tiles of the scan laid over the preview once the page is enlarged beyond the preview's own pixels, and only where
// somebody looks. Level n is the scan halved n times; a tile is 512 px of its level.

const EDGE = 512;
const WAIT = 60; // ms: a wheel turns several notches before anything is worth fetching

export function level(full, wanted) {
  return Math.min(6, Math.max(0, Math.floor(Math.log2(full / wanted))));
}

/** Addresses and places (px of the scan) of the tiles that cover an area given in px of the scan. */
export function covering(source, at, area) {
  const step = EDGE * 2 ** at;
  const [wide, high] = source.px;
  const found = [];
  const last = (length, end) => Math.min(Math.ceil(length / step), Math.ceil(end / step)) - 1;
  for (let row = Math.max(0, Math.floor(area.top / step)); row <= last(high, area.bottom); row++) {
    for (let column = Math.max(0, Math.floor(area.left / step)); column <= last(wide, area.right); column++) {
      found.push({
        src: `${source.tiles}${at}-${column}-${row}.webp`,
        x: column * step, y: row * step,
        wide: Math.min(step, wide - column * step), high: Math.min(step, high - row * step),
      });
    }
  }
  return found;
}

export class Tiles {
  constructor(stage, sheet, layer) {
    Object.assign(this, { stage, sheet, layer, source: null, turned: 0, laid: new Map(), timer: 0, look: 0 });
    stage.addEventListener("scroll", () => this.soon(), { passive: true });
    sheet.querySelector("img").addEventListener("load", () => this.soon());
    addEventListener("resize", () => this.soon());
  }

  page(source) {
    this.source = source?.px && source.tiles ? source : null;
    this.clear();
    this.soon();
  }

  clear() {
    this.layer.replaceChildren();
    this.laid.clear();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.renew(), WAIT);
  }

  /** The part of the page in sight, in px of the scan; the view may be turned by quarters. */
  sight() {
    const stage = this.stage.getBoundingClientRect(), sheet = this.sheet.getBoundingClientRect();
    const middle = [sheet.left + sheet.width / 2, sheet.top + sheet.height / 2];
    const angle = (-this.turned * Math.PI) / 180, cos = Math.round(Math.cos(angle)), sin = Math.round(Math.sin(angle));
    const wide = this.sheet.clientWidth, high = this.sheet.clientHeight, scale = this.source.px[0] / wide;
    const corners = [[stage.left, stage.top], [stage.right, stage.bottom]].map(([x, y]) => {
      const [dx, dy] = [x - middle[0], y - middle[1]];
      return [(dx * cos - dy * sin + wide / 2) * scale, (dx * sin + dy * cos + high / 2) * scale];
    });
    const [xs, ys] = [corners.map((each) => each[0]), corners.map((each) => each[1])];
    return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
  }

  renew() {
    const picture = this.sheet.querySelector("img");
    const wanted = this.sheet.clientWidth * devicePixelRatio;
    if (!this.source || !picture.naturalWidth || wanted <= picture.naturalWidth * 1.1) {
      if (this.laid.size) this.clear();
      return;
    }
    const [wide, high] = this.source.px;
    const seen = covering(this.source, level(wide, wanted), this.sight());
    const fresh = seen.filter((each) => !this.laid.has(each.src)).map((each) => {
      const image = new Image();
      image.alt = "";
      image.draggable = false;
      image.style.left = `${(100 * each.x) / wide}%`;
      image.style.top = `${(100 * each.y) / high}%`;
      image.style.width = `${(100 * each.wide) / wide}%`;
      image.style.height = `${(100 * each.high) / high}%`;
      image.src = each.src;
      this.laid.set(each.src, image);
      this.layer.append(image);
      return image.decode().catch(() => {
        image.remove();
        this.laid.delete(each.src);
      });
    });
    const keep = new Set(seen.map((each) => each.src));
    const look = ++this.look;
    // What is out of sight, or of another level, goes only when what takes its place is there: nothing flickers.
    Promise.all(fresh).then(() => {
      if (look !== this.look) return; // somebody has moved on meanwhile: what is wanted now is not known here
      for (const [src, image] of this.laid) {
        if (keep.has(src)) continue;
        image.remove();
        this.laid.delete(src);
      }
    });
  }
}
