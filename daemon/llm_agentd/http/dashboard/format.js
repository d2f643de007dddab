// Numbers and times as people read them, in the page's language. Pure.

import { language } from "./i18n.js";

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86_400;
export const NONE = "–";

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export function number(value, digits = 0) {
  return isNumber(value) ? value.toLocaleString(language(), { maximumFractionDigits: digits, minimumFractionDigits: digits }) : NONE;
}

/** Rates and the like: one digit after the point below ten, none above. */
export const figure = (value) => number(value, isNumber(value) && Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0);

export const percent = (share) => (isNumber(share) ? `${number(share * 100)} %` : NONE);

/** Milliseconds below a second, seconds above. */
export function duration(ms) {
  if (!isNumber(ms)) return NONE;
  if (ms < 10) return `${number(ms, 1)} ms`;
  return ms < 1000 ? `${number(ms)} ms` : `${number(ms / 1000, 1)} s`;
}

/** 5 s, 12 min, 3 h, 9 d: units that all the page's languages know. */
export function span(seconds) {
  if (!isNumber(seconds)) return NONE;
  if (seconds < MINUTE_S) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)} min`;
  if (seconds < DAY_S) return `${Math.floor(seconds / HOUR_S)} h`;
  return `${Math.floor(seconds / DAY_S)} d`;
}

export function bytes(count) {
  if (!isNumber(count)) return NONE;
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = Math.min(units.length - 1, count > 0 ? Math.floor(Math.log2(count) / 10) : 0);
  return `${number(count / 1024 ** power, power > 1 ? 1 : 0)} ${units[power]}`;
}

/** The time of day of an RFC 3339 time, with the date where it is not today's. */
export function time(text) {
  const at = new Date(text ?? NaN);
  if (Number.isNaN(at.getTime())) return NONE;
  const clock = at.toLocaleTimeString(language(), { hour12: false });
  return at.toDateString() === new Date().toDateString() ? clock : `${at.toLocaleDateString(language(), { dateStyle: "medium" })} ${clock}`;
}

/** Seconds since an RFC 3339 time. */
export const ageS = (text) => (Date.now() - new Date(text ?? NaN).getTime()) / 1000;
