// The bell asks now and then whether something came; a page in the background waits, a server in trouble is spared.
const bell = document.querySelector("[data-bell]");
const OFTEN = 20000;
const SELDOM = 300000;
let wait = OFTEN;
let timer;
let newest = null;

function announce(text) {
  const place = document.querySelector(".toasts");
  if (!place || !text) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  const words = document.createElement("a");
  words.href = bell.href;
  words.textContent = text;
  toast.append(words);
  place.append(toast);
  setTimeout(() => toast.remove(), 8000);
}

async function ask() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const answer = await fetch(bell.dataset.bell, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const told = await answer.json();
    wait = OFTEN;
    const count = bell.querySelector(".bell__count");
    count.textContent = told.count;
    count.hidden = !told.unread;
    bell.setAttribute("aria-label", told.words);
    if (newest !== null && told.newest > newest) announce(told.said);
    newest = Math.max(newest || 0, told.newest);
  } catch {
    wait = Math.min(wait * 2, SELDOM);
  }
  timer = setTimeout(ask, wait + Math.random() * 2000);
}

if (bell) {
  document.addEventListener("visibilitychange", ask);
  timer = setTimeout(ask, 3000);
}
