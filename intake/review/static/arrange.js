// The pages screen shows at once what was asked for: turned, left out, a new document beginning here.

const form = document.getElementById("arrange");

function show(sheet) {
  const { page } = sheet.dataset;
  const value = (name) => form.elements[`${name}.${page}`];
  const picture = sheet.querySelector("img");
  if (picture) picture.style.transform = `rotate(${value("turn").value}deg)`;
  sheet.classList.toggle("dropped", value("drop").checked);
  sheet.classList.toggle("begins", Boolean(value("begins")?.checked));
}

for (const sheet of form.querySelectorAll("li[data-page]")) show(sheet);
form.addEventListener("change", (event) => {
  const sheet = event.target.closest("li[data-page]");
  if (sheet) show(sheet);
});
