// The box that asks for the token, and tries it before it keeps it. Knows the one route that it tries.

import * as api from "./api.js";
import { h, replace } from "./dom.js";
import { errorText } from "./errors.js";
import { t } from "./i18n.js";

/** A form; calls `onRight()` once a token was accepted. */
export function askForToken(onRight) {
  const hadOne = Boolean(api.token.get());
  const input = h("input", { id: "token", type: "password", autocomplete: "off", required: true, spellcheck: "false", "aria-describedby": "token-error" });
  const problem = h("p", { class: "error", id: "token-error", role: "alert" }, hadOne ? t("token.wrong") : "");
  const submit = async (event) => {
    event.preventDefault();
    api.token.set(input.value.trim());
    try {
      await api.get("readyz");
    } catch (error) {
      if (error.status === 401) {
        replace(problem, t("token.wrong"));
        input.select();
        return;
      }
      if (error.status === 0) {
        replace(problem, errorText(error));
        return;
      } // another error says that the token is right: the page shows what it is about
    }
    onRight();
  };
  queueMicrotask(() => input.focus());
  return h(
    "form",
    { class: "box token", onsubmit: submit },
    h("p", {}, t("token.why")),
    h("pre", {}, "llm-agentd dashboard"),
    h("p", {}, t("token.or")),
    h("pre", {}, "llm-agentd token"),
    h("label", { for: "token" }, t("token.label")),
    h("div", { class: "row" }, input, h("button", { type: "submit", class: "primary" }, t("token.open"))),
    problem,
    h("p", { class: "hint" }, t("token.kept")),
  );
}
