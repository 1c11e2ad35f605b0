// The dashboard fetches itself anew. Nothing moves under a hand: while somebody points at it or has the focus
// in it, newer figures wait behind a button.
const live = document.getElementById("board-live");
const stale = document.querySelector("[data-stale]");
const newer = document.querySelector("[data-newer]");
const say = (isStale) => stale && (stale.hidden = !isStale);
const inUse = () => live.matches(":hover") || live.contains(document.activeElement);
let wanted = false;

live?.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden) event.preventDefault();
});
live?.addEventListener("htmx:beforeSwap", (event) => {
  say(event.detail.isError);
  if (event.detail.isError || wanted || !inUse()) return;
  event.detail.shouldSwap = false;
  newer.hidden = false;
});
live?.addEventListener("htmx:afterSwap", () => {
  wanted = false;
  newer.hidden = true;
});
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) live?.addEventListener(name, () => say(true));
newer?.addEventListener("click", () => {
  wanted = true;
  window.htmx?.trigger(live, "refresh");
});
document.addEventListener("visibilitychange", () => document.hidden || window.htmx?.trigger(live, "refresh"));
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
