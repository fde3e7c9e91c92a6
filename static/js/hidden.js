// A page that nobody looks at asks for no news, and asks at once when it is looked at again.

const repeats = (element) => element.getAttribute?.("hx-trigger")?.startsWith("every ");

/** Hold back the requests that parts of the page repeat by the clock. */
export function restWhileHidden() {
  document.addEventListener("htmx:before:request", (event) => {
    if (document.hidden && repeats(event.target)) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const element of document.querySelectorAll("[hx-trigger]")) if (repeats(element)) htmx.trigger(element, "every");
  });
}
