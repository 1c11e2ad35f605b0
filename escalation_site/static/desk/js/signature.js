// An empty reply begins above one's signature; a reply that is nothing else is empty again when it is left.
const signature = document.body.dataset.signature?.trim();
const reply = document.getElementById("id_reply-body");

const isAlone = () => reply.value.trim() === signature;

if (signature && reply) {
  reply.addEventListener("focus", () => {
    if (reply.value) return;
    reply.value = `\n\n${signature}`;
    reply.setSelectionRange(0, 0);
  });
  reply.addEventListener("blur", () => {
    if (isAlone()) reply.value = "";
  });
  // Before the form is marked as sent (once.js listens on the document).
  window.addEventListener("submit", (event) => {
    if (event.target !== reply.form || !isAlone()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    reply.value = "";
    reply.reportValidity();
  }, true);
}
