// Small charts as inline SVG: a line over time, and a bar in parts. Each has its figures as text beside it, so nothing is
// told by colour or shape alone. Pure: numbers in, elements out.

import { h, svg } from "./dom.js";
import { duration } from "./format.js";

const WIDTH = 120;
const HEIGHT = 32;
const PAD = 2; // so that the line is not cut at the edges

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** A line through `values`, oldest first; where there is no number, there is a gap. `label` says what it shows. */
export function sparkline(values, label) {
  const top = Math.max(...values.filter(isNumber), 0) || 1;
  const x = (at) => PAD + (at * (WIDTH - 2 * PAD)) / Math.max(1, values.length - 1);
  const y = (value) => HEIGHT - PAD - (value / top) * (HEIGHT - 2 * PAD);
  const runs = runsOf(values).map((run) => run.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`));
  return svg(
    "svg",
    { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    svg("path", { class: "floor", d: `M${PAD} ${HEIGHT - PAD}H${WIDTH - PAD}` }),
    runs.map((points) => (points.length > 1 ? svg("polyline", { points: points.join(" ") }) : dot(points[0]))),
  );
}

function dot(point) {
  const [cx, cy] = point.split(",");
  return svg("circle", { cx, cy, r: 1.5 });
}

/** [[index, value], …] of neighbours that are numbers. */
function runsOf(values) {
  const runs = [[]];
  values.forEach((value, at) => {
    if (isNumber(value)) runs.at(-1).push([at, value]);
    else if (runs.at(-1).length) runs.push([]);
  });
  return runs.filter((run) => run.length);
}

/** A bar whose parts are as long as their milliseconds: [[name, ms], …]; parts without any are left out. */
export function timeBar(parts) {
  const shown = parts.filter(([, ms]) => isNumber(ms) && ms > 0);
  const total = shown.reduce((sum, [, ms]) => sum + ms, 0) || 1;
  let x = 0;
  const bars = shown.map(([name, ms], at) => {
    const width = (ms / total) * 100;
    const bar = svg("rect", { class: `series-${at + 1}`, x, y: 0, width, height: 10 }, svg("title", {}, `${name} ${duration(ms)}`));
    x += width;
    return bar;
  });
  const key = shown.map(([name, ms], at) => h("li", {}, h("span", { class: `swatch series-${at + 1}`, "aria-hidden": "true" }), `${name} ${duration(ms)}`));
  return h(
    "div",
    { class: "timebar" },
    svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, bars),
    h("ul", {}, key),
  );
}
