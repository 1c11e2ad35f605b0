// The watchdog's page fetches itself anew; here is when it had better not, and what it says when it cannot.
const live = document.getElementById("watch-live");
const stale = document.querySelector("[data-stale]");
const say = (isStale) => stale && (stale.hidden = !isStale);

live?.addEventListener("htmx:beforeRequest", (event) => {
  // Nobody looks; or somebody types, or presses a button: what is under their hands stays.
  const typing = live.contains(document.activeElement) && document.activeElement.matches("input:not([type=hidden])");
  const sending = live.querySelector("form[data-sent]");
  if (document.hidden || typing || sending) event.preventDefault();
});
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) live?.addEventListener(name, () => say(true));
live?.addEventListener("htmx:afterSwap", () => say(false));
document.addEventListener("visibilitychange", () => document.hidden || window.htmx?.trigger(live, "refresh"));
