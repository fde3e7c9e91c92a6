// What scripts say: sentences that the server hands over in the reader's language, and values filled in by name.

/** The sentences of a script, from the block that the page has for it. */
export function wordsOf(script) { return JSON.parse(document.getElementById(`${script}-words`).textContent); }

/** `sentence` with each `%(name)s` of `values` filled in; a percent sign stands in it twice. */
export function filled(sentence, values) {
  return sentence.replace(/%(?:\((\w+)\)s|%)/g, (_, name) => name ? values[name] : "%");
}

/** The language in which `Intl` writes dates. In English a day stands before its month, as the server writes it. */
export function language() {
  const { lang } = document.documentElement;
  return lang === "en" ? "en-GB" : lang;
}
