// The chart as a picture: with what it shows, who made it and what it is not; without a patient's name or number.
import { filled } from "./words.js";

const FONT = "'Source Sans 3', system-ui, sans-serif";
const MARGIN = 24;
const LINE = 20;

/** Give the chart as it is seen now to the browser to keep. */
export function saveImage(trend) {
  const canvas = picture(trend);
  canvas.toBlob((blob) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: fileName(trend) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }, "image/png");
}

/** With what it shows, and today's day where the clinic is. */
export function fileName({ shown, dayOf }) {
  return `course-${shown.join("-") || "questionnaires"}-${dayOf(Date.now() / 1e3)}.png`;
}

function picture(trend) {
  const chart = trend.plot.ctx.canvas;
  const scale = devicePixelRatio;
  const words = footer(trend);
  const head = MARGIN + 2 * LINE + 14;
  const width = chart.width / scale + 2 * MARGIN;
  const canvas = Object.assign(document.createElement("canvas"), { width: width * scale });
  const context = canvas.getContext("2d");
  context.font = `13px ${FONT}`;
  const lines = words.flatMap((one) => wrapped(context, one, width - 2 * MARGIN));
  canvas.height = Math.round((head + chart.height / scale + lines.length * LINE + MARGIN) * scale);
  context.scale(scale, scale);
  context.fillStyle = trend.palette.sheet;
  context.fillRect(0, 0, canvas.width, canvas.height);
  write(context, title(trend), MARGIN, MARGIN + 14, `600 18px ${FONT}`, trend.palette.ink);
  write(context, trend.stretch, MARGIN, MARGIN + 14 + LINE, `13px ${FONT}`, trend.palette.soft);
  context.drawImage(chart, MARGIN, head, chart.width / scale, chart.height / scale);
  const below = head + chart.height / scale + 16;
  lines.forEach((line, place) => write(context, line, MARGIN, below + place * LINE, `13px ${FONT}`, trend.palette.ink));
  return canvas;
}

function title({ layer, shown, lanes }) {
  const unit = layer?.data.unit ? ` (${layer.data.unit})` : "";
  const names = shown.map((code) => layer.label(code) + unit);
  return [...names, ...lanes.map((lane) => lane.name)].join(", ");
}

function footer({ sheet, layer, words }) {
  const legend = [...sheet.querySelectorAll("[data-legend] li")].map((item) => item.textContent).join(" · ");
  const origins = (layer?.data.origins ?? []).filter(Boolean).join(", ");
  return [legend, origins && filled(words.made_by, { origins }), words.not_a_diagnosis].filter(Boolean);
}

function wrapped(context, words, width) {
  const lines = [""];
  for (const word of words.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (context.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function write(context, words, x, y, font, colour) {
  Object.assign(context, { font, fillStyle: colour, textAlign: "left", textBaseline: "alphabetic" });
  context.fillText(words, x, y);
}
