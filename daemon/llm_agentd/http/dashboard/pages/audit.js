// Who changed what, and when: every change that this page, the game or a command made.

import { diffView } from "../diff.js";
import { h, replace, whenChanged } from "../dom.js";
import { time } from "../format.js";
import { hasText, t } from "../i18n.js";

const LIMIT = 200;
const LOOK_S = 5;

export const title = "audit.title";

export async function render(root, page) {
  const list = h("section", { class: "box" });
  replace(root, h("p", {}, t("audit.what")), list);
  const look = async () => {
    const { entries } = await page.get("v1/audit", { limit: LIMIT });
    whenChanged(list, entries, () => replace(list, table(entries)));
  };
  await page.attempt(list, async () => {
    await look();
    page.every(LOOK_S, look);
  });
}

function table(entries) {
  if (!entries.length) return h("p", { class: "muted" }, t("audit.none"));
  const heads = ["time", "who", "change", "target", "values"].map((key) => h("th", { scope: "col" }, t(`audit.${key}`)));
  return h("div", { class: "scroll" }, h("table", { class: "cards" }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, entries.map(row))));
}

function row({ time: at, who, by, what, target, before, after }) {
  const word = hasText(`audit.did.${what}`) ? t(`audit.did.${what}`) : what;
  const via = hasText(`audit.via.${who}`) ? t(`audit.via.${who}`) : who;
  return h(
    "tr",
    {},
    h("td", { class: "nowrap" }, time(at)),
    h("td", { "data-label": t("audit.who") }, by ? `${by} (${via})` : via),
    h("td", { "data-label": t("audit.change") }, word),
    h("td", { "data-label": t("audit.target") }, h("code", {}, target)),
    h("td", { "data-label": t("audit.values") }, values(before, after)),
  );
}

function values(before, after) {
  if (before === undefined && after === undefined) return null;
  if (isObject(before) || isObject(after)) return diffView(linesOf(before), linesOf(after));
  if (before === undefined) return text(after);
  return [h("del", { class: "removed" }, text(before)), " → ", h("ins", { class: "added" }, after === undefined ? t("settings.nothing") : text(after))];
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** An object as lines of `name: value`, its lists below; what was cut to text stays one line. */
function linesOf(value) {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) return [text(value)];
  return Object.entries(value).flatMap(([name, part]) => (Array.isArray(part) ? [`${name}:`, ...part.map((item) => `  - ${text(item)}`)] : [`${name}: ${text(part)}`]));
}

const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
