// Says so when the server no longer answers, and takes it back when it does.

/** Watch every request that htmx makes. */
export function watchConnection() {
  const note = document.querySelector("[data-connection]");
  const show = (broken) => { note.hidden = !broken; };
  document.addEventListener("htmx:error", () => show(true));
  document.addEventListener("htmx:response:error", () => show(true));
  document.addEventListener("htmx:after:request", (event) => {
    const status = event.detail?.ctx?.response?.status ?? 0;
    if (status > 0 && status < 400) show(false);
  });
}
