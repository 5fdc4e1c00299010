// The signing desk: how many are chosen, and what becomes of a set while it is being signed.

const choose = document.getElementById("choose");
if (choose) {
  const boxes = [...choose.querySelectorAll("input[name=document]")];
  const every = document.getElementById("every");
  const cap = Number(choose.dataset.cap);
  const count = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    const word = document.getElementById("chosen");
    if (word) word.textContent = String(chosen);
    const go = choose.querySelector("button.primary");
    if (go) go.disabled = chosen === 0 || chosen > cap;
    if (every) {
      every.checked = chosen > 0;
      every.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  };
  every?.addEventListener("change", () => {
    boxes.forEach((box, at) => (box.checked = every.checked && at < cap));
    count();
  });
  boxes.forEach((box) => box.addEventListener("change", count));
  for (const kind of choose.querySelectorAll("select.kind")) {
    kind.addEventListener("change", () => {
      kind.closest("tr").querySelector("select.form").value = kind.selectedOptions[0].dataset.form;
    });
  }
  count();
}

const set = document.getElementById("set");
if (set) {
  const pin = document.getElementById("pin-form");
  pin?.addEventListener("submit", () => {
    pin.querySelector("button.primary").disabled = true;
  });
  const ask = document.getElementById("ask-form");
  let answered = false;
  ask?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new FormData(ask);
    ask.reset();
    ask.hidden = answered = true;
    await fetch(ask.action, { method: "POST", body, headers: { Accept: "application/json" } });
    answered = false;
  });
  const show = (data) => {
    if (ask && !answered && ask.hidden === data.asking) {
      ask.hidden = !data.asking;
      if (data.asking) document.getElementById("next-pin").focus();
    }
    document.getElementById("set-word").textContent = data.word;
    document.getElementById("set-count").textContent = `${data.finished}/${data.total}`;
    document.getElementById("set-bar").value = data.finished;
    const message = document.getElementById("set-message");
    message.textContent = data.message;
    message.hidden = !data.message;
    for (const [id, outcome] of Object.entries(data.outcomes)) {
      const cell = set.querySelector(`tr[data-document="${CSS.escape(id)}"] td.outcome`);
      if (!cell) continue;
      cell.className = `outcome ${outcome.outcome}`;
      cell.querySelector(".word").textContent = outcome.word;
      cell.querySelector("small").textContent = outcome.message;
    }
  };
  const watch = async () => {
    const answer = await fetch(`/signing/${set.dataset.id}/progress`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return location.reload();
    const data = await answer.json();
    show(data);
    if (data.live) setTimeout(watch, data.asking ? 300 : 700);
    else if (data.state === "refused") location.reload();
    else {
      document.getElementById("stop-form").hidden = true;
      document.getElementById("set-end").hidden = false;
    }
  };
  if (set.dataset.live === "1") setTimeout(watch, 500);
}
