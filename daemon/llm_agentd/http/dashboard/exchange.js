// How one request is shown wherever it is listed: who said what to whom, what was answered, why it was a fallback line.
// Takes the rows of /v1/requests and the events of /v1/events, which have the same fields.

import { h } from "./dom.js";
import { duration, time } from "./format.js";
import { hasText, t } from "./i18n.js";

const KIND = { done: "good", filtered: "warn", cancelled: "" };

/** The word for an error's code or a fallback's reason. */
export function reasonText(code) {
  return hasText(`reason.${code}`) ? t(`reason.${code}`) : String(code);
}

export function outcomeTag(row) {
  const kind = KIND[row.outcome] ?? "bad";
  return h("span", { class: `tag ${row.fallback ? "warn" : kind}` }, row.fallback ? t("exchange.fallback") : reasonText(row.outcome));
}

export function who(row) {
  return h("span", { class: "who" }, h("strong", {}, row.npc_name ?? row.npc ?? row.op), row.role ? h("span", { class: "muted" }, ` ${row.role}`) : null);
}

/** The words of both, and why there are none of the model's. */
export function words(row) {
  const why = row.fallback && row.fallback !== row.outcome ? `${reasonText(row.fallback)}. ${row.why ?? ""}` : row.why;
  return [
    row.utterance ? h("p", { class: "said" }, h("span", { class: "muted" }, `${row.player ?? "?"}: `), row.utterance) : null,
    row.text ? h("p", { class: "said" }, h("span", { class: "muted" }, `${row.npc_name ?? row.npc ?? ""}: `), row.text) : null,
    isPrivate(row) ? h("p", { class: "hint" }, t("exchange.private")) : null,
    row.action ? h("p", { class: "said" }, actionText(row.action), " ", actedTag(row.acted)) : null,
    row.fallback || why ? h("p", { class: "why" }, t("exchange.why"), " ", why ?? reasonText(row.fallback)) : null,
  ];
}

/** Was something said that is not kept (requests.private)? */
const isPrivate = (row) => (row.chars?.utterance && !row.utterance) || (row.chars?.text && !row.text);

export function actionText(action) {
  const { name, action: other, ...rest } = action;
  const parameters = Object.keys(rest).length ? ` ${JSON.stringify(rest.params ?? rest)}` : "";
  return h("code", {}, `${name ?? other ?? ""}${parameters}`);
}

export function actedTag(acted) {
  if (!acted) return null;
  return [h("span", { class: `tag ${acted.ok ? "good" : "bad"}` }, t(acted.ok ? "exchange.acted" : "exchange.not_acted")), " ", acted.message ?? ""];
}

export function cacheTag(row) {
  return row.cache ? h("span", { class: "tag" }, `${t("exchange.cache")}: ${row.cache}`) : null;
}

/** One request in a list; a link to all of it. */
export function exchangeItem(row, page) {
  const head = h(
    "div",
    { class: "row head" },
    h("span", { class: "muted mono" }, time(row.time)),
    who(row),
    row.player ? h("span", { class: "muted" }, `→ ${row.player}`) : null,
    outcomeTag(row),
    cacheTag(row),
    h("span", { class: "muted" }, duration(row.timing_ms?.total)),
    h("a", { href: page.link("requests", row.request ?? row.seq), class: "open" }, t("exchange.open")),
  );
  return h("li", { class: "exchange" }, head, words(row));
}
