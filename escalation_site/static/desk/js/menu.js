// A menu closes when the reader looks elsewhere, and on Escape, giving the focus back.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Where the browser cannot show a closed <details> on a wide page, it is opened.
if (!CSS.supports("selector(::details-content)")) {
  for (const fold of document.querySelectorAll("details.fold")) fold.open = matchMedia("(min-width: 1200px)").matches;
}
