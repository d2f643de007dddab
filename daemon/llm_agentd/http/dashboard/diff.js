// What changed between two texts, line by line, as people know it from version control. Pure but for making elements.

import { h } from "./dom.js";
import { t } from "./i18n.js";

/** [["same" | "added" | "removed", line], …]: the fewest lines that turn `before` into `after` (two lists of lines). */
export function diffLines(before, after) {
  const common = lengths(before, after);
  const found = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      found.push(["same", before[i]]);
      i += 1;
      j += 1;
    } else if (j >= after.length || (i < before.length && common[i + 1][j] >= common[i][j + 1])) {
      found.push(["removed", before[i]]);
      i += 1;
    } else {
      found.push(["added", after[j]]);
      j += 1;
    }
  }
  return found;
}

/** common[i][j]: how many lines before.slice(i) and after.slice(j) share in order. */
function lengths(before, after) {
  const common = Array.from({ length: before.length + 1 }, () => new Array(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      common[i][j] = before[i] === after[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  return common;
}

const SIGNS = { same: " ", added: "+", removed: "−" };

/** The lines that changed with their signs; those that stay are there too, so that one sees where. */
export function diffView(before, after) {
  const lines = diffLines(before, after);
  if (lines.every(([kind]) => kind === "same")) return h("p", { class: "muted" }, t("roles.no_difference"));
  const line = ([kind, text]) =>
    h("div", { class: kind === "same" ? "line" : `line ${kind}` }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[kind]), kind === "same" ? text : h(kind === "added" ? "ins" : "del", {}, text));
  return h("div", { class: "diff mono" }, lines.map(line));
}
