// A prompt part by part, as the daemon explains it: which part, from where, how many tokens, and its very text.

import { h } from "./dom.js";
import { number } from "./format.js";
import { hasText, t } from "./i18n.js";

const SHORT_CHARS = 1_500; // a longer part is folded, so that the others stay in sight

export function promptParts(parts = [], leftOut = []) {
  if (!parts.length && !leftOut.length) return h("p", { class: "muted" }, t("prompt.none"));
  return h("div", { class: "parts" }, parts.map(part), leftOut.length ? h("h3", {}, t("prompt.left_out")) : null, leftOut.map(left));
}

const nameOf = (name) => (hasText(`prompt.part.${name}`) ? t(`prompt.part.${name}`) : name);

function part({ part: name, text, tokens, source }) {
  const head = h(
    "div",
    { class: "row head" },
    h("strong", {}, nameOf(name)),
    source ? h("span", { class: "muted" }, source) : null,
    tokens === undefined ? null : h("span", { class: "muted tokens" }, t("prompt.tokens", { count: number(tokens) })),
  );
  return h("div", { class: "part" }, head, long(text));
}

function long(text) {
  if (text.length <= SHORT_CHARS) return h("pre", {}, text);
  return h("details", {}, h("summary", {}, `${text.slice(0, 80)} …`), h("pre", {}, text));
}

function left({ part: name, why, text }) {
  return h("div", { class: "part" }, h("div", { class: "row head" }, h("strong", {}, nameOf(name)), h("span", { class: "muted" }, why)), h("pre", {}, text));
}
