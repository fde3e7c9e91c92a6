// What a trend says about the place that is being read: the same facts as its table, in words.
import { filled, language } from "./words.js";

/** Times in the clinic's zone. */
export function times(zone) {
  const format = (options) => new Intl.DateTimeFormat(language(), { ...options, timeZone: zone });
  const [moment, day] = [format({ dateStyle: "medium", timeStyle: "short" }), format({ dateStyle: "medium" })];
  return { moment: (seconds) => moment.format(seconds * 1e3), day: (seconds) => day.format(seconds * 1e3) };
}

/** Which day a moment is of, in a zone: "2026-03-02". */
export function days(zone) {
  const format = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: zone });
  return (seconds) => format.format(seconds * 1e3);
}

/** What a total is called. */
export function severity(lane, total) {
  return lane.bands.find(([low, high]) => low <= total && total <= high)?.[2] ?? "";
}

/** The parts of the readout for one place: session (if any), questionnaires and marks of that day. */
export function readout({ layer, shown, place, when, zone, words, assumedWords, asideWords }) {
  const { moment, day } = times(zone);
  const { time, index } = place;
  const parts = [part("readout-when", index < 0 ? day(time) : moment(time))];
  const say = (text) => text && parts.push(part("readout-part", text));
  if (index >= 0) {
    say(layer.part(index));
    for (const code of shown) say(layer.words(code, index));
    if (layer.poor(index)) say(filled(words.poor, { why: layer.poor(index) }));
    if (layer.setAside.has(index)) say(asideWords);
    if (layer.assumed.has(index)) say(assumedWords);
    say(layer.origin(index));
  }
  for (const { lane, total } of when.totals) {
    const { name, most } = lane;
    say(total == null ? filled(words.no_total, { name }) : filled(words.total, { name, total, most, severity: severity(lane, total) }));
  }
  for (const { kind, text } of when.marks) parts.push(part("readout-part readout-mark", `${kind}: ${text}`));
  if (index >= 0) parts.push(link(layer.address(index), words.open));
  return parts;
}

function link(address, words) {
  const outer = part("readout-part", "");
  outer.append(Object.assign(document.createElement("a"), { textContent: words, href: address }));
  return outer;
}

function part(className, words) {
  return Object.assign(document.createElement("span"), { className, textContent: words });
}
