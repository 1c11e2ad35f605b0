// The case page keeps itself true. The beat says when something has happened on the case; then, and when a term runs
// out, the page is asked for again and what differs is put in its place. What the reader points at, types in or has
// open stays as and where it is, and is looked at again with the next beat. No form to write in is ever replaced.
const line = document.querySelector("[data-presence]");
const voice = document.querySelector("[data-fresh-says]");
// The engine has a moment to say what follows from a term that ran out.
const AFTER_DUE = 1500;
const MAY_MOVE = 1; // so many pixels are no movement

let shown = null; // the mark of what the page shows
let asking = null;
let due;

/** An element as it would be compared: without what differs at every answer, or counts on by itself. */
function told(element) {
  const copy = element.cloneNode(true);
  for (const node of [copy, ...copy.querySelectorAll("*")]) {
    if (node.matches("input[name=csrfmiddlewaretoken], input[name$=key]")) node.removeAttribute("value");
    if (node.matches("[data-countdown], [data-server-time]")) node.textContent = "";
    for (const name of ["data-late", "open", "style"]) node.removeAttribute(name);
  }
  return copy.outerHTML;
}

const isTyped = (field) => field.type !== "hidden" && (field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked : "defaultValue" in field && field.value !== field.defaultValue);

/** Whether the reader has a hand on it. */
function inUse(element) {
  return element.matches(":hover") || element.contains(document.activeElement) || element.querySelector("details.menu[open]") || [...element.querySelectorAll("input, textarea")].some(isTyped);
}

const scrollerOf = (node) => {
  for (let at = node.parentElement; at; at = at.parentElement) if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  return document.scrollingElement;
};

/** Do it without moving what is pointed at or has the focus; false, and nothing done, where that cannot be. */
function still(change, undo) {
  const held = [[...document.querySelectorAll(":hover")].pop(), document.activeElement].filter((node) => node && node !== document.body && node !== document.documentElement);
  const before = held.map((node) => node.getBoundingClientRect().top);
  const moved = (index) => (held[index].isConnected ? held[index].getBoundingClientRect().top - before[index] : 0);
  change();
  held.forEach((node, index) => Math.abs(moved(index)) > MAY_MOVE && (scrollerOf(node).scrollTop += moved(index)));
  if (held.every((node, index) => Math.abs(moved(index)) <= MAY_MOVE)) return true;
  undo();
  held.forEach((node, index) => Math.abs(moved(index)) > MAY_MOVE && (scrollerOf(node).scrollTop += moved(index)));
  return false;
}

/** Put what differs between two states of a part in place; false where some of it had to wait. */
function renew(part, fresh) {
  const [old, now] = [[...part.children], [...fresh.children]];
  const [was, is] = [old.map(told), now.map(told)];
  let start = 0;
  while (start < Math.min(old.length, now.length) && was[start] === is[start]) start += 1;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && was[old.length - 1 - end] === is[now.length - 1 - end]) end += 1;
  const [out, into] = [old.slice(start, old.length - end), now.slice(start, now.length - end).map((node) => document.importNode(node, true))];
  if (!out.length && !into.length) return true;
  if (out.some(inUse)) return false;
  const opened = out.flatMap((node) => [...node.querySelectorAll("details[open] > summary")].map((word) => word.textContent));
  for (const word of into.flatMap((node) => [...node.querySelectorAll("details > summary")])) if (opened.includes(word.textContent)) word.parentElement.open = true;
  const next = old[old.length - end] || null;
  const put = (gone, come) => {
    gone.forEach((node) => node.remove());
    come.forEach((node) => part.insertBefore(node, next));
  };
  return still(() => put(out, into), () => put(into, out));
}

/** A form in which nothing was typed speaks of the case as it is shown now; one with words in it, of what its writer saw. */
function renewRevisions(page) {
  let all = true;
  for (const form of document.querySelectorAll(".composer__panel")) {
    const [field, now] = [form, page.getElementById(form.id)].map((one) => one?.querySelector("input[name$=revision]"));
    if (!field || !now) continue;
    const hasWords = [...form.querySelectorAll("textarea")].some((area) => area.value.trim());
    if (hasWords) all &&= field.value === now.value;
    else field.value = now.value;
  }
  return all;
}

async function refresh(mark) {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const answer = await fetch(location.pathname + location.search, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin", signal });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const talk = document.querySelector("[data-latest]");
  const atEnd = talk && talk.scrollHeight - talk.scrollTop - talk.clientHeight < 40;
  const before = document.getElementById("main").textContent;
  let whole = true;
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const fresh = page.querySelector(`[data-fresh="${CSS.escape(part.dataset.fresh)}"]`);
    if (fresh && !renew(part, fresh)) whole = false;
  }
  if (talk && atEnd && !talk.matches(":hover")) talk.scrollTop = talk.scrollHeight;
  if (whole && mark) shown = mark;
  const seen = page.querySelector("[data-presence]");
  // What waits to be shown was not seen: a form must not speak of it.
  if (whole && renewRevisions(page) && seen) line.dataset.revision = seen.dataset.revision;
  document.dispatchEvent(new CustomEvent("desk:added", { detail: document.getElementById("main") }));
  if (before !== document.getElementById("main").textContent && voice) voice.textContent = voice.dataset.freshSays;
}

const quietly = (mark) => refresh(mark).catch(() => {}); // the network is away: the next beat asks again

if (line && document.querySelector("[data-fresh]")) {
  document.addEventListener("desk:mark", ({ detail }) => {
    if (shown === null) shown = detail;
    else if (detail && detail !== shown) quietly(detail);
  });
  document.addEventListener("desk:due", () => {
    clearTimeout(due);
    due = setTimeout(() => document.hidden || quietly(), AFTER_DUE);
  });
}
