// Every setting of the daemon: what it does, its value, where that comes from, whether a change holds at once. Changed
// ones are written into the admin's own file.

import { h, replace } from "../dom.js";
import { statusLine, submit } from "../forms.js";
import { t } from "../i18n.js";

const RESTART = "systemctl restart llm-agentd";
const SECTIONS = ["model", "inference", "agents", "batch", "cache", "requests", "http", "zmq", "remote"]; // what admins change most, first

export const title = "settings.title";

export async function render(root, page) {
  const view = { text: page.query.text ?? "", changed: page.query.changed === "1" };
  const notes = h("div", {});
  const list = h("div", {});
  const draw = () => {
    replace(notes, notesOf(view.listing));
    replace(list, sections(view, page, reload));
  };
  const reload = async () => {
    view.listing = await page.get("v1/settings");
    draw();
  };
  await page.attempt(root, async () => {
    view.listing = await page.get("v1/settings");
    replace(root, notes, filter(view, page, () => replace(list, sections(view, page, reload))), list);
    draw();
  });
}

// What holds for all ---------------------------------------------------------------------------------------------------

function notesOf({ file, writable, problem, settings }) {
  const waiting = settings.filter(isWaiting);
  return [
    h("p", {}, file ? [t("settings.written_into"), " ", h("code", {}, file), ". ", t("settings.comments_stay")] : t("settings.no_file")),
    writable ? null : h("div", { class: "box warn" }, h("p", {}, t("settings.not_writable"))),
    problem ? h("div", { class: "box bad", role: "alert" }, h("p", {}, t("settings.problem"), " ", h("code", {}, problem))) : null,
    waiting.length
      ? h(
          "div",
          { class: "box warn" },
          h("p", {}, t("settings.waiting", { count: waiting.length }), " ", waiting.map((setting) => setting.key).join(", ")),
          h("p", {}, t("settings.restart_by"), " ", h("code", {}, RESTART)),
        )
      : null,
  ];
}

const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
const isWaiting = (setting) => !setting.secret && !same(setting.value, setting.running_value);
const isChanged = (setting) => setting.source !== "default";
const isHidden = (setting) => setting.source.startsWith("env ") || setting.source.startsWith("--set") || /\.env, line/.test(setting.source);

function filter(view, page, redraw) {
  const keep = () => {
    page.keep({ text: view.text, changed: view.changed ? "1" : "" });
    redraw();
  };
  const search = h("input", { type: "search", value: view.text, placeholder: t("settings.filter"), "aria-label": t("settings.filter"), oninput: (event) => {
    view.text = event.target.value;
    keep();
  } });
  const changed = h("input", { type: "checkbox", checked: view.changed, onchange: (event) => {
    view.changed = event.target.checked;
    keep();
  } });
  return h("div", { class: "row" }, search, h("label", {}, changed, " ", t("settings.only_changed")));
}

// One section, one setting ---------------------------------------------------------------------------------------------

function sections(view, page, reload) {
  const wanted = view.text.toLowerCase();
  const shown = view.listing.settings.filter(
    (setting) => (!view.changed || isChanged(setting)) && (!wanted || `${setting.key} ${setting.help}`.toLowerCase().includes(wanted)),
  );
  if (!shown.length) return h("p", { class: "muted" }, t("settings.none_match"));
  const bySection = Map.groupBy(shown, (setting) => setting.key.split(".")[0]);
  const place = (name) => (SECTIONS.includes(name) ? SECTIONS.indexOf(name) : SECTIONS.length);
  const names = [...bySection.keys()].sort((one, other) => place(one) - place(other));
  return names.map((name) => h("section", { class: "box" }, h("h2", {}, name), bySection.get(name).map((setting) => form(setting, page, reload))));
}

