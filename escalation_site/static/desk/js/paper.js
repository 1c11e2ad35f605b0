// The button prints; without script the browser's own command does.
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
