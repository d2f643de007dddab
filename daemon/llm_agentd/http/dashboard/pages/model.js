// The model that answers: engine, file, licence, context, how many are computed at once; what gives NPCs a voice and hears
// players; and three questions that show whether it answers as it should.

import { h, replace } from "../dom.js";
import { statusLine, submit } from "../forms.js";
import { bytes, duration, NONE, number } from "../format.js";
import { t } from "../i18n.js";

const TEST_MS = 190_000; // three questions behind all that players ask, on a slow machine

export const title = "model.title";

export async function render(root, page) {
  await page.attempt(root, async () => {
    const [{ model }, { speech }] = await Promise.all([page.get("v1/model"), page.get("info")]);
    const test = h("section", { class: "box" });
    replace(root, h("section", { class: "box" }, h("h2", {}, model.model), facts(model, speech)), test);
    drawTest(test, page);
  });
}

function facts(model, speech) {
  const rows = [
    ["engine", model.engine],
    ["file", model.path || NONE],
    ["size", model.file_bytes ? bytes(model.file_bytes) : NONE],
    ["license", model.license ?? t("model.not_said")],
    ["architecture", model.architecture ?? NONE],
    ["parameters", model.parameters ? number(model.parameters) : NONE],
    ["languages", model.languages.length ? model.languages.join(", ") : t("model.not_said")],
    ["context", t("model.tokens", { count: number(model.context_tokens) })],
    ["width", t("model.width_of", { width: number(model.width), most: number(model.max_num_seqs) })],
    ["threads", model.threads ? number(model.threads) : NONE],
    ["features", model.features.join(", ") || NONE],
    ["tts", speech.tts || t("model.nobody")],
    ["stt", speech.stt || t("model.nobody")],
  ];
  return [
    model.problem ? h("p", { class: "error" }, model.problem) : null,
    h("dl", {}, rows.map(([key, value]) => [h("dt", {}, t(`model.${key}`)), h("dd", {}, value)])),
    h("p", { class: "hint" }, t("model.other"), " ", h("code", {}, "llm-agentd model list")),
  ];
}

function drawTest(place, page) {
  const status = statusLine();
  const results = h("div", { "aria-live": "polite" });
  const start = h("button", { type: "button", class: "primary", onclick: async () => {
    const report = await submit(page, start, status, () => page.post("v1/model/self-test", {}, TEST_MS));
    if (report) replace(results, shown(report));
  } }, t("model.test_start"));
  replace(place, h("h2", {}, t("model.test")), h("p", {}, t("model.test_what")), h("div", { class: "row" }, start), status.line, results);
}

function shown({ checks, ok }) {
  const row = (check) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, t(`model.check.${check.name.replace(" ", "_")}`)),
      h("td", {}, h("span", { class: `tag ${check.ok ? "good" : "bad"}` }, t(check.ok ? "model.ok" : "model.failed"))),
      h("td", { "data-label": t("model.asked") }, check.asked),
      h("td", { "data-label": t("model.found") }, check.found, check.problem ? h("p", { class: "error" }, check.problem) : null),
      h("td", { "data-label": t("model.took"), class: "number" }, duration(check.ms)),
    );
  const heads = ["test_head", "verdict", "asked", "found", "took"].map((key) => h("th", { scope: "col", class: key === "took" ? "number" : null }, t(`model.${key}`)));
  return [
    h("p", { class: ok ? "good" : "bad" }, h("strong", {}, t(ok ? "model.all_ok" : "model.not_ok"))),
    h("div", { class: "scroll" }, h("table", { class: "cards" }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, checks.map(row)))),
  ];
}
