// Single keys. They are off in fields, with a modifier held, and when the reader has switched them off.
import { openDialog } from "./dialog.js";
import { toggle } from "./queue.js";

const inField = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("[data-row]")];

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement) || row.hasAttribute("data-current"));
  const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
  for (const row of all) row.toggleAttribute("data-current", row === next);
  next.querySelector("a").focus();
}

const current = () => rows().find((row) => row.contains(document.activeElement) || row.hasAttribute("data-current"));
// On a row of the queue these go to the case, where the same keys write.
const OF_A_ROW = { r: "reply", p: "promise", e: "escalate" };

/** What a key does to the row the reader is on; false where there is none. */
function onRow(event) {
  const row = current();
  if (!row) return false;
  if (event.key.toLowerCase() === "x") return toggle(row, event.shiftKey);
  const address = row.dataset[OF_A_ROW[event.key]];
  if (address) location.assign(address);
  return Boolean(address);
}

/** Follow the link, press the button or focus the field that declares this key. */
function press(key) {
  const target = [...document.querySelectorAll("[data-key]")].find(
    (node) => node.dataset.key === key && (node.offsetParent || node.dataset.keyHidden !== undefined),
  );
  if (!target) return false;
  if (target.matches("input[type=radio]")) {
    target.click();
    document.getElementById(target.dataset.focus)?.focus();
  } else if (target.matches("input, textarea")) {
    target.focus();
  } else {
    target.click();
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    const form = event.target.closest("form");
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || inField(event.target)) return;
  if (document.documentElement.dataset.keys === "off") return;
  if (document.querySelector("dialog[open]")) return;
  if ((event.key === "j" || event.key === "k") && rows().length) {
    event.preventDefault();
    move(event.key === "j" ? 1 : -1);
  } else if (event.key === "?") {
    const list = document.getElementById("shortcuts");
    if (list) openDialog(list);
  } else if (event.key.length === 1 && (onRow(event) || press(event.key))) {
    event.preventDefault();
  }
});

// The same list from the menu of one's name, for whoever switched the keys off.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  const list = opener && document.getElementById(opener.dataset.open);
  if (!list) return;
  opener.closest("details")?.removeAttribute("open");
  openDialog(list, opener.closest("details")?.querySelector("summary") || opener);
});
for (const note of document.querySelectorAll("[data-keys-off]")) note.hidden = document.documentElement.dataset.keys !== "off";
