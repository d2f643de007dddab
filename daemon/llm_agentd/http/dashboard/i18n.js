// The texts of the page in the languages of the mod, from i18n/LANGUAGE.json: objects of keys, such as
// "overview.title". A key that a language lacks is read from English. Knows no page; the page into which players speak has
// a folder of texts of its own.

import { storage } from "./storage.js";

export const LANGUAGES = { en: "English", de: "Deutsch", fr: "Français", es: "Español", ru: "Русский" };
const CHOICE = "llm-agentd.language";
const PLACEHOLDER = /\{(\w+)\}/g;

let folder = new URL("i18n/", import.meta.url);
let texts = {};
let fallback = {};

/** The language that was chosen here, else the first of the browser's that there is, else English. */
export function language() {
  const wanted = [storage.local.get(CHOICE), ...navigator.languages.map((code) => code.slice(0, 2))];
  return wanted.find((code) => code in LANGUAGES) ?? "en";
}

export async function setLanguage(code) {
  storage.local.set(CHOICE, code);
  await loadTexts();
}

/** `from`: where the texts of another page than the dashboard lie. */
export async function loadTexts(from = folder) {
  const code = language();
  folder = from;
  const read = async (name) => (await fetch(new URL(`${name}.json`, folder))).json();
  fallback = await read("en");
  texts = code === "en" ? fallback : await read(code);
  document.documentElement.lang = code;
}

/** The text of a key, with {name} replaced by values.name. */
export function t(key, values = {}) {
  const text = lookUp(texts, key) ?? lookUp(fallback, key) ?? key;
  return text.replace(PLACEHOLDER, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Is there a text of this key? For keys that come from the daemon, such as error codes. */
export function hasText(key) {
  return lookUp(fallback, key) !== undefined;
}

function lookUp(tree, key) {
  const found = key.split(".").reduce((node, part) => (Object.hasOwn(node ?? {}, part) ? node[part] : undefined), tree);
  return typeof found === "string" ? found : undefined;
}
