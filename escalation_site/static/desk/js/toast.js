// A toast leaves after six seconds unless it is pointed at or holds the focus.
const STAY = 6000;

function leave(toast) {
  toast.dataset.gone = "";
  setTimeout(() => toast.remove(), 150);
}

function start(toast) {
  let timer = setTimeout(() => leave(toast), STAY);
  const hold = () => clearTimeout(timer);
  const release = () => (timer = setTimeout(() => leave(toast), STAY));
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("pointerleave", release);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("focusout", release);
  toast.querySelector("button")?.addEventListener("click", () => leave(toast));
}

/** What a fetched page had to say, for the page that is loaded next. */
export function keepForNextPage(toasts) {
  try {
    sessionStorage.setItem("toasts", toasts?.innerHTML || "");
  } catch {
    // Without storage the change itself is still to be seen.
  }
}

function takeKept() {
  try {
    const kept = sessionStorage.getItem("toasts");
    sessionStorage.removeItem("toasts");
    return kept;
  } catch {
    return "";
  }
}

const kept = takeKept();
if (kept) document.querySelector(".toasts")?.insertAdjacentHTML("beforeend", kept);
document.querySelectorAll(".toast").forEach(start);
