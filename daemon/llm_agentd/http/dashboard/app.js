// The shell: menu, choice of language and colours, the banner that says what is wrong with the connection, and the
// router that draws one page at a time into <main>. Knows the list of pages, not what is on them.

import * as api from "./api.js";
import { arrowKeys, h, replace } from "./dom.js";
import { errorBox, errorText } from "./errors.js";
import { LANGUAGES, language, loadTexts, setLanguage, t } from "./i18n.js";
import { Page } from "./page.js";
import { PAGES } from "./pages/index.js";
import { storage } from "./storage.js";
import { askForToken } from "./token_box.js";

const THEME = "llm-agentd.theme";
const THEMES = ["auto", "light", "dark"];
const TOAST_MS = 4_000; // long enough to read one line
const SWITCH_S = 10; // how often the menu looks whether somebody switched the minds off

const main = h("main", { id: "main", tabindex: "-1" });
const banner = h("div", { class: "banner", role: "status" });
const toasts = h("div", { class: "toasts", role: "status" });
let current = { page: null, module: null };
let lookAtSwitch = () => {};

function setTheme(theme) {
  storage.local.set(THEME, theme === "auto" ? null : theme);
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

// The frame ----------------------------------------------------------------------------------------------------------

function drawFrame() {
  const menu = h("nav", { id: "menu", "aria-label": t("shell.menu") }, menuItems(), choices());
  arrowKeys(menu, "a");
  const opener = h(
    "button",
    { type: "button", class: "opener", "aria-controls": "menu", "aria-expanded": "false", onclick: () => openMenu(menu, opener) },
    t("shell.menu"),
  );
  menu.addEventListener("click", (event) => event.target.closest("a") && openMenu(menu, opener, false));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || opener.getAttribute("aria-expanded") === "false") return;
    openMenu(menu, opener, false);
    opener.focus();
  });
  const skip = h("a", { class: "skip", href: "#main", onclick: skipToMain }, t("shell.skip"));
  const brand = h("a", { class: "brand", href: "#/" }, h("img", { src: new URL("icon.svg", import.meta.url), alt: "", width: 24, height: 24 }), "llm-agentd");
  replace(document.body, skip, h("header", {}, brand, opener), menu, h("div", { class: "content" }, banner, main), toasts);
}

function openMenu(menu, opener, open = opener.getAttribute("aria-expanded") === "false") {
  opener.setAttribute("aria-expanded", String(open));
  menu.classList.toggle("open", open);
  if (open) menu.querySelector("a").focus();
}

function skipToMain(event) {
  event.preventDefault(); // the address after # is the router's
  main.focus();
}

function menuItems() {
  const items = [];
  let group;
  for (const page of PAGES) {
    if (page.group !== group) items.push(h("li", { class: "group" }, t(`nav.${page.group}`)));
    group = page.group;
    items.push(h("li", {}, h("a", { href: `#/${page.name}`, "data-page": page.name }, t(`nav.${page.name}`))));
  }
  return h("ul", {}, items);
}

function choices() {
  const languages = Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, lang: code, selected: code === language() }, name));
  const theme = storage.local.get(THEME) ?? "auto";
  const themes = THEMES.map((name) => h("option", { value: name, selected: name === theme }, t(`shell.theme_${name}`)));
  return h(
    "div",
    { class: "choices" },
    h("label", {}, t("shell.language"), h("select", { onchange: (event) => changeLanguage(event.target.value) }, languages)),
    h("label", {}, t("shell.theme"), h("select", { onchange: (event) => setTheme(event.target.value) }, themes)),
  );
}

async function changeLanguage(code) {
  await setLanguage(code);
  drawFrame();
  showBanner();
  await showPage();
}

function toast(text) {
  const line = h("p", {}, text);
  toasts.append(line);
  setTimeout(() => line.remove(), TOAST_MS);
}

// What is wrong with the connection, or that the minds are off: on every page -------------------------------------------

let connection = { reached: true };
let minds = { on: true };

function showBanner() {
  banner.className = "banner";
  banner.replaceChildren();
  if (!connection.reached) {
    banner.classList.add("bad");
    replace(banner, h("strong", {}, errorText(connection.error)), " ", t("shell.trying_again"));
  } else if (!minds.on && current.page?.name !== "overview") {
    banner.classList.add("warn");
    replace(banner, h("strong", {}, t("shell.switched_off")), " ", h("a", { href: "#/overview" }, t("nav.overview")));
  }
}

function onConnection(state) {
  const cameBack = state.reached && !connection.reached;
  connection = state;
  showBanner();
  if (cameBack) showPage({ keepFocus: true });
}

// Pages ----------------------------------------------------------------------------------------------------------------

function route() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/").filter(Boolean).map(decodeURIComponent);
  return { name: name ?? PAGES[0].name, rest, query: Object.fromEntries(new URLSearchParams(query)) };
}

async function showPage({ keepFocus = false } = {}) {
  leavePage();
  const { name, rest, query } = route();
  const entry = PAGES.find((page) => page.name === name);
  const page = new Page(name, rest, query, { toast, wantToken });
  current = { page, module: null };
  markMenu(name);
  lookAtSwitch = watchSwitch(page);
  if (!entry) return showTitle(t("shell.no_page"), h("p", {}, t("shell.no_page_text", { name })));
  main.setAttribute("aria-busy", "true");
  try {
    const module = await entry.load();
    if (page.signal.aborted) return;
    current.module = module;
    const root = h("div", { class: `page ${name}` });
    showTitle(t(module.title), root);
    if (!keepFocus) main.focus({ preventScroll: true });
    await module.render(root, page);
  } catch (error) {
    if (page.signal.aborted) return;
    if (error.status === 401) return wantToken();
    if (!(error instanceof api.ApiError)) console.error(error);
    showTitle(t(`nav.${name}`), errorBox(error, () => showPage()));
  } finally {
    if (!page.signal.aborted) main.setAttribute("aria-busy", "false");
  }
}

function leavePage() {
  current.page?.end();
  current.module?.leave?.();
}

function showTitle(title, ...content) {
  document.title = `${title} · llm-agentd`;
  replace(main, h("h1", {}, title), ...content);
}

function markMenu(name) {
  for (const link of document.querySelectorAll("nav a[data-page]")) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function watchSwitch(page) {
  const look = async () => {
    try {
      minds = (await api.get("v1/switch", page.signal)).switch;
    } catch (error) {
      if (error.status !== 401) throw error; // whether a token is wanted is for the page to say: figures may be public
    }
    showBanner();
  };
  page.every(SWITCH_S, look);
  return look;
}

/** Shows the box for the token in the place of the page, which is drawn anew once a token is right. */
function wantToken() {
  if (current.page?.signal.aborted) return;
  leavePage();
  main.setAttribute("aria-busy", "false");
  showTitle(t("token.title"), askForToken(() => showPage()));
}

async function start() {
  api.token.takeFromAddress();
  setTheme(storage.local.get(THEME) ?? "auto");
  await loadTexts();
  drawFrame();
  api.onState(onConnection);
  window.addEventListener("hashchange", () => {
    if (/^#token=/.test(location.hash)) api.token.takeFromAddress();
    showPage();
  });
  document.addEventListener("switch-changed", () => lookAtSwitch());
  await showPage({ keepFocus: true });
}

await start();
