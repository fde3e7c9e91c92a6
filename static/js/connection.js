// Says so when the server no longer answers, and takes it back when it does; and when it refuses what was asked.

/** Watch every request that htmx makes. A refusal is an answer too; only silence and the server's own trouble are not. */
export function watchConnection() {
  const note = document.querySelector("[data-connection]"), refused = document.querySelector("[data-refused]");
  document.addEventListener("htmx:error", ({ detail }) => { if (detail?.ctx && !detail.ctx.response) note.hidden = false; });
  document.addEventListener("htmx:after:request", ({ detail }) => {
    const status = detail?.ctx?.response?.status ?? 0;
    if (status > 0) note.hidden = status < 500;
    // htmx puts nothing of a refusal into the page: without this a button would do nothing, and not say why.
    if (status >= 400 && status < 500) refused.hidden = false;
  });
}
