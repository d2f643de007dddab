// The page: the code's form, the button to hold, what was understood. Knows neither how sound is taken nor how it is sent.

import { append, h, replace } from "./shared/dom.js";
import { LANGUAGES, hasText, language, loadTexts, setLanguage, t } from "./shared/i18n.js";
import { storage } from "./shared/storage.js";
import * as microphone from "./microphone.js";
import { holdButton } from "./hold_button.js";
import * as server from "./server.js";

const THEME = "llm-agentd.theme"; // as it was chosen in the dashboard
const TAPS = "llm-agentd.voice.taps";
const LINES_MAX = 30;
const WAIT_BEFORE_RETRY_MAX_MS = 3_000; // where the server asks for a moment, the words are sent again by themselves
const MICROPHONE_ERRORS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "busy",
  AbortError: "busy",
};

const main = h("main", { id: "main", tabindex: "-1" });

function draw() {
  document.title = t("title");
  const languages = Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, lang: code, selected: code === language() }, name));
  const change = async (event) => {
    await setLanguage(event.target.value);
    draw();
  };
  replace(
    document.body,
    h("header", {}, h("span", { class: "brand" }, h("img", { src: new URL("shared/icon.svg", import.meta.url), alt: "", width: 24, height: 24 }), t("title"))),
    main,
    h("footer", {}, h("label", {}, t("language"), " ", h("select", { onchange: change }, languages)), h("p", { class: "hint" }, t("privacy"))),
  );
  show();
}

function show() {
  if (!microphone.isAllowed()) showInsecure();
  else if (server.session.get()) showButton(server.session.get());
  else showForm();
}

// No microphone on this page -------------------------------------------------------------------------------------------

function showInsecure() {
  replace(main, h("h1", {}, t("insecure.title")), h("div", { class: "box warn", role: "alert" }, h("p", {}, t("insecure.why")), h("p", {}, t("insecure.cure"))));
}

// The code --------------------------------------------------------------------------------------------------------------

function showForm(problem = "") {
  const input = h("input", {
    id: "code",
    inputmode: "numeric",
    autocomplete: "one-time-code",
    maxlength: 12,
    placeholder: "482-913",
    required: true,
    "aria-describedby": "code-hint code-error",
  });
  const error = h("p", { class: "error", id: "code-error", role: "alert" }, problem);
  const button = h("button", { type: "submit", class: "primary" }, t("code.open"));
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    await enter(input.value, (text) => {
      replace(error, text);
      button.disabled = false;
      input.select();
    });
  };
  replace(
    main,
    h("h1", {}, t("code.title")),
    h("form", { class: "box", onsubmit: submit }, h("p", { id: "code-hint" }, t("code.why")), h("label", { for: "code" }, t("code.label")), h("div", { class: "row" }, input, button), error),
  );
  input.focus();
}

async function enter(code, onProblem) {
  try {
    showButton(await server.login(code));
  } catch (error) {
    onProblem(serverText(error));
  }
}

// The button ------------------------------------------------------------------------------------------------------------

function showButton({ player, seconds_max: secondsMax }) {
  const meter = h("meter", { min: 0, max: 1, value: 0, "aria-label": t("talk.level") });
  const state = h("p", { class: "state-line", role: "status" }, t("talk.ready"));
  const lines = h("ol", { class: "lines", role: "log", "aria-label": t("talk.lines") });
  const taps = h("input", { type: "checkbox", id: "taps", checked: storage.local.get(TAPS) === "yes" });
  const say = (key, values) => replace(state, t(key, values));
  const fail = (text) => {
    say("talk.ready");
    addLine(lines, h("span", { class: "error" }, text));
  };
  let limit = null;
  const button = holdButton(t("talk.hold"), {
    isToggle: () => taps.checked,
    async onStart() {
      say("talk.opening");
      try {
        await microphone.open((level) => (meter.value = level));
      } catch (error) {
        fail(microphoneText(error));
        return false;
      }
      microphone.start();
      say("talk.listening", { seconds: secondsMax });
      limit = setTimeout(() => button.release(), secondsMax * 1000);
      return true;
    },
    async onStop() {
      clearTimeout(limit);
      say("talk.reading");
      await send(await microphone.stop(), lines, fail);
      if (server.session.get()) say("talk.ready");
    },
  });
  taps.addEventListener("change", () => {
    storage.local.set(TAPS, taps.checked ? "yes" : null);
    button.setLabel(t(taps.checked ? "talk.tap" : "talk.hold"));
  });
  if (taps.checked) button.setLabel(t("talk.tap"));
  replace(
    main,
    h("h1", {}, t("talk.title", { player })),
    h("div", { class: "talk-box" }, button.element, meter, state, h("label", { class: "taps", for: "taps" }, taps, " ", t("talk.taps"))),
    lines,
    h("p", { class: "hint" }, t("talk.where", { player })),
    h("button", { type: "button", class: "quiet", onclick: leave }, t("talk.leave")),
  );
  button.element.focus();
}

async function send(sound, lines, fail) {
  try {
    const text = await patiently(() => server.say(sound));
    addLine(lines, text ? h("q", {}, text) : h("span", { class: "muted" }, t("talk.nothing")));
  } catch (error) {
    if (error.status === 401) await end(serverText(error));
    else fail(serverText(error));
  }
}

/** Once more after the pause that the server asks for, where that is short. */
async function patiently(call) {
  try {
    return await call();
  } catch (error) {
    if (error.status !== 429 || !error.waitMs || error.waitMs > WAIT_BEFORE_RETRY_MAX_MS) throw error;
    await new Promise((resolve) => setTimeout(resolve, error.waitMs));
    return call();
  }
}

/** The newest first, so that it is seen on a phone. */
function addLine(lines, content) {
  lines.prepend(append(h("li", {}), content));
  while (lines.children.length > LINES_MAX) lines.lastChild.remove();
}

async function end(problem) {
  server.session.end();
  await microphone.close();
  showForm(problem);
}

const leave = () => end("");

// What went wrong, in words -----------------------------------------------------------------------------------------------

function microphoneText(error) {
  const key = `microphone.${MICROPHONE_ERRORS[error.name] ?? "other"}`;
  return t(key, { reason: `${error.name}: ${error.message}` });
}

/** The page's own words for what it knows, and the server's for all else. */
function serverText(error) {
  const key = `server.${error.code}`;
  return hasText(key) ? t(key, { seconds: Math.ceil((error.waitMs ?? 0) / 1000) }) : t("server.other", { reason: error.message });
}

// -------------------------------------------------------------------------------------------------------------------------

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") microphone.close(); // nobody holds a button that they do not see
});

async function begin() {
  const theme = storage.local.get(THEME);
  if (theme) document.documentElement.dataset.theme = theme;
  await loadTexts(new URL("i18n/", import.meta.url));
  const code = server.codeInAddress();
  draw();
  if (code && microphone.isAllowed()) await enter(code, showForm);
}

begin();
