// Sets the theme before anything is painted, so it is loaded plainly in <head>. The console keeps the reader's
// choice under the same name, so both surfaces change together.
{
  const KEY = "adminTheme";
  const read = () => {
    try {
      return JSON.parse(localStorage.getItem(KEY)) || "auto";
    } catch {
      return "auto"; // storage is closed to us, or holds another's text
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
    try {
      localStorage.setItem(KEY, JSON.stringify(button.dataset.theme));
    } catch {
      // Without storage the choice holds until the page is left.
    }
    apply(button.dataset.theme);
  });
}
