// The page as paper: zoom about a point, pan, turn, frame a zone, cut a crop. Zones are mm on the page as displayed.

import { Tiles, covering, level } from "/static/tiles.js";

const stage = document.getElementById("stage");
const sheet = document.getElementById("sheet");
const picture = document.getElementById("page");
const zone = document.getElementById("zone");
const drawn = document.getElementById("drawn");

const sources = new Map();
const sheets = document.getElementById("sheets");
sheets?.dataset.sheets.split(",").forEach((text, at) => {
  const { root, attempt } = sheets.dataset;
  const [wide, high, across, down] = text ? text.split(" ").map(Number) : [];
  sources.set(at + 1, {
    src: `${root}/pages/${attempt}/${at + 1}.webp`,
    size: text ? [across, down] : null, // mm
    px: text ? [wide, high] : null,
    tiles: sheets.dataset.tiles === "1" ? `${root}/tiles/${attempt}/${at + 1}/` : "",
  });
});
const tiles = stage ? new Tiles(stage, sheet, document.getElementById("tiles")) : null;
tiles?.page(sources.get(1));

export const viewer = {
  pages: sources.size,
  page: 1,
  zoom: 1,
  turned: 0,
  drawing: false,
  onDraw: null,

  show(page) {
    if (!sources.has(page) || page === this.page) return;
    this.page = page;
    picture.src = sources.get(page).src;
    tiles.page(sources.get(page));
    picture.alt = picture.dataset.alt.replace("§", page);
    document.getElementById("page-number").textContent = page;
    mark(page);
    zone.hidden = true;
  },

  scale(zoom, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
    const before = this.zoom;
    this.zoom = Math.min(6, Math.max(0.25, zoom));
    const ratio = this.zoom / before;
    const left = (stage.scrollLeft + x) * ratio - x;
    const top = (stage.scrollTop + y) * ratio - y;
    sheet.style.width = `${this.zoom * 100}%`;
    stage.scrollTo(left, top);
    tiles.soon();
    document.getElementById("zoom").textContent = `${Math.round(this.zoom * 100)} %`;
  },

  turn() {
    this.turned = (this.turned + 90) % 360;
    sheet.style.transform = this.turned ? `rotate(${this.turned}deg)` : "";
    tiles.turned = this.turned;
    tiles.soon();
  },

  /** Frame a zone of a page and bring it into sight. */
  frame(page, box) {
    if (page) this.show(page);
    const size = sources.get(this.page)?.size;
    if (!box || !size) {
      zone.hidden = true;
      return;
    }
    const pad = 1.2;
    zone.hidden = false;
    zone.style.left = `${((box[0] - pad) / size[0]) * 100}%`;
    zone.style.top = `${((box[1] - pad) / size[1]) * 100}%`;
    zone.style.width = `${((box[2] + 2 * pad) / size[0]) * 100}%`;
    zone.style.height = `${((box[3] + 2 * pad) / size[1]) * 100}%`;
    const see = () => {
      const top = (box[1] / size[1]) * sheet.clientHeight;
      const left = (box[0] / size[0]) * sheet.clientWidth;
      const height = (box[3] / size[1]) * sheet.clientHeight;
      if (top < stage.scrollTop + 20 || top + height > stage.scrollTop + stage.clientHeight - 20) {
        stage.scrollTop = top - stage.clientHeight / 3;
      }
      if (this.zoom > 1) stage.scrollLeft = left - 40;
    };
    if (picture.complete && picture.naturalWidth) see();
    else picture.addEventListener("load", see, { once: true });
  },

  /** Draw the zone, enlarged, on a canvas; hides the canvas when there is nothing to show. */
  async crop(canvas, page, box) {
    const source = sources.get(page || 1);
    if (!box || !source?.size) {
      canvas.hidden = true;
      return;
    }
    const image = await loaded(page || 1);
    if (!image) return;
    const [wide, high] = source.size;
    canvas.hidden = false;
    const room = canvas.clientWidth || 360;
    const tall = Math.min(high, box[3] + 4);
    const scale = Math.min(room / (box[2] + 6), 96 / tall, 9);
    const width = Math.min(wide, room / scale), height = Math.min(tall, 96 / scale + 4);
    const x = Math.min(wide - width, Math.max(0, box[0] + box[2] / 2 - width / 2));
    const y = Math.min(high - height, Math.max(0, box[1] - 2));
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(room * ratio);
    canvas.height = Math.round(height * scale * ratio);
    canvas.style.height = `${height * scale}px`;
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = "high";
    const dots = scale * ratio; // px of the canvas in a mm
    context.drawImage(
      image,
      (x / wide) * image.naturalWidth, (y / high) * image.naturalHeight,
      (width / wide) * image.naturalWidth, (height / high) * image.naturalHeight,
      0, 0, width * dots, height * dots,
    );
    if (source.tiles && source.px && image.naturalWidth < wide * dots * 0.9) {
      sharpen(canvas, context, source, { x, y, width, height }, dots);
    }
  },
};

/** Draw the zone again from the scan itself, when the preview had too few pixels for this size. */
async function sharpen(canvas, context, source, area, dots) {
  const asked = (canvas.dataset.asked = `${source.src} ${area.x} ${area.y}`);
  const grain = source.px[0] / source.size[0]; // px of the scan in a mm
  const at = level(source.px[0], source.size[0] * dots);
  const pieces = covering(source, at, {
    left: area.x * grain, top: area.y * grain,
    right: (area.x + area.width) * grain, bottom: (area.y + area.height) * grain,
  });
  const images = await Promise.all(pieces.map(async (piece) => {
    const image = new Image();
    image.src = piece.src;
    await image.decode();
    return image;
  })).catch(() => []);
  if (canvas.dataset.asked !== asked) return; // another zone was framed meanwhile
  images.forEach((image, n) => {
    const piece = pieces[n];
    context.drawImage(
      image,
      (piece.x / grain - area.x) * dots, (piece.y / grain - area.y) * dots,
      (piece.wide / grain) * dots, (piece.high / grain) * dots,
    );
  });
}

