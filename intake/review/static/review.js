// The review screen by keyboard: Enter accepts a field and goes to the next doubtful one, Ctrl+Enter accepts all.

import { send, Refused } from "/static/session.js";
import { viewer } from "/static/viewer.js";

const screen = document.getElementById("review");
const path = `/documents/${screen.dataset.id}`;
const form = document.getElementById("fields");
const state = document.getElementById("state");
const confirmButton = document.getElementById("confirm");
const editable = screen.dataset.editable === "1";
const fields = [...form.querySelectorAll(".field[data-field]")];
const confirmed = new Set();
let busy = false;
let acted = Date.now();

const entry = (field) => field.querySelector("input, select, textarea");
const of = (element) => element?.closest?.(".field[data-field]");
const box = (field) => (field.dataset.box ? field.dataset.box.split(" ").map(Number) : null);
const open = (field) =>
  !field.dataset.seen &&
  (["doubt", "none"].includes(field.dataset.sure) || field.querySelector(".problem") !== null);

function mark(field, kind) {
  const shape = document.querySelector(`#shapes`)?.content.querySelector(`[data-kind=${kind}]`);
  if (!shape) return;
  field.querySelector(".mark").replaceChildren(...shape.cloneNode(true).childNodes);
  for (const name of ["sure", "doubt", "none", "person", "wrong", "empty"]) field.classList.toggle(name, name === kind);
}

function tell(text, wrong = false) {
  state.textContent = text;
  state.classList.toggle("problem", wrong);
}

function count() {
  const left = fields.filter(open).length;
  tell(left ? screen.dataset.left.replace("§", left) : screen.dataset.allSeen);
}

/** Accept what stands in a field: its warnings count as read, an error stays open. */
function accept(field) {
  if (field.querySelector(".problem.error")) return false;
  for (const each of field.querySelectorAll(".problem.warn")) confirmed.add(each.dataset.key);
  field.dataset.seen = "1";
  if (entry(field).value !== "" || field.dataset.sure === "none" || field.dataset.sure === "doubt") mark(field, "person");
  return true;
}

function onward(from) {
  const at = fields.indexOf(from);
  const next = [...fields.slice(at + 1), ...fields.slice(0, at + 1)].find(open);
  if (next) entry(next).focus();
  else confirmButton.focus();
  count();
}

function focused(field) {
  viewer.frame(Number(field.dataset.page) || null, box(field));
  for (const each of fields) if (each !== field) each.querySelector(".crop").hidden = true;
  viewer.crop(field.querySelector(".crop"), Number(field.dataset.page), box(field)).then(() => {
    field.scrollIntoView({ block: "nearest" });
  });
}

function problems(list, values = {}) {
  for (const field of fields) {
    const mine = list.filter((item) => item.field === field.dataset.field);
    const place = field.querySelector(".problems");
    place.replaceChildren(...mine.map((item) => {
      const line = document.createElement("p");
      line.className = `problem ${item.level}`;
      line.dataset.key = item.key;
      line.textContent = item.text;
      return line;
    }));
    const input = entry(field);
    if (mine.some((item) => item.level === "error")) {
      delete field.dataset.seen;
      input.setAttribute("aria-invalid", "true");
      mark(field, "wrong");
    } else {
      input.removeAttribute("aria-invalid");
      if (mine.some((item) => !confirmed.has(item.key))) {
        delete field.dataset.seen;
        mark(field, "doubt");
      } else if (field.classList.contains("wrong")) mark(field, field.dataset.seen ? "person" : field.dataset.sure);
    }
    const value = values[field.dataset.field];
    if (value !== undefined && input !== document.activeElement && input.tagName !== "SELECT") input.value = value;
    changed(field);
  }
}

function changed(field) {
  const was = field.querySelector(".was");
  was.hidden = entry(field).tagName === "SELECT" || entry(field).value.trim() === field.dataset.read.trim();
}

async function check() {
  try {
    const answer = await send(`${path}/check`, new FormData(form));
    problems(answer.problems, answer.values);
    count();
  } catch (error) {
    fail(error);
  }
}

function fail(error) {
  if (error instanceof Refused) tell(error.message, true);
  else tell(screen.dataset.offline, true);
}

async function approve() {
  if (busy) return;
  busy = true;
  confirmButton.disabled = true;
  for (const each of form.querySelectorAll(".problem.warn")) {
    if (each.dataset.shown) confirmed.add(each.dataset.key);
  }
  const data = new FormData(form);
  data.set("confirmed", [...confirmed].join(" "));
  try {
    const answer = await send(`${path}/approve`, data);
    leaving = true;
    location.assign(answer.next);
    return;
  } catch (error) {
    if (error instanceof Refused && error.status === 422 && error.data.problems) {
      problems(error.data.problems, error.data.values);
      for (const each of form.querySelectorAll(".problem")) each.dataset.shown = "1";
      const first = fields.find((field) => field.querySelector(".problem"));
      if (first) entry(first).focus();
      count();
    } else fail(error);
  }
  busy = false;
  confirmButton.disabled = false;
}

/* Dialogs: reject with a reason, later, ask the senior. */
const KEYS = {
  F1: "keys", F2: "rescan", F3: "not_a_document", F4: "wrong_pages", F6: "postpone", F8: "secret", F9: "other", F10: "senior",
};

