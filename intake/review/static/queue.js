// The queue renews itself while it is looked at, keeps the reader's place, and is walked by keyboard.

const rows = document.getElementById("rows");
const news = document.getElementById("news");
let mark = "";

const links = () => [...rows.querySelectorAll("td.grow a")];

async function renew() {
  if (document.hidden) return;
  const query = location.search.slice(1);
  const headers = { "X-Poll": "1" };
  if (mark) headers["If-None-Match"] = mark;
  let answer;
  try {
    answer = await fetch(`/queue/rows?${query}`, { headers, redirect: "manual" });
  } catch {
    return;
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) {
    location.reload();
    return;
  }
  if (answer.status !== 200) return;
  const first = mark === "";
  mark = answer.headers.get("ETag") || "";
  const html = await answer.text();
  const held = document.activeElement?.closest?.("tr[data-id]")?.dataset.id;
  const before = rows.innerText;
  rows.innerHTML = html;
  for (const each of document.querySelectorAll("#counts li")) {
    const tab = document.querySelector(`[data-count="${CSS.escape(each.dataset.view)}"]`);
    if (tab) tab.textContent = each.textContent;
  }
  if (held) rows.querySelector(`tr[data-id="${CSS.escape(held)}"] td.grow a`)?.focus();
  if (!first && rows.innerText !== before) news.textContent = news.dataset.text;
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (typing && event.target.tagName === "SELECT") return;
    const all = links();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    const step = event.key === "ArrowDown" ? 1 : -1;
    all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))].focus();
    event.preventDefault();
  } else if (!typing && event.key === "/") {
    document.getElementById("text").focus();
    event.preventDefault();
  } else if (!typing && event.key.toLowerCase() === "n") {
    document.getElementById("next").click();
    event.preventDefault();
  }
});

for (const name of ["station", "mine"]) {
  document.querySelector(`[name=${name}]`).addEventListener("change", (event) => event.target.form.submit());
}
// What is still being read cannot be decided on: Enter on a fresh page opens the first that can.
const first = rows.querySelector("tr:not(.coming) td.grow a") ?? links()[0];
if (!document.getElementById("text").value) first?.focus({ preventScroll: true });
setInterval(renew, 4000);
