// The course over time: scores or a measure per session, and below them, on the same time axis, questionnaires.
import { STYLES, colours, legendItem } from "./drawing.js";
import { Choice } from "./trend_choice.js";
import { DATES, LANE, TOP, TrendDrawing } from "./trend_drawing.js";
import { saveImage } from "./trend_image.js";
import { moments } from "./trend_layer.js";
import { days, readout, times } from "./trend_readout.js";
import { View } from "./trend_view.js";
import { filled, language, wordsOf } from "./words.js";

const DAY = 86400;
const NARROW = 520;

// What the reader is reading, kept for the chart that newer facts bring.
let reading = null;

/** Mount every trend under `root` that is not mounted yet. */
export function mountTrends(root) {
  for (const sheet of root.querySelectorAll("[data-trend]:not([data-mounted])")) {
    sheet.dataset.mounted = "";
    new Trend(sheet);
  }
}

class Trend extends TrendDrawing {
  constructor(sheet) {
    super();
    this.sheet = sheet;
    this.data = JSON.parse(document.getElementById(sheet.dataset.trend).textContent);
    this.words = wordsOf("trend");
    this.host = sheet.querySelector("[data-chart]");
    this.readout = sheet.querySelector("[data-readout]");
    this.zone = sheet.dataset.timeZone || undefined;
    this.dayOf = days(this.zone);
    this.lanes = this.data.questionnaires.filter((one) => one.total.length).map((one) => ({ ...one, time: moments(one.time) }));
    this.marks = this.data.annotations ?? [];
    Object.assign(this, { layer: null, shown: [], active: null });
    this.stops = this.places();
    this.build();
    this.choice = new Choice(sheet, this.data, this.words, (layer, codes) => this.show(layer, codes));
    this.choice.begin();
    this.listen();
  }

  get isNarrow() { return this.host.clientWidth < NARROW; }

  /** Room on the right, in CSS pixels, for what the totals of questionnaires are called. */
  get gutter() { return this.isNarrow || !this.lanes.length ? 0 : 118; }

  /** Where the reader can stop: every point (`index`), and each other day on which there is something (`index` -1). */
  places() {
    const points = (this.layer?.time ?? []).map((time, index) => ({ time, index }));
    const others = [...this.lanes.flatMap((lane) => lane.time), ...this.marks.map((mark) => mark.time)].sort((a, b) => a - b);
    const taken = new Set(points.map((point) => this.dayOf(point.time)));
    const apart = [];
    for (const time of others) {
      const day = this.dayOf(time);
      if (!taken.has(day)) apart.push({ time, index: -1 });
      taken.add(day);
    }
    return [...points, ...apart].sort((a, b) => a.time - b.time || a.index - b.index);
  }

  get times() { return this.stops.map((stop) => stop.time); }

  /** Show other values, of the same stretch of time. */
  show(layer, codes) {
    const whole = this.view.isWhole;
    const [from, to] = this.view.shown;
    Object.assign(this, { layer, shown: codes, active: null });
    this.stops = this.places();
    this.plot.setData(this.columns(), false);
    if (whole) this.view.reset();
    else this.view.show(from, to);
    this.buildLegend();
    this.readOn();
  }

  columns() { return [this.times, this.times.map(() => 0.5)]; }

  size() {
    const main = this.data.heads.length || this.sheet.querySelector("[data-measures]") ? (this.isNarrow ? 250 : 320) - DATES - TOP : 0;
    return { width: this.host.clientWidth, height: main + this.lanes.length * LANE + DATES + TOP };
  }

