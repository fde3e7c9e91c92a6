// Says so before somebody is signed out because they did nothing, and leaves the page when they were.

const WARN_SECONDS = 60;
// A request that nobody answers must not keep a patient on the screen.
const ANSWER_MS = 5000;

/** Ask the server when the time may be up: another window may have been used meanwhile. */
export function watchIdle() {
  const note = document.querySelector("[data-idle]");
  if (!note) return;
  let timer;
  let over = Date.now() + note.dataset.minutes * 60_000;
  const later = (seconds) => { clearTimeout(timer); timer = setTimeout(ask, Math.max(5, seconds) * 1000); };
  const show = ({ seconds }) => {
    over = Date.now() + seconds * 1000;
    note.hidden = seconds > WARN_SECONDS;
    later(note.hidden ? seconds - WARN_SECONDS : seconds);
  };
  const ask = async (event) => {
    const headers = event ? {} : { "X-Repeated": "true" };
    const signal = AbortSignal.timeout(ANSWER_MS);
    const answer = await fetch(note.dataset.idle, { headers, signal }).catch(() => null);
    if (answer?.status === 401) location.assign(note.dataset.signIn);
    else if (answer?.ok) show(await answer.json());
    else if (Date.now() >= over) empty(note.dataset.over);
    else later(WARN_SECONDS);
  };
  note.querySelector("button").addEventListener("click", ask);
  // Who writes is doing something: a long note must not be lost while it is written.
  let wrote = Date.now();
  addEventListener("input", (event) => {
    if (Date.now() - wrote < WARN_SECONDS * 1000) return;
    wrote = Date.now();
    ask(event);
  });
  // Another window may have signed out while nobody looked at this one.
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  later(note.dataset.minutes * 60 - WARN_SECONDS);
}

/** Nobody answers, and the time is over: what was shown must not stay. */
function empty(words) {
  const said = document.createElement("p");
  said.setAttribute("role", "alert");
  said.textContent = words;
  document.title = "Undertone";
  document.body.replaceChildren(said);
}
