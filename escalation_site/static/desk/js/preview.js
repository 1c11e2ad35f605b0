// "Who gets it, and by when", or what a typed time means, follows the form: the server works it out, this only
// asks again: its own page, or where the form says so another one that knows.
let waiting;

async function refresh(form) {
  const place = form.querySelector("[data-preview]");
  const query = new URLSearchParams(new FormData(form));
  query.delete("csrfmiddlewaretoken");
  const fields = new Set(form.dataset.previewFields.split(" "));
  for (const name of [...query.keys()]) if (!fields.has(name)) query.delete(name);
  const answer = await fetch(`${form.dataset.previewFrom ?? form.action}?${query}`, { credentials: "same-origin" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of form.querySelectorAll("[data-preview]")) {
    const fresh = page.querySelector(`[data-preview="${part.dataset.preview}"]`);
    // What somebody has written is theirs: a draft is drawn anew only while it is still the server's.
    const edited = [...part.querySelectorAll("textarea")].some((field) => field.value !== field.defaultValue);
    if (fresh && !edited) part.replaceChildren(...document.importNode(fresh, true).childNodes);
  }
  place?.dispatchEvent(new CustomEvent("desk:added", { bubbles: true, detail: place }));
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-preview-fields]");
  if (!form || !form.dataset.previewFields.split(" ").includes(event.target.name)) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => refresh(form).catch(() => {}), 120);
});
