// How a trend is put on its canvas: bands, lines with gaps, markers, where the checkpoint changes; below, questionnaires.
import { STYLES, drawCross, drawMarker, runs } from "./drawing.js";

/** The choice that shows all scores at once. */
export const TOGETHER = "together";

/** Height of the part of one questionnaire, and of what uPlot keeps for the dates, in CSS pixels. */
export const LANE = 88;
export const DATES = 46;
export const TOP = 14;
const BETWEEN = 14;
const FONT = "'Source Sans 3', system-ui, sans-serif";

/** The drawing half of a trend; the other half knows `plot`, `layer`, `lanes`, `marks`, `palette`, `stops`, `active`, `shown`. */
export class TrendDrawing {
  draw() {
    const context = this.plot.ctx;
    context.save();
    this.drawMarks(context);
    this.clipped(context, 12, () => {
      if (this.layer) this.drawLayer(context);
      if (this.active != null) this.drawCursor(context);
    });
    this.lanes.forEach((lane, place) => this.drawLane(context, lane, this.laneBox(place)));
    context.restore();
  }

  drawLayer(context) {
    this.drawOrigins(context);
    if (this.shown.length === 1) this.drawBaselines(context, this.shown[0]);
    for (const code of this.shown) this.drawSeries(context, code);
  }

  /** Draw with nothing left outside of the plot, but for a margin in which markers at its edge stay whole. */
  clipped(context, margin, draw) {
    const { left, top, width, height } = this.plot.bbox;
    context.save();
    context.beginPath();
    context.rect(left - margin, top - margin, width + 2 * margin, height + 2 * margin);
    context.clip();
    draw();
    context.restore();
  }

  x(seconds) { return this.plot.valToPos(seconds, "x", true); }
  y(value) { return this.plot.valToPos(value, "y", true); }

  /** The part of the plot in which questionnaire number `place` is drawn, in pixels of the canvas. */
  laneBox(place) {
    const { left, top, width, height } = this.plot.bbox;
    const lane = LANE * devicePixelRatio;
    const gap = BETWEEN * devicePixelRatio;
    return { left, width, top: top + height - (this.lanes.length - place) * lane + gap, height: lane - gap };
  }

  /** The lower edge of what the layer is drawn in. */
  get floor() {
    const { top, height } = this.plot.bbox;
    return top + height - this.lanes.length * LANE * devicePixelRatio;
  }

  drawSeries(context, code) {
    const { value, low, high } = this.layer.series(code);
    const style = this.layer.style(code);
    const colour = this.palette[style.colour];
    const scale = devicePixelRatio;
    const at = (index, values) => [this.x(this.layer.time[index]), this.y(values[index])];
    for (const run of runs(value, (a, b) => this.layer.joined(code, a, b))) {
      if (low && this.shown.length === 1) this.drawBand(context, run, low, high, colour, at);
      context.beginPath();
      run.forEach((index, place) => context[place ? "lineTo" : "moveTo"](...at(index, value)));
      Object.assign(context, { strokeStyle: colour, lineWidth: 2 * scale, globalAlpha: 1 });
      context.setLineDash(style.dash.map((length) => length * scale));
      context.stroke();
    }
    value.forEach((given, index) => {
      if (given != null) this.drawPoint(context, code, index, at(index, value));
    });
  }

  drawPoint(context, code, index, [x, y]) {
    const style = this.layer.style(code);
    const radius = (index === this.stops[this.active]?.index ? 6 : 4.2) * devicePixelRatio;
    const how = { x, y, radius, colour: this.palette[style.colour], ground: this.palette.sheet };
    if (this.layer.apart(index)) drawCross(context, how);
    else drawMarker(context, { ...how, marker: style.marker, hollow: this.layer.hollow(code, index) });
  }

  /** Where sessions lie in nine of ten cases if nothing changed, for each origin. */
  drawBaselines(context, code) {
    const scale = devicePixelRatio;
    const { left, width, top } = this.plot.bbox;
    for (const { begins, ends, low, high } of this.layer.bands(code)) {
      const from = Math.max(this.x(begins) - 10 * scale, left);
      const to = Math.min(this.x(ends) + 10 * scale, left + width);
      const upper = Math.max(this.y(high), top);
      if (to <= from) continue;
      context.fillStyle = context.strokeStyle = this.palette.soft;
      context.globalAlpha = 0.1;
      context.fillRect(from, upper, to - from, this.y(low) - upper);
      Object.assign(context, { globalAlpha: 0.6, lineWidth: scale });
      context.setLineDash([2 * scale, 4 * scale]);
      for (const edge of [low, high]) this.drawLine(context, from, this.y(edge), to, this.y(edge));
      context.globalAlpha = 1;
    }
  }

