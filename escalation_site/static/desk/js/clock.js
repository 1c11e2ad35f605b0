// Server time in the browser: a countdown follows the desk's clock, not the reader's.
const root = document.documentElement;
const skew = root.dataset.now ? Date.parse(root.dataset.now) - Date.now() : 0;

export const serverNow = () => Date.now() + skew;

const unit = (name) => root.dataset[`unit${name}`] || name.toLowerCase();
const two = (number) => String(number).padStart(2, "0");

/** The words for so many seconds; the same three forms as the server's `time_left` filter. */
export function words(seconds, form) {
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86400);
  const hours = Math.floor((whole % 86400) / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (days) return `${days} ${unit("D")} ${hours} ${unit("H")}`;
  if (hours) return `${hours} ${unit("H")} ${two(minutes)}`;
  if (form === "ticking") return `${minutes}:${two(whole % 60)}`;
  if (form === "spoken") return `${minutes} ${unit("Min")} ${two(whole % 60)} ${unit("S")}`;
  return `${minutes} ${unit("Min")}`;
}

/** What was due has passed: words, mark and colour say so at once; what follows from it the server says. */
function pass(node) {
  const word = node.parentElement.querySelector(":scope > [data-late-word]");
  if (word) word.textContent = `${word.dataset.lateWord} `;
  node.parentElement.querySelector(":scope > [data-while-left]")?.remove();
  const state = node.closest("[data-due]");
  const pill = node.closest(".pill") || state?.querySelector(".pill");
  if (!pill || pill.matches(".pill--danger")) return;
  pill.classList.remove("pill--plain");
  pill.classList.add("pill--warn");
  pill.querySelector("use")?.setAttribute("href", "#i-triangle");
  if (state && !pill.contains(node)) pill.lastElementChild.textContent = state.dataset.due;
}

/** Write every countdown; say in how many milliseconds the next one changes. */
function write() {
  const now = serverNow();
  let next = 60000;
  let sooner = Infinity;
  for (const node of document.querySelectorAll("[data-countdown]")) {
    const left = (Date.parse(node.dataset.countdown) - now) / 1000;
    const text = words(Math.abs(left), node.dataset.form);
    if (node.textContent !== text) node.textContent = text;
    if (Math.abs(left) < 3600 && node.dataset.form) next = 1000;
    // Written again at the very instant at which it passes, not at the next minute.
    if (left >= 0 && left < 60) sooner = Math.min(sooner, left * 1000);
    if (left < 0 && node.dataset.late === undefined) {
      node.dataset.late = "";
      if (node.dataset.passed) continue;
      pass(node);
      document.dispatchEvent(new CustomEvent("desk:due"));
    }
  }
  for (const node of document.querySelectorAll("[data-server-time]")) {
    node.textContent = new Intl.DateTimeFormat("en-GB", {
      hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: node.dataset.serverTime || "UTC",
    }).format(now);
    next = 1000;
  }
  return Math.min(next - (now % next), sooner) + 5;
}

let timer;
export function tick() {
  clearTimeout(timer);
  timer = setTimeout(tick, write());
}

document.addEventListener("visibilitychange", () => document.hidden || tick());
