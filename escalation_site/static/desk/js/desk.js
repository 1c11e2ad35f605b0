// Everything here makes the pages quicker to use; every page works without it.
import "./bell.js";
import "./compose.js";
import "./once.js";
import "./dialog.js";
import "./draft.js";
import "./files.js";
import "./fresh.js";
import "./keyboard.js";
import "./mention.js";
import "./menu.js";
import "./people.js";
import "./presence.js";
import "./preview.js";
import "./template.js";
import "./queue.js";
import "./sheet.js";
import "./toast.js";
import "./trail.js";
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

// After an action the focus goes to why it was refused, else to what is owed next, not back to the top of the page.
const refused = document.querySelector("[data-errors]");
if (document.activeElement === document.body && !location.hash) {
  if (refused) refused.focus();
  else if (document.querySelector(".toasts .toast")) document.querySelector("[data-next-thing]")?.focus({ preventScroll: true });
}
