// Group verification by keyboard: Enter goes to the next crop, typing ticks it, Ctrl+Enter confirms what is ticked.

const form = document.getElementById("group");
if (form) {
  const inputs = [...form.querySelectorAll("li input[name^='value.']")];
  form.addEventListener("input", (event) => {
    if (!inputs.includes(event.target)) return;
    event.target.closest("li").querySelector("input[type=checkbox]").checked = event.target.value.trim() !== "";
  });
  form.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.key !== "Enter") return;
    if (event.target.tagName === "BUTTON") return;
    event.preventDefault();
    if (event.ctrlKey) form.requestSubmit();
    else {
      const next = inputs[inputs.indexOf(event.target.closest("li")?.querySelector("input[name^='value.']")) + 1];
      if (next) next.focus();
      else form.querySelector("button.primary").focus();
    }
  });
}
