// The queue: choosing rows, and keeping what it shows true without moving anything under the reader.
const live = document.querySelector("[data-live]");
let table = live && live.querySelector("table");
const EVERY = 20_000;
// The engine has a moment to say what follows from a term that ran out.
const AFTER_DUE = 2_000;
const AT_MOST = 300_000;

const rows = () => [...table.querySelectorAll("[data-row]")];
const boxOf = (row) => row.querySelector("input[name=case]");

// --- Choosing ---

let last = null; // the row whose box was ticked last: a range goes from there

function choose(row, ticked) {
  const box = boxOf(row);
  if (box && !box.disabled) box.checked = ticked;
}

function chooseRange(to, ticked) {
  const all = rows();
  const [from, until] = [all.indexOf(last), all.indexOf(to)].sort((a, b) => a - b);
  if (from < 0) return;
  all.slice(from, until + 1).forEach((row) => choose(row, ticked));
}

/** How many are chosen, in the bar, and on the box of all. */
function tell() {
  const boxes = rows().map(boxOf).filter((box) => box && !box.disabled);
  const chosen = boxes.filter((box) => box.checked).length;
  const count = document.querySelector("[data-count]");
  if (count) count.textContent = chosen === 1 ? count.dataset.one : count.dataset.many.replace("{n}", chosen);
  const all = table.querySelector("[data-all] input");
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

/** The key `x`: the current row, with Shift all from the last one to it. */
export function toggle(row, withRange) {
  const box = row && boxOf(row);
  if (!box || box.disabled) return false;
  const ticked = !box.checked;
  if (withRange && last) chooseRange(row, ticked);
  choose(row, ticked);
  last = row;
  tell();
  return true;
}

// --- Keeping it true: the rows that are shown; a queue that is empty asks whether it still is ---

let wait = EVERY;
let timer;
let said = "";

function later() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, wait);
}

async function look() {
  const known = (table ? rows() : []).filter((row) => row.dataset.gone === undefined);
  const address = new URL(live.dataset.live, location.href);
  known.forEach((row) => address.searchParams.append("row", row.dataset.row));
  try {
    const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
    const page = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page && page.querySelector("[data-live-answer]");
    if (!found) throw new Error("no answer of ours");
    await show(found);
    wait = EVERY;
  } catch {
    wait = Math.min(AT_MOST, wait * 2); // signed out, or the desk is away: ask less and less often
  }
  later();
}

async function show(found) {
  if (table) inPlace(found);
  offer(Number(found.dataset.new), found.dataset.word);
  speak([found.dataset.word, ...gone(found)].filter(Boolean).join(". "));
  if (!table && Number(found.dataset.new)) await fill();
  document.dispatchEvent(new CustomEvent("desk:added", { detail: live }));
}

function inPlace(found) {
  for (const fresh of found.querySelectorAll("[data-row]")) {
    const row = table.querySelector(`[data-row="${CSS.escape(fresh.dataset.row)}"]`);
    if (row) renew(row, fresh);
  }
  for (const row of rows().filter((one) => one.dataset.gone === "")) row.dataset.gone = "seen";
  tell();
}

/** Strikes the rows that are no longer here; what became of each, in words. */
function gone(found) {
  const words = [];
  for (const what of table ? found.querySelectorAll("[data-gone]") : []) {
    const row = table.querySelector(`[data-row="${CSS.escape(what.dataset.gone)}"]`);
    if (row && strike(row, what.textContent)) words.push(`${row.querySelector(".queue__number").textContent}: ${what.textContent}`);
  }
  return words;
}

/** Nothing was here and something is: there is nothing that it could move, so it is shown at once. */
async function fill() {
  if (live.contains(document.activeElement)) return;
  const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
  const page = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page && page.querySelector("[data-live]");
  if (!fresh?.querySelector("table")) return;
  live.replaceChildren(...document.importNode(fresh, true).childNodes);
  table = live.querySelector("table");
  const bar = page.getElementById("together");
  if (bar && !document.getElementById("together")) live.after(document.importNode(bar, true));
  offer(0, "");
  bind();
}

/** The cells whose words have changed are written anew in their place; the box and the link keep their focus. */
function renew(row, fresh) {
  for (const name of ["c-when", "c-what", "c-priority", "c-next", "c-holder"]) {
    const [old, now] = [row.querySelector(`.${name}`), fresh.querySelector(`.${name}`)];
    if (old && now && old.textContent !== now.textContent) old.replaceChildren(...document.importNode(now, true).childNodes);
  }
  const subject = [row, fresh].map((one) => one.querySelector(".queue__open"));
  if (subject[0].textContent !== subject[1].textContent) subject[0].textContent = subject[1].textContent;
  // A box speaks of the case as it was chosen: one that is ticked keeps the revision its reader saw.
  const [box, now] = [boxOf(row), boxOf(fresh)];
  if (box && now && !box.checked) box.value = now.value;
}

function strike(row, became) {
  if (row.dataset.gone !== undefined) return false;
  row.dataset.gone = "";
  const box = boxOf(row);
  if (box) {
    box.checked = false;
    box.disabled = true;
  }
  const cell = row.querySelector(".c-what .two > :last-child");
  const word = document.createElement("span");
  word.className = "queue__gone";
  word.textContent = became;
  cell.replaceChildren(word);
  return true;
}

function offer(number, word) {
  const link = document.querySelector("[data-new]:not([data-live-answer])");
  if (!link) return;
  link.hidden = !number;
  link.textContent = word;
}

function speak(words) {
  const voice = document.querySelector("[data-live-word]");
  if (!voice || words === said) return;
  said = words;
  voice.textContent = words;
}

function bind() {
  const all = table.querySelector("[data-all]");
  if (all) {
    all.hidden = false;
    all.addEventListener("change", (event) => {
      rows().forEach((row) => choose(row, event.target.checked));
      tell();
    });
  }
  let shift = false;
  table.addEventListener("click", (event) => (shift = event.shiftKey), true);
  table.addEventListener("change", (event) => {
    if (event.target.name !== "case") return;
    const row = event.target.closest("[data-row]");
    if (shift && last) chooseRange(row, event.target.checked);
    last = row;
    tell();
  });
  document.getElementById("together")?.addEventListener("reset", () => setTimeout(tell));
  tell();
}

if (live) {
  if (table) bind();
  later();
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));
  document.addEventListener("desk:due", () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, AFTER_DUE);
  });
  // A page that the browser kept, or a form that it filled in again: say how many are chosen.
  addEventListener("pageshow", () => table && tell());
}
