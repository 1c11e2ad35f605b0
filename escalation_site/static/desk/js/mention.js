// "@" in an internal note offers colleagues who may see the case. Typed to the end, it works without this file.
const BEGUN = /(^|[^\w@./])@([\p{L}\p{N}._'’-]*)$/u;
let list, field, asked = 0;

function close() {
  list?.remove();
  list = undefined;
  field?.removeAttribute("aria-activedescendant");
  field?.removeAttribute("aria-controls");
}

const begun = (input) => BEGUN.exec(input.value.slice(0, input.selectionStart))?.[2];
const options = () => [...(list?.children || [])];

function choose(at) {
  options().forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
  field.setAttribute("aria-activedescendant", options()[at].id);
}

function take(option) {
  const end = field.selectionStart;
  const start = end - begun(field).length;
  field.setRangeText(`${option.dataset.username} `, start, end, "end");
  close();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

function show(people) {
  close();
  if (!people.length) return;
  list = document.createElement("ul");
  list.className = "suggestions";
  list.id = "colleagues";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.dataset.colleagues);
  list.append(...people.map(({ username, name, title }, number) => {
    const option = document.createElement("li");
    option.id = `colleague-${number}`;
    option.setAttribute("role", "option");
    option.dataset.username = username;
    const about = document.createElement("span");
    about.textContent = [`@${username}`, title].filter(Boolean).join(" · ");
    option.append(name, about);
    return option;
  }));
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("li");
    if (option) take(option);
  });
  field.form.append(list);
  field.setAttribute("aria-controls", list.id);
  choose(0);
}

async function offer(input) {
  field = input;
  const words = begun(input);
  const turn = ++asked;
  if (words === undefined) return close();
  const answer = await fetch(`${input.dataset.mentions}?${new URLSearchParams({ q: words })}`, { credentials: "same-origin", redirect: "error" });
  if (!answer.ok) return;
  const { people } = await answer.json();
  if (turn === asked && document.activeElement === input && begun(input) !== undefined) show(people);
}

let timer;
document.addEventListener("input", (event) => {
  if (event.target.dataset?.mentions === undefined) return;
  clearTimeout(timer);
  if (begun(event.target) === undefined) return close();
  timer = setTimeout(() => offer(event.target).catch(close), 120);
});

document.addEventListener("keydown", (event) => {
  if (!list || event.target !== field) return;
  const at = options().findIndex((option) => option.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) choose((at + step + options().length) % options().length);
  else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") take(options()[at]);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
document.addEventListener("focusout", (event) => event.target === field && close());
