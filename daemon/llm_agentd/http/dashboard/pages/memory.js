// What NPCs remember: who remembers whom, each memory to be changed or deleted, and what an NPC would recall if a player
// said this or that.

import { arrowKeys, h, replace } from "../dom.js";
import { confirmButton, field, statusLine, submit } from "../forms.js";
import { number, time } from "../format.js";
import { t } from "../i18n.js";

const PAGE_ROWS = 50;
const TYPING_MS = 300; // after the last key, so that not every letter is a search
const SHOWN_PAIRS = 200; // in the list; who is not among them is found by typing

export const title = "memory.title";

export async function render(root, page) {
  const view = { npc: page.query.npc ?? "", player: page.query.player ?? "", text: page.query.text ?? "" };
  const pairs = h("section", { class: "box" });
  const recall = h("section", { class: "box" });
  const list = h("section", { class: "box" });
  await page.attempt(root, async () => {
    view.pairs = (await page.get("v1/memory/pairs")).pairs;
    const choose = (npc, player) => {
      Object.assign(view, { npc, player });
      keep(view, page);
      drawPairs(pairs, view, choose);
      drawRecall(recall, view, page);
      return drawList(list, view, page, choose);
    };
    replace(root, h("div", { class: "columns memory" }, pairs, h("div", { class: "stack" }, recall, list)));
    await choose(view.npc, view.player);
  });
}

const keep = (view, page) => page.keep({ npc: view.npc, player: view.player, text: view.text });

// Who remembers whom -----------------------------------------------------------------------------------------------------

function drawPairs(place, view, choose) {
  const box = h("div", {});
  const search = h("input", { id: "pair-filter", type: "search", value: view.pairText ?? "", placeholder: t("memory.filter_pairs"), "aria-label": t("memory.filter_pairs"), oninput: (event) => {
    view.pairText = event.target.value;
    fill();
  } });
  const fill = () => replace(box, pairList(view, choose));
  replace(place, h("h2", {}, t("memory.pairs")), h("div", { class: "row" }, search), box);
  fill();
}

function pairList(view, choose) {
  if (!view.pairs.length) return h("p", { class: "muted" }, t("memory.none"));
  const wanted = (view.pairText ?? "").toLowerCase();
  const found = view.pairs.filter((pair) => !wanted || `${pair.npc_name} ${pair.npc} ${pair.player}`.toLowerCase().includes(wanted));
  const item = (pair) => {
    const isChosen = pair.npc === view.npc && pair.player === view.player;
    return h(
      "li",
      {},
      h(
        "button",
        { id: `pair-${pair.npc}-${pair.player}`, type: "button", class: "quiet", "aria-pressed": String(isChosen), onclick: () => choose(pair.npc, pair.player) },
        h("span", {}, `${pair.npc_name || pair.npc} · ${pair.player || t("memory.nobody")}`),
        h("span", { class: "muted" }, number(pair.count)),
      ),
    );
  };
  const all = h("li", {}, h("button", { id: "pair-all", type: "button", class: "quiet", "aria-pressed": String(!view.npc && !view.player), onclick: () => choose("", "") }, t("memory.all")));
  return arrowKeys(h("ul", { class: "pairs" }, all, found.slice(0, SHOWN_PAIRS).map(item)), "button");
}

// The memories -----------------------------------------------------------------------------------------------------------

async function drawList(place, view, page, choose) {
  const rows = h("ul", { class: "exchanges" });
  const status = statusLine();
  const more = h("button", { type: "button", hidden: true }, t("common.more"));
  const load = async (before) => {
    const found = await read(view, page, before);
    append(rows, found, view, page);
    more.hidden = found.length < PAGE_ROWS;
    more.onclick = () => load(found.at(-1).id);
    if (!rows.children.length) status.show(t(view.text ? "memory.none_match" : "memory.none"));
  };
  let typing;
  const search = h("input", { type: "search", value: view.text, placeholder: t("memory.search"), "aria-label": t("memory.search"), oninput: (event) => {
    view.text = event.target.value;
    clearTimeout(typing);
    typing = setTimeout(() => {
      keep(view, page);
      replace(rows);
      status.clear();
      page.attempt(rows, () => load());
    }, TYPING_MS);
  } });
  const whose = view.npc || view.player ? [view.npc ? nameOf(view) : null, view.player].filter(Boolean).join(" · ") : t("memory.all");
  replace(
    place,
    h("div", { class: "row spread" }, h("h2", {}, whose), view.npc || view.player ? h("button", { type: "button", class: "quiet", onclick: () => choose("", "") }, t("memory.show_all")) : null),
    h("div", { class: "row" }, search),
    status.line,
    rows,
    more,
  );
  await page.attempt(rows, () => load());
}

const nameOf = (view) => view.pairs.find((pair) => pair.npc === view.npc)?.npc_name || view.npc;

async function read(view, page, before) {
  const fields = { limit: PAGE_ROWS };
  for (const name of ["npc", "player"]) if (view[name]) fields[name] = view[name];
  if (before) fields.before = before;
  if (view.text) return (await page.post("v1/memory/search", { ...fields, text: view.text })).memories;
  return (await page.post("v1/memory/memories", fields)).memories;
}

