// Are the minds well? One line that says so, with its reason and the master switch; the last words that were said; then
// the figures it stands on, from /v1/stats, its history, the request log and the doctor.

import { sparkline } from "../chart.js";
import { h, replace, whenChanged } from "../dom.js";
import { errorBox } from "../errors.js";
import { exchangeItem, reasonText } from "../exchange.js";
import { duration, figure, number, percent, span, time } from "../format.js";
import { healthOf } from "../health.js";
import { hasText, t } from "../i18n.js";

const LOOK_S = 3; // figures: as often as a person reads them
const HISTORY_S = 5; // the history has a point for so long
const DOCTOR_S = 30; // its checks look at disks
const LAST = 20; // requests that are looked at for failures
const SHOWN = 3; // of these on the page
const PRIORITIES = ["spoken", "ambient", "background"];

export const title = "overview.title";

export async function render(root, page) {
  const places = {};
  for (const name of ["state", "tiles", "last", "latency", "servers", "load", "game", "doctor"]) {
    places[name] = h("section", { class: name === "tiles" ? "tiles" : "box" });
  }
  const seen = { requests: [], history: [] };
  root.append(places.state, places.tiles, places.last, h("div", { class: "columns" }, places.latency, places.servers, places.load, places.game, places.doctor));
  const draw = () => drawAll(places, seen, page);
  page.every(DOCTOR_S, async () => Object.assign(seen, { doctor: await withToken(page.get("v1/doctor")) }) && draw(), () => {});
  page.every(HISTORY_S, async () => Object.assign(seen, { history: (await page.get("v1/stats/history")).history }) && draw());
  const look = async () => {
    seen.stats = (await page.get("v1/stats")).stats;
    const log = await withToken(page.get("v1/requests", { limit: LAST }));
    Object.assign(seen, { requests: log?.requests ?? [], isPublic: !log, error: undefined });
    draw();
  };
  await page.every(LOOK_S, look, (error) => {
    seen.error = error;
    draw();
  });
}

/** What only the token shows: undefined where there is none and figures are public (http.dashboard_public). */
async function withToken(answer) {
  try {
    return await answer;
  } catch (error) {
    if (error.status === 401) return undefined;
    throw error;
  }
}

function drawAll(places, seen, page) {
  drawState(places.state, seen, page);
  if (!seen.stats) return;
  drawTiles(places.tiles, seen);
  whenChanged(places.last, [seen.isPublic, seen.requests.slice(0, SHOWN)], () => drawLast(places.last, seen, page));
  drawLatency(places.latency, seen.stats);
  drawServers(places.servers, seen.stats.remote);
  drawLoad(places.load, seen.stats);
  drawGame(places.game, seen.stats.game);
  whenChanged(places.doctor, [seen.isPublic, seen.doctor], () => drawDoctor(places.doctor, seen));
}

// The state and the master switch ------------------------------------------------------------------------------------------

function drawState(place, seen, page) {
  if (!seen.stats && !seen.error) return;
  if (seen.error && ![0, 502, 503].includes(seen.error.status)) {
    place.className = "box";
    replace(place, errorBox(seen.error));
    return;
  }
  const health = healthOf(seen);
  place.className = `box state ${health.state}`;
  const values = { ...health.values, why: hasText(`reason.${health.values.why}`) ? reasonText(health.values.why) : health.values.why };
  replace(
    place,
    h("div", {}, h("p", { class: "big", role: "status" }, t(`overview.state.${health.key}`, values)), reasons(health, values, seen)),
    seen.stats?.switch && !seen.error && !seen.isPublic ? switchButton(seen.stats.switch, page) : null,
  );
}

function reasons(health, values, seen) {
  const uptime = seen.stats && !seen.error ? t("overview.uptime", { time: span(seen.stats.uptime_s) }) : null;
  const since = health.key === "off" ? t("overview.since", { time: time(seen.stats.switch.since) }) : null;
  return [
    h("p", {}, t(`overview.reason.${health.key}`, values)),
    health.reason ? h("p", {}, health.reason) : null,
    health.cure ? h("p", {}, h("strong", {}, t("overview.cure")), " ", health.cure) : null,
    h("p", { class: "hint" }, [since, uptime].filter(Boolean).join(" · ")),
  ];
}

