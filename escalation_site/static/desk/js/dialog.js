// A link with data-dialog opens its page's sheet in a <dialog>. The page itself works without this file.
// What was typed stays: a closed dialog is kept and shown again by the same link.
import { taken } from "./sheet.js";
import { keepForNextPage } from "./toast.js";

const kept = new Map();

export function openDialog(dialog, from = document.activeElement) {
  dialog.addEventListener("close", () => from?.focus?.(), { once: true });
  dialog.showModal();
  const first = dialog.querySelector("[autofocus], [aria-invalid=true]") || dialog.querySelector("input:not([type=hidden]), select, textarea");
  first?.focus();
}

function sheetOf(html) {
  return new DOMParser().parseFromString(html, "text/html").querySelector("[data-sheet]");
}

/** Put the fetched sheet into the dialog; false when the answer was another page (signed out, not found). */
function fill(dialog, html) {
  const sheet = sheetOf(html);
  if (!sheet) return false;
  const title = sheet.querySelector("h1");
  if (title) {
    const heading = document.createElement("h2");
    heading.innerHTML = title.innerHTML;
    heading.id = title.id = `${dialog.id}-title`;
    title.replaceWith(heading);
    dialog.setAttribute("aria-labelledby", heading.id);
  }
  dialog.classList.toggle("dialog--narrow", sheet.dataset.sheet === "narrow");
  dialog.replaceChildren(document.importNode(sheet, true));
  document.dispatchEvent(new CustomEvent("desk:added", { detail: dialog }));
  return true;
}

function newDialog(url) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.id = `dialog-${kept.size + 1}`;
  dialog.dataset.url = url;
  document.body.append(dialog);
  return dialog;
}

async function follow(link) {
  const url = link.href;
  let dialog = kept.get(url);
  if (!dialog) {
    const answer = await fetch(url, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
    dialog = newDialog(url);
    if (!answer.ok || !fill(dialog, await answer.text())) {
      dialog.remove();
      location.assign(url);
      return;
    }
    kept.set(url, dialog);
  }
  openDialog(dialog, link);
}

/** What the desk answered, or null where it could not be reached. */
async function send(form, dialog, submitter) {
  try {
    const body = new FormData(form, submitter);
    const answer = await fetch(form.action || dialog.dataset.url, { method: "POST", body, credentials: "same-origin" });
    return { answer, html: await answer.text() };
  } catch {
    return null;
  }
}

/** Nothing is known of it, so all stays as it is, to be sent once more. */
function unreached(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  form.querySelector("[data-unreached]")?.remove();
  const word = document.getElementById("unreached").content.firstElementChild.cloneNode(true);
  [...form.querySelectorAll(".sheet__foot")].find((foot) => foot.offsetParent).prepend(word);
  word.focus();
}

async function submit(form, dialog, submitter) {
  const got = await send(form, dialog, submitter);
  if (!got) return unreached(form);
  const { answer, html } = got;
  if (answer.redirected) {
    const here = new URL(location.href);
    const there = new URL(answer.url);
    // Following the redirect has used up its toast; the page we go to shows it.
    const page = new DOMParser().parseFromString(html, "text/html");
    kept.delete(dialog.dataset.url);
    // Led to the door, whose session has ended: the sheet keeps what it says until they are back.
    if (page.documentElement.dataset.who) taken(form);
    keepForNextPage(page.querySelector(".toasts"));
    if (here.pathname + here.search === there.pathname + there.search) location.reload();
    else location.assign(answer.url);
    return;
  }
  if (fill(dialog, html)) {
    dialog.querySelector("[data-errors], [aria-invalid=true]")?.focus();
  } else {
    // Neither a sheet nor a redirect: show what the server said, as a page.
    form.dataset.plain = "";
    form.requestSubmit();
  }
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("a[data-dialog]");
  if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    follow(opener).catch(() => location.assign(opener.href));
    return;
  }
  // A link to a place on the page below: the dialog gets out of its way.
  event.target.closest("a[data-leaves]")?.closest("dialog")?.close();
  const closer = event.target.closest("[data-close]");
  const dialog = closer?.closest("dialog");
  if (dialog) {
    event.preventDefault();
    dialog.close();
  }
});

document.addEventListener("submit", (event) => {
  const dialog = event.target.closest("dialog");
  if (!dialog || event.target.method !== "post" || event.target.dataset.plain !== undefined || event.defaultPrevented) return;
  event.preventDefault();
  submit(event.target, dialog, event.submitter).catch(() => {
    event.target.dataset.plain = "";
    event.target.requestSubmit();
  });
});
