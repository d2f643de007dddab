// The two routes of the page, and the token that it has. Knows no microphone.

import { storage } from "./shared/storage.js";

const ROOT = new URL("..", import.meta.url);
const TOKEN = "llm-agentd.voice"; // for this tab alone, so that a page that is loaded anew goes on
const TIMEOUT_MS = 60_000; // a recogniser that starts takes some seconds
const CODE_IN_ADDRESS = /^#([\d\s-]{6,20})$/;

/** What a route answered instead of a result. `status` 0: none answered. */
export class ServerError extends Error {
  constructor(status, code, message, waitMs = 0) {
    super(message);
    Object.assign(this, { status, code, waitMs });
  }
}

export const session = {
  get: () => JSON.parse(storage.session.get(TOKEN) ?? "null"),
  end: () => storage.session.set(TOKEN, null),
};

/** The code of a link such as /voice#482-913; it is taken out of the address, as it is for one use. */
export function codeInAddress() {
  const found = CODE_IN_ADDRESS.exec(decodeURIComponent(location.hash));
  if (!found) return null;
  history.replaceState(null, "", location.pathname);
  return found[1];
}

async function post(path, headers, body) {
  let response;
  try {
    response = await fetch(new URL(path, ROOT), {
      method: "POST",
      headers,
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      cache: "no-store",
      credentials: "omit",
    });
  } catch (cause) {
    throw new ServerError(0, "unreachable", String(cause.message ?? cause));
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const { code, message, retry_after_ms: waitMs } = answer.error ?? {};
  throw new ServerError(response.status, code ?? `http_${response.status}`, message ?? response.statusText, waitMs);
}

/** A code for a token: {token, player, seconds_max}. */
export async function login(code) {
  const answer = await post("voice/login", { "Content-Type": "application/json" }, JSON.stringify({ code }));
  storage.session.set(TOKEN, JSON.stringify(answer));
  return answer;
}

/** What the game hears of this sound; "" where nothing was understood. */
export async function say(sound) {
  const headers = { "Content-Type": "audio/wav", Authorization: `Bearer ${session.get().token}` };
  return (await post("voice/say", headers, sound)).text;
}
