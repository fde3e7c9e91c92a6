// The course over time: scores per session with interval, and PHQ-9 totals on the same time axis.
import { STYLES, colours, legendItem, scoreWords } from "./drawing.js";
import { TOGETHER, TrendDrawing } from "./trend_drawing.js";

const DAY = 86400;
const PHQ_TOP = 27;

/** Whether a questionnaire and a session belong to the same day's visit. */
const near = (one, other) => Math.abs(one - other) < DAY / 2;
// What the reader has chosen and is reading, kept for the chart that newer facts bring.
let chosen = null;
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
    this.host = sheet.querySelector("[data-chart]");
    this.readout = sheet.querySelector("[data-readout]");
    this.heads = this.data.heads.map((head) => head.head);
    if (!this.heads.includes(chosen) && chosen !== TOGETHER) chosen = this.heads[0];
    this.phq = this.data.questionnaires.filter((one) => one.instrument === "PHQ-9");
    this.stops = this.places();
    this.times = this.stops.map((stop) => stop.time);
    this.zone = sheet.dataset.timeZone || undefined;
    this.active = null;
    this.buildTabs();
    this.build();
    this.listen();
    this.readOn();
  }

  /** Where the reader can stop: every point (`index`), and each questionnaire of a day without one (`index` -1). */
  places() {
    const points = this.data.time.map((time, index) => ({ time, index }));
    const apart = this.phq.filter((one) => !this.data.time.some((at) => near(at, one.time)));
    return [...points, ...apart.map(({ time }) => ({ time, index: -1 }))].sort((a, b) => a.time - b.time || a.index - b.index);
  }

  get chosen() { return chosen; }

  get shown() { return chosen === TOGETHER ? this.heads : [chosen]; }

  buildTabs() {
    const tabs = this.sheet.querySelector("[data-tabs]");
    const name = this.host.clientWidth < 520 ? "short" : "label";
    const choices = [...this.data.heads.map((one) => [one.head, one[name]]), [TOGETHER, "Together"]];
    tabs.replaceChildren(...choices.map(([value, label]) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
      button.value = value;
      button.addEventListener("click", () => { chosen = value; this.choose(); });
      return button;
    }));
    tabs.hidden = false;
    this.tabs = tabs;
  }

  choose() {
    for (const button of this.tabs.children) button.setAttribute("aria-pressed", String(button.value === chosen));
    const words = this.data.heads.find((head) => head.head === chosen);
    this.sheet.querySelector("[data-meaning]").textContent = words?.meaning ?? "All three scores, each from 0 to 1.";
    this.buildLegend();
    this.plot.redraw(false);
    this.say();
  }

  build() {
    const size = () => ({ width: this.host.clientWidth, height: this.host.clientWidth < 520 ? 250 : 320 });
    const none = () => null;
    const quiet = { paths: none, points: { show: false } };
    this.palette = colours(this.sheet);
    this.plot = new uPlot({
      ...size(),
      tzDate: (seconds) => this.zone ? uPlot.tzDate(new Date(seconds * 1e3), this.zone) : new Date(seconds * 1e3),
      legend: { show: false },
      scales: {
        x: { range: (_, low, high) => this.widen(low, high) },
        y: { range: [-0.02, 1.02] },
        phq: { range: [-0.02 * PHQ_TOP, 1.02 * PHQ_TOP] },
      },
      series: [{}, { ...quiet, scale: "y" }, { ...quiet, scale: "phq" }],
      axes: this.axes(),
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: false, y: false },
        move: (plot, left, top) => left < 0 ? [left, top] : [plot.valToPos(this.times[plot.posToIdx(left)], "x"), top],
      },
      hooks: { draw: [() => this.draw()], setCursor: [(plot) => this.point(plot)] },
    }, [this.times, this.times.map(() => 0.5), this.times.map(() => 0)], this.host);
    this.resize = new ResizeObserver(() => this.plot.setSize(size()));
    this.resize.observe(this.host);
    this.choose();
  }

  widen(low, high) {
    const room = Math.max((high - low) * 0.03, 2 * DAY);
    return [low - room, high + room];
  }

  axes() {
    const font = "13px 'Source Sans 3', system-ui, sans-serif";
    const common = {
      font,
      stroke: () => this.palette.soft,
      grid: { stroke: () => this.palette.line, width: 1 },
      ticks: { show: false },
    };
    return [
      { ...common, values: (_, splits) => this.dates(splits), space: 76, grid: { show: false } },
      { ...common, size: 40, splits: () => [0, 0.25, 0.5, 0.75, 1], values: (_, splits) => splits.map(String) },
      {
        ...common, scale: "phq", side: 1, size: 34, show: this.phq.length > 0, grid: { show: false },
        splits: () => [0, 5, 10, 15, 20, PHQ_TOP], values: (_, splits) => splits.map(String), stroke: () => this.palette.phq,
      },
    ];
  }

  dates(splits) {
    const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: this.zone });
    const year = new Intl.DateTimeFormat("en-GB", { year: "numeric", timeZone: this.zone });
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
    if (plot.cursor.idx == null || plot.cursor.left < 0) return;
    const next = this.nearest(this.times[plot.cursor.idx], plot.cursor.top);
    if (next !== this.active) this.activate(next);
  }

  /** Of the stops at one time, the one whose mark is nearest to the pointer's height. */
  nearest(time, top) {
    const away = (place) => Math.min(...this.shown.map((head) => {
      const value = this.data.series[head].value[this.stops[place].index];
      return value == null ? Infinity : Math.abs(this.plot.valToPos(value, "y") - top);
    }));
    const places = this.times.flatMap((at, place) => at === time ? [place] : []);
    return places.reduce((best, place) => away(place) < away(best) ? place : best);
  }

  /** Go on at the stop that was being read on the chart before this one: the same point, else one of its time. */
  readOn() {
    if (!reading) return;
    const places = this.stops.flatMap(({ time }, place) => time === reading.time ? [place] : []);
    const next = places.find((place) => this.named(place) === reading.name) ?? places[0];
    if (next !== undefined) this.activate(next);
  }

  named(place) {
    const { index } = this.stops[place];
    return index < 0 ? "" : `${this.data.address[index]} ${this.data.part[index]}`;
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
    const last = this.stops.length - 1;
    const at = this.active;
    const next = {
      ArrowRight: at == null ? 0 : Math.min(at + 1, last), ArrowLeft: at == null ? last : Math.max(at - 1, 0), Home: 0, End: last,
    }[event.key];
    if (event.key === "Enter") this.open();
    if (next === undefined) return;
    event.preventDefault();
    this.activate(next);
  }

  at() {
    const { time, index } = this.stops[this.active];
    return { time, index, phq: this.phq.find((one) => near(one.time, time)) };
  }

  open() {
    if (this.active == null || this.at().index < 0) return;
    location.assign(this.data.address[this.at().index]);
  }

  say() {
    if (this.active == null) return;
    const { time, index, phq } = this.at();
    const when = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: this.zone });
    const parts = [part("readout-when", when.format(new Date(time * 1e3)))];
    if (index >= 0 && this.data.part[index]) parts.push(part("readout-part", this.data.part[index]));
    if (index >= 0) parts.push(...this.shown.map((head) => part("readout-part", this.words(head, index))));
    if (index >= 0 && this.data.assumed[index]) parts.push(part("readout-part", this.data.assumed_words));
    if (index >= 0 && this.data.origin[index]) parts.push(part("readout-part", this.data.origin[index]));
    if (phq) parts.push(part("readout-part", `PHQ-9 ${phq.total} of ${PHQ_TOP}, ${phq.severity}`));
    if (index >= 0) parts.push(this.link(index));
    this.readout.replaceChildren(...parts);
  }

  words(head, index) {
    const series = this.data.series[head];
    const { label } = this.data.heads.find((one) => one.head === head);
    const one = { value: series.value[index], low: series.low[index], high: series.high[index], state: series.state[index] };
    return `${label} ${scoreWords(one)}`;
  }

  link(index) {
    const outer = part("readout-part", "");
    const link = Object.assign(document.createElement("a"), { textContent: "Open session" });
    link.href = this.data.address[index];
    outer.append(link);
    return outer;
  }

  buildLegend() {
    const legend = this.sheet.querySelector("[data-legend]");
    const one = chosen === TOGETHER ? null : STYLES[chosen];
    const items = this.shown.map((head) => legendItem(STYLES[head], this.data.heads.find((it) => it.head === head).label));
    if (one) items.push(legendItem({ ...one, marker: null }, "90 % interval", { band: true, line: false }));
    if (one && this.data.baseline[chosen].length) {
      items.push(legendItem({ colour: "soft", dash: [], marker: null }, this.data.baseline_words, { band: true, line: false }));
    }
    items.push(legendItem(one ?? STYLES.depression, "indeterminate", { hollow: true, line: false }));
    if (this.phq.length) items.push(legendItem(STYLES.phq, "PHQ-9, right scale: 5 mild, 10 moderate, 15 moderately severe, 20 severe"));
    legend.replaceChildren(...items);
  }
}

function part(className, words) {
  return Object.assign(document.createElement("span"), { className, textContent: words });
}
