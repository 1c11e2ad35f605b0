// What is typed into a sheet stays in this tab until the desk has taken it: a session that has ended, a network that
// is away, a link pressed by mistake cost nobody their words. What is written in the composer draft.js keeps.
import { isSignedIn, keep, namesOf, recall } from "./tab.js";

const SHEET = "form.sheet[method=post]";
const IS_HIDDEN = "[type=hidden], [type=file], [type=password], button, fieldset";
// Made anew with each page; they do not say which sheet it is.
const CHANGES = /^csrfmiddlewaretoken$|revision$|key$|^token$/;
const TICKED = "[type=checkbox], [type=radio]";
const TEXT = "textarea, input:not([type=checkbox], [type=radio], [type=hidden], [type=file])";
const awaited = new WeakMap(); // form: what it should say and has no field for yet

const hidden = (form) => [...form.querySelectorAll("input[type=hidden][name]")];
const fields = (form) => [...form.elements].filter((field) => field.name && !field.matches(IS_HIDDEN));
const said = (form) => fields(form).map((field) => [field.name, field.value, field.matches(TICKED) ? field.checked : null]);
const isTyped = (form) => fields(form).some((field) => field.matches(TEXT) && field.value !== field.defaultValue && field.value.trim());

function nameOf(form) {
  const about = hidden(form).filter((field) => !CHANGES.test(field.name)).map((field) => `${field.name}=${field.value}`);
  return `sheet:${new URL(form.getAttribute("action") || "", location.href).pathname}?${about.join("&")}`;
}

function hold(form) {
  keep(nameOf(form), isTyped(form) ? { fields: said(form), sent: recall(nameOf(form))?.sent } : null);
}

/** The desk has taken it. */
export const taken = (form) => keep(nameOf(form), null);

function apply(form, within = form) {
  const left = [];
  let changed = null;
  for (const [name, value, ticked] of awaited.get(form)) {
    const found = fields(form).find((field) => field.name === name && (ticked === null || field.value === value));
    if (!found) left.push([name, value, ticked]);
    if (!found || !within.contains(found) || (ticked === null ? found.value === value : found.checked === ticked)) continue;
    if (ticked === null) found.value = value;
    else found.checked = ticked;
    if (found.matches(TEXT)) changed ||= found;
    found.dispatchEvent(new Event("change", { bubbles: true }));
  }
  awaited.set(form, left);
  return changed;
}

function restore(form) {
  if (awaited.has(form)) return;
  const kept = recall(nameOf(form));
  awaited.set(form, kept?.fields || []);
  if (!kept) return;
  // Refused just now, it stands there as it was typed.
  if (form.querySelector("[data-errors]")) return keep(nameOf(form), { fields: kept.fields });
  // Sent without an answer: the same form once more, so that what has come of it already is not done twice.
  for (const [name, value] of kept.sent || []) for (const field of hidden(form)) if (field.name === name) field.value = value;
  keep(nameOf(form), { ...kept, isPage: false });
  const first = apply(form);
  if (first) tell(form, first.closest(".sheet__form") || form);
}

function tell(form, place) {
  const note = document.getElementById("typed-before").content.firstElementChild.cloneNode(true);
  note.querySelector("button").addEventListener("click", () => {
    form.reset();
    taken(form);
    note.remove();
    const first = [...form.querySelectorAll(TEXT)].find((field) => field.offsetParent);
    first?.dispatchEvent(new Event("change", { bubbles: true }));
    first?.focus();
  });
  place.prepend(note);
}

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (isSignedIn && form?.matches(SHEET)) hold(form);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!isSignedIn || !form.matches(SHEET) || event.submitter?.name === "check") return;
  const sent = hidden(form).filter((field) => field.name !== "csrfmiddlewaretoken" && CHANGES.test(field.name));
  // In a dialog the answer comes to dialog.js, which says whether it was taken; else the next page shows it.
  const isPage = !form.closest("dialog");
  keep(nameOf(form), { fields: said(form), sent: sent.map((field) => [field.name, field.value]), isPage });
});

// On a page of its own, to cancel is to throw away.
document.addEventListener("click", (event) => {
  const form = event.target.closest(".sheet__foot a")?.closest(SHEET);
  if (form && !form.closest("dialog")) taken(form);
});

document.addEventListener("desk:added", ({ detail }) => {
  for (const form of detail.querySelectorAll(SHEET)) restore(form);
  const around = detail.closest?.(SHEET);
  if (around && awaited.get(around)?.length) apply(around, detail);
});

if (isSignedIn) {
  const here = [...document.querySelectorAll(SHEET)];
  // Another page of the desk than the sheet came of it: it was taken. To come back to one says nothing.
  if (performance.getEntriesByType("navigation")[0]?.type === "navigate") {
    const names = new Set(here.map(nameOf));
    for (const name of namesOf("sheet:")) if (recall(name)?.isPage && !names.has(name)) keep(name, null);
  }
  here.forEach(restore);
}
