// A filter by person brings only whom it is set to; all the others come when its menu is first opened.
// Without an answer it stays as it is, and the next opening asks again.

async function fetchInto(select) {
  const asked = new URLSearchParams({ [select.name]: select.value });
  const answer = await fetch(`${select.dataset.people}?${asked}`);
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(`<select>${await answer.text()}</select>`, "text/html");
  const fetched = page.querySelectorAll("option");
  if (!fetched.length) return;
  delete select.dataset.people;
  const chosen = select.value;
  select.replaceChildren(...fetched);
  select.value = chosen;
}

document.addEventListener(
  "toggle",
  (event) => {
    if (!event.target.open) return;
    for (const select of event.target.querySelectorAll("select[data-people]")) {
      select.setAttribute("aria-busy", "true");
      fetchInto(select)
        .catch(() => {})
        .finally(() => select.removeAttribute("aria-busy"));
    }
  },
  true,
);
