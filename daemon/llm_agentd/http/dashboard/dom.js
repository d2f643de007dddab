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

/** Puts these in the place of all that is in `element`. */
export function replace(element, ...children) {
  element.replaceChildren();
  return append(element, children);
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
