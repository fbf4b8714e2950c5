// The page's texts, in the page's language: written into the page by the server, filled in here.
const held = JSON.parse(document.getElementById("words").textContent);

export const language = document.documentElement.lang === "en" ? "en" : "zh";

/** The text of a key of maps/text.toml with its `{name}`s filled in. */
export const word = (key, values = {}) =>
  held[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** The text of the data in the page's language, and the language that it is in. */
export const worded = (zh, en) => (language === "en" && en ? { text: en, lang: "en" } : { text: zh, lang: "zh" });

/** The text of a key as it is said of stalls, or of places where people go in. */
export const said = (key, manner, values = {}) =>
  word(`${manner}_${key}` in held ? `${manner}_${key}` : key, values);

/** Whether there is a text of this key. */
export const hasWord = (key) => key in held;