  drawBand(context, run, low, high, colour, at) {
    const scale = devicePixelRatio;
    context.globalAlpha = 0.16;
    context.fillStyle = colour;
    context.beginPath();
    run.forEach((index, place) => context[place ? "lineTo" : "moveTo"](...at(index, high)));
    [...run].reverse().forEach((index) => context.lineTo(...at(index, low)));
    context.closePath();
    context.fill();
    Object.assign(context, { globalAlpha: 0.55, strokeStyle: colour, lineWidth: 1.5 * scale });
    context.setLineDash([]);
    for (const index of run) this.drawLine(context, ...at(index, low), ...at(index, high));
    context.globalAlpha = 1;
  }

  drawLine(context, fromX, fromY, toX, toY) {
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    context.stroke();
  }

  /** One questionnaire: its severity as bands, its totals on them. */
  drawLane(context, lane, box) {
    const scale = devicePixelRatio;
    const y = (total) => box.top + box.height * (1 - (total + 0.5) / (lane.most + 1));
    this.drawSeverity(context, lane, box, y);
    const style = STYLES[lane.kind];
    const colour = this.palette[style.colour];
    const at = (index) => [this.x(lane.time[index]), y(lane.total[index])];
    this.clipped(context, 6 * scale, () => {
      Object.assign(context, { strokeStyle: colour, lineWidth: 1.2 * scale });
      context.setLineDash(style.dash.map((length) => length * scale));
      const found = runs(lane.total, () => true);
      for (const run of found) {
        context.beginPath();
        run.forEach((index, place) => context[place ? "lineTo" : "moveTo"](...at(index)));
        context.stroke();
      }
      for (const index of found.flat()) {
        const [atX, atY] = at(index);
        drawMarker(context, { marker: style.marker, x: atX, y: atY, radius: 3.4 * scale, colour, ground: this.palette.sheet });
      }
    });
  }

  drawSeverity(context, lane, box, y) {
    const scale = devicePixelRatio;
    lane.bands.forEach(([low, high, words], place) => {
      const [top, bottom] = [y(high + 0.5), y(low - 0.5)];
      context.globalAlpha = 0.05 + 0.045 * place;
      context.fillStyle = this.palette.soft;
      context.fillRect(box.left, top, box.width, bottom - top);
      context.globalAlpha = 1;
      if (this.gutter) this.write(context, words, box.left + box.width + 8 * scale, (top + bottom) / 2, "left", 11);
    });
    this.write(context, lane.name, box.left - 6 * scale, box.top + 6 * scale, "right", 12, this.palette[STYLES[lane.kind].colour]);
    this.write(context, String(lane.most), box.left - 6 * scale, box.top + 22 * scale, "right", 11);
    this.write(context, "0", box.left - 6 * scale, box.top + box.height - 5 * scale, "right", 11);
  }

  write(context, words, x, y, align, size, colour = this.palette.soft) {
    context.font = `${size * devicePixelRatio}px ${FONT}`;
    Object.assign(context, { fillStyle: colour, textAlign: align, textBaseline: "middle" });
    context.fillText(words, x, y);
  }

  drawOrigins(context) {
    const { top, left, width } = this.plot.bbox;
    const scale = devicePixelRatio;
    context.font = `${12 * scale}px ${FONT}`;
    Object.assign(context, { fillStyle: this.palette.soft, strokeStyle: this.palette["line-strong"], lineWidth: scale });
    context.setLineDash([4 * scale, 4 * scale]);
    for (const { time, origin } of this.layer.changes()) {
      const x = this.x(time);
      if (x < left || x > left + width) continue;
      this.drawLine(context, x, top, x, this.floor);
      const { width: wide } = context.measureText(` ${origin} `);
      this.write(context, ` ${origin} `, x, top + 9 * scale, x + wide > left + width ? "right" : "left", 12);
    }
  }

  /** What happened on a day: a flag on top and a line through everything. */
  drawMarks(context) {
    const { top, left, width, height } = this.plot.bbox;
    const scale = devicePixelRatio;
    for (const { time } of this.marks) {
      const x = this.x(time);
      if (x < left || x > left + width) continue;
      Object.assign(context, { strokeStyle: this.palette.ink, fillStyle: this.palette.ink, lineWidth: scale, globalAlpha: 0.45 });
      context.setLineDash([]);
      this.drawLine(context, x, top - 10 * scale, x, top + height);
      context.globalAlpha = 1;
      context.beginPath();
      context.moveTo(x, top - 12 * scale);
      context.lineTo(x + 10 * scale, top - 8 * scale);
      context.lineTo(x, top - 4 * scale);
      context.fill();
    }
  }

  drawCursor(context) {
    const { top, height } = this.plot.bbox;
    const x = this.x(this.stops[this.active].time);
    Object.assign(context, { strokeStyle: this.palette["line-strong"], lineWidth: devicePixelRatio });
    context.setLineDash([]);
    this.drawLine(context, x, top, x, top + height);
  }
}
