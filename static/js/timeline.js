// One session: waveform, who spoke when, and the three scores over the session, on one time axis.
import { STYLES, colours, drawMarker, legendItem, number, runs } from "./drawing.js";

const LANES = [["patient", "Patient"], ["counselor", "Counselor"], ["other", "Other"]];
const FEW = 40;

/** Mount every timeline under `root` that is not mounted yet. */
export function mountTimelines(root) {
  for (const sheet of root.querySelectorAll("[data-timeline]:not([data-mounted])")) {
    sheet.dataset.mounted = "";
    new Timeline(sheet);
  }
}

/** Seconds as minutes and seconds. */
function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

class Timeline {
  constructor(sheet) {
    this.sheet = sheet;
    this.data = JSON.parse(document.getElementById(sheet.dataset.timeline).textContent);
    this.host = sheet.querySelector("[data-chart]");
    this.wave = sheet.querySelector("[data-wave]");
    this.readout = sheet.querySelector("[data-readout]");
    this.middles = this.data.start.map((start, index) => (start + this.data.end[index]) / 2);
    this.lanes = LANES.filter(([who]) => this.data.turns.some((turn) => turn[2] === who));
    this.active = null;
    this.palette = colours(sheet);
    this.canvas = document.createElement("canvas");
    this.wave.append(this.canvas);
    this.build();
    this.listen();
  }

  build() {
    const heads = this.data.heads.filter(({ head }) => this.data.series[head].some((value) => value != null));
    this.scored = heads.length > 0;
    this.host.classList.toggle("chart-empty", !this.scored);
    const tall = this.host.clientWidth < 520 ? 220 : 260;
    const size = () => ({ width: this.host.clientWidth, height: this.scored ? tall : 50 });
    const quiet = { paths: () => null, points: { show: false } };
    this.plot = new uPlot({
      ...size(),
      legend: { show: false },
      scales: { x: { time: false, range: () => [0, this.data.duration] }, y: { range: [-0.02, 1.02] } },
      series: [{}, quiet],
      axes: this.axes(),
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      hooks: { draw: [() => { this.draw(); this.drawWave(); }], setCursor: [(plot) => this.point(plot)] },
    }, [this.middles, this.middles.map(() => 0.5)], this.host);
    this.resize = new ResizeObserver(() => this.plot.setSize(size()));
    this.resize.observe(this.host);
    const legend = heads.map(({ head, label }) => legendItem(STYLES[head], label));
    this.sheet.querySelector("[data-legend]").replaceChildren(...legend);
  }

  axes() {
    const common = {
      font: "13px 'Source Sans 3', system-ui, sans-serif",
      stroke: () => this.palette.soft,
      grid: { stroke: () => this.palette.line, width: 1 },
      ticks: { show: false },
    };
    return [
      { ...common, grid: { show: false }, space: 60, incrs: [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600], values: (_, splits) => splits.map(clock) },
      { ...common, size: this.gutter(), splits: () => this.scored ? [0, 0.25, 0.5, 0.75, 1] : [], values: (_, splits) => splits.map(String) },
    ];
  }

  gutter() { return this.host.clientWidth < 520 ? 72 : 76; }

  draw() {
    const context = this.plot.ctx;
    context.save();
    if (this.active != null) this.drawCursor(context, this.plot.bbox.top, this.plot.bbox.height);
    for (const { head } of this.data.heads) this.drawHead(context, head);
    context.restore();
  }

  drawHead(context, head) {
    const values = this.data.series[head];
    const style = STYLES[head];
    const colour = this.palette[style.colour];
    const scale = devicePixelRatio;
    const x = (index) => this.plot.valToPos(this.middles[index], "x", true);
    const y = (index) => this.plot.valToPos(values[index], "y", true);
    const touching = (before, after) => this.data.start[after] <= this.data.end[before] + 0.05;
    for (const run of runs(values, touching)) {
      context.beginPath();
      run.forEach((index, place) => context[place ? "lineTo" : "moveTo"](x(index), y(index)));
      Object.assign(context, { strokeStyle: colour, lineWidth: 1.8 * scale });
      context.setLineDash(style.dash.map((length) => length * scale));
      context.stroke();
    }
    values.forEach((value, index) => {
      const alone = values.length <= FEW || index === this.active;
      if (value == null || !alone) return;
      const radius = (index === this.active ? 5 : 3.2) * scale;
      drawMarker(context, { marker: style.marker, x: x(index), y: y(index), radius, colour, ground: this.palette.sheet });
    });
  }

