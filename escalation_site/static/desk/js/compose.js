// A link to the composer chooses its form too. Without script it only leads there.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-compose]");
  const choice = link && document.getElementById(link.dataset.compose);
  if (!choice) return;
  event.preventDefault();
  choice.click();
  document.getElementById("composer").scrollIntoView({ block: "nearest" });
  document.getElementById(choice.dataset.focus)?.focus();
});

// In a menu the choice is made: the menu has done its work.
document.addEventListener("click", (event) => {
  const menu = event.target.closest("details.menu");
  if (menu && event.target.closest("a.menu__item")) menu.open = false;
});

// An address may name the form: what `r` and `p` do on a row of the queue.
const named = location.hash.startsWith("#compose-") && document.getElementById(location.hash.slice(1));
if (named) {
  // The browser moves the focus to what the address names when the page is there; the text is what is wanted.
  addEventListener("load", () => setTimeout(() => {
    named.click();
    document.getElementById(named.dataset.focus)?.focus();
  }));
}
