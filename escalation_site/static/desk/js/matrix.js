// Rows of the matrix are dragged, or moved with Alt and the arrows; one press saves the whole order.
// Without this, each row's own buttons move it by one place.
const form = document.getElementById("matrix-form");
const body = form?.querySelector("tbody");
const foot = form?.querySelector("[data-order]");

const rows = () => [...body.querySelectorAll("tr[data-rule]")];
const order = () => rows().map((row) => row.dataset.rule).join(",");

if (form && foot) {
  const before = rows();
  const shown = order();
  const status = foot.querySelector("[data-status]");
  const save = foot.querySelector("[data-save]");
  const undo = foot.querySelector("[data-undo]");

  const tell = () => {
    const changed = order() !== shown;
    form.elements.order.value = order();
    save.hidden = undo.hidden = !changed;
    status.textContent = changed ? save.dataset.words : "";
    rows().forEach((row, place, all) => {
      row.querySelector("[data-number]").textContent = place + 1;
      row.classList.toggle("matrix__row--moved", row !== before[place]);
      row.querySelector("[data-move='-1']").disabled = place === 0;
      row.querySelector("[data-move='1']").disabled = place === all.length - 1;
    });
  };

  const move = (row, by) => {
    const all = rows();
    const to = all[all.indexOf(row) + by];
    if (!to) return;
    if (by < 0) to.before(row);
    else to.after(row);
    tell();
  };

  body.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("tr");
    move(row, Number(button.dataset.move));
    (button.disabled ? row.querySelector("[data-move]:not(:disabled)") : button)?.focus();
  });

  body.addEventListener("keydown", (event) => {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const row = event.target.closest("tr[data-rule]");
    if (!row) return;
    event.preventDefault();
    const held = document.activeElement;
    move(row, event.key === "ArrowUp" ? -1 : 1);
    held.focus();
  });

  undo.addEventListener("click", () => {
    before.forEach((row) => body.insertBefore(row, body.querySelector(".matrix__rest")));
    tell();
    form.querySelector("[data-move]:not(:disabled)")?.focus();
  });

  // Enter in "why" would press the first button of the form, which moves a row.
  foot.querySelector("#order-why").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (!save.hidden) form.requestSubmit(save);
  });

  let dragged = null;
  body.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button !== 0) return;
    dragged = grip.closest("tr");
    dragged.classList.add("matrix__row--dragged");
    grip.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  body.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const under = rows().find((row) => {
      const box = row.getBoundingClientRect();
      return event.clientY >= box.top && event.clientY < box.bottom;
    });
    if (!under || under === dragged) return;
    const box = under.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) under.before(dragged);
    else under.after(dragged);
  });
  const drop = () => {
    if (!dragged) return;
    dragged.classList.remove("matrix__row--dragged");
    dragged = null;
    tell();
  };
  body.addEventListener("pointerup", drop);
  body.addEventListener("pointercancel", drop);
  form.dataset.moves = "rows";
}
