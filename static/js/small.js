// Small conveniences that work only with JavaScript, and are hidden without it.

/** "Use" beside a demonstration log-in fills in the sign-in form. */
export function offerLogins(root) {
  for (const button of root.querySelectorAll("[data-fill-email]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      root.getElementById("id_username").value = button.dataset.fillEmail;
      root.getElementById("id_password").value = button.dataset.fillPassword;
      root.querySelector("form.stack button[type=submit]").focus();
    });
  }
}

/** "Copy" beside a text. */
export function offerCopy(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(root.querySelector(button.dataset.copy).textContent);
      button.textContent = button.dataset.copied;
    });
  }
}

/** Say so when a passkey was not used: the browser was told to stop, or knows none. */
export function tellPasskeyTrouble(root) {
  const note = root.querySelector("[data-passkey-trouble]");
  if (!note) return;
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    note.hidden = false;
  });
}
