// One session: waveform, who spoke when, and the three scores over the session, on one time axis that can be heard.
import { STYLES, colours, drawMarker, legendItem, number, runs } from "./drawing.js";
import { Player, clock } from "./player.js";
import { drawWaveform } from "./waveform.js";
import { wordsOf } from "./words.js";

const SILENCE = "silence";
const LANES = ["patient", "counselor", "other", SILENCE];
const LANE = 17;
const FEW = 40;
const SHORTEST_SILENCE = 0.3;

/** Mount every timeline under `root` that is not mounted yet. */
export function mountTimelines(root) {
  for (const sheet of root.querySelectorAll("[data-timeline]:not([data-mounted])")) {
    sheet.dataset.mounted = "";
    new Timeline(sheet);
  }
}

/** Where nobody speaks, as turns. */
function silences(turns, duration) {
  const found = [];
  let end = 0;
  for (const [from, to] of [...turns, [duration, duration]].sort((one, other) => one[0] - other[0])) {
    if (from - end >= SHORTEST_SILENCE) found.push([end, from, SILENCE]);
    end = Math.max(end, to);
  }
  return found;
}

class Timeline {
  constructor(sheet) {
    this.sheet = sheet;
    this.data = JSON.parse(document.getElementById(sheet.dataset.timeline).textContent);
    this.words = wordsOf("timeline");
    this.host = sheet.querySelector("[data-chart]");
    this.axis = sheet.querySelector("[data-axis]");
    this.laneHost = sheet.querySelector("[data-lanes]");
    this.readout = sheet.querySelector("[data-readout]");
    this.middles = this.data.start.map((start, index) => (start + this.data.end[index]) / 2);
    this.spans = [...this.data.turns, ...silences(this.data.turns, this.data.duration)];
    this.lanes = LANES.filter((who) => this.spans.some((span) => span[2] === who));
    this.active = null;
    this.palette = colours(sheet);
    this.canvas = document.createElement("canvas");
    this.laneHost.append(this.canvas);
    this.laneHost.style.height = `${this.lanes.length * LANE}px`;
    this.build();
    this.player = new Player(sheet, {
      duration: this.data.duration,
      place: (seconds) => this.left(seconds),
      moved: (seconds, playing) => this.moved(seconds, playing),
      words: this.words,
    });
    this.align();
    this.listen();
    this.drawWave();
  }

  /** CSS pixels from the left of the axis to a moment. */
  left(seconds) {
    const { left, width } = this.plot.bbox;
    return (left + (Math.min(seconds, this.data.duration) / this.data.duration) * width) / devicePixelRatio;
  }

  async drawWave() {
    this.wave = await drawWaveform(this.sheet.querySelector("[data-wave]"), {
      peaks: this.data.peaks,
      duration: this.data.duration,
      audio: this.player.audio,
      nonce: this.sheet.querySelector("[data-nonce]").nonce,
      colours: this.waveColours(),
    });
  }

  /** Let waveform and cursor lie over the same moments as the chart. */
  align() {
    const { style } = this.sheet.querySelector("[data-wave]");
    style.marginLeft = `${this.left(0)}px`;
    style.width = `${this.left(this.data.duration) - this.left(0)}px`;
    const { top, height } = this.plot.bbox;
    this.player?.moveHead(this.host.offsetTop + (top + height) / devicePixelRatio);
  }

  waveColours() {
    return { waveColor: this.palette["line-strong"], progressColor: this.palette.accent };
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
      hooks: { draw: [() => { this.draw(); this.drawLanes(); this.align(); }], setCursor: [(plot) => this.point(plot)] },
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
    if (this.active != null && !this.playing) this.drawCursor(context, this.plot.bbox.top, this.plot.bbox.height);
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

  drawLanes() {
    const scale = devicePixelRatio;
    const [width, height] = [this.laneHost.clientWidth * scale, this.laneHost.clientHeight * scale];
    Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d");
    const { left, width: inner } = this.plot.bbox;
    this.lanes.forEach((who, place) => {
      this.drawLane(context, who, this.words.lanes[who], { left, inner, top: (place * LANE + 2) * scale, height: (LANE - 6) * scale });
    });
    if (this.active != null && !this.playing) this.drawCursor(context, 0, height);
  }

  drawLane(context, who, label, { left, inner, top, height }) {
    const scale = devicePixelRatio;
    context.font = `${13 * scale}px 'Source Sans 3', system-ui, sans-serif`;
    Object.assign(context, { fillStyle: this.palette.soft, textAlign: "right", textBaseline: "middle" });
    context.fillText(label, left - 8 * scale, top + height / 2);
    context.fillStyle = who === "patient" ? this.palette.accent : this.palette["line-strong"];
    // Silence is a thin line, so that it is not taken for somebody.
    const [above, thick] = who === SILENCE ? [height / 2 - scale, 2 * scale] : [0, height];
    for (const [start, end, speaker] of this.spans) {
      if (speaker !== who) continue;
      const from = left + (start / this.data.duration) * inner;
      context.fillRect(from, top + above, Math.max(scale, ((end - start) / this.data.duration) * inner), thick);
    }
  }

  point(plot) {
    // While it plays, what is heard is what is read.
    if (this.playing) return;
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
    this.axis.addEventListener("click", (event) => this.hear(event));
    addEventListener("theme-changed", () => {
      this.palette = colours(this.sheet);
      this.plot.redraw(false);
      this.wave?.setOptions(this.waveColours());
    });
  }

  /** Play from where was clicked. */
  hear(event) {
    const [left, right] = [this.left(0), this.left(this.data.duration)];
    const along = (event.clientX - this.axis.getBoundingClientRect().left - left) / (right - left);
    if (along < 0 || along > 1 || !this.player.canPlay) return;
    this.player.playFrom(along * this.data.duration);
  }

  /** Read the window that is heard, without saying each of them aloud while it plays. */
  moved(seconds, playing) {
    this.playing = playing;
    this.readout.setAttribute("aria-live", playing ? "off" : "polite");
    if (!playing) return;
    const away = (index) => Math.abs(this.middles[index] - seconds);
    const nearest = this.middles.reduce((best, _, index) => best < 0 || away(index) < away(best) ? index : best, -1);
    if (nearest >= 0 && nearest !== this.active) this.activate(nearest);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && this.player.canPlay) {
      event.preventDefault();
      this.player.toggle();
    }
    const last = this.middles.length - 1;
    const at = this.active ?? -1;
    const next = { ArrowRight: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (next === undefined || last < 0) return;
    event.preventDefault();
    this.activate(next);
    if (this.player.canPlay) this.player.seek(this.data.start[next]);
  }
}
