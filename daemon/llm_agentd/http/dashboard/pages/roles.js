// The roles: all of them, and one in an editor that shows what would change, lets the draft speak before it is saved, and
// goes back to what it was.

import { diffView } from "../diff.js";
import { arrowKeys, h, replace } from "../dom.js";
import { errorBox } from "../errors.js";
import { confirmButton, field, linesOf, statusLine, submit } from "../forms.js";
import { time } from "../format.js";
import { t } from "../i18n.js";
import { promptParts } from "../prompt_parts.js";

const NAME = "[a-z][a-z0-9_]{0,63}"; // as the daemon wants it: it is a file's name
const SINGLE = ["title", "manner", "voice", "language"];
const LISTS = ["knowledge", "greetings", "fallback", "quick", "actions"];
const FIELDS = ["title", "persona", "knowledge", "manner", "greetings", "quick", "fallback", "actions", "voice", "language"];
const PREVIEW_MS = 60_000; // a large model takes its time

export const title = "roles.title";

export async function render(root, page) {
  await page.attempt(root, async () => {
    const listing = await page.get("v1/roles");
    if (page.path.length) await renderOne(root, page, listing);
    else renderAll(root, page, listing);
  });
}

// All ------------------------------------------------------------------------------------------------------------------

function renderAll(root, page, listing) {
  const heads = ["name", "what", "origin"].map((key) => h("th", { scope: "col" }, t(`roles.${key}`)));
  const body = arrowKeys(h("tbody", {}, listing.roles.map((role) => row(role, page))), "a");
  replace(
    root,
    problems(listing),
    h("div", { class: "box scroll" }, h("table", { class: "cards" }, h("thead", {}, h("tr", {}, heads)), body)),
    newRole(page),
    h("p", { class: "hint" }, t("roles.folder"), " ", h("code", {}, listing.folder)),
  );
}

function problems(listing) {
  return [
    list(listing.problems, "roles.problems", { class: "box bad", role: "alert" }),
    list(listing.notes, "roles.notes", { class: "box" }),
  ];
}

function list(lines, head, attributes) {
  if (!lines.length) return null;
  return h("div", attributes, h("p", {}, t(head)), h("ul", {}, lines.map((line) => h("li", {}, h("code", {}, line)))));
}

function row(role, page) {
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("a", { href: page.link("roles", role.name) }, role.name)),
    h("td", { "data-label": t("roles.what") }, role.title),
    h("td", {}, originTag(role)),
  );
}

function originTag({ own, shipped }) {
  if (own) return h("span", { class: "tag good" }, t(shipped ? "roles.own_over_shipped" : "roles.own"));
  return h("span", { class: "tag" }, t("roles.shipped"));
}

function newRole(page) {
  const name = h("input", { type: "text", pattern: NAME, required: true, autocomplete: "off", spellcheck: "false", placeholder: "ferryman" });
  const onsubmit = (event) => {
    event.preventDefault();
    location.hash = page.link("roles", name.value);
  };
  return h("form", { class: "box", onsubmit }, h("h2", {}, t("roles.new")), field(t("roles.name"), name, t("roles.name_rule")), h("button", { type: "submit" }, t("roles.write")));
}

// One: the editor --------------------------------------------------------------------------------------------------------

async function renderOne(root, page, listing) {
  const name = page.path[0];
  const view = { name, saved: listing.roles.find((role) => role.name === name) ?? { name, own: false, shipped: false } };
  const inputs = Object.fromEntries(FIELDS.map((key) => [key, inputOf(key)]));
  const changes = h("section", { class: "box" });
  const past = h("section", { class: "box" });
  const head = h("div", { class: "row" });
  const draft = () => draftOf(inputs);
  const drawChanges = () => replace(changes, h("h2", {}, t("roles.changes")), diffView(linesOfRole(view.saved), linesOfRole(draft())));
  const put = (role) => {
    for (const key of FIELDS) inputs[key].value = textOf(role?.[key]);
    drawChanges();
  };
  const editor = { view, page, draft, put, refresh: (role) => refresh(role ?? { name, own: false, shipped: false }) };
  const refresh = (role) => {
    view.saved = role;
    put(role);
    editor.remove.hidden = !role.own;
    replace(head, h("h2", {}, name), originTag(role));
    return drawHistory(past, editor);
  };
  for (const input of Object.values(inputs)) input.addEventListener("input", drawChanges);
  replace(
    root,
    h("p", {}, h("a", { href: page.link("roles") }, t("roles.back"))),
    problems(listing),
    h("div", { class: "columns wide" }, form(head, inputs, editor), h("div", { class: "stack" }, preview(editor), changes, past)),
  );
  await refresh(view.saved);
}

function inputOf(key) {
  if (SINGLE.includes(key)) return h("input", { type: "text", autocomplete: "off", required: key === "title" });
  return h("textarea", { rows: key === "persona" ? 6 : 3, required: key === "persona" });
}

