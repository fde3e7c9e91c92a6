// A page that nobody looks at asks for no news, and asks at once when it is looked at again. What a page asks by the clock
// is marked, so that it keeps nobody signed in.

const repeats = (element) => element.getAttribute?.("hx-trigger")?.startsWith("every ");

/** Hold back or mark the requests that parts of the page repeat by the clock. */
export function restWhileHidden() {
  document.addEventListener("htmx:before:request", (event) => {
    if (!repeats(event.target)) return;
    if (document.hidden) event.preventDefault();
    else event.detail.ctx.request.headers["X-Repeated"] = "true";
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const element of document.querySelectorAll("[hx-trigger]")) if (repeats(element)) htmx.trigger(element, "every");
  });
}
