// The replies that are kept: what was asked, what is answered without the model, how often; and out with them.

import { h, replace } from "../dom.js";
import { confirmButton, statusLine, submit } from "../forms.js";
import { ageS, bytes, number, span } from "../format.js";
import { t } from "../i18n.js";

const TYPING_MS = 300; // after the last key, so that not every letter is a search
const PROMPT_CHARS = 280; // of the end, where the player's words stand; all of it opens below
const LIMIT = 100;

export const title = "cache.title";

export async function render(root, page) {
  const view = { grep: page.query.grep ?? "", role: page.query.role ?? "" };
  const state = h("p", { role: "status" });
  const second = h("div", { class: "shared" });
  const list = h("ul", { class: "exchanges" });
  const status = statusLine();
  const load = () => page.attempt(list, async () => draw(await page.get("v1/cache", { ...view, limit: LIMIT })));
  const draw = ({ entries, total, shared }) => {
    replace(second, ...sharedLine(shared));
    replace(state, total ? t("cache.shown", { shown: number(entries.length), total: number(total) }) : t(view.grep || view.role ? "cache.none_match" : "cache.none"));
    replace(list, entries.map((entry) => item(entry, page, load)));
  };
  replace(root, h("p", {}, t("cache.what")), second, controls(view, page, status, load), status.line, h("section", { class: "box" }, state, list));
  await load();
}

function controls(view, page, status, load) {
  let typing;
  const search = (name, type) =>
    h("input", { type, value: view[name], placeholder: t(`cache.${name}`), "aria-label": t(`cache.${name}`), oninput: (event) => {
      view[name] = event.target.value;
      clearTimeout(typing);
      typing = setTimeout(() => {
        page.keep({ ...view });
        load();
      }, TYPING_MS);
    } });
  const purge = (key, fields) =>
    confirmButton(t(`cache.${key}`), t(`cache.${key}_sure`), async (button) => {
      const answer = await submit(page, button, status, () => page.post("v1/cache/purge", fields()));
      if (!answer) return;
      page.toast(t("cache.purged", { count: number(answer.purged) }));
      await load();
    });
  const filtered = () => {
    const fields = Object.fromEntries(Object.entries(view).filter(([, value]) => value));
    return Object.keys(fields).length ? fields : { all: true };
  };
  return [
    h("div", { class: "row" }, search("grep", "search"), search("role", "text")),
    h("div", { class: "row" }, purge("purge_matching", filtered), purge("purge_expired", () => ({ expired: true })), purge("purge_all", () => ({ all: true }))),
  ];
}

// The second level, where there is one: how it stands, and what it was worth since the daemon's start.
function sharedLine(shared) {
  if (!shared) return [];
  const state = shared.up ? t("cache.shared_up", { address: shared.address }) : t("cache.shared_away", { address: shared.address, problem: shared.problem });
  const names = ["queries", "hits", "timeouts", "errors", "puts", "dropped"];
  const counts = Object.fromEntries(names.map((name) => [name, number(shared[name])]));
  return [h("p", { class: shared.up ? "" : "warn" }, state), h("p", { class: "muted" }, t("cache.shared_counts", counts))];
}

function item(entry, page, load) {
  const status = statusLine();
  const left = -ageS(entry.expires);
  const remove = confirmButton(t("common.delete"), t("cache.delete_sure"), async (button) => {
    if (await submit(page, button, status, () => page.post("v1/cache/purge", { key: entry.key }))) await load();
  }, { "aria-label": `${t("common.delete")}: ${entry.text.slice(0, 60)}` });
  const facts = [t("cache.age", { age: span(ageS(entry.created)) }), left > 0 ? t("cache.left", { left: span(left) }) : t("cache.expired"), t("cache.hits", { count: number(entry.hits) }), bytes(entry.bytes), ...(entry.shared ? [t("cache.in_shared")] : [])];
  return h(
    "li",
    { class: "exchange" },
    h("div", { class: "row head" }, h("strong", {}, entry.role || "infer"), h("span", { class: "muted" }, facts.join(" · ")), h("span", { class: "open" }, remove)),
    h("p", { class: "said" }, entry.text),
    prompt(entry.prompt),
    status.line,
  );
}

function prompt(text) {
  if (text.length <= PROMPT_CHARS) return h("pre", {}, text);
  return h("details", {}, h("summary", {}, `… ${text.slice(-PROMPT_CHARS / 2)}`), h("pre", {}, text));
}
