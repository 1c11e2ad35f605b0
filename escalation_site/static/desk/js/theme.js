// Sets the theme before anything is painted, so it is loaded plainly in <head>. The console keeps the reader's
// choice under the same name, so both surfaces change together.
{
  const KEY = "adminTheme";
  // What the profile says comes to every browser once; after that a browser, or the console in it, may differ.
  const SEEN = "deskTheme";
  const saved = document.documentElement.dataset.savedTheme;
  const keep = (theme) => {
    try {
      localStorage.setItem(KEY, JSON.stringify(theme));
      localStorage.setItem(SEEN, theme);
    } catch {
      // Without storage the choice holds until the page is left.
    }
  };
  try {
    if (saved && localStorage.getItem(SEEN) !== saved) keep(saved);
  } catch {
    // Closed to us: the page came with the profile's own theme.
  }
  const read = () => {
    try {
      return JSON.parse(localStorage.getItem(KEY)) || saved || "auto";
    } catch {
      return saved || "auto"; // storage is closed to us, or holds another's text
    }
  };
  const apply = (theme) => {
    const root = document.documentElement;
    root.classList.toggle("dark", theme === "dark");
    root.classList.toggle("light", theme === "light");
    for (const button of document.querySelectorAll("[data-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === theme));
    }
  };
  apply(read());
  document.addEventListener("DOMContentLoaded", () => apply(read()));
  window.addEventListener("storage", (event) => event.key === KEY && apply(read()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme]");
    if (!button) return;
    keep(button.dataset.theme);
    apply(button.dataset.theme);
    const form = button.closest("[data-theme-form]");
    if (!form) return;
    event.preventDefault();
    const body = new FormData(form);
    body.set("theme", button.dataset.theme);
    fetch(form.action, { method: "POST", body, credentials: "same-origin", headers: { "X-Requested-With": "fetch" } }).catch(() => {});
  });
}