function ask(reason) {
  const dialog = document.getElementById(`d-${reason}`);
  if (!dialog || document.querySelector("dialog[open]")) return;
  document.querySelector(".more")?.removeAttribute("open");
  const page = dialog.querySelector("input[name=page]");
  if (page) page.value = viewer.page;
  dialog.showModal();
  (dialog.querySelector("input") ?? dialog.querySelector("button"))?.focus();
}

for (const dialog of document.querySelectorAll("dialog[id^=d-]")) {
  dialog.querySelector("[data-close]")?.addEventListener("click", () => dialog.close());
  const inner = dialog.querySelector("form");
  inner?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = new FormData(inner);
    data.set("version", screen.dataset.version);
    data.set("reason", inner.dataset.reason);
    const trouble = inner.querySelector(".problem");
    try {
      const answer = await send(`${path}/${inner.dataset.act}`, data);
      leaving = true;
      location.assign(answer.next);
    } catch (error) {
      trouble.textContent = error instanceof Refused ? error.message : screen.dataset.offline;
      trouble.hidden = false;
    }
  });
}
for (const button of document.querySelectorAll("[data-open]")) {
  button.addEventListener("click", () => ask(button.dataset.open));
}

if (editable) {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("focusin", (event) => {
    const field = of(event.target);
    if (field) focused(field);
  });
  form.addEventListener("change", check);
  form.addEventListener("input", (event) => {
    const field = of(event.target);
    if (field) changed(field);
  });
  for (const button of form.querySelectorAll(".suggest")) {
    button.addEventListener("click", () => useSuggestion(of(button)));
  }
  confirmButton.addEventListener("click", approve);

  document.addEventListener("keydown", (event) => {
    acted = Date.now();
    // Keys typed while a keyboard method composes a Vietnamese letter belong to it, Enter included.
    if (event.isComposing || event.keyCode === 229 || document.querySelector("dialog[open]")) return;
    const field = of(event.target);
    if (event.key === "Enter" && event.ctrlKey) approve();
    else if (event.key === "Enter" && field && !event.altKey && event.target === entry(field)) {
      if (event.shiftKey) {
        const before = fields[Math.max(0, fields.indexOf(field) - 1)];
        entry(before).focus();
      } else if (accept(field)) onward(field);
    } else if (KEYS[event.key] && !event.ctrlKey && !event.altKey) ask(KEYS[event.key]);
    else if (event.altKey && event.key.toLowerCase() === "g" && field) useSuggestion(field);
    else if (event.altKey && event.key.toLowerCase() === "v") toggleDraw();
    else if (event.altKey && event.key.toLowerCase() === "q") location.assign("/queue");
    else return;
    event.preventDefault();
  });
  document.addEventListener("pointerdown", () => (acted = Date.now()));

  const first = fields.find(open);
  if (first) entry(first).focus();
  else confirmButton.focus();
  count();
}

function useSuggestion(field) {
  const button = field.querySelector(".suggest");
  if (!button) return;
  entry(field).value = button.dataset.value;
  entry(field).focus();
  changed(field);
  check();
}

/* Read a zone drawn on the page into the focused field: filled in, never accepted on its own. */
const drawButton = document.getElementById("draw");
let target = null;

function toggleDraw() {
  if (!drawButton) return;
  viewer.drawing = !viewer.drawing;
  drawButton.setAttribute("aria-pressed", String(viewer.drawing));
  document.getElementById("stage").classList.toggle("drawing", viewer.drawing);
}
drawButton?.addEventListener("click", toggleDraw);
form.addEventListener("focusin", (event) => (target = of(event.target) ?? target));
viewer.onDraw = async (page, area) => {
  const field = target ?? fields[0];
  const data = new FormData();
  data.set("page", page);
  data.set("box", area.map((each) => each.toFixed(2)).join(" "));
  data.set("field", field.dataset.field);
  tell(screen.dataset.reading);
  try {
    const answer = await send(`${path}/read`, data);
    if (answer.text) {
      entry(field).value = answer.text;
      field.dataset.page = page;
      field.dataset.box = area.map((each) => each.toFixed(2)).join(" ");
      delete field.dataset.seen;
      changed(field);
      await check();
      tell(screen.dataset.readAs);
    } else tell(screen.dataset.readNothing, true);
  } catch (error) {
    fail(error);
  }
  document.getElementById("drawn").hidden = true;
  if (viewer.drawing) toggleDraw();
  entry(field).focus();
};

/* The lease: kept while somebody works here, given back when the page is left. */
let leaving = false;

async function keep() {
  if (!editable || leaving || Date.now() - acted > 5 * 60_000) return;
  try {
    const answer = await send(`${path}/take`);
    if (!answer.taken) stopped(screen.dataset.lost);
    else if (String(answer.version) !== screen.dataset.version) stopped(screen.dataset.changed);
  } catch (error) {
    fail(error);
  }
}

function stopped(text) {
  tell(text, true);
  confirmButton.disabled = true;
  busy = true;
}

if (editable) {
  setInterval(keep, 60_000);
  addEventListener("pagehide", () => {
    if (leaving) return;
    const data = new URLSearchParams({ csrf: document.body.dataset.csrf });
    navigator.sendBeacon(`${path}/let-go`, data);
  });
}
