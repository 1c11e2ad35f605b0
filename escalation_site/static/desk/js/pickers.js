// The console's days and times, chosen: what Django's own pickers leave out. By keyboard, and named for
// whoever hears them: days and months by the browser's words for them in the page's language.
"use strict";
{
  const shortcuts = window.DateTimeShortcuts;
  // Day before month, as everywhere here.
  const words = { en: "en-GB" }[document.documentElement.lang] ?? document.documentElement.lang;
  const named = (options) => new Intl.DateTimeFormat(words, options);
  const MONTH = named({ month: "long", year: "numeric" });
  const DAY = named({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  const HOURS = [0, 8, 9, 12, 14, 17, 18, 20];
  let open = null;

  shortcuts.clockHours.default_ = [
    [gettext("Now"), -1],
    ...HOURS.map((hour) => [`${String(hour).padStart(2, "0")}:00`, hour]),
  ];

  // Without the seconds, which nobody chooses.
  const write = shortcuts.handleClockQuicklink;
  shortcuts.handleClockQuicklink = (num, hour) => {
    write(num, hour);
    shortcuts.clockInputs[num].value = shortcuts.clockInputs[num].value.slice(0, 5);
  };

  const days = (box) => [...box.querySelectorAll(".calendar td a")];

  // Each day by its whole date, each arrow by the month that it leads to.
  const name = (box, calendar) => {
    const { currentYear: year, currentMonth: month } = calendar;
    days(box).forEach((link) => {
      const cell = link.parentElement;
      link.setAttribute("aria-label", DAY.format(new Date(year, month - 1, link.textContent)));
      if (cell.classList.contains("selected")) link.setAttribute("aria-current", "true");
      else if (cell.classList.contains("today")) link.setAttribute("aria-current", "date");
    });
    box.querySelector("caption").setAttribute("aria-live", "polite");
    [[".calendarnav-previous", -2], [".calendarnav-next", 0]].forEach(([arrow, to]) => {
      const said = MONTH.format(new Date(year, month + to, 1));
      box.querySelector(arrow).setAttribute("aria-label", said);
      box.querySelector(arrow).title = said;
    });
  };

  const shut = () => {
    if (!open) return;
    open.box.style.display = "none";
    open = null;
  };

  const focus = (box, day) => {
    const links = days(box);
    const chosen = links[day - 1] ?? box.querySelector(".selected a") ?? box.querySelector(".today a");
    (chosen ?? links[0] ?? box.querySelector("a")).focus();
  };

  const label = (input) => input.getAttribute("aria-label") ?? input.labels[0]?.firstChild.textContent.trim() ?? "";

  const opens = (method, boxes, links, inputs, title) => {
    const before = shortcuts[method];
    shortcuts[method] = (num) => {
      shut();
      before(num);
      const box = document.getElementById(boxes + num), input = shortcuts[inputs][num];
      open = { box, input, num, link: document.getElementById(links + num) };
      if (method === "openCalendar") open.calendar = shortcuts.calendars[num];
      box.setAttribute("role", "dialog");
      box.setAttribute("aria-label", `${title}: ${label(input)}`);
      if (open.calendar) name(box, open.calendar);
      focus(box);
    };
  };
  opens("openCalendar", "calendarbox", "calendarlink", "calendarInputs", gettext("Choose a Date"));
  opens("openClock", "clockbox", "clocklink", "clockInputs", gettext("Choose a Time"));

  ["drawPrev", "drawNext"].forEach((method) => {
    const before = shortcuts[method];
    shortcuts[method] = (num) => {
      before(num);
      name(document.getElementById(`calendarbox${num}`), shortcuts.calendars[num]);
    };
  });

  // Along the days, over the ends of months; by pages a month.
  const walk = (event) => {
    const link = event.target.closest(".calendar td a");
    const step = STEPS[event.key], page = { PageUp: -1, PageDown: 1 }[event.key];
    if (!link || !(step || page)) return;
    event.preventDefault();
    const { calendar, box, num } = open;
    const year = calendar.currentYear, month = calendar.currentMonth - 1, day = Number(link.textContent);
    const last = new Date(year, month + (page ?? 0) + 1, 0).getDate();
    const to = page ? new Date(year, month + page, Math.min(day, last)) : new Date(year, month, day + step);
    if (to.getMonth() !== month) shortcuts[(page ?? step) > 0 ? "drawNext" : "drawPrev"](num);
    focus(box, to.getDate());
  };

  document.addEventListener("keydown", (event) => {
    if (!open || open.box.style.display === "none") return;
    if (event.key === "Escape") {
      const { link } = open;
      event.stopPropagation();
      shut();
      link.focus();
    } else if (event.key === "Tab") {
      // Round and round: what is below the picker waits until it is shut.
      const links = [...open.box.querySelectorAll("a")];
      const at = links.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
      event.preventDefault();
      links[(at + links.length) % links.length].focus();
    } else if (open.calendar) walk(event);
  });
}
