// What a trend shows: a score by its tab, all three together, or a measure from the list, which is fetched then.
import { TOGETHER } from "./trend_drawing.js";
import { Measure, Scores } from "./trend_layer.js";
import { filled } from "./words.js";

// Kept for the chart that newer facts bring.
let chosen = null;

/** Tabs and list of a trend. `show(layer, codes)` is called with what was chosen. */
export class Choice {
  constructor(sheet, data, words, show) {
    Object.assign(this, { sheet, words, show, scores: new Scores(data, words), heads: data.heads, loaded: new Map(), current: null });
    this.list = sheet.querySelector("[data-measures]");
    this.meaning = sheet.querySelector("[data-meaning]");
    this.own = sheet.querySelector("[data-own]");
    this.ownOfScores = [...this.own.children];
    this.buildTabs();
    this.list?.addEventListener("change", () => this.list.value && this.choose(this.list.value));
    if (this.list) this.list.form.querySelector("button").hidden = true;
  }

  buildTabs() {
    const tabs = this.sheet.querySelector("[data-tabs]");
    const name = this.sheet.clientWidth < 560 ? "short" : "label";
    const choices = this.heads.map((one) => [one.head, one[name]]);
    if (choices.length) choices.push([TOGETHER, this.words.together]);
    tabs.replaceChildren(...choices.map(([value, label]) => {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: label, value });
      button.addEventListener("click", () => this.choose(value));
      return button;
    }));
    tabs.hidden = !choices.length;
    this.tabs = tabs;
  }

  get measures() { return [...this.list?.options ?? []].map((option) => option.value).filter(Boolean); }

  /** What was chosen before, if it is there; else what comes first. */
  begin() {
    const all = [...this.heads.map((one) => one.head), ...(this.heads.length ? [TOGETHER] : []), ...this.measures];
    this.choose(all.includes(chosen) ? chosen : all[0] ?? null);
  }

  choose(value) {
    chosen = value;
    for (const button of this.tabs.children) button.setAttribute("aria-pressed", String(button.value === value));
    if (this.list) this.list.value = this.measures.includes(value) ? value : "";
    this.sheet.removeAttribute("aria-busy");
    if (this.measures.includes(value)) this.chooseMeasure(value);
    else this.chooseScores(value);
  }

  chooseScores(value) {
    const one = this.heads.find((head) => head.head === value);
    this.meaning.textContent = one?.meaning ?? (value ? this.words.all_scores : "");
    this.own.replaceChildren(...this.ownOfScores);
    this.current = value;
    this.show(value ? this.scores : null, value === TOGETHER ? this.scores.codes : value ? [value] : []);
  }

  async chooseMeasure(code) {
    if (!this.loaded.has(code)) {
      this.sheet.setAttribute("aria-busy", "true");
      this.meaning.textContent = this.words.loading;
      const fetched = await this.fetched(code);
      if (chosen !== code) return;
      this.sheet.removeAttribute("aria-busy");
      if (!fetched) {
        this.choose(this.current);
        this.meaning.textContent = this.words.not_loaded;
        return;
      }
      this.loaded.set(code, new Measure(fetched, this.words));
    }
    const layer = this.loaded.get(code);
    this.meaning.textContent = layer.data.meaning;
    const { own, label, repeatability } = layer.data;
    const sentences = [own || filled(this.words.never_measured, { measure: label }), repeatability];
    this.own.replaceChildren(...sentences.map((textContent) => Object.assign(document.createElement("li"), { textContent })));
    this.current = code;
    this.show(layer, [code]);
  }

  async fetched(code) {
    try {
      const answer = await fetch(`${this.list.dataset.measures}?code=${code}`, { headers: { Accept: "application/json" } });
      return answer.ok && !answer.redirected ? await answer.json() : null;
    } catch {
      return null;
    }
  }
}
