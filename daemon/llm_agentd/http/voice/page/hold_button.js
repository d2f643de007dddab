// A button that is held while one speaks: by mouse, finger, or the space key, wherever the focus is. Or, for who cannot
// hold, one that is tapped to begin and tapped to end. Knows no microphone.

import { h, replace } from "./shared/dom.js";

const FIELDS = "input, select, textarea, a, summary, [role=textbox]"; // where a space means something else

/**
 * `onStart()` answers whether it has begun, in its own time; `onStop()` ends it. A release that comes while it is
 * beginning ends it as soon as it has begun. `isToggle()`: taps instead of holding.
 */
export function holdButton(label, { isToggle, onStart, onStop }) {
  const text = h("span", {}, label);
  const element = h("button", { type: "button", class: "hold", "aria-pressed": "false" }, text);
  let phase = "idle"; // → starting → on → stopping → idle
  let isWanted = false;

  async function press() {
    isWanted = true;
    if (phase !== "idle") return;
    phase = "starting";
    element.setAttribute("aria-pressed", "true");
    const hasBegun = await onStart();
    phase = hasBegun ? "on" : "idle";
    if (!hasBegun) element.setAttribute("aria-pressed", "false");
    else if (!isWanted) await stop();
  }

  async function release() {
    isWanted = false;
    if (phase === "on") await stop();
  }

  async function stop() {
    phase = "stopping";
    element.setAttribute("aria-pressed", "false");
    await onStop();
    phase = "idle";
  }

  const toggle = () => (phase === "idle" ? press() : release());
  const isSpace = (event) => event.code === "Space" && !event.target.closest(FIELDS) && !event.altKey && !event.ctrlKey && !event.metaKey;

  element.addEventListener("pointerdown", (event) => {
    if (isToggle() || event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    press();
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    element.addEventListener(name, () => isToggle() || release());
  }
  element.addEventListener("contextmenu", (event) => event.preventDefault()); // of a long press
  element.addEventListener("click", (event) => {
    // A click of a screen reader has no press before it (detail 0): it taps.
    if (isToggle() || (event.detail === 0 && phase === "idle" && !isWanted) || (event.detail === 0 && phase === "on")) toggle();
  });
  const onKeyDown = (event) => {
    if (!element.isConnected) return forget();
    if (!isSpace(event) || isToggle()) return;
    event.preventDefault(); // no scrolling, and no click when it is released
    if (!event.repeat) press();
  };
  const onKeyUp = (event) => {
    if (!isSpace(event) || isToggle()) return;
    event.preventDefault();
    release();
  };
  function forget() {
    document.removeEventListener("keydown", onKeyDown);
    document.removeEventListener("keyup", onKeyUp);
    window.removeEventListener("blur", release);
  }
  document.addEventListener("keydown", onKeyDown);
  document.addEventListener("keyup", onKeyUp);
  window.addEventListener("blur", release); // the key or the button is let go elsewhere
  return { element, release, setLabel: (words) => replace(text, words) };
}
