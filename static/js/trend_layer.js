// What can be shown in the upper part of a trend: the three scores of the page, or one measure that was fetched.
import { STYLES, scoreWords } from "./drawing.js";
import { filled } from "./words.js";

/** Stands in the address of a session's page for its id. */
const NO_SESSION = "00000000-0000-0000-0000-000000000000";

/** Times as they are sent, each in seconds since the one before, as Unix seconds. */
export function moments(steps) {
  let time = 0;
  return steps.map((step) => { time += step; return time; });
}

/** Points over time with one or more series; `codes` names those that can be drawn. */
class Layer {
  constructor(data, words) {
    Object.assign(this, { data, said: words });
    this.time = moments(data.time);
    this.assumed = new Set(data.assumed);
    this.setAside = new Set(data.set_aside);
    this.interrupted = Object.fromEntries(Object.entries(data.interrupted).map(([code, places]) => [code, new Set(places)]));
    this.codes = Object.keys(data.series);
  }

  series(code) { return this.data.series[code]; }

  bands(code) { return this.data.baseline[code] ?? []; }

  part(index) { return this.data.part[index] ?? ""; }

  origin(index) { return this.data.origins[this.data.origin[index]]; }

  /** Why the recording is poor, or an empty string. */
  poor(index) { return this.data.poor_words[this.data.poor[index]] ?? ""; }

  /** Whether a point stands apart from the others: of a poor recording, or set aside by a counselor. */
  apart(index) { return this.setAside.has(index) || Boolean(this.poor(index)); }

  /** What the points that stand apart are, or an empty string where there is none. */
  get apartWords() {
    const { poor, set_aside: setAside, both } = this.said.apart;
    if (!this.data.poor_words.length) return this.setAside.size ? setAside : "";
    return this.setAside.size ? both : poor;
  }

  /** A line joins neighbours that the same origin made, unless one stands apart or something that ends it was left out. */
  joined(code, before, after) {
    const same = this.data.origin[before] === this.data.origin[after];
    const next = after === before + 1 && !this.interrupted[code].has(after);
    return next && same && !this.apart(before) && !this.apart(after);
  }

  name(index) { return `${this.data.session[index]} ${this.part(index)}`; }

  /** Where the session's own page is: its id is sent in base64, which is shorter. */
  address(index) {
    const bytes = atob(this.data.session[index].replaceAll("-", "+").replaceAll("_", "/"));
    const hex = [...bytes].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
    return this.data.session_address.replace(NO_SESSION, hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"));
  }

  /** Where the origin changes: half-way between the two sessions. */
  changes() {
    const { origin, origins } = this.data;
    const known = origin.map((key, index) => ({ key, origin: origins[key], time: this.time[index] })).filter((one) => one.origin);
    return known.flatMap((one, index) => {
      const before = known[index - 1];
      if (!before || before.key === one.key) return [];
      const words = before.origin === one.origin ? filled(this.said.changed, { origin: one.origin }) : one.origin;
      return [{ time: (before.time + one.time) / 2, origin: words }];
    });
  }
}

/** The three scores, each from 0 to 1 with its interval. */
export class Scores extends Layer {
  constructor(data, words) {
    super(data, words);
    this.codes = data.heads.map((head) => head.head);
  }

  get range() { return [-0.02, 1.02]; }

  splits() { return [0, 0.25, 0.5, 0.75, 1]; }

  head(code) { return this.data.heads.find((one) => one.head === code); }

  style(code) { return STYLES[code]; }

  label(code) { return this.head(code).label; }

  hollow(code, index) { return this.data.states[this.series(code).state[index]] === "indeterminate"; }

  words(code, index) {
    const { value, low, high, state } = this.series(code);
    const one = { value: value[index], low: low[index], high: high[index], state: this.data.states[state[index]] };
    return `${this.label(code)} ${scoreWords(one, this.said)}`;
  }
}

/** One acoustic measure in its own unit. */
export class Measure extends Layer {
  /** From the lowest to the highest of values and bands, with some room. */
  get range() {
    const { code } = this.data;
    const ends = [...this.series(code).value.filter((value) => value != null), ...this.bands(code).flatMap((one) => [one.low, one.high])];
    if (!ends.length) return [0, 1];
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    const room = Math.max((high - low) * 0.08, 10 ** -this.data.decimals);
    return [low - room, high + room];
  }

  splits() {
    const [low, high] = this.range;
    const step = niceStep((high - low) / 4);
    const first = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, place) => Number(((first + place) * step).toPrecision(12)));
  }

  style() { return STYLES.measure; }

  label() { return this.data.label; }

  hollow() { return false; }

  words(code, index) {
    const value = this.series(code).value[index];
    return `${this.data.label} ${value == null ? this.said.not_available : `${value.toFixed(this.data.decimals)} ${this.data.unit}`.trim()}`;
  }
}

/** 1, 2 or 5 times a power of ten, not below `least`. */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((times) => times * power >= least * 0.999);
}
