// Are the minds well? From what the routes say to one line, its reason, and what mends it. Pure.

import { ageS, duration } from "./format.js";

const SLOW_MS = 3_000; // of the first words, p95: players turn away from somebody who stays silent longer
const LATE_STEP_MS = 150; // of the game's steps, p99: the mod's budget allows no longer ones (default step: 90 ms)
const RECENT_S = 300; // a failure longer ago is history
const FAILING = 1 / 4; // of the recent requests: fewer are what single players run into
const FEW = 4; // of so few requests no share is worth a word
const SILENT_S = 20; // the mod reports every 5 s while it runs

/**
 * {state: "good|idle|warn|bad|off", key, values, cure}: the texts of `key` are overview.state.KEY, what it is about in
 * `values`. The first that applies, the worst first.
 */
export function healthOf({ error, stats, requests = [], doctor }) {
  if (error) return { state: "bad", key: error.status === 0 ? "no_adapter" : "no_daemon", values: { why: error.message } };
  if (stats.switch && !stats.switch.on) return { state: "off", key: "off", values: { by: stats.switch.by ?? "?" } };
  const broken = doctor?.checks.find((check) => check.state === "fail");
  if (broken) return { state: "bad", key: "doctor", values: { subject: broken.subject, name: broken.name, found: broken.found }, cure: broken.cure };
  return trouble(stats, requests) ?? wellBeing(stats);
}

function trouble(stats, requests) {
  const recent = requests.filter((row) => ageS(row.time) < RECENT_S);
  const failed = recent.filter((row) => row.fallback || !["done", "filtered", "cancelled"].includes(row.outcome));
  if (recent.length >= FEW && failed.length >= recent.length * FAILING) {
    return { state: "warn", key: "failing", values: { failed: failed.length, all: recent.length, why: mostFrequent(failed.map((row) => row.fallback ?? row.outcome)) }, reason: failed[0].why };
  }
  const first = stats.rates?.first_text_ms?.spoken?.p95;
  if (first > SLOW_MS) return { state: "warn", key: "slow", values: { time: duration(first) } };
  const gap = stats.game?.step_gap_ms_p99;
  if (stats.game?.told_s_ago < SILENT_S && gap > LATE_STEP_MS) return { state: "warn", key: "late_steps", values: { time: duration(gap) } };
  return null;
}

function wellBeing(stats) {
  if (!stats.game || stats.game.told_s_ago > SILENT_S) return { state: "idle", key: "no_game", values: {} };
  return { state: "good", key: "well", values: { npcs: stats.game.npcs, players: stats.game.players } };
}

function mostFrequent(words) {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1])[0]?.[0];
}
