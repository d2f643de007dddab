// Who has thought since the daemon started: role, place, when, the last words. One of them opened: what it remembers and
// what it was asked.

import { arrowKeys, h, replace, whenChanged } from "../dom.js";
import { exchangeItem } from "../exchange.js";
import { number, NONE, time } from "../format.js";
import { t } from "../i18n.js";

const LOOK_S = 5;
const REQUESTS = 10;
const MEMORIES = 20;

export const title = "npcs.title";

export async function render(root, page) {
  await page.attempt(root, () => (page.path.length ? renderOne(root, page) : renderAll(root, page)));
}

// All ------------------------------------------------------------------------------------------------------------------

async function renderAll(root, page) {
  const view = { npcs: (await page.get("v1/npcs")).npcs, text: page.query.text ?? "" };
  const place = h("div", { class: "box" });
  const draw = () => whenChanged(place, [view.npcs, view.text], () => replace(place, table(view, page)));
  const change = (event) => {
    view.text = event.target.value;
    page.keep({ text: view.text });
    draw();
  };
  const search = h("input", { type: "search", placeholder: t("npcs.filter"), "aria-label": t("npcs.filter"), value: view.text, oninput: change });
  replace(root, h("div", { class: "row" }, search), place);
  draw();
  page.every(LOOK_S, async () => {
    view.npcs = (await page.get("v1/npcs")).npcs;
    draw();
  });
}

function table(view, page) {
  const wanted = view.text.toLowerCase();
  const found = view.npcs.filter((npc) => !wanted || [npc.id, npc.name, npc.role, npc.place, npc.last_player].join("\n").toLowerCase().includes(wanted));
  if (!found.length) return h("p", { class: "muted" }, t(view.npcs.length ? "npcs.none_match" : "npcs.none"));
  const heads = ["name", "role", "place", "last_time", "thinks", "last_text"].map((key) => h("th", { scope: "col", class: key === "thinks" ? "number" : null }, t(`npcs.${key}`)));
  const body = arrowKeys(h("tbody", {}, found.map((npc) => row(npc, page))), "a");
  return h("div", { class: "scroll" }, h("table", { class: "cards" }, h("thead", {}, h("tr", {}, heads)), body));
}

function row(npc, page) {
  const cell = (key, content, kind) => h("td", { "data-label": t(`npcs.${key}`), class: kind }, content);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("a", { href: page.link("npcs", npc.id) }, npc.name ?? npc.id)),
    cell("role", npc.role),
    cell("place", placeOf(npc)),
    cell("last_time", [time(npc.last_time), npc.last_player ? h("div", { class: "muted" }, npc.last_player) : null]),
    cell("thinks", number(npc.thinks), "number"),
    cell("last_text", npc.last_text ?? NONE),
  );
}

export function placeOf(npc) {
  if (npc.place) return npc.place;
  const pos = npc.pos && (Array.isArray(npc.pos) ? npc.pos : [npc.pos.x, npc.pos.y, npc.pos.z]);
  return pos ? pos.map((part) => Math.round(part)).join(", ") : NONE;
}

// One ------------------------------------------------------------------------------------------------------------------

async function renderOne(root, page) {
  const id = page.path[0];
  const npc = (await page.get("v1/npcs")).npcs.find((found) => found.id === id) ?? { id };
  const asked = h("section", { class: "box" });
  const remembered = h("section", { class: "box" });
  replace(root, h("p", {}, h("a", { href: page.link("npcs") }, t("npcs.back"))), facts(npc, page), h("div", { class: "columns wide" }, asked, remembered));
  await Promise.all([
    page.attempt(asked, async () => drawAsked(asked, (await page.get("v1/requests", { npc: id, limit: REQUESTS })).requests, id, page)),
    page.attempt(remembered, async () => drawMemories(remembered, (await page.post("v1/memory/memories", { npc: id, limit: MEMORIES })).memories, id, page)),
  ]);
}

function facts(npc, page) {
  const rows = [["role", npc.role], ["place", placeOf(npc)], ["last_time", time(npc.last_time)], ["last_player", npc.last_player], ["thinks", number(npc.thinks)], ["id", npc.id]];
  return h(
    "section",
    { class: "box" },
    h("div", { class: "row spread" }, h("h2", {}, npc.name ?? npc.id), h("a", { href: page.link("talk", { npc: npc.id }) }, t("npcs.talk"))),
    h("dl", {}, rows.filter(([, value]) => value).map(([key, value]) => [h("dt", {}, t(`npcs.${key}`)), h("dd", {}, value)])),
  );
}

function drawAsked(place, requests, id, page) {
  const list = requests.length ? h("ul", { class: "exchanges" }, requests.map((row) => exchangeItem(row, page))) : h("p", { class: "muted" }, t("common.nothing"));
  replace(place, h("div", { class: "row spread" }, h("h2", {}, t("npcs.asked")), h("a", { href: page.link("requests", { npc: id }) }, t("common.more"))), list);
}

function drawMemories(place, memories, id, page) {
  const item = (memory) =>
    h(
      "li",
      { class: "exchange" },
      h("div", { class: "row head" }, h("span", { class: "muted mono" }, time(memory.at_s * 1000)), h("span", { class: "tag" }, t(`npcs.kind.${memory.kind}`)), memory.player ? h("span", { class: "muted" }, memory.player) : null),
      memory.said ? h("p", { class: "said" }, h("span", { class: "muted" }, `${memory.player}: `), memory.said) : null,
      h("p", { class: "said" }, memory.text),
    );
  const list = memories.length ? h("ul", { class: "exchanges" }, memories.map(item)) : h("p", { class: "muted" }, t("npcs.no_memories"));
  replace(place, h("div", { class: "row spread" }, h("h2", {}, t("npcs.memories")), h("a", { href: page.link("memory", { npc: id }) }, t("npcs.edit_memories"))), list);
}
