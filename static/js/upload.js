// Brings a recording in: drop or choose, then send with real progress. Without JavaScript the form posts by itself.
import { filled, wordsOf } from "./words.js";

const GIB = 1024 ** 3;

// A file that misses the drop zone must not replace the page with itself.
for (const kind of ["dragover", "drop"]) {
  addEventListener(kind, (event) => { if (document.querySelector("[data-drop]")) event.preventDefault(); });
}

/** Mount every upload form under `root` that is not mounted yet. */
export function mountUploads(root) {
  for (const form of root.querySelectorAll("form[data-upload]:not([data-mounted])")) {
    form.dataset.mounted = "";
    new Upload(form);
  }
}

class Upload {
  constructor(form) {
    this.form = form;
    this.said = wordsOf("upload");
    this.drop = form.querySelector("[data-drop]");
    this.input = form.querySelector("input[type=file]");
    this.words = form.querySelector("[data-drop-words]");
    this.send = form.querySelector("[data-send]");
    this.sending = form.querySelector("[data-sending]");
    this.drop.classList.add("live");
    this.listen();
    this.chosen();
  }

  listen() {
    this.input.addEventListener("change", () => this.chosen());
    for (const kind of ["dragenter", "dragover"]) {
      this.drop.addEventListener(kind, (event) => { event.preventDefault(); this.drop.classList.add("over"); });
    }
    this.drop.addEventListener("dragleave", () => this.drop.classList.remove("over"));
    this.drop.addEventListener("drop", (event) => this.dropped(event));
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.start(); });
    this.form.querySelector("[data-cancel]").addEventListener("click", () => this.request?.abort());
  }

  dropped(event) {
    event.preventDefault();
    this.drop.classList.remove("over");
    if (event.dataTransfer.files.length > 1) return this.complain(this.said.one_at_a_time);
    if (event.dataTransfer.files.length) this.input.files = event.dataTransfer.files;
    return this.chosen();
  }

  chosen() {
    const [file] = this.input.files;
    this.complain("");
    this.words.textContent = file ? filled(this.said.chosen, { file: file.name, size: this.size(file.size) }) : this.said.choose;
    this.send.disabled = !file;
    if (file && file.size > GIB) this.complain(this.said.too_large);
    else if (file) this.send.focus({ preventScroll: true });
  }

  complain(sentence) {
    let note = this.form.querySelector("[data-complaint]");
    if (!note && sentence) {
      note = Object.assign(document.createElement("p"), { className: "field-error" });
      note.dataset.complaint = "";
      note.setAttribute("role", "alert");
      this.drop.after(note);
    }
    if (note) { note.textContent = sentence; note.hidden = !sentence; }
    this.send.disabled = Boolean(sentence) || !this.input.files.length;
  }

  start() {
    const request = new XMLHttpRequest();
    this.request = request;
    request.open("POST", this.form.action);
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", (event) => this.progress(event));
    request.addEventListener("load", () => this.done(request));
    request.addEventListener("error", () => this.stopped(this.said.interrupted));
    request.addEventListener("abort", () => this.stopped(this.said.cancelled));
    this.show(true);
    request.send(new FormData(this.form));
  }

  progress({ loaded, total }) {
    const percent = Math.round((100 * loaded) / total);
    this.form.querySelector("[data-sent]").value = percent;
    this.say(percent < 100 ? filled(this.said.progress, { percent, size: this.size(total) }) : this.said.checking);
  }

  show(busy) {
    this.sending.hidden = !busy;
    this.send.hidden = busy;
    this.complain("");
    this.say(busy ? this.said.uploading : "");
  }

  say(words) { this.form.querySelector("[data-sent-words]").textContent = words; }

  stopped(sentence) {
    this.show(false);
    this.complain(sentence);
    this.send.disabled = false;
  }

  async done(request) {
    const redirect = request.getResponseHeader("HX-Redirect");
    if (redirect) return location.assign(redirect);
    if (request.status === 201) return this.kept(request.responseText);
    if (request.status === 422) return replace(document.getElementById("upload"), request.responseText, this.input);
    return this.stopped(why(request) ?? filled(this.said.refused, { status: request.status }));
  }

  size(bytes) {
    if (bytes < 1024) return filled(this.said.bytes, { count: bytes });
    if (bytes < 1024 ** 2) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
    return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
  }

  kept(html) {
    this.show(false);
    this.input.value = "";
    this.chosen();
    replace(document.getElementById("sessions"), html);
    this.words.textContent = this.said.received;
  }
}

/** The sentence in which the server says why it could not take anything: on a page of its own, or as problem details. */
function why(request) {
  if (request.getResponseHeader("Content-Type")?.includes("json")) return JSON.parse(request.responseText).detail;
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  return page.querySelector("[data-trouble]")?.textContent;
}

/** Put server-made HTML in an element's place, with the file that was chosen, and let htmx and its friends find it. */
function replace(element, html, chosen = null) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const fresh = parsed.getElementById(element.id);
  if (chosen) fresh.querySelector("input[type=file]")?.replaceWith(chosen);
  element.replaceWith(fresh);
  htmx.process(fresh);
  mountUploads(document);
}
