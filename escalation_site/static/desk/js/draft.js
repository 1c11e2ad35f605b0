// What is being written is kept on the desk, quietly, for its writer alone; and in this tab as well, for the
// moments in which the desk cannot be reached or nobody is signed in. Both go when it was sent.
import { serverNow } from "./clock.js";
import { keep, recall } from "./tab.js";

const WAIT = 1200;
const waiting = new WeakMap();
const fields = (within) => within.querySelectorAll("[data-draft]");
const place = (field) => `draft:${new URL(field.dataset.draft, location.href).pathname}`;
const keyOf = (form) => form.querySelector("[name$='-key']")?.value.replaceAll("-", "") || "";

const read = (field) => recall(place(field));
const write = (field, kept) => keep(place(field), kept);

function say(field, at) {
  const state = field.form.querySelector("[data-draft-kept]");
  if (!state) return;
  state.hidden = !at;
  if (at) state.querySelector("[data-draft-at]").textContent = `, ${at}`;
}

async function send(field, more = {}) {
  clearTimeout(waiting.get(field));
  waiting.delete(field);
  const form = field.form;
  const body = new URLSearchParams({ [field.name]: field.value, ...more });
  for (const input of form.querySelectorAll("[name=csrfmiddlewaretoken], [name$='-key']")) body.set(input.name, input.value);
  const answer = await fetch(field.dataset.draft, {
    method: "POST", body, credentials: "same-origin", keepalive: true, redirect: "error", headers: { Accept: "application/json" },
  });
  if (!answer.ok) return;
  const { kept } = await answer.json();
  if (form.dataset.sent === undefined) say(field, kept);
}

function later(field) {
  clearTimeout(waiting.get(field));
  waiting.set(field, setTimeout(() => send(field).catch(() => {}), WAIT));
}

function restore(field) {
  const kept = read(field);
  if (!kept?.text) return;
  const composer = field.closest("[data-sent]");
  if (kept.sent && composer && composer.dataset.sent.split(" ").includes(kept.sent)) {
    write(field, null);
    return;
  }
  const newer = !field.dataset.saved || Date.parse(field.dataset.saved) < kept.at;
  // What the page came with was refused just now and is as it was typed; or the desk has it already.
  if (field.value === kept.text || (field.value && !newer)) return;
  if (field.value && !field.dataset.saved) return;
  field.value = kept.text;
  later(field);
}

document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.dataset?.draft === undefined) return;
  write(field, field.value ? { text: field.value, at: serverNow() } : null);
  later(field);
});

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.submitter?.hasAttribute("formaction")) return;
  for (const field of fields(event.target)) {
    clearTimeout(waiting.get(field));
    waiting.delete(field);
    // It may yet come to nothing: the next page says whether this form was sent.
    if (field.value) write(field, { text: field.value, at: serverNow(), sent: keyOf(event.target) });
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-draft-discard]");
  const field = button?.form.querySelector("[data-draft]");
  if (!field) return;
  event.preventDefault();
  field.value = "";
  write(field, null);
  send(field, { discard: "1" }).catch(() => {});
  say(field, "");
  field.focus();
});

// The last words before the page is left.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return;
  for (const field of fields(document)) if (waiting.has(field)) send(field).catch(() => {});
});

for (const field of fields(document)) restore(field);
