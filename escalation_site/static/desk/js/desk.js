// Everything here makes the pages quicker to use; every page works without it.
import "./bell.js";
import "./compose.js";
import "./once.js";
import "./dialog.js";
import "./draft.js";
import "./keyboard.js";
import "./menu.js";
import "./presence.js";
import "./preview.js";
import "./signature.js";
import "./toast.js";
import { tick } from "./clock.js";

tick();
// The latest word is what a reader wants first; where the conversation scrolls by itself, it starts at its end.
for (const talk of document.querySelectorAll("[data-latest]")) talk.scrollTop = talk.scrollHeight;
document.addEventListener("desk:added", tick);

// A term ran out while the page stood open. Nothing moves under the reader: a link offers the new state.
document.addEventListener("desk:due", () => {
  const offer = document.querySelector("[data-refresh]");
  if (offer) offer.hidden = false;
});

// Something was just done here: the focus goes to what is owed next, not back to the top of the page.
if (document.querySelector(".toasts .toast") && !location.hash && document.activeElement === document.body) {
  (document.querySelector("[data-errors]") || document.querySelector("[data-next-thing]"))?.focus({ preventScroll: true });
}
