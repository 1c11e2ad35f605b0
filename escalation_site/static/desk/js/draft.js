// Unsent text survives a reload or a wrong click. It stays in this tab, and goes when the form is sent.
// A form that was refused has an address of its own below its case; what was typed belongs to the case.
const place = location.pathname.match(/^\/cases\/[^/]+\//)?.[0] || location.pathname;
const key = (field) => `draft:${place}:${field.dataset.draft}`;
const fields = (within) => within.querySelectorAll("[data-draft]");

function restore(within) {
  for (const field of fields(within)) {
    const text = sessionStorage.getItem(key(field));
    if (text && !field.value) {
      field.value = text;
      say(field);
    }
  }
}

function say(field) {
  const place = document.getElementById(field.dataset.draftNote);
  if (place) place.hidden = false;
}

document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.dataset?.draft === undefined) return;
  if (field.value) sessionStorage.setItem(key(field), field.value);
  else sessionStorage.removeItem(key(field));
  if (field.value) say(field);
});
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  for (const field of fields(event.target)) sessionStorage.removeItem(key(field));
});

// Whoever throws theirs away does not meet it again.
document.addEventListener("click", (event) => {
  if (!event.target.closest("a[data-discard]")) return;
  for (const field of fields(document)) sessionStorage.removeItem(key(field));
});

try {
  // Sending took it out of the drawer; refused, it goes back, so that leaving this page loses nothing either.
  if (document.querySelector("[data-errors]")) {
    for (const field of fields(document)) if (field.value) sessionStorage.setItem(key(field), field.value);
  }
  restore(document);
} catch {
  // Storage is closed to us: drafts are a comfort, not a need.
}