const images = new Map();

async function loaded(page) {
  if (!images.has(page)) {
    const image = page === viewer.page ? picture : new Image();
    if (image !== picture) {
      image.src = sources.get(page).src;
      images.set(page, image);
    }
    try {
      await image.decode();
    } catch {
      return null;
    }
    return image;
  }
  return images.get(page);
}

if (stage) {
  stage.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const at = stage.getBoundingClientRect();
    viewer.scale(viewer.zoom * (event.deltaY < 0 ? 1.15 : 1 / 1.15), event.clientX - at.left, event.clientY - at.top);
  }, { passive: false });

  let start = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    start = { x: event.clientX, y: event.clientY, left: stage.scrollLeft, top: stage.scrollTop };
    if (!viewer.drawing) stage.classList.add("held");
  });
  stage.addEventListener("pointermove", (event) => {
    if (!start) return;
    if (!viewer.drawing) {
      stage.scrollLeft = start.left - (event.clientX - start.x);
      stage.scrollTop = start.top - (event.clientY - start.y);
      return;
    }
    const at = sheet.getBoundingClientRect();
    drawn.hidden = false;
    drawn.style.left = `${(100 * (Math.min(start.x, event.clientX) - at.left)) / at.width}%`;
    drawn.style.top = `${(100 * (Math.min(start.y, event.clientY) - at.top)) / at.height}%`;
    drawn.style.width = `${(100 * Math.abs(event.clientX - start.x)) / at.width}%`;
    drawn.style.height = `${(100 * Math.abs(event.clientY - start.y)) / at.height}%`;
  });
  stage.addEventListener("pointerup", (event) => {
    const from = start;
    start = null;
    stage.classList.remove("held");
    if (!from || !viewer.drawing) return;
    const size = sources.get(viewer.page)?.size;
    const at = sheet.getBoundingClientRect();
    const x = Math.min(from.x, event.clientX) - at.left, y = Math.min(from.y, event.clientY) - at.top;
    const width = Math.abs(event.clientX - from.x), height = Math.abs(event.clientY - from.y);
    if (!size || width < 8 || height < 6 || viewer.turned) {
      drawn.hidden = true;
      return;
    }
    viewer.onDraw?.(viewer.page, [
      (x / at.width) * size[0], (y / at.height) * size[1], (width / at.width) * size[0], (height / at.height) * size[1],
    ]);
  });

  document.getElementById("page-before").addEventListener("click", () => viewer.show(viewer.page - 1));
  document.getElementById("page-after").addEventListener("click", () => viewer.show(viewer.page + 1));
  document.getElementById("smaller").addEventListener("click", () => viewer.scale(viewer.zoom / 1.25));
  document.getElementById("larger").addEventListener("click", () => viewer.scale(viewer.zoom * 1.25));
  document.getElementById("fit").addEventListener("click", () => viewer.scale(1));
  document.getElementById("turn").addEventListener("click", () => viewer.turn());

  const thumbs = document.getElementById("thumbs");
  thumbs?.addEventListener("click", (event) => {
    const page = event.target.closest("button")?.dataset.page;
    if (page) viewer.show(Number(page));
  });
  // The page comes first: the thumbs of a long document are added when it is drawn.
  const rest = () => {
    for (let page = thumbs.children.length + 1; page <= viewer.pages; page++) {
      const item = thumbs.firstElementChild.cloneNode(true);
      const button = item.firstElementChild, image = button.firstElementChild;
      button.dataset.page = page;
      button.removeAttribute("aria-current");
      image.src = `${sheets.dataset.root}/thumbs/${sheets.dataset.attempt}/${page}.webp`;
      image.alt = sheets.dataset.alt.replace("§", page);
      thumbs.append(item);
    }
    mark(viewer.page);
  };
  if (thumbs) {
    if (picture.complete) setTimeout(rest);
    else picture.addEventListener("load", () => setTimeout(rest), { once: true });
  }
}

function mark(page) {
  for (const each of document.querySelectorAll(".thumbs button")) {
    if (Number(each.dataset.page) === page) {
      each.setAttribute("aria-current", "true");
      each.scrollIntoView({ block: "nearest" });
    } else each.removeAttribute("aria-current");
  }
}

document.addEventListener("keydown", (event) => {
  if (!stage || event.isComposing || document.querySelector("dialog[open]")) return;
  const moves = { ArrowUp: [0, -80], ArrowDown: [0, 80], ArrowLeft: [-80, 0], ArrowRight: [80, 0] };
  if (event.key === "PageUp") viewer.show(viewer.page - 1);
  else if (event.key === "PageDown") viewer.show(viewer.page + 1);
  else if (event.altKey && ["+", "="].includes(event.key)) viewer.scale(viewer.zoom * 1.25);
  else if (event.altKey && event.key === "-") viewer.scale(viewer.zoom / 1.25);
  else if (event.altKey && event.key === "0") viewer.scale(1);
  else if (event.altKey && event.key.toLowerCase() === "r") viewer.turn();
  else if (event.altKey && moves[event.key]) stage.scrollBy(...moves[event.key]);
  else return;
  event.preventDefault();
});

