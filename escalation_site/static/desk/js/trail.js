// The queue one came from: the way back leads to it as it was, and its cases follow one another.
import { keep, recall } from "./tab.js";

const queue = document.querySelector("[data-live]");

function note() {
  const open = [...queue.querySelectorAll("[data-row]:not([data-gone]) .queue__open")];
  keep("trail", { queue: location.pathname + location.search, cases: open.map((link) => link.pathname) });
}

function lead({ queue: address, cases }) {
  // A form that was refused stands at an address of its own, below the case's.
  const at = cases.findIndex((address) => location.pathname.startsWith(address));
  document.querySelector("[data-back]").href = address;
  for (const link of document.querySelectorAll("[data-along]")) {
    const there = at < 0 ? null : cases[at + Number(link.dataset.along)];
    if (!there) continue;
    link.href = there;
    link.hidden = false;
  }
}

if (queue) {
  note();
  addEventListener("pagehide", note);
} else if (document.querySelector("[data-back]")) {
  const trail = recall("trail");
  if (trail) lead(trail);
}
