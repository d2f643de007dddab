// The way to the routes: the token, JSON in and out, errors with their cure, streams of events. Knows no page; who
// wants to hear how the connection does subscribes with `onState`.

import { storage } from "./storage.js";

const ROOT = new URL("..", import.meta.url); // of the adapter, also behind a proxy that puts a path before it
const TOKEN = "llm-agentd.token";
const TIMEOUT_MS = 15_000; // an op of the daemon takes milliseconds, its adapter gives up after 2 s
const ANSWERED_WITHOUT_DAEMON = new Set(["v1/doctor"]); // its answer does not say that the daemon is back
const AGAIN_MS = 2_000; // a stream that broke is opened again after so long

/** What a route answered instead of a result, or that none answered. `status` 0: the adapter was not reached. */
export class ApiError extends Error {
  constructor(status, code, message, path) {
    super(message);
    Object.assign(this, { status, code, path });
  }
}

const listeners = new Set();
let state = { reached: true };

/** Calls `listener({reached, error})` whenever the connection gets better or worse. */
export function onState(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function note(error) {
  const before = state;
  state = { reached: !error, error };
  if (before.reached !== state.reached || before.error?.code !== error?.code || before.error?.message !== error?.message) {
    for (const listener of listeners) listener(state);
  }
}

export const token = {
  get: () => storage.session.get(TOKEN),
  set: (value) => storage.session.set(TOKEN, value),
  /** Takes it from the address, `#token=…`, as `llm-agentd dashboard` prints it, and out of the address again. */
  takeFromAddress() {
    const found = /^#token=([^&]+)/.exec(location.hash);
    if (!found) return;
    token.set(decodeURIComponent(found[1]));
    history.replaceState(null, "", `${location.pathname}#/`);
  },
};

async function send(method, path, body, signal, waitMs) {
  const headers = { Accept: "application/json" };
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  if (method === "POST") headers["Content-Type"] = "application/json";
  if (body?.session) headers["X-Session-ID"] = body.session; // a balancer keeps it with the adapter that has it
  const limit = AbortSignal.timeout(TIMEOUT_MS + (body?.wait_ms ?? 0) + waitMs);
  try {
    return await fetch(new URL(path.replace(/^\//, ""), ROOT), {
      method,
      headers,
      body: method === "POST" ? JSON.stringify(body ?? {}) : undefined,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      cache: "no-store",
      credentials: "omit",
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    const error = new ApiError(0, "unreachable", String(cause.message ?? cause), path);
    note(error);
    throw error;
  }
}

async function errorOf(response, path) {
  let error = {};
  try {
    error = (await response.json()).error ?? {};
  } catch {
    // a proxy's page, or an answer that was cut off: the status says enough
  }
  const found = new ApiError(response.status, error.code ?? `http_${response.status}`, error.message ?? response.statusText, path);
  return Object.assign(found, { reason: error.reason });
}

/** Is nobody there? A daemon that is switched off refuses thoughts alone, with the same code, and answers all else. */
const isAway = (error) => error.status === 503 && error.reason !== "switched_off";

async function call(method, path, body, signal, waitMs = 0) {
  const response = await send(method, path, body, signal, waitMs);
  if (!response.ok) {
    const error = await errorOf(response, path);
    if (isAway(error)) note(error);
    throw error;
  }
  if (!ANSWERED_WITHOUT_DAEMON.has(path)) note();
  return (response.headers.get("Content-Type") ?? "").includes("json") ? response.json() : response.text();
}

export const get = (path, signal) => call("GET", path, undefined, signal);
/** `waitMs`: how much longer than others it may take, as a model has to answer first. */
export const post = (path, body, signal, waitMs) => call("POST", path, body, signal, waitMs);

/** `path?a=1&b=2`, without what is empty. */
export function withQuery(path, fields) {
  const query = new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== "" && value !== null && value !== undefined));
  return query.size ? `${path}?${query}` : path;
}

/**
 * Server-sent events by fetch, since EventSource sends no token. Calls `onEvent(data, kind)` for each and opens the stream
 * again where it broke, after the last event that came, until `signal` ends it. `onOpen(open)` says how it does. Raises
 * what no second try mends: a wrong token, no such route.
 */
export async function stream(path, { onEvent, onOpen = () => {}, signal }) {
  let lastId = null;
  while (!signal.aborted) {
    try {
      const response = await open(path, lastId, signal);
      onOpen(true);
      for await (const event of events(response.body)) {
        lastId = event.id ?? lastId;
        onEvent(JSON.parse(event.data), event.kind);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && [401, 403, 404].includes(error.status)) throw error;
    }
    onOpen(false);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

async function open(path, lastId, signal) {
  const headers = { Accept: "text/event-stream" };
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  if (lastId !== null) headers["Last-Event-ID"] = lastId;
  const response = await fetch(new URL(path.replace(/^\//, ""), ROOT), { headers, signal, cache: "no-store", credentials: "omit" });
  if (!response.ok) throw await errorOf(response, path);
  return response;
}

/** The events in a body of text/event-stream: {id, kind, data}. */
export async function* events(body) {
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop();
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event.data !== undefined) yield event;
    }
  }
}

function parseEvent(block) {
  const event = { kind: "message" };
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^(\w*):? ?(.*)$/.exec(line) ?? [];
    if (name === "data") event.data = event.data === undefined ? value : `${event.data}\n${value}`;
    if (name === "event") event.kind = value;
    if (name === "id") event.id = value;
  }
  return event;
}
