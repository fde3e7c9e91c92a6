// Says so when the server no longer answers, and takes it back when it does.

/** Watch every request that htmx makes. A refusal is an answer too; only silence and the server's own trouble are not. */
export function watchConnection() {
  const note = document.querySelector("[data-connection]");
  document.addEventListener("htmx:error", ({ detail }) => { if (detail?.ctx && !detail.ctx.response) note.hidden = false; });
  document.addEventListener("htmx:after:request", ({ detail }) => {
    const status = detail?.ctx?.response?.status ?? 0;
    if (status > 0) note.hidden = status < 500;
  });
}
