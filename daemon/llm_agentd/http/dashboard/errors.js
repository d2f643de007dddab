// How an error looks: what happened, and what mends it. The daemon's messages name their cure themselves; here stand
// those of a daemon that says nothing.

import { h } from "./dom.js";
import { hasText, t } from "./i18n.js";

/** One line for a person. */
export function errorText(error) {
  if (error.status === 404 && error.code === "not_found") return t("error.no_route", { path: error.path });
  const key = `error.${error.code}`;
  const known = hasText(key) ? t(key) : t("error.other", { code: error.code ?? error.name });
  const isOwnText = error.status === 0 || error.status === 401;
  return isOwnText || !error.message ? known : `${known} ${error.message}`;
}

/** A box with the error and, where `retry` is given, a button that tries again. */
export function errorBox(error, retry) {
  return h(
    "div",
    { class: "box bad", role: "alert" },
    h("p", {}, errorText(error)),
    retry ? h("button", { type: "button", onclick: retry }, t("common.retry")) : null,
  );
}