function switchButton(state, page) {
  const turn = async (event) => {
    event.target.disabled = true;
    await page.attempt(h("div"), () => page.post("v1/switch", { on: !state.on }));
    document.dispatchEvent(new CustomEvent("switch-changed"));
    page.toast(t(state.on ? "overview.was_switched_off" : "overview.was_switched_on"));
  };
  const label = t(state.on ? "overview.switch_off" : "overview.switch_on");
  return h(
    "div",
    { class: "switch" },
    h("button", { type: "button", id: "switch", class: state.on ? "danger" : "primary", onclick: turn, "aria-describedby": "switch-hint" }, label),
    h("p", { class: "hint", id: "switch-hint" }, t(state.on ? "overview.switch_off_hint" : "overview.switch_on_hint")),
  );
}

// Figures --------------------------------------------------------------------------------------------------------------

function drawTiles(place, { stats, history }) {
  const rates = stats.rates ?? {};
  const tile = (key, value, series) => {
    const label = t(`overview.tile.${key}`);
    const values = history.map((point) => point[series]);
    return h("div", { class: "box tile" }, h("h2", {}, label), h("p", { class: "figure" }, value), sparkline(values, t("overview.spark", { what: label })));
  };
  replace(
    place,
    tile("requests", figure(rates.requests_per_s), "requests_per_s"),
    tile("tokens", figure(rates.tokens_per_s), "tokens_per_s"),
    tile("hits", percent(rates.hit_rate), "hit_rate"),
    tile("first", duration(rates.first_text_ms?.spoken?.p95), "first_text_ms_p95"),
    tile("waiting", number(sum(stats.waiting)), "waiting"),
    tile("steps", duration(stats.game?.step_gap_ms_p99), "step_gap_ms_p99"),
  );
}

const sum = (counts) => Object.values(counts ?? {}).reduce((total, count) => total + count, 0);

function drawLast(place, { requests, isPublic }, page) {
  if (isPublic) {
    const button = h("button", { type: "button", onclick: page.wantToken }, t("token.enter"));
    replace(place, h("h2", {}, t("overview.last")), h("p", {}, t("overview.public")), button);
    return;
  }
  replace(
    place,
    h("div", { class: "row spread" }, h("h2", {}, t("overview.last")), h("a", { href: page.link("live") }, t("overview.all_live"))),
    requests.length ? h("ul", { class: "exchanges" }, requests.slice(0, SHOWN).map((row) => exchangeItem(row, page))) : h("p", { class: "muted" }, t("overview.nothing_said")),
  );
}

function drawLatency(place, stats) {
  const { first_text_ms: first = {}, total_ms: total = {} } = stats.rates ?? {};
  const row = (name) => [first[name]?.p50, first[name]?.p95, total[name]?.p50, total[name]?.p95].map(duration);
  const cells = (name) => [...row(name), number(stats.waiting?.[name] ?? 0)].map((text) => h("td", { class: "number" }, text));
  const heads = ["first_p50", "first_p95", "total_p50", "total_p95", "waits"].map((key) => h("th", { class: "number", scope: "col" }, t(`overview.latency.${key}`)));
  replace(
    place,
    h("h2", {}, t("overview.latency.title")),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": t("overview.latency.title") },
      h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("overview.latency.priority")), heads)), h("tbody", {}, PRIORITIES.map((name) => h("tr", {}, h("th", { scope: "row" }, t(`overview.priority.${name}`)), cells(name))))),
    ),
    h("p", { class: "hint" }, t("overview.latency.hint")),
  );
}

function facts(rows) {
  return h("dl", {}, rows.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function drawLoad(place, stats) {
  const cache = stats.cache ?? {};
  replace(
    place,
    h("h2", {}, t("overview.load.title")),
    facts([
      [t("overview.load.running"), number(stats.running)],
      [t("overview.load.batch"), figure(stats.batch_mean)],
      [t("overview.load.width"), number(stats.useful_batch_size)],
      [t("overview.load.waiting"), number(sum(stats.waiting))],
      [t("overview.load.open"), number(stats.open)],
      [t("overview.load.cached"), number(cache.entries)],
      [t("overview.load.hit_rate"), percent(stats.rates?.hit_rate)],
    ]),
  );
}

// Models on other servers, and what is left of the budget -----------------------------------------------------------------

const TAG_OF = { closed: "good", half_open: "warn", open: "bad" };

function drawServers(place, remote) {
  if (!remote?.upstreams?.length) {
    replace(place); // an empty box is not shown
    return;
  }
  const heads = ["running", "requests", "errors", "tokens"].map((key) => h("th", { class: "number", scope: "col" }, t(`overview.servers.${key}`)));
  const title = t("overview.servers.title");
  replace(
    place,
    h("h2", {}, title),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
      h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("overview.servers.name")), h("th", { scope: "col" }, t("overview.servers.state")), heads)), h("tbody", {}, remote.upstreams.map(serverRow))),
    ),
    remote.upstreams.filter((one) => one.reason).map((one) => h("p", { class: "hint warn" }, h("strong", {}, `${one.name}: `), one.reason.replace(/\.?$/, ". "), t("overview.servers.again", { time: span(one.again_s) }))),
    remote.ready ? h("p", { class: "hint warn" }, t("live.remote_away", { why: remote.ready })) : null,
    remote.local_problem ? h("p", { class: "hint warn" }, t("overview.servers.no_local", { why: remote.local_problem })) : null,
    facts([...budgetRows(remote.budget ?? {}), ...mindRows(remote)]),
  );
}

