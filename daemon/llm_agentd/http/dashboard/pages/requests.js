// The request log: a search, newest first; and one request with all of its prompt, reply, action, timings and tokens.

import { timeBar } from "../chart.js";
import { arrowKeys, h, replace } from "../dom.js";
import { actedTag, actionText, cacheTag, exchangeItem, outcomeTag, reasonText, who } from "../exchange.js";
import { bytes, duration, number, time } from "../format.js";
import { t } from "../i18n.js";
import { promptParts } from "../prompt_parts.js";

const PAGE_ROWS = 50;
const TYPING_MS = 300; // after the last key, so that not every letter is a search
const OUTCOMES = ["done", "filtered", "overloaded", "deadline_exceeded", "cancelled", "engine_failed", "unavailable", "bad_request", "internal"];
const PRIORITIES = ["spoken", "ambient", "background"];

export const title = "requests.title";

export async function render(root, page) {
  await page.attempt(root, () => (page.path.length ? renderOne(root, page) : renderList(root, page)));
}

// The list -------------------------------------------------------------------------------------------------------------

async function renderList(root, page) {
  const fields = { ...page.query };
  const list = arrowKeys(h("ul", { class: "box exchanges" }), "a.open");
  const state = h("p", { class: "hint", role: "status" });
  const more = h("button", { type: "button", hidden: true }, t("common.more"));
  let last;
  let round = 0;
  const load = async (before) => {
    const mine = (round += 1);
    const answer = await page.attempt(state, () => page.get("v1/requests", { ...fields, limit: PAGE_ROWS, before }));
    if (!answer || mine !== round) return; // a later search has begun
    if (before === undefined) list.replaceChildren();
    list.append(...answer.requests.map((row) => exchangeItem(row, page)));
    if (!list.children.length) list.append(h("li", { class: "muted" }, t("requests.none")));
    replace(state, t("requests.kept", { count: number(answer.kept), size: bytes(answer.bytes) }));
    last = answer.requests.at(-1)?.seq;
    more.hidden = !answer.requests.length; // a round may be shorter than asked for, where its texts are long
  };
  more.addEventListener("click", () => load(last));
  const search = () => {
    page.keep(fields);
    return load();
  };
  replace(root, searchForm(fields, search), h("div", { class: "row spread" }, state, clearButton(page, load)), list, more);
  await load();
}

function searchForm(fields, search) {
  let timer;
  const text = (name) => {
    const change = (event) => {
      fields[name] = event.target.value.trim();
      clearTimeout(timer);
      timer = setTimeout(search, TYPING_MS);
    };
    return h("input", { type: "search", placeholder: t(`requests.${name}`), "aria-label": t(`requests.${name}`), value: fields[name] ?? "", oninput: change });
  };
  const choice = (name, values, wordOf) => {
    const change = (event) => {
      fields[name] = event.target.value;
      search();
    };
    const options = values.map((value) => h("option", { value, selected: value === fields[name] }, wordOf(value)));
    return h("select", { "aria-label": t(`requests.${name}`), onchange: change }, h("option", { value: "" }, t(`requests.any_${name}`)), options);
  };
  return h(
    "form",
    { class: "row", role: "search", onsubmit: (event) => event.preventDefault() },
    text("grep"),
    text("npc"),
    text("player"),
    choice("outcome", OUTCOMES, reasonText),
    choice("priority", PRIORITIES, (name) => t(`overview.priority.${name}`)),
  );
}

function clearButton(page, load) {
  const clear = async () => {
    if (!confirm(t("requests.clear_sure"))) return;
    const { cleared } = await page.post("v1/requests/clear", {});
    page.toast(t("requests.cleared", { count: number(cleared) }));
    await load();
  };
  return h("button", { type: "button", onclick: clear }, t("requests.clear"));
}

// One request ------------------------------------------------------------------------------------------------------------

async function renderOne(root, page) {
  const { request } = await page.get(`v1/requests/${encodeURIComponent(page.path[0])}`);
  replace(
    root,
    h("p", {}, h("a", { href: page.link("requests") }, t("requests.back"))),
    h("div", { class: "columns" }, talk(request, page), figures(request)),
    h("section", { class: "box" }, h("h2", {}, t("prompt.title")), promptParts(request.parts, request.left_out)),
    h("section", { class: "box" }, h("h2", {}, t("requests.options")), h("pre", {}, JSON.stringify(given(request.options), null, 2))),
  );
}

/** The options that were set. */
const given = (options = {}) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));

function talk(request, page) {
  const line = (key, text) => (text ? [h("h3", {}, t(`requests.${key}`, { name: request.player ?? "?" })), h("pre", {}, text)] : null);
  const why = request.why ?? (request.fallback ? reasonText(request.fallback) : null);
  return h(
    "section",
    { class: "box" },
    h("div", { class: "row head" }, who(request), request.player ? h("span", { class: "muted" }, `→ ${request.player}`) : null, outcomeTag(request), cacheTag(request)),
    why ? h("p", { class: "why" }, t("exchange.why"), " ", request.fallback ? `${reasonText(request.fallback)}. ` : "", request.why ?? "") : null,
    line("utterance", request.utterance),
    line("reply", request.reply ?? request.text),
    request.action ? [h("h3", {}, t("requests.action")), h("p", {}, actionText(request.action), " ", actedTag(request.acted))] : null,
    request.raw && request.raw !== request.reply ? line("raw", request.raw) : null,
    request.npc ? h("p", {}, h("a", { href: page.link("npcs", request.npc) }, t("requests.to_npc")), " · ", h("a", { href: page.link("talk", { npc: request.npc, player: request.player, utterance: request.utterance }) }, t("requests.ask_again"))) : null,
  );
}

function figures(request) {
  const [timing, usage] = [request.timing_ms ?? {}, request.usage ?? {}];
  const steps = ["queue", "prefill", "decode"].map((name) => [t(`requests.timing.${name}`), timing[name]]);
  const rows = [
    ["time", time(request.time)], ["op", [request.op, request.intent].filter(Boolean).join(" / ")], ["priority", request.priority && t(`overview.priority.${request.priority}`)], ["engine", request.engine],
    ["model", request.model], ["mind", request.mind && t(`requests.mind.${request.mind}`)], ["cache", request.cache], ["finish", request.finish], ["lang", request.lang],
    ["prompt_tokens", number(usage.prompt_tokens)], ["reused_tokens", number(usage.reused_tokens)], ["completion_tokens", number(usage.completion_tokens)],
  ];
  return h(
    "section",
    { class: "box" },
    h("h2", {}, t("requests.took", { time: duration(timing.total) })),
    timeBar(steps),
    h("dl", {}, rows.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, t(`requests.fact.${name}`)), h("dd", {}, value)])),
  );
}
