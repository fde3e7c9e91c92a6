// Going through a list by keys: the focus moves from row to row, so that Enter opens what a click would open.

const OFF = "undertone-keys-off";
const AWAY = "input, select, textarea, [contenteditable]";

function areOff() {
  try {
    return localStorage.getItem(OFF) === "yes";
  } catch {
    return false;
  }
}

function switchKeys(on) {
  try {
    if (on) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "yes");
  } catch {
    // Without storage the keys stay as they are.
  }
}

/** Move the focus by so many rows; from outside the list to its first or last row. */
function move(by) {
  const links = [...document.querySelectorAll("[data-keyed-rows] [data-row-link]")];
  if (!links.length) return;
  const row = document.activeElement.closest("[data-keyed-rows] tr");
  const here = links.indexOf(row?.querySelector("[data-row-link]"));
  const next = here < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(here + by, 0), links.length - 1);
  links[next].focus();
}

function pressed(event, help) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const { target, key } = event;
  const inList = Boolean(target.closest?.("[data-keyed-rows]"));
  if (target.closest?.(AWAY)) return;
  const steps = { j: 1, k: -1, ...(inList && { ArrowDown: 1, ArrowUp: -1 }) };
  if (key.length === 1 && areOff()) return;
  if (key in steps) move(steps[key]);
  else if (key === "/") document.querySelector("[data-key-search]")?.focus();
  else if (key === "?") tell(help);
  else return;
  event.preventDefault();
}

function tell(help) {
  help.open = !help.open;
  if (help.open) help.scrollIntoView({ block: "nearest" });
}

/** A row that was answered is another one: the focus stays in its place. */
function keepFocus(root) {
  let answered = "";
  root.addEventListener("htmx:before:request", (event) => {
    answered = event.target.closest?.("[data-keyed-rows] tr[id]")?.id ?? "";
  });
  root.addEventListener("htmx:after:swap", () => {
    if (answered && root.activeElement === root.body) root.querySelector(`#${answered} [data-row-link]`)?.focus();
  });
}

/** Listen for keys where a page has a list that they go through. They can be switched off: WCAG 2.1.4. */
export function listenForKeys(root) {
  const help = root.querySelector("[data-keys]");
  if (!help) return;
  help.hidden = false;
  const on = help.querySelector("[data-keys-on]");
  on.checked = !areOff();
  on.addEventListener("change", () => switchKeys(on.checked));
  keepFocus(root);
  root.addEventListener("keydown", (event) => pressed(event, help));
}
