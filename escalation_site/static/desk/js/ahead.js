// What a new case is like and would lead to follows the form: the server works it out, this only asks again.
const form = document.querySelector("form[data-ahead]");
const DECIDES = new Set(["contact", "contact_name", "contact_email", "contact_phone", "channel", "subject", "service", "category", "impact", "urgency", "received_at"]);
let waiting;
let asking;

/** What was typed into the questions so far, by name. */
const typed = (part) => new Map([...part.querySelectorAll("input, select, textarea")].map((field) => [field.name, field.value]));

async function lookAhead() {
  asking?.abort();
  asking = new AbortController();
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (DECIDES.has(name) || name === "customer") query.set(name, value);
  const answer = await fetch(`${form.dataset.ahead}?${query}`, { credentials: "same-origin", signal: asking.signal });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of form.querySelectorAll("[data-ahead-part]")) {
    const fresh = page.querySelector(`[data-ahead-part="${part.dataset.aheadPart}"]`);
    if (!fresh || fresh.innerHTML === part.innerHTML) continue; // what has not changed is not read out again
    const isSame = [...typed(part).keys()].join() === [...typed(fresh).keys()].join();
    if (part.dataset.aheadPart === "questions" && isSame) continue;
    const kept = typed(part);
    part.replaceChildren(...document.importNode(fresh, true).childNodes);
    for (const field of part.querySelectorAll("input, select, textarea")) if (kept.get(field.name)) field.value = kept.get(field.name);
    part.dispatchEvent(new CustomEvent("desk:added", { bubbles: true, detail: part }));
  }
}

function ask(event, delay) {
  if (!DECIDES.has(event.target.name)) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => lookAhead().catch(() => {}), delay);
}

if (form) {
  form.querySelector(".intake__check")?.setAttribute("hidden", "");
  form.querySelector('[data-ahead-part="aside"]')?.setAttribute("aria-live", "polite");
  form.addEventListener("input", (event) => ask(event, 350));
  form.addEventListener("change", (event) => ask(event, 60));
}
