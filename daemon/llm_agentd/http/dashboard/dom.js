// Elements from plain calls. Text becomes text nodes and never HTML, so that nothing a player says can become part of
// the page; there is no way here to set HTML or an inline style. Knows no page and no route.

const SVG = "http://www.w3.org/2000/svg";

/** h("button", { class: "quiet", onclick: f, disabled: true }, "Text", [more, …]): an element with what is in it. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  append(element, children);
  return element;
}

/** Adds texts, numbers, elements and lists of them; null, undefined and false are left out. */
export function append(element, children) {
  for (const child of [children].flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/** Puts these in the place of all that is in `element`. The focus stays on what has the same id or address as before. */
export function replace(element, ...children) {
  const focused = element.contains(document.activeElement) ? markOf(document.activeElement) : null;
  element.replaceChildren();
  append(element, children);
  if (focused) element.querySelector(focused)?.focus({ preventScroll: true });
  return element;
}

function markOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  return element.hasAttribute("href") ? `a[href="${CSS.escape(element.getAttribute("href"))}"]` : null;
}

const drawn = new WeakMap();

/** Calls `draw()` where `data` is another than last time, so that text that somebody selects or reads stays. */
export function whenChanged(element, data, draw) {
  const text = JSON.stringify(data ?? null);
  if (drawn.get(element) === text) return;
  drawn.set(element, text);
  draw();
}

/** Up and Down (or Left and Right), Home and End move the focus among what `selector` finds in `list`. */
export function arrowKeys(list, selector) {
  list.addEventListener("keydown", (event) => {
    const items = [...list.querySelectorAll(selector)].filter((item) => item.offsetParent !== null);
    const at = items.indexOf(document.activeElement);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const steps = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: items.length - 1 };
    const next = items[steps[event.key]];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
  return list;
}