  drawCursor(context, top, height) {
    const x = this.plot.valToPos(this.middles[this.active], "x", true);
    Object.assign(context, { strokeStyle: this.palette["line-strong"], lineWidth: devicePixelRatio });
    context.setLineDash([]);
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, top + height);
    context.stroke();
  }

  drawWave() {
    const scale = devicePixelRatio;
    const [width, height] = [this.wave.clientWidth * scale, this.wave.clientHeight * scale];
    Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d");
    const { left, width: inner } = this.plot.bbox;
    const laneHeight = 14 * scale;
    const waveHeight = height - (this.lanes.length * (laneHeight + 3 * scale)) - 6 * scale;
    this.drawPeaks(context, left, inner, waveHeight);
    this.lanes.forEach(([who, label], place) => {
      const top = waveHeight + 6 * scale + place * (laneHeight + 3 * scale);
      this.drawLane(context, who, label, { left, inner, top, height: laneHeight - 3 * scale });
    });
    if (this.active != null) this.drawCursor(context, 0, height);
  }

  drawPeaks(context, left, inner, height) {
    const { peaks } = this.data;
    const middle = height / 2;
    const loudest = Math.max(0.05, ...peaks.map(Math.abs));
    const step = inner / Math.max(1, peaks.length);
    context.fillStyle = this.palette.soft;
    context.globalAlpha = 0.6;
    peaks.forEach((peak, index) => {
      const half = Math.max(devicePixelRatio / 2, (Math.abs(peak) / loudest) * middle * 0.94);
      context.fillRect(left + index * step, middle - half, Math.max(1, step * 0.8), 2 * half);
    });
    context.globalAlpha = 1;
  }

  drawLane(context, who, label, { left, inner, top, height }) {
    const scale = devicePixelRatio;
    context.font = `${13 * scale}px 'Source Sans 3', system-ui, sans-serif`;
    Object.assign(context, { fillStyle: this.palette.soft, textAlign: "right", textBaseline: "middle" });
    context.fillText(label, left - 8 * scale, top + height / 2);
    context.fillStyle = who === "patient" ? this.palette.accent : this.palette["line-strong"];
    for (const [start, end, speaker] of this.data.turns) {
      if (speaker !== who) continue;
      const from = left + (start / this.data.duration) * inner;
      context.fillRect(from, top, Math.max(scale, ((end - start) / this.data.duration) * inner), height);
    }
  }

  point(plot) {
    if (plot.cursor.idx == null || plot.cursor.left < 0 || plot.cursor.idx === this.active) return;
    this.activate(plot.cursor.idx);
  }

  activate(index) {
    this.active = index;
    this.plot.redraw(false);
    const from = `${clock(this.data.start[index])}–${clock(this.data.end[index])}`;
    const scores = this.data.heads.map(({ head, label }) => {
      const value = this.data.series[head][index];
      return value == null ? null : `${label} ${number(value)}`;
    });
    const words = [from, ...scores.filter(Boolean)];
    const parts = words.map((text, place) => Object.assign(document.createElement("span"), {
      className: place ? "readout-part" : "readout-when", textContent: text,
    }));
    this.readout.replaceChildren(...parts);
  }

  listen() {
    this.host.addEventListener("keydown", (event) => this.key(event));
    addEventListener("theme-changed", () => {
      this.palette = colours(this.sheet);
      this.plot.redraw(false);
    });
  }

  key(event) {
    const last = this.middles.length - 1;
    const at = this.active ?? -1;
    const next = { ArrowRight: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (next === undefined || last < 0) return;
    event.preventDefault();
    this.activate(next);
  }
}
