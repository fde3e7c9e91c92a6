// Runs before anything is painted: the reader's own choice of light or dark, else the system's.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try { return localStorage.getItem("theme"); } catch { return null; }
  };
  const apply = () => {
    const theme = stored() ?? (system.matches ? "dark" : "light");
    document.documentElement.dataset.bsTheme = theme;
    dispatchEvent(new CustomEvent("theme-changed"));
  };
  const toggle = () => {
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    const followsSystem = next === (system.matches ? "dark" : "light");
    try {
      if (followsSystem) localStorage.removeItem("theme");
      else localStorage.setItem("theme", next);
    } catch { /* a browser that keeps nothing: the choice holds for this page */ }
    document.documentElement.dataset.bsTheme = next;
    dispatchEvent(new CustomEvent("theme-changed"));
  };
  apply();
  system.addEventListener("change", apply);
  addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.hidden = false;
      button.addEventListener("click", toggle);
    }
  });
})();