/** Of two minds: how many replies were whose, and how many requests went on from one to the other. */
function mindRows({ spoke, handed_on: handedOn }) {
  if (!spoke) return [];
  return [
    [t("overview.servers.replies_local"), number(spoke.local)],
    [t("overview.servers.replies_remote"), number(spoke.remote)],
    [t("overview.servers.handed_on"), number(sum(handedOn?.map((one) => one.count)))],
  ];
}

function serverRow(one) {
  const state = h("span", { class: `tag ${TAG_OF[one.breaker]}` }, t(`overview.servers.${one.breaker}`));
  const figures = [`${number(one.running)} / ${number(one.max_parallel)}`, number(one.requests), number(one.errors), number(one.tokens)];
  return h("tr", {}, h("th", { scope: "row" }, one.name, h("br"), h("span", { class: "muted" }, one.model)), h("td", {}, state), figures.map((text) => h("td", { class: "number" }, text)));
}

function budgetRows(budget) {
  const periods = ["day", "month"].filter((period) => budget[period]);
  return periods.map((period) => [t(`overview.servers.${period}`), budgetText(budget[period])]);
}

function budgetText({ limit, used, left, warning }) {
  if (!limit) return number(used);
  const tag = left <= 0 ? h("span", { class: "tag bad" }, t("overview.servers.over")) : warning ? h("span", { class: "tag warn" }, t("overview.servers.warning")) : null;
  return [t("overview.servers.of", { used: number(used), limit: number(limit), share: percent(used / limit) }), tag ? [" ", tag] : null];
}

function drawGame(place, game) {
  if (!game) {
    replace(place, h("h2", {}, t("overview.game.title")), h("p", { class: "muted" }, t("overview.game.none")));
    return;
  }
  const fallbacks = Object.entries(game.fallbacks ?? {}).sort((one, other) => other[1] - one[1]);
  replace(
    place,
    h("h2", {}, t("overview.game.title")),
    facts([
      [t("overview.game.players"), number(game.players)],
      [t("overview.game.npcs"), number(game.npcs)],
      [t("overview.game.steps"), duration(game.step_gap_ms_p99)],
      [t("overview.game.version"), game.version],
      [t("overview.game.told"), t("overview.ago", { time: span(game.told_s_ago) })],
    ]),
    h("h3", {}, t("overview.game.fallbacks")),
    fallbacks.length ? facts(fallbacks.map(([reason, count]) => [reasonText(reason), number(count)])) : h("p", { class: "muted" }, t("overview.game.no_fallbacks")),
  );
}

function drawDoctor(place, { doctor, isPublic }) {
  if (isPublic) {
    replace(place); // an empty box is not shown
    return;
  }
  const heading = h("h2", {}, t("overview.doctor.title"));
  if (!doctor) {
    replace(place, heading, h("p", { class: "muted" }, t("overview.doctor.none")));
    return;
  }
  const bad = doctor.checks.filter((check) => check.state !== "ok");
  const count = (state) => doctor.checks.filter((check) => check.state === state).length;
  replace(
    place,
    heading,
    h("p", {}, t("overview.doctor.counts", { ok: count("ok"), warn: count("warn"), fail: count("fail") })),
    bad.map((check) => h("div", { class: "check" }, h("p", {}, h("span", { class: `tag ${check.state === "fail" ? "bad" : "warn"}` }, t(`overview.doctor.${check.state}`)), " ", h("strong", {}, `${check.subject}: ${check.name}`)), h("p", {}, check.found), check.cure ? h("p", { class: "hint" }, `${t("overview.cure")} ${check.cure}`) : null)),
  );
}
