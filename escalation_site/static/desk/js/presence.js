// Says every 15 s that this case is open here, and shows who else has it open. A page in the background is silent.
const line = document.querySelector("[data-presence]");
const BEAT = 15000;
// Whoever has not typed for a minute is reading again.
const WRITING = 60000;
const FORMS = ["reply", "note", "call", "promise", "escalate"];
let typed = { at: 0, as: "change" };
let timer;

function doing() {
  return Date.now() - typed.at < WRITING ? typed.as : "reading";
}

function said(extra) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", line.dataset.token);
  body.set("doing", doing());
  body.set("revision", line.dataset.revision);
  for (const [name, value] of Object.entries(extra || {})) body.set(name, value);
  return body;
}

async function beat() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const answer = await fetch(line.dataset.presence, { method: "POST", body: said(), credentials: "same-origin" });
    if (answer.ok && !answer.redirected) {
      document.dispatchEvent(new CustomEvent("desk:mark", { detail: answer.headers.get("X-Case-Mark") }));
      const html = await answer.text();
      // Written only when it differs, so that nothing is read out twice.
      if (html.trim() !== line.dataset.last) {
        line.dataset.last = html.trim();
        line.innerHTML = html;
      }
    }
  } catch {
    // The network is away: others will see that we are gone, and we come back with the next beat.
  }
  timer = setTimeout(beat, BEAT + Math.random() * 2000);
}

if (line) {
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[method=post]");
    if (!form) return;
    const last = new URL(form.action, location.href).pathname.split("/").filter(Boolean).pop();
    const before = doing();
    typed = { at: Date.now(), as: FORMS.includes(last) ? last : "change" };
    if (doing() !== before) beat();
  });
  document.addEventListener("visibilitychange", beat);
  window.addEventListener("pagehide", () => navigator.sendBeacon(line.dataset.presence, said({ gone: 1 })));
  window.addEventListener("pageshow", (event) => event.persisted && beat());
  beat();
}
