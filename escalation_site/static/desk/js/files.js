// Files for a message: chosen, dropped on the text or pasted into it; each named, and gone again by a button.
// What they are is judged by the server.
const composer = document.getElementById("composer");

const inputOf = (form) => form.querySelector("input[type=file]");
const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

function put(input, files) {
  const all = new DataTransfer();
  for (const file of files) all.items.add(file);
  input.files = all.files;
  show(input);
}

function chip(input, file) {
  const item = document.createElement("li");
  const box = document.createElement("span");
  const name = document.createElement("span");
  const note = document.createElement("span");
  const remove = document.createElement("button");
  const wrong = file.size > Number(composer.dataset.mostBytes);
  box.className = wrong ? "file file--wrong" : "file";
  name.className = "ellipsis";
  name.textContent = file.name;
  note.className = "file__size";
  note.textContent = wrong ? composer.dataset.tooLarge : size(file.size);
  remove.type = "button";
  remove.setAttribute("aria-label", `${composer.dataset.remove}: ${file.name}`);
  remove.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#i-cross"/></svg>';
  remove.addEventListener("click", () => {
    put(input, [...input.files].filter((other) => other !== file));
    input.focus();
  });
  box.append(name, note, remove);
  item.append(box);
  return item;
}

function show(input) {
  const list = input.form.querySelector("[data-chosen]");
  list.replaceChildren(...[...input.files].map((file) => chip(input, file)));
  list.hidden = !input.files.length;
}

function add(form, files) {
  const input = inputOf(form);
  if (input && files.length) put(input, [...input.files, ...files]);
}

const takes = (event) => event.target.closest?.("[data-takes-files]");
const holdsFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");

if (composer) {
  // Choosing again adds to what was chosen, where a browser by itself would replace it.
  const before = new WeakMap();
  composer.addEventListener("click", (event) => {
    if (event.target.matches("input[type=file]")) before.set(event.target, [...event.target.files]);
  });
  composer.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches("input[type=file]")) return;
    const known = before.get(input) || [];
    const same = (a, b) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
    put(input, [...known, ...[...input.files].filter((file) => !known.some((other) => same(other, file)))]);
    before.delete(input);
  });
  composer.addEventListener("paste", (event) => {
    const field = takes(event);
    // A picture that comes with words, as from a text processor, is no file somebody meant to send.
    if (!field || !event.clipboardData?.files.length || event.clipboardData.getData("text/plain")) return;
    event.preventDefault();
    add(field.form, event.clipboardData.files);
  });
  composer.addEventListener("dragover", (event) => {
    if (!takes(event) || !holdsFiles(event)) return;
    event.preventDefault();
    composer.classList.add("composer--over");
  });
  composer.addEventListener("dragleave", () => composer.classList.remove("composer--over"));
  composer.addEventListener("drop", (event) => {
    composer.classList.remove("composer--over");
    const field = takes(event);
    if (!field || !holdsFiles(event)) return;
    event.preventDefault();
    add(field.form, event.dataTransfer.files);
  });
  // Coming back by the browser's own button, it may have kept what was chosen.
  window.addEventListener("pageshow", () => composer.querySelectorAll("input[type=file]").forEach(show));
}
