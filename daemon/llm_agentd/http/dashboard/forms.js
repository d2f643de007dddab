// Parts of forms that several pages use: labelled fields, a button that asks once more, a line that says what went wrong,
// and work that is sent while the form waits. Knows no page and no route.

import { h, replace } from "./dom.js";
import { errorText } from "./errors.js";
import { t } from "./i18n.js";

const SURE_MS = 6_000; // long enough to read the question; then the button is harmless again

let fields = 0;

/** A control with its label and, where there is one, a hint that screen readers read with it. */
export function field(label, control, hint) {
  fields += 1;
  control.id ||= `field-${fields}`;
  const note = hint ? h("p", { class: "hint", id: `${control.id}-hint` }, hint) : null;
  if (note) control.setAttribute("aria-describedby", note.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, note);
}

/** A button whose first press turns it into the question `sure`; the second one calls `act`. */
export function confirmButton(text, sure, act, attributes = {}) {
  const name = attributes["aria-label"];
  let asked = false;
  let timer;
  const calm = () => {
    asked = false;
    clearTimeout(timer);
    replace(button, text);
    button.classList.remove("sure");
    if (name) button.setAttribute("aria-label", name);
  };
  const press = () => {
    if (!asked) {
      asked = true;
      replace(button, sure);
      button.removeAttribute("aria-label"); // else the question would not be heard
      button.classList.add("sure");
      timer = setTimeout(calm, SURE_MS);
      return;
    }
    calm();
    act(button);
  };
  const button = h("button", { type: "button", class: "danger", onclick: press, onblur: () => asked && calm(), ...attributes }, text);
  return button;
}

/** A line below a form: "" for nothing, else what is wrong or was done. Screen readers hear it. */
export function statusLine() {
  const line = h("p", { class: "status hint", role: "status" });
  const show = (text, kind = "hint") => {
    line.className = `status ${kind}`;
    replace(line, text);
  };
  return { line, show, clear: () => show("") };
}

/** Runs `work` while `button` waits; an error is shown by `status`. Returns its result, undefined if it failed. */
export async function submit(page, button, status, work) {
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  status.show(t("common.waiting"));
  try {
    const result = await work();
    status.clear();
    return result;
  } catch (error) {
    if (page.signal.aborted) return undefined;
    if (error.status === 401) page.wantToken();
    status.show(errorText(error), "error");
    if (error.status === undefined) console.error(error);
    return undefined;
  } finally {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

/** One line each, without empty ones. */
export const linesOf = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
