// A talk with any NPC or role: the words as they come, and beside them the very prompt that they came from.

import { h, replace } from "../dom.js";
import { actionText, reasonText } from "../exchange.js";
import { duration, number } from "../format.js";
import { t } from "../i18n.js";
import { promptParts } from "../prompt_parts.js";
import { errorText } from "../errors.js";

const WAIT_MS = 10_000; // one call of the exchange waits so long for a word, then asks again
const DEADLINE_MS = 60_000; // an admin who tries a large model waits longer than a player would
const HISTORY_TURNS = 12; // the last of this talk that the NPC is told
const TRIED_ID = "dashboard"; // the NPC that a mere role is tried on; no game has one of this name

export const title = "talk.title";

export async function render(root, page) {
  await page.attempt(root, () => draw(root, page));
}

async function draw(root, page) {
  const [npcs, roles] = await Promise.all([page.get("v1/npcs").then((answer) => answer.npcs, () => []), page.get("v1/roles").then((answer) => answer.roles)]);
  const talk = { turns: [], npcs, roles, session: `dashboard-${crypto.randomUUID()}`, count: 0, after: 0 };
  const form = talkForm(talk, page);
  const transcript = h("ol", { class: "transcript", "aria-label": t("talk.transcript") });
  const prompt = h("div", {}, h("p", { class: "muted" }, t("talk.no_prompt")));
  replace(
    root,
    h(
      "div",
      { class: "columns talk" },
      h("section", { class: "box" }, form.whom, transcript, form.say),
      h("section", { class: "box", tabindex: "0", "aria-label": t("prompt.title") }, h("h2", {}, t("prompt.title")), prompt),
    ),
  );
  form.say.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(talk, form, transcript, prompt, page);
  });
}

function talkForm(talk, page) {
  const { npc: wanted, role: wantedRole, player = "Admin", utterance = "" } = page.query;
  const option = (value, text, selected) => h("option", { value, selected }, text);
  const npcs = talk.npcs.map((npc) => option(`npc:${npc.id}`, `${npc.name} (${npc.role})`, npc.id === wanted));
  const roles = talk.roles.map((role) => option(`role:${role.name}`, `${role.name}: ${role.title}`, role.name === wantedRole));
  const whom = h("select", { id: "whom" }, npcs.length ? h("optgroup", { label: t("talk.npcs") }, npcs) : null, h("optgroup", { label: t("talk.roles") }, roles));
  const name = h("input", { id: "player", value: player, autocomplete: "off", maxlength: 40 });
  const remember = h("input", { type: "checkbox", id: "remember" });
  const useCache = h("input", { type: "checkbox", id: "use-cache", checked: true });
  const text = h("input", { id: "utterance", autocomplete: "off", value: utterance, required: true, maxlength: 500 });
  const send = h("button", { type: "submit", class: "primary" }, t("talk.send"));
  return {
    whom: h(
      "div",
      { class: "whom" },
      h("div", { class: "field" }, h("label", { for: "whom" }, t("talk.with")), whom),
      h("div", { class: "field" }, h("label", { for: "player" }, t("talk.as")), name),
      h("div", { class: "row" }, h("label", {}, remember, " ", t("talk.remember")), h("label", {}, useCache, " ", t("talk.cache"))),
    ),
    say: h("form", { class: "say" }, h("label", { for: "utterance" }, t("talk.say")), h("div", { class: "row" }, text, send)),
    read: () => ({ whom: whom.value, player: name.value.trim() || "Admin", remember: remember.checked, cache: useCache.checked ? "use" : "off", utterance: text.value.trim() }),
    clear: () => {
      text.value = "";
      text.focus();
    },
    text,
    setBusy: (busy) => {
      send.disabled = busy;
    },
  };
}

function npcOf(talk, value) {
  const [kind, name] = [value.slice(0, value.indexOf(":")), value.slice(value.indexOf(":") + 1)];
  if (kind === "role") return { id: `${TRIED_ID}:${name}`, name: name[0].toUpperCase() + name.slice(1), role: name };
  const { id, name: called, role } = talk.npcs.find((npc) => npc.id === name);
  return { id, name: called, role };
}

async function ask(talk, form, transcript, prompt, page) {
  const { whom, player, remember, cache, utterance } = form.read();
  const npc = npcOf(talk, whom);
  if (talk.with !== `${whom} ${player}`) talk.turns = []; // another talk
  talk.with = `${whom} ${player}`;
  const think = { op: "think", npc, player, utterance, remember };
  if (!remember && talk.turns.length) think.history = talk.turns.slice(-HISTORY_TURNS);
  const reply = h("p", { class: "said" });
  const facts = h("p", { class: "hint" });
  transcript.append(h("li", { class: "mine" }, h("strong", {}, player), h("p", { class: "said" }, utterance)), h("li", {}, h("strong", {}, npc.name), reply, facts));
  form.setBusy(true);
  form.clear();
  try {
    await follow(talk, think, { cache, reply, facts, prompt, page });
    talk.turns.push({ speaker: player, text: utterance }, { speaker: npc.name, text: reply.textContent || "…" });
  } catch (error) {
    if (page.signal.aborted) return;
    if (error.status === 401) page.wantToken();
    else replace(facts, h("span", { class: "error", role: "alert" }, errorText(error)));
  } finally {
    form.setBusy(false);
  }
}

/** Sends the question and the wish to see its prompt, and shows what comes of both until both are answered. */
async function follow(talk, think, { cache, reply, facts, prompt, page }) {
  const number = (talk.count += 1);
  const open = new Set([`say-${number}`, `explain-${number}`]);
  const asked = { ...think, id: `say-${number}`, stream: true, cache, deadline_ms: DEADLINE_MS };
  let requests = [{ ...think, id: `explain-${number}`, explain: true }, asked];
  while (open.size) {
    const answer = await page.post("v1/exchange", { session: talk.session, after: talk.after, wait_ms: WAIT_MS, requests });
    requests = [];
    for (const event of [...answer.rejected.map((rejected) => ({ ...rejected, event: "error" })), ...answer.events]) {
      if (event.seq) talk.after = Math.max(talk.after, event.seq);
      if (!open.has(event.id)) continue;
      if (event.event !== "delta") open.delete(event.id);
      if (event.id.startsWith("explain")) showPrompt(prompt, event);
      else showReply(reply, facts, event);
    }
  }
}

function showPrompt(prompt, event) {
  if (event.event === "error") replace(prompt, h("p", { class: "error" }, `${reasonText(event.code)}: ${event.message}`));
  else replace(prompt, h("p", { class: "hint" }, t("talk.prompt_size", { tokens: number(event.explanation.prompt_tokens), context: number(event.explanation.context_tokens) })), promptParts(event.explanation.parts, event.explanation.left_out));
}

function showReply(reply, facts, event) {
  if (event.event === "delta") {
    reply.append(event.text);
    return;
  }
  if (event.text) replace(reply, event.text);
  if (event.event === "error") {
    replace(facts, h("span", { class: "error", role: "alert" }, `${reasonText(event.code)}: ${event.message}`));
    return;
  }
  const [timing, usage] = [event.timing_ms ?? {}, event.usage ?? {}];
  replace(facts, event.action ? [actionText(event.action), " · "] : null, t("talk.facts", { cache: event.cache, time: duration(timing.total), tokens: number(usage.completion_tokens) }));
}