function form(setting, page, reload) {
  const status = statusLine();
  const control = controlOf(setting);
  const isFixed = setting.secret || isHidden(setting);
  control.disabled = isFixed;
  const save = h("button", { type: "submit", class: "primary", hidden: true, "aria-label": t("settings.save_key", { key: setting.key }) }, t("common.save"));
  const isDirty = () => !same(valueOf(control, setting), setting.value);
  control.addEventListener("input", () => (save.hidden = !isDirty()));
  const send = async (value, button) => {
    const answer = await submit(page, button, status, () => page.post("v1/settings", { key: setting.key, value }));
    if (!answer) return;
    page.toast(t(answer.restart ? "settings.saved_restart" : "settings.saved", { key: setting.key }));
    await reload();
    document.getElementById(control.id)?.focus();
  };
  const back = h("button", { type: "button", class: "quiet", "aria-label": t("settings.reset_key", { key: setting.key }), onclick: () => send(null, back) }, t("settings.reset"));
  const onsubmit = (event) => {
    event.preventDefault();
    if (isDirty()) send(valueOf(control, setting), save);
  };
  control.id = `setting-${setting.key}`;
  control.setAttribute("aria-describedby", `${control.id}-help`);
  return h(
    "form",
    { class: "setting", onsubmit, novalidate: true },
    h("div", {}, h("label", { for: control.id }, h("code", {}, setting.key)), h("p", { id: `${control.id}-help` }, prose(setting.help)), facts(setting)),
    h("div", { class: "value" }, control, h("div", { class: "row" }, isFixed ? null : save, !isFixed && isChanged(setting) ? back : null), status.line),
  );
}

/** `code` between backticks, as the daemon's help has it. */
const prose = (text) => text.split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));

function facts(setting) {
  const tags = [
    isWaiting(setting) ? h("span", { class: "tag warn" }, t("settings.waits", { value: shown(setting.running_value) })) : null,
    h("span", { class: "tag" }, t(setting.live ? "settings.live" : "settings.restart")),
    isChanged(setting) ? h("span", { class: "tag good" }, t("settings.set")) : null,
  ];
  const source = isChanged(setting) ? h("span", {}, `${setting.source} · `) : null;
  const why = setting.secret ? t("settings.secret") : isHidden(setting) ? t("settings.hidden", { source: setting.source }) : null;
  return [
    h("p", { class: "hint facts" }, tags.map((tag) => (tag ? [tag, " "] : null)), source, t("settings.default", { value: shown(setting.default) }), limits(setting)),
    why ? h("p", { class: "hint warn" }, why) : null,
  ];
}

function limits({ minimum, maximum }) {
  if (minimum === undefined && maximum === undefined) return null;
  return ` · ${minimum ?? "…"} – ${maximum ?? "…"}`;
}

function shown(value) {
  if (value === null || value === undefined || value === "") return t("settings.nothing");
  if (Array.isArray(value)) return value.length ? value.map((item) => (typeof item === "object" ? JSON.stringify(item) : item)).join(", ") : t("settings.nothing");
  if (typeof value === "boolean") return t(value ? "common.yes" : "common.no");
  return String(value);
}

// Controls -------------------------------------------------------------------------------------------------------------

function controlOf(setting) {
  const { type, value, choices } = setting;
  if (setting.secret) return h("input", { type: "text", value: value ? t("settings.is_set") : t("settings.nothing") });
  if (type === "yes/no") return select([["true", t("common.yes")], ["false", t("common.no")]], String(value));
  if (type === "one of") return select(choices.map((choice) => [choice, choice]), value);
  if (type === "list") return h("input", { type: "text", value: (value ?? []).join(", "), placeholder: t("settings.commas"), autocomplete: "off", spellcheck: "false" });
  if (type === "objects") return h("textarea", { rows: 4, class: "json", placeholder: "[]", autocomplete: "off", spellcheck: "false" }, value?.length ? JSON.stringify(value, null, 2) : "");
  if (type === "integer" || type === "number") {
    return h("input", { type: "number", step: type === "integer" ? 1 : "any", min: setting.minimum, max: setting.maximum, value: value ?? "", placeholder: t("settings.nothing"), inputmode: "decimal" });
  }
  return h("input", { type: "text", value: value ?? "", placeholder: t("settings.nothing"), autocomplete: "off", spellcheck: "false" });
}

function select(options, value) {
  return h("select", {}, options.map(([name, text]) => h("option", { value: name, selected: name === value }, text)));
}

/** What the control says, as the daemon wants it; nothing is null: back to the default. */
function valueOf(control, { type, value: before }) {
  const text = control.value.trim();
  if (type === "yes/no") return text === "true";
  if (type === "list") return text ? text.split(",").map((part) => part.trim()).filter(Boolean) : before === null ? null : [];
  if (text === "") return null;
  if (type === "objects") return parsed(text);
  if (type === "integer" || type === "number") return Number(text);
  return typeof before === "number" && Number(text) === before ? before : text;
}

/** Objects from JSON; what is none goes to the daemon as it is, which says what is wanted. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