function append(rows, memories, view, page) {
  for (const memory of memories) {
    const item = h("li", { class: "exchange" });
    showMemory(item, memory, page);
    rows.append(item);
  }
}

function showMemory(item, memory, page) {
  const status = statusLine();
  const about = t("memory.about", { text: (memory.text || memory.said).slice(0, 60) });
  const remove = confirmButton(t("common.delete"), t("memory.delete_sure"), async (button) => {
    if (await submit(page, button, status, () => page.post("v1/memory/edit", { memory: memory.id, text: null }))) {
      item.remove();
      page.toast(t("memory.deleted"));
    }
  }, { "aria-label": `${t("common.delete")}: ${about}` });
  const edit = h("button", { type: "button", "aria-label": `${t("memory.edit")}: ${about}`, onclick: () => editMemory(item, memory, page) }, t("memory.edit"));
  const player = memory.player || t("memory.nobody");
  replace(
    item,
    h(
      "div",
      { class: "row head" },
      h("span", { class: "muted mono" }, time(memory.at_s * 1000)),
      h("span", { class: "tag" }, t(`memory.kind.${memory.kind}`)),
      h("span", { class: "muted" }, [memory.npc_name || memory.npc, player, memory.place].filter(Boolean).join(" · ")),
      h("span", { class: "open" }, edit, " ", remove),
    ),
    memory.said ? h("p", { class: "said" }, h("span", { class: "muted" }, `${player}: `), memory.said) : null,
    memory.text ? h("p", { class: "said" }, memory.kind === "exchange" ? h("span", { class: "muted" }, `${memory.npc_name || memory.npc}: `) : null, memory.text) : null,
    status.line,
  );
}

function editMemory(item, memory, page) {
  const status = statusLine();
  const isExchange = memory.kind === "exchange";
  const said = h("textarea", { rows: 2, value: memory.said });
  const text = h("textarea", { rows: 2, value: memory.text, required: true });
  const save = h("button", { type: "submit", class: "primary" }, t("common.save"));
  const cancel = h("button", { type: "button", onclick: () => showMemory(item, memory, page) }, t("common.cancel"));
  const onsubmit = async (event) => {
    event.preventDefault();
    const sides = isExchange ? { text: text.value, said: said.value } : { text: text.value };
    const answer = await submit(page, save, status, () => page.post("v1/memory/edit", { memory: memory.id, ...sides }));
    if (!answer) return;
    page.toast(t(answer.edited ? "memory.edited" : "memory.gone"));
    showMemory(item, { ...memory, ...sides }, page);
  };
  replace(
    item,
    h(
      "form",
      { onsubmit },
      isExchange ? field(t("memory.said", { player: memory.player }), said) : null,
      field(isExchange ? t("memory.answered", { npc: memory.npc_name || memory.npc }) : t(`memory.kind.${memory.kind}`), text),
      h("div", { class: "row" }, save, cancel),
      status.line,
    ),
  );
  (isExchange ? said : text).focus();
}

// What would it recall? --------------------------------------------------------------------------------------------------

function drawRecall(place, view, page) {
  const heading = h("h2", {}, t("memory.recall"));
  if (!view.npc || !view.player) return replace(place, heading, h("p", { class: "muted" }, t("memory.recall_choose")));
  const status = statusLine();
  const found = h("div", { "aria-live": "polite" });
  const text = h("input", { type: "text", placeholder: t("memory.recall_example") });
  const ask = h("button", { type: "submit" }, t("memory.recall_ask"));
  const onsubmit = async (event) => {
    event.preventDefault();
    const answer = await submit(page, ask, status, () => page.post("v1/memory/recall", { npc: view.npc, player: view.player, text: text.value }));
    if (answer) replace(found, recalled(answer));
  };
  const label = t("memory.recall_label", { player: view.player, npc: nameOf(view) });
  return replace(place, heading, h("form", { onsubmit }, field(label, text), h("div", { class: "row" }, ask), status.line), found);
}

function recalled({ turns, recalled: facts }) {
  const turn = ({ said, text }) => h("li", {}, said ? `${said} → ${text}` : text);
  const fact = (one) =>
    h(
      "tr",
      {},
      h("td", {}, one.text),
      h("td", { "data-label": t("memory.kind_head") }, t(`memory.kind.${one.kind}`)),
      h("td", { "data-label": t("memory.score"), class: "number" }, one.score ? number(one.score, 2) : t("memory.always")),
      h("td", {}, h("span", { class: `tag ${one.used ? "good" : ""}` }, t(one.used ? "memory.used" : "memory.not_used"))),
    );
  const heads = [["memory.fact"], ["memory.kind_head"], ["memory.score", "number"], ["memory.in_prompt"]].map(([key, kind]) => h("th", { scope: "col", class: kind }, t(key)));
  return [
    h("h3", {}, t("memory.facts")),
    facts.length
      ? h("div", { class: "scroll" }, h("table", { class: "cards" }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, facts.map(fact))))
      : h("p", { class: "muted" }, t("memory.no_facts")),
    h("h3", {}, t("memory.turns")),
    turns.length ? h("ul", {}, turns.map(turn)) : h("p", { class: "muted" }, t("memory.no_turns")),
  ];
}