  build() {
    this.palette = colours(this.sheet);
    this.plot = new uPlot({
      ...this.size(),
      padding: [TOP, () => this.gutter || 12, 0, 0],
      tzDate: (seconds) => this.zone ? uPlot.tzDate(new Date(seconds * 1e3), this.zone) : new Date(seconds * 1e3),
      legend: { show: false },
      // uPlot asks for the range of time again whenever it draws anew: it is what the view shows.
      scales: { x: { range: () => this.view?.shown ?? this.whole() }, y: { range: () => this.heights() } },
      series: [{}, { paths: () => null, points: { show: false }, scale: "y" }],
      axes: this.axes(),
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: false, y: false },
        move: (plot, left, top) => left < 0 || !this.stops.length ? [left, top] : [plot.valToPos(this.times[plot.posToIdx(left)], "x"), top],
      },
      hooks: { draw: [() => this.draw()], setCursor: [(plot) => this.point(plot)] },
    }, this.columns(), this.host);
    this.view = new View(this.plot, () => this.whole(), () => this.tellView());
    this.resize = new ResizeObserver(() => {
      this.plot.setSize(this.size());
      this.view.again();
    });
    this.resize.observe(this.host);
  }

  /** From the first to the last thing there is, with some room. */
  whole() {
    const now = Date.now() / 1e3;
    const [low, high] = this.stops?.length ? [this.times[0], this.times.at(-1)] : [now, now];
    const room = Math.max((high - low) * 0.03, 2 * DAY);
    return [low - room, high + room];
  }

  /** The range of the layer, and below it what the questionnaires take. */
  heights() {
    const [low, high] = this.layer?.range ?? [0, 1];
    const height = this.size().height - DATES - TOP;
    const share = Math.min(this.lanes.length * LANE / height, 0.99);
    return [low - (high - low) * share / (1 - share), high];
  }

  axes() {
    const font = "13px 'Source Sans 3', system-ui, sans-serif";
    const common = { font, stroke: () => this.palette.soft, grid: { stroke: () => this.palette.line, width: 1 }, ticks: { show: false } };
    return [
      { ...common, values: (_, splits) => this.dates(splits), space: 76, size: DATES, grid: { show: false } },
      { ...common, size: 52, splits: () => this.layer?.splits() ?? [], values: (_, splits) => splits.map(String) },
    ];
  }

  dates(splits) {
    const day = new Intl.DateTimeFormat(language(), { day: "numeric", month: "short", timeZone: this.zone });
    const year = new Intl.DateTimeFormat(language(), { year: "numeric", timeZone: this.zone });
    let before = null;
    return splits.map((seconds) => {
      const date = new Date(seconds * 1e3);
      const ofYear = year.format(date);
      const words = ofYear === before ? day.format(date) : `${day.format(date)}\n${ofYear}`;
      before = ofYear;
      return words;
    });
  }

  point(plot) {
    if (plot.cursor.idx == null || plot.cursor.left < 0 || this.view.moved && this.view.fingers.size) return;
    const next = this.nearest(this.times[plot.cursor.idx], plot.cursor.top);
    if (next !== this.active) this.activate(next);
  }

  /** Of the stops at one time, the one whose mark is nearest to the pointer's height. */
  nearest(time, top) {
    const away = (place) => Math.min(...this.shown.map((code) => {
      const value = this.layer.series(code).value[this.stops[place].index];
      return value == null ? Infinity : Math.abs(this.plot.valToPos(value, "y") - top);
    }));
    const places = this.times.flatMap((at, place) => at === time ? [place] : []);
    return places.reduce((best, place) => away(place) < away(best) ? place : best);
  }

  /** Go on at the stop that was being read before: the same point, else one of its time. */
  readOn() {
    if (!reading) return;
    const places = this.stops.flatMap(({ time }, place) => time === reading.time ? [place] : []);
    const next = places.find((place) => this.named(place) === reading.name) ?? places[0];
    if (next !== undefined) this.activate(next);
  }

  named(place) {
    const { index } = this.stops[place];
    return index < 0 ? "" : this.layer.name(index);
  }

  activate(index) {
    this.active = index;
    reading = { time: this.stops[index].time, name: this.named(index) };
    this.plot.redraw(false);
    this.say();
  }

  listen() {
    this.host.addEventListener("keydown", (event) => this.key(event));
    this.host.addEventListener("dblclick", () => this.open());
    for (const button of this.sheet.querySelectorAll("[data-view]")) {
      button.addEventListener("click", () => this.view[button.dataset.view](this.stops[this.active]?.time));
    }
    this.sheet.querySelector("[data-image]").addEventListener("click", () => saveImage(this));
    this.sheet.querySelector("[data-annotate]")?.addEventListener("click", () => annotate(this.day()));
    this.sheet.querySelector("[data-chart-tools]").hidden = false;
    this.onTheme = () => {
      if (!this.sheet.isConnected) return this.leave();
      this.palette = colours(this.sheet);
      return this.plot.redraw(false);
    };
    addEventListener("theme-changed", this.onTheme);
  }

  leave() {
    removeEventListener("theme-changed", this.onTheme);
    this.resize.disconnect();
    this.plot.destroy();
  }

  key(event) {
    const ways = { "+": "nearer", "=": "nearer", "-": "further", 0: "reset" };
    const way = event.shiftKey ? { ArrowRight: "right", ArrowLeft: "left" }[event.key] ?? ways[event.key] : ways[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") this.open();
    const next = this.nextStop(event.key);
    if (way === undefined && next === undefined) return;
    event.preventDefault();
    if (way) return void this.view[way](this.stops[this.active]?.time);
    this.activate(next);
    this.view.reveal(this.stops[next].time);
  }

  nextStop(key) {
    const last = this.stops.length - 1;
    const at = this.active;
    if (last < 0) return undefined;
    return {
      ArrowRight: at == null ? 0 : Math.min(at + 1, last), ArrowLeft: at == null ? last : Math.max(at - 1, 0), Home: 0, End: last,
    }[key];
  }

  /** The day that is being read, as a form wants it; nothing where none is. */
  day() { return this.active == null ? null : this.dayOf(this.stops[this.active].time); }

  open() {
    const place = this.stops[this.active];
    if (place && place.index >= 0) location.assign(this.layer.address(place.index));
  }

  say() {
    if (this.active == null) return;
    const place = this.stops[this.active];
    const day = this.day();
    const totals = this.lanes.flatMap((lane) => lane.time.flatMap((time, index) => this.dayOf(time) === day ? [{ lane, total: lane.total[index] }] : []));
    const when = { totals, marks: this.marks.filter((mark) => this.dayOf(mark.time) === day) };
    const { layer, shown, zone, words } = this;
    this.readout.replaceChildren(...readout({ layer, shown, place, when, zone, words, assumedWords: this.data.assumed_words, asideWords: this.data.set_aside_words }));
  }

  /** The stretch of time that is shown, in words. */
  get stretch() {
    const [first, last] = this.view.shown.map(times(this.zone).day);
    return filled(this.words.stretch, { first, last });
  }

  /** Say which stretch of time is shown, once it is not all of it. */
  tellView() {
    this.sheet.querySelector("[data-shown]").textContent = this.view.isWhole ? "" : this.stretch;
    for (const button of this.sheet.querySelectorAll("[data-view]")) {
      button.disabled = this.view.isWhole && button.dataset.view !== "nearer";
    }
  }

  buildLegend() {
    const { layer, shown, words } = this;
    const one = shown.length === 1 ? layer.style(shown[0]) : null;
    const items = shown.map((code) => legendItem(layer.style(code), layer.label(code)));
    if (one && layer.series(shown[0]).low) items.push(legendItem({ ...one, marker: null }, filled(words.interval), { band: true, line: false }));
    if (one && layer.bands(shown[0]).length) {
      items.push(legendItem({ colour: "soft", dash: [], marker: null }, this.data.baseline_words, { band: true, line: false }));
    }
    if (layer?.data.states) items.push(legendItem(one ?? STYLES.depression, words.states.indeterminate, { hollow: true, line: false }));
    if (layer?.apartWords) items.push(legendItem({ ...(one ?? STYLES.depression), marker: "cross" }, layer.apartWords, { line: false }));
    items.push(...this.lanes.map((lane) => legendItem(STYLES[lane.kind], `${lane.name}: ${inBands(lane)}`)));
    if (this.marks.length) items.push(legendItem({ colour: "ink", dash: [], marker: "flag" }, words.event, { line: false }));
    this.sheet.querySelector("[data-legend]").replaceChildren(...items);
  }
}

/** Unfold the form of an event, for the day that is being read. */
function annotate(day) {
  const fold = document.querySelector("[data-annotation-form]");
  if (!fold) return;
  fold.open = true;
  if (day) fold.querySelector("[name=day]").value = day;
  fold.querySelector("[name=text]").focus();
}

/** "5 mild, 10 moderate": from which totals on a questionnaire is called what. */
function inBands(lane) {
  return lane.bands.slice(1).map(([low, , words]) => `${low} ${words}`).join(", ");
}
