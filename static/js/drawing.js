// What both charts share: colours of the theme, markers, lines with gaps, and words for numbers.
import { filled } from "./words.js";

/** How each score is drawn. Line and marker differ too, so that colour is never needed to tell them apart. */
export const STYLES = {
  depression: { colour: "depression", dash: [], marker: "circle" },
  valence: { colour: "valence", dash: [7, 4], marker: "square" },
  arousal: { colour: "arousal", dash: [2, 4], marker: "triangle" },
  measure: { colour: "measure", dash: [], marker: "circle" },
  phq9: { colour: "phq", dash: [1, 3], marker: "diamond" },
  gad7: { colour: "gad", dash: [1, 3], marker: "square" },
};

/** The colours of the current theme, resolved so that a canvas understands them. */
export function colours(element) {
  const probe = document.createElement("span");
  element.append(probe);
  const read = (name) => {
    probe.style.color = `var(--u-${name})`;
    return getComputedStyle(probe).color;
  };
  const names = ["depression", "valence", "arousal", "measure", "phq", "gad", "ink", "soft", "line", "line-strong", "sheet", "accent"];
  const found = Object.fromEntries(names.map((name) => [name, read(name)]));
  probe.remove();
  return found;
}

/** Trace a marker's outline around (x, y). */
export function tracePath(context, marker, x, y, radius) {
  context.beginPath();
  if (marker === "square") context.rect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8);
  else if (marker === "circle") context.arc(x, y, radius, 0, 2 * Math.PI);
  else {
    const corners = marker === "triangle"
      ? [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]]
      : [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]];
    corners.forEach(([dx, dy], index) => context[index ? "lineTo" : "moveTo"](x + dx * radius, y + dy * radius));
    context.closePath();
  }
}

/** Draw a marker, filled or hollow. */
export function drawMarker(context, { marker, x, y, radius, colour, ground, hollow }) {
  tracePath(context, marker, x, y, radius);
  context.setLineDash([]);
  context.fillStyle = hollow ? ground : colour;
  context.strokeStyle = colour;
  context.lineWidth = radius * 0.45;
  context.fill();
  context.stroke();
}

/** A cross instead of a marker: the recording is poor, or set aside. */
export function drawCross(context, { x, y, radius, colour, ground }) {
  context.setLineDash([]);
  context.lineCap = "round";
  for (const [stroke, width] of [[ground, 1.1], [colour, 0.5]]) {
    Object.assign(context, { strokeStyle: stroke, lineWidth: radius * width });
    for (const way of [-1, 1]) {
      context.beginPath();
      context.moveTo(x - radius * 0.85, y - way * radius * 0.85);
      context.lineTo(x + radius * 0.85, y + way * radius * 0.85);
      context.stroke();
    }
  }
  context.lineCap = "butt";
}

/** Cut indices into runs: a new run begins where a value is missing or `joined(before, after)` says no. */
export function runs(values, joined) {
  const found = [];
  let open = null;
  values.forEach((value, index) => {
    if (value == null) { open = null; return; }
    if (open && joined(open.at(-1), index)) open.push(index);
    else found.push((open = [index]));
  });
  return found;
}

/** A score as people read it: what is nearly 0 or 1 is never written as if it were certain. */
export function number(value) {
  if (value > 0 && value < 0.01) return "<0.01";
  return value > 0.99 && value < 1 ? ">0.99" : value.toFixed(2);
}

/** Its interval; once where both ends are written alike. */
function interval(low, high) {
  return number(low) === number(high) ? number(low) : `${number(low)}–${number(high)}`;
}

/** "0.71 (0.62–0.79), elevated", or that there is none, in `words`. */
export function scoreWords({ value, low, high, state }, words) {
  if (value == null) return words.not_available;
  return filled(words.score, { value: number(value), interval: interval(low, high), state: words.states[state] ?? state });
}

/** A piece of a legend: how something is drawn, and what it is. */
export function legendItem(style, words, { hollow = false, band = false, line = true } = {}) {
  const item = document.createElement("li");
  item.append(swatch(style, { hollow, band, line }), words);
  return item;
}

function swatch(style, { hollow, band, line }) {
  const space = "http://www.w3.org/2000/svg";
  const make = (name, attributes) => {
    const element = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const colour = `var(--u-${style.colour})`;
  const svg = make("svg", { viewBox: "0 0 34 14", width: 34, height: 14, "aria-hidden": "true" });
  svg.style.color = colour;
  if (band) svg.append(make("rect", { x: 0, y: 1, width: 34, height: 12, fill: "currentColor", "fill-opacity": 0.18 }));
  if (line) {
    const dash = style.dash.join(" ");
    svg.append(make("path", { d: "M0 7H34", stroke: "currentColor", "stroke-width": 2, "stroke-dasharray": dash }));
  }
  const shapes = {
    circle: "M13 7a4 4 0 1 0 8 0a4 4 0 1 0-8 0", square: "M13.4 3.4h7.2v7.2h-7.2z",
    triangle: "M17 2.2 21.4 10.2H12.6z", diamond: "M17 2 22 7 17 12 12 7z", cross: "M13 3 21 11M21 3 13 11",
    flag: "M15 13V1L22 4 15 7",
  };
  if (style.marker) {
    const mark = make("path", { d: shapes[style.marker], fill: "currentColor", stroke: "currentColor", "stroke-width": 1.6 });
    if (hollow) mark.style.fill = "var(--u-sheet)";
    svg.append(mark);
  }
  return svg;
}
