// The page where a signed PDF is checked: a file dropped anywhere on it is taken.

const form = document.getElementById("drop");
const input = document.getElementById("file");
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer.files.length) return;
  input.files = event.dataTransfer.files;
  form.requestSubmit();
});
