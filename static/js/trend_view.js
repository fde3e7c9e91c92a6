// Which stretch of time a trend shows: nearer, further, sideways, and back; by button, key, wheel and finger.

const SHORTEST = 86400 * 2;
const STEP = 1.6;
const SIDEWAYS = 0.25;
const SLOP = 4;

/** Moves the horizontal scale of a plot within `full()`, and calls `told` with what is shown then. */
export class View {
  constructor(plot, full, told) {
    Object.assign(this, { plot, full, told, fingers: new Map(), moved: false, stretch: null });
    const over = plot.over;
    over.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    over.addEventListener("pointerdown", (event) => this.press(event));
    over.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) over.addEventListener(end, (event) => this.fingers.delete(event.pointerId));
  }

  /** From when to when. The plot itself knows it a moment later. */
  get shown() { return this.stretch ?? this.full(); }

  get isWhole() {
    const [low, high] = this.full();
    const [from, to] = this.shown;
    return from <= low && to >= high;
  }

  /** Show `from` to `to`, as far as there is anything. */
  show(from, to) {
    const [low, high] = this.full();
    const span = Math.min(Math.max(to - from, Math.min(SHORTEST, high - low)), high - low);
    const min = Math.min(Math.max(from, low), high - span);
    this.stretch = [min, min + span];
    this.again();
    this.told();
  }

  /** Show it once more, for instance in another size. */
  again() {
    const [min, max] = this.shown;
    this.plot.setScale("x", { min, max });
  }

  zoom(times, at = (this.shown[0] + this.shown[1]) / 2) {
    const [from, to] = this.shown;
    this.show(at - (at - from) / times, at + (to - at) / times);
  }

  nearer(at) { this.zoom(STEP, at); }

  further(at) { this.zoom(1 / STEP, at); }

  /** Sideways by `share` of what is shown. */
  pan(share) {
    const [from, to] = this.shown;
    const by = Math.max(this.full()[0] - from, Math.min(share * (to - from), this.full()[1] - to));
    this.show(from + by, to + by);
  }

  left() { this.pan(-SIDEWAYS); }

  right() { this.pan(SIDEWAYS); }

  reset() { this.show(...this.full()); }

  /** Bring `time` into what is shown. */
  reveal(time) {
    const [from, to] = this.shown;
    if (time < from || time > to) this.pan((time - (from + to) / 2) / (to - from));
  }

  at(event) { return this.plot.posToVal(event.clientX - this.plot.over.getBoundingClientRect().left, "x"); }

  /** With the key that browsers take for zooming alone: the wheel itself scrolls the page. */
  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(STEP ** (-Math.sign(event.deltaY) / 2), this.at(event));
  }

  press(event) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    this.moved = false;
    this.fingers.set(event.pointerId, { start: event.clientX, x: event.clientX });
  }

  drag(event) {
    const finger = this.fingers.get(event.pointerId);
    if (!finger) return;
    if (Math.abs(event.clientX - finger.start) > SLOP && !this.moved) {
      this.moved = true;
      this.plot.over.setPointerCapture(event.pointerId);
    }
    const before = this.spread();
    const by = event.clientX - finger.x;
    finger.x = event.clientX;
    if (!this.moved) return;
    if (this.fingers.size > 1) this.pinch(before);
    else if (!this.isWhole) this.pan(-by / this.plot.over.clientWidth);
  }

  /** How far two fingers are apart, and the middle between them. */
  spread() {
    const [one, other] = [...this.fingers.values()].map((finger) => finger.x);
    return other === undefined ? null : { apart: Math.max(Math.abs(one - other), 10), middle: (one + other) / 2 };
  }

  pinch(before) {
    const now = this.spread();
    this.zoom(now.apart / before.apart, this.at({ clientX: now.middle }));
  }
}
