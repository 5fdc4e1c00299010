// Talking to the desk: every post carries the session's protection code; when the session has run out, the person
// types her password in place and the same post is sent again, so nothing half-typed is lost.

const body = document.body;

export class Refused extends Error {
  constructor(status, data) {
    super(data.message || String(status));
    this.status = status;
    this.data = data;
  }
}

export async function send(url, form = new FormData()) {
  for (;;) {
    const answer = await fetch(url, {
      method: "POST",
      body: new URLSearchParams(form),
      headers: { Accept: "application/json", "X-CSRF": body.dataset.csrf },
    });
    if (answer.status === 401) {
      await again();
      continue;
    }
    if (answer.status === 204) return {};
    const data = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(answer.status, data);
    return data;
  }
}

let waiting = null;

function again() {
  waiting ??= new Promise((resolve) => {
    const dialog = document.getElementById("again");
    const trouble = document.getElementById("again-trouble");
    const password = document.getElementById("again-password");
    const held = document.activeElement;
    trouble.hidden = true;
    password.value = "";
    const onSubmit = async (event) => {
      event.preventDefault();
      const form = new URLSearchParams({ name: body.dataset.person, password: password.value });
      password.value = "";
      const answer = await fetch("/login", { method: "POST", body: form, headers: { Accept: "application/json" } });
      const data = await answer.json().catch(() => ({}));
      if (!answer.ok) {
        trouble.textContent = data.message || String(answer.status);
        trouble.hidden = false;
        password.focus();
        return;
      }
      body.dataset.csrf = data.csrf;
      for (const input of document.querySelectorAll("input[name=csrf]")) input.value = data.csrf;
      dialog.removeEventListener("submit", onSubmit);
      dialog.removeEventListener("cancel", onCancel);
      dialog.close();
      waiting = null;
      held?.focus();
      resolve();
    };
    const onCancel = (event) => event.preventDefault();
    dialog.addEventListener("submit", onSubmit);
    dialog.addEventListener("cancel", onCancel);
    dialog.showModal();
    password.focus();
  });
  return waiting;
}
