// Plays a recording from any moment, with a cursor over all that shares its time axis.
import { filled } from "./words.js";

const STEP = 5;

/** Seconds as minutes and seconds, "12:05"; from an hour on "1:02:05". */
export function clock(seconds) {
  const whole = Math.floor(seconds + 0.001);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export class Player {
  /**
   * `sheet` holds the audio and its buttons, and is in an article whose buttons with `data-from` play a part;
   * `place(seconds)`: CSS pixels from the left of `[data-axis]`; `moved(seconds, playing)` is called as it plays;
   * `words`: what it says.
   */
  constructor(sheet, { duration, place, moved, words }) {
    Object.assign(this, { sheet, duration, place, moved, words, until: null });
    this.audio = sheet.querySelector("[data-player] audio");
    if (!this.audio) return;
    this.find = (name) => sheet.querySelector(`[data-${name}]`);
    // The browser's own controls serve where there is no JavaScript; these also know the windows and the turns.
    this.audio.controls = false;
    this.find("player-buttons").hidden = false;
    this.playhead = this.find("axis").appendChild(Object.assign(document.createElement("div"), { className: "playhead" }));
    this.listen();
    this.offerParts();
    this.show();
  }

  get canPlay() { return Boolean(this.audio); }

  get now() { return this.audio.currentTime; }

  listen() {
    this.find("play").addEventListener("click", () => this.toggle());
    this.find("back").addEventListener("click", () => this.seek(this.now - STEP));
    this.find("forward").addEventListener("click", () => this.seek(this.now + STEP));
    this.find("speed").addEventListener("change", (event) => { this.audio.playbackRate = Number(event.target.value); });
    for (const name of ["play", "pause", "seeked", "ended", "timeupdate"]) this.audio.addEventListener(name, () => this.show());
    this.audio.addEventListener("play", () => this.follow());
    this.audio.addEventListener("error", () => this.tell(this.words.trouble));
  }

  offerParts() {
    for (const button of this.sheet.closest("article").querySelectorAll("button[data-from]")) {
      button.hidden = false;
      button.addEventListener("click", () => this.playFrom(Number(button.dataset.from), Number(button.dataset.until)));
    }
  }

  toggle() {
    this.until = null;
    if (!this.audio.paused) return this.audio.pause();
    return this.start();
  }

  /** Play from a moment on, to the end or `until` another. */
  playFrom(seconds, until = null) {
    this.seek(seconds);
    this.until = until;
    this.start();
  }

  start() {
    // Whether it plays, and why not, is said by the events that are listened to.
    this.audio.play().catch(() => this.show());
  }

  seek(seconds) {
    this.until = null;
    this.audio.currentTime = Math.min(Math.max(seconds, 0), this.duration);
    this.show();
  }

  /** Move the cursor with each frame while it plays. */
  follow() {
    if (this.audio.paused || !this.sheet.isConnected) return;
    if (this.until != null && this.now >= this.until) this.audio.pause();
    this.show();
    requestAnimationFrame(() => this.follow());
  }

  show() {
    const playing = !this.audio.paused;
    this.find("play").textContent = playing ? this.words.pause : this.words.play;
    this.find("time").textContent = filled(this.words.time, { now: clock(this.now), whole: clock(this.duration) });
    this.moveHead();
    this.moved(this.now, playing);
  }

  /** Put the cursor where it is now; `height` in CSS pixels, where that has changed. */
  moveHead(height) {
    if (!this.playhead) return;
    if (height) this.playhead.style.height = `${height}px`;
    this.playhead.style.transform = `translateX(${this.place(this.now)}px)`;
  }

  tell(words) {
    const said = this.find("player-trouble");
    said.textContent = words;
    said.hidden = false;
  }
}
