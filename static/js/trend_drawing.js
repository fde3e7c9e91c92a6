// How a trend is put on its canvas: bands, lines with gaps, markers, and where the checkpoint changes.
import { STYLES, drawMarker, runs } from "./drawing.js";

/** The choice that shows all scores at once. */
export const TOGETHER = "together";

/** The drawing half of a trend; the other half knows `plot`, `data`, `palette`, `phq`, `stops`, `active` and `shown`. */
export class TrendDrawing {
  draw() {
    const context = this.plot.ctx;
    const { left, top, width, height } = this.plot.bbox;
    context.save();
    context.beginPath();
    context.rect(left - 8, top - 8, width + 16, height + 16);
    context.clip();
    this.drawOrigins(context);
    if (this.chosen !== TOGETHER) this.drawBaselines(context, this.chosen);
    if (this.active != null) this.drawCursor(context);
    this.drawPhq(context);
    for (const head of this.shown) this.drawHead(context, head);
    context.restore();
  }

  x(seconds) { return this.plot.valToPos(seconds, "x", true); }
  y(value) { return this.plot.valToPos(value, "y", true); }

  joined(before, after) {
    return this.data.origin_key[before] === this.data.origin_key[after] && after === before + 1;
  }

  drawHead(context, head) {
    const { value, low, high, state } = this.data.series[head];
    const style = STYLES[head];
    const colour = this.palette[style.colour];
    const scale = devicePixelRatio;
    const at = (index, values) => [this.x(this.data.time[index]), this.y(values[index])];
    for (const run of runs(value, (a, b) => this.joined(a, b))) {
      if (this.chosen !== TOGETHER) this.drawBand(context, run, low, high, colour, at);
      context.beginPath();
      run.forEach((index, place) => context[place ? "lineTo" : "moveTo"](...at(index, value)));
      Object.assign(context, { strokeStyle: colour, lineWidth: 2 * scale, globalAlpha: 1 });
      context.setLineDash(style.dash.map((length) => length * scale));
      context.stroke();
    }
    value.forEach((given, index) => {
      if (given == null) return;
      const [x, y] = at(index, value);
      const radius = (index === this.stops[this.active]?.index ? 6 : 4.2) * scale;
      const hollow = state[index] === "indeterminate";
      drawMarker(context, { marker: style.marker, x, y, radius, colour, ground: this.palette.sheet, hollow });
    });
  }

  /** Where sessions lie in nine of ten cases if nothing changed, for each checkpoint. */
  drawBaselines(context, head) {
    const scale = devicePixelRatio;
    const { left, width } = this.plot.bbox;
    for (const { begins, ends, low, high } of this.data.baseline[head]) {
      const from = Math.max(this.x(begins) - 10 * scale, left);
      const to = Math.min(this.x(ends) + 10 * scale, left + width);
      context.fillStyle = context.strokeStyle = this.palette.soft;
      context.globalAlpha = 0.1;
      context.fillRect(from, this.y(high), to - from, this.y(low) - this.y(high));
      Object.assign(context, { globalAlpha: 0.6, lineWidth: scale });
      context.setLineDash([2 * scale, 4 * scale]);
      for (const edge of [low, high]) {
        context.beginPath();
        context.moveTo(from, this.y(edge));
        context.lineTo(to, this.y(edge));
        context.stroke();
      }
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
    for (const index of run) {
      context.beginPath();
      context.moveTo(...at(index, low));
      context.lineTo(...at(index, high));
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  drawPhq(context) {
    const scale = devicePixelRatio;
    const colour = this.palette.phq;
    const at = (one) => [this.x(one.time), this.plot.valToPos(one.total, "phq", true)];
    context.beginPath();
    this.phq.forEach((one, place) => context[place ? "lineTo" : "moveTo"](...at(one)));
    Object.assign(context, { strokeStyle: colour, lineWidth: 1.2 * scale, globalAlpha: 0.8 });
    context.setLineDash(STYLES.phq.dash.map((length) => length * scale));
    context.stroke();
    for (const one of this.phq) {
      const [x, y] = at(one);
      drawMarker(context, { marker: "diamond", x, y, radius: 3.4 * scale, colour, ground: this.palette.sheet });
    }
    context.globalAlpha = 1;
  }

  drawOrigins(context) {
    const { top, height } = this.plot.bbox;
    const scale = devicePixelRatio;
    context.font = `${12 * scale}px 'Source Sans 3', system-ui, sans-serif`;
    context.fillStyle = this.palette.soft;
    context.strokeStyle = this.palette["line-strong"];
    context.lineWidth = scale;
    context.setLineDash([4 * scale, 4 * scale]);
    for (const { time, origin } of this.changes()) {
      const x = this.x(time);
      context.beginPath();
      context.moveTo(x, top);
      context.lineTo(x, top + height);
      context.stroke();
      const { width: wide } = context.measureText(` ${origin} `);
      context.textAlign = x + wide > this.plot.bbox.left + this.plot.bbox.width ? "right" : "left";
      context.fillText(` ${origin} `, x, top + 12 * scale);
    }
  }

  /** Where the checkpoint changes: half-way between the two sessions. */
  changes() {
    const { origin, origin_key: keys, time } = this.data;
    const known = keys.map((key, index) => ({ key, origin: origin[index], time: time[index] })).filter((one) => one.key);
    return known.flatMap((one, index) => {
      const before = known[index - 1];
      if (!before || before.key === one.key) return [];
      const words = before.origin === one.origin ? `${one.origin}, changed` : one.origin;
      return [{ time: (before.time + one.time) / 2, origin: words }];
    });
  }

  drawCursor(context) {
    const { top, height } = this.plot.bbox;
    const x = this.x(this.stops[this.active].time);
    Object.assign(context, { strokeStyle: this.palette["line-strong"], lineWidth: devicePixelRatio });
    context.setLineDash([]);
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, top + height);
    context.stroke();
  }
}
