// The ladder beside the form follows what is typed: the server draws it, this only asks again.
(() => {
  let waiting;
  let asked = 0;

  const redraw = async (form, picture) => {
    const mine = ++asked;
    const answer = await fetch(picture.dataset.picture, {
      method: "POST",
      body: new FormData(form),
      credentials: "same-origin",
    });
    if (!answer.ok || mine !== asked) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    picture.querySelector("[data-drawn]").replaceChildren(...document.importNode(fresh.body, true).childNodes);
  };

  const follow = (target) => {
    const picture = document.getElementById("path-picture");
    const form = target.closest?.("#pathversion_form");
    if (!form || !picture?.dataset.picture) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => redraw(form, picture).catch(() => {}), 250);
  };

  for (const kind of ["input", "change", "formset:added", "formset:removed"]) {
    document.addEventListener(kind, (event) => follow(kind === "formset:removed" ? document.getElementById("pathversion_form") ?? event.target : event.target));
  }
  // The console's own choice fields tell only its jQuery of a change.
  window.addEventListener("load", () => {
    window.django?.jQuery?.(document).on("change", (event) => follow(event.target));
  });
})();