const textOf = (value) => (Array.isArray(value) ? value.join("\n") : value ?? "");

function draftOf(inputs) {
  const role = {};
  for (const key of FIELDS) {
    const value = LISTS.includes(key) ? linesOf(inputs[key].value) : inputs[key].value.trim().replace(/\s*\n\s*/g, " ");
    if (value.length) role[key] = value;
  }
  return role;
}

/** A role as its file has it, for the difference: a field on each line, the items of lists below. */
function linesOfRole(role) {
  return FIELDS.flatMap((key) => {
    const value = role?.[key];
    if (!value?.length) return [];
    return Array.isArray(value) ? [`${key}:`, ...value.map((item) => `  - ${item}`)] : [`${key}: ${value}`];
  });
}

function form(head, inputs, editor) {
  const { view, page, draft, put, refresh } = editor;
  const status = statusLine();
  const path = `v1/roles/${encodeURIComponent(view.name)}`;
  const change = async (button, route, body, text) => {
    const answer = await submit(page, button, status, () => page.post(route, body));
    if (!answer) return;
    await refresh(answer.role);
    page.toast(text);
  };
  const save = h("button", { type: "submit", class: "primary" }, t("common.save"));
  const undo = h("button", { type: "button", onclick: () => change(undo, `${path}/undo`, {}, t("roles.undone")) }, t("roles.undo"));
  const discard = h("button", { type: "button", class: "quiet", onclick: () => put(view.saved) }, t("roles.discard"));
  const remove = confirmButton(t("roles.delete"), t("roles.delete_sure"), (button) => change(button, `${path}/delete`, {}, t("roles.deleted")));
  editor.remove = remove;
  const onsubmit = (event) => {
    event.preventDefault();
    change(save, path, draft(), t("roles.saved"));
  };
  return h(
    "form",
    { class: "box role", onsubmit },
    head,
    FIELDS.map((key) => field(t(`roles.field.${key}`), inputs[key], t(`roles.hint.${key}`))),
    h("div", { class: "row bar" }, save, undo, discard, remove, status.line),
  );
}

// Preview ----------------------------------------------------------------------------------------------------------------

function preview({ view, page, draft }) {
  const status = statusLine();
  const player = h("input", { type: "text", value: "Ana" });
  const utterance = h("input", { type: "text", value: t("roles.say_example") });
  const answer = h("div", { "aria-live": "polite" });
  const ask = h("button", { type: "submit" }, t("roles.try"));
  const onsubmit = async (event) => {
    event.preventDefault();
    const body = { role: draft(), player: player.value, utterance: utterance.value };
    const found = await submit(page, ask, status, () => page.post(`v1/roles/${encodeURIComponent(view.name)}/preview`, body, PREVIEW_MS));
    if (found) replace(answer, spoken(found));
  };
  return h(
    "form",
    { class: "box", onsubmit },
    h("h2", {}, t("roles.preview")),
    h("p", { class: "hint" }, t("roles.preview_hint")),
    h("div", { class: "row fields" }, field(t("roles.player"), player), field(t("roles.says"), utterance)),
    h("div", { class: "row" }, ask),
    status.line,
    answer,
  );
}

function spoken({ text, action, parts, explanation }) {
  return [
    h("blockquote", {}, text || h("span", { class: "muted" }, t("roles.says_nothing"))),
    action ? h("p", {}, h("code", {}, `${action.name} ${JSON.stringify(action.params ?? {})}`)) : null,
    h("details", {}, h("summary", {}, t("roles.prompt")), promptParts(parts, explanation?.left_out)),
  ];
}

// History ----------------------------------------------------------------------------------------------------------------

async function drawHistory(place, { view, page, put }) {
  try {
    const { history } = await page.get(`v1/roles/${encodeURIComponent(view.name)}/history`);
    const list = history.length
      ? h("ul", { class: "versions" }, history.map((version) => h("li", {}, versionOf(version, view, put))))
      : h("p", { class: "muted" }, t("roles.no_history"));
    replace(place, h("h2", {}, t("roles.history")), list);
  } catch (error) {
    if (page.signal.aborted) return;
    replace(place, h("h2", {}, t("roles.history")), errorBox(error));
  }
}

function versionOf({ time: until, role, undone }, view, put) {
  const what = role ? role.title : t(view.saved.shipped ? "roles.was_shipped" : "roles.was_none");
  return [
    h("div", { class: "row head" }, h("span", { class: "muted" }, t("roles.until", { time: time(until) })), h("span", {}, what), undone ? h("span", { class: "tag" }, t("roles.was_undone")) : null),
    role
      ? h(
          "details",
          {},
          h("summary", {}, t("roles.compare")),
          diffView(linesOfRole(role), linesOfRole(view.saved)),
          h("button", { type: "button", onclick: () => put(role) }, t("roles.put_back")),
        )
      : null,
  ];
}
