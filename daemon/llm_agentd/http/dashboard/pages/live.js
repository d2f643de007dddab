// The event stream: who said what to whom, as it happens, and why where the mod had to say a line of its own.

import { h, replace } from "../dom.js";
import { actedTag, actionText, exchangeItem, who } from "../exchange.js";
import { number, time } from "../format.js";
import { t } from "../i18n.js";
import { errorBox } from "../errors.js";

const KEPT = 200; // events on the page: more than anybody scrolls through; the request log has the rest
const BEFORE = 30; // requests that are shown from before the page was opened
const KINDS = ["said", "fallback", "error", "acted", "other"];
const SPOKEN_KINDS = ["said", "error", "fallback"];

export const title = "live.title";

export async function render(root, page) {
  const view = { events: [], held: 0, paused: false, open: false, ...filterOf(page.query) };
  const list = h("ul", { class: "box exchanges" });
  const status = h("p", { class: "hint", role: "status" });
  const redraw = () => {
    replace(list, visible(view).map((event) => item(event, page)));
    if (!list.children.length) list.append(h("li", { class: "muted" }, t(view.events.length ? "live.none_match" : "live.none")));
    replace(status, statusText(view));
  };
  root.append(controls(view, page, redraw), status, list);
  await page.attempt(status, async () => {
    view.events = (await page.get("v1/requests", { limit: BEFORE })).requests.map((row) => ({ ...row, kind: kindOf(row), request: row.seq }));
  });
  redraw();
  listen(view, page, redraw, status);
}

function listen(view, page, redraw, status) {
  const onEvent = (event, kind) => {
    view.events.unshift({ time: new Date().toISOString(), ...event, kind });
    view.events.length = Math.min(view.events.length, KEPT);
    if (view.paused) view.held += 1;
    if (view.paused) replace(status, statusText(view));
    else redraw();
  };
  const onOpen = (open) => {
    view.open = open;
    replace(status, statusText(view));
  };
  page.stream("v1/events", { onEvent, onOpen }).catch((error) => {
    if (error.status === 401) page.wantToken();
    else if (!page.signal.aborted) replace(status, errorBox(error));
  });
}

function statusText(view) {
  if (view.paused) return t("live.paused", { count: view.held });
  return t(view.open ? "live.open" : "live.closed");
}

const kindOf = (row) => (row.fallback ? "fallback" : row.outcome === "done" ? "said" : "error");

function filterOf(query) {
  return { kinds: new Set(query.kinds ? query.kinds.split(",") : KINDS), text: query.text ?? "" };
}

function visible(view) {
  const wanted = view.text.toLowerCase();
  const shown = view.paused ? view.events.slice(view.held) : view.events;
  return shown.filter((event) => view.kinds.has(KINDS.includes(event.kind) ? event.kind : "other") && (!wanted || textOf(event).includes(wanted)));
}

const textOf = (event) => [event.npc, event.npc_name, event.role, event.player, event.utterance, event.text, event.why, event.kind].join("\n").toLowerCase();

function controls(view, page, redraw) {
  const keep = () => {
    page.keep({ kinds: view.kinds.size === KINDS.length ? "" : [...view.kinds].join(","), text: view.text });
    redraw();
  };
  const box = (kind) => {
    const change = (event) => {
      if (event.target.checked) view.kinds.add(kind);
      else view.kinds.delete(kind);
      keep();
    };
    return h("label", {}, h("input", { type: "checkbox", checked: view.kinds.has(kind), onchange: change }), " ", t(`live.kind.${kind}`));
  };
  const search = h("input", { type: "search", "aria-label": t("live.filter"), placeholder: t("live.filter"), value: view.text, oninput: (event) => {
    view.text = event.target.value;
    keep();
  } });
  const pause = h("button", { type: "button", "aria-pressed": "false", onclick: () => {
    Object.assign(view, { paused: !view.paused, held: 0 });
    pause.setAttribute("aria-pressed", String(view.paused));
    replace(pause, t(view.paused ? "live.go_on" : "live.pause"));
    redraw();
  } }, t("live.pause"));
  return h("div", { class: "row" }, search, pause, KINDS.map(box));
}

function item(event, page) {
  if (SPOKEN_KINDS.includes(event.kind)) return exchangeItem(event, page);
  const head = [h("span", { class: "muted mono" }, time(event.time)), h("span", { class: "tag" }, t(`live.kind.${KINDS.includes(event.kind) ? event.kind : "other"}`))];
  return h("li", { class: "exchange" }, h("div", { class: "row head" }, head, event.npc_name || event.npc ? who(event) : null, other(event)));
}

function other(event) {
  const texts = {
    acted: () => [event.action ? [actionText(event.action), " "] : null, actedTag(event.acted)],
    switch: () => [t(event.on ? "live.switched_on" : "live.switched_off"), event.by ? ` (${event.by})` : ""],
    audit: () => [event.who, event.by, event.what, event.target].filter(Boolean).join(" · "),
    npc: () => t("live.first_thought"),
    online: () => t("live.online", { version: event.version ?? "?", players: number(event.players), npcs: number(event.npcs) }),
    offline: () => t("live.offline", { count: number(event.fallbacks) }),
    mind: () => (event.problem ? t("live.remote_away", { why: event.problem }) : t("live.remote_back")),
    budget: () => t(`live.budget_${event.period}`, { used: number(event.used), limit: number(event.limit) }),
    lost: () => t("live.lost", { count: number(event.lost) }),
  };
  return h("span", {}, texts[event.kind]?.() ?? h("code", {}, event.kind));
}
