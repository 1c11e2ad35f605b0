// What this tab keeps for whoever is signed in; whoever signs in after them at the same desk does not see it.
const who = document.documentElement.dataset.who || "";
const place = (name) => `${who}:${name}`;

/** Nobody is signed in on the door's pages, and nothing is kept or cleared there. */
export const isSignedIn = Boolean(who);

export function recall(name) {
  try {
    return JSON.parse(sessionStorage.getItem(place(name)));
  } catch {
    return null; // storage is closed to us, or holds another's text
  }
}

/** Keep `what` under this name; nothing takes what was there away. */
export function keep(name, what) {
  try {
    if (what) sessionStorage.setItem(place(name), JSON.stringify(what));
    else sessionStorage.removeItem(place(name));
  } catch {
    // Without storage the page does all else as it does it with.
  }
}

/** The names of what is kept that begin so. */
export function namesOf(beginning) {
  try {
    return Object.keys(sessionStorage).filter((name) => name.startsWith(place(beginning))).map((name) => name.slice(who.length + 1));
  } catch {
    return [];
  }
}
