// A template's words go in where the cursor is; the mail is looked at in a dialog. The server fills in and renders.
import { openDialog } from "./dialog.js";

async function post(button, form, accept) {
  const body = new FormData(form, button);
  // Of files their names are enough here.
  for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
  for (const input of form.querySelectorAll("input[type=file]")) for (const file of input.files) body.append(input.name, new File([], file.name));
  const answer = await fetch(button.formAction, { method: "POST", body, credentials: "same-origin", redirect: "error", headers: { Accept: accept } });
  if (!answer.ok) throw new Error(answer.status);
  return answer;
}

/** Without the script's way, the form's own: the page comes back from the server. */
function plainly(form, button) {
  form.dataset.plain = "";
  form.requestSubmit(button);
  delete form.dataset.plain;
  // The page may stay, with the preview beside it: this form is still to be sent.
  delete form.dataset.sent;
  for (const other of form.querySelectorAll("[aria-disabled]")) other.removeAttribute("aria-disabled");
}

async function fill(button, form) {
  const { text: filled, missing } = await (await post(button, form, "application/json")).json();
  const text = filled.replaceAll("\r\n", "\n");
  const field = form.querySelector("textarea");
  const before = field.value.slice(0, field.selectionStart);
  const lead = before.trim() && !before.endsWith("\n") ? "\n\n" : "";
  field.focus();
  // A template that signs replaces the signature that stands below the cursor (signature.js): nobody signs twice.
  const signature = document.body.dataset.signature?.trim();
  if (signature && text.includes(signature) && field.value.slice(field.selectionEnd).trim() === signature) field.setSelectionRange(field.selectionStart, field.value.length);
  // So that one step of undoing takes it out again.
  if (!document.execCommand("insertText", false, lead + text)) {
    field.setRangeText(lead + text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  button.closest("details").open = false;
  const open = form.querySelector("[data-unfilled]");
  open.hidden = !missing.length;
  open.replaceChildren(...missing.map((sentence) => Object.assign(document.createElement("li"), { textContent: sentence })));
}

async function look(button, form) {
  const page = new DOMParser().parseFromString(await (await post(button, form, "text/html")).text(), "text/html");
  const sheet = document.importNode(page.querySelector("[data-sheet]"), true);
  const dialog = document.createElement("dialog");
  dialog.className = "dialog dialog--narrow";
  const heading = document.createElement("h2");
  heading.id = "preview-title";
  heading.textContent = sheet.querySelector("h1").textContent;
  sheet.querySelector("h1").replaceWith(heading);
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(sheet);
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  openDialog(dialog, button);
}

// Opened, the list has the focus: the arrow of a mouse is not needed.
document.addEventListener("toggle", (event) => event.target.open && event.target.querySelector?.("[data-template]")?.focus(), true);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-template], [data-preview-mail]");
  if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const form = button.form;
  event.preventDefault();
  const done = button.dataset.template === undefined ? look(button, form) : fill(button, form);
  done.catch(() => plainly(form, button));
});
