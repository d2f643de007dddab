// What a page is given: the routes, the texts, its arguments, and what ends when it is left. Knows no page.

import * as api from "./api.js";
import { replace } from "./dom.js";
import { errorBox } from "./errors.js";
import { t } from "./i18n.js";

/** `path`: what stands after the page's name in the address, as #/requests/17?npc=mira: ["17"] and {npc}. */
export class Page {
  #ended = new AbortController();

  constructor(name, path, query, shell) {
    Object.assign(this, { name, path, query, t });
    this.toast = shell.toast; // toast(text): a word that something was done
    this.wantToken = shell.wantToken;
  }

  get signal() {
    return this.#ended.signal;
  }

  end() {
    this.#ended.abort();
  }

  get = (path, fields = {}) => api.get(api.withQuery(path, fields), this.signal);
  post = (path, body, waitMs) => api.post(path, body, this.signal, waitMs);
  stream = (path, callbacks) => api.stream(path, { ...callbacks, signal: this.signal });

  /** The address of a page: link("requests", 17, {npc: "mira"}). */
  link(name, ...rest) {
    const query = typeof rest.at(-1) === "object" ? rest.pop() : {};
    return api.withQuery(["#", name, ...rest.map(encodeURIComponent)].join("/"), query);
  }

  /** Writes the query into the address without drawing the page anew, so that a reload keeps a filter. */
  keep(query) {
    this.query = query;
    history.replaceState(null, "", this.link(this.name, ...this.path, query));
  }

  /** Runs `work`; its error is shown in `place` with a button to try again. Returns its result, undefined if it failed. */
  async attempt(place, work) {
    try {
      return await work();
    } catch (error) {
      if (this.signal.aborted) return undefined;
      if (error.status === 401) this.wantToken();
      else replace(place, errorBox(error, () => this.attempt(place, work)));
      if (!(error instanceof api.ApiError)) console.error(error);
      return undefined;
    }
  }

  /**
   * Runs `work` now and every `seconds` until the page is left, but not while nobody sees it. An error goes to `onError`
   * (which may be left out: the banner says what is wrong with the connection), and the next round comes all the same.
   */
  every(seconds, work, onError = () => {}) {
    const round = async () => {
      if (document.hidden) return;
      try {
        await work();
      } catch (error) {
        if (this.signal.aborted) return;
        if (error.status === 401) this.wantToken();
        else onError(error);
        if (!(error instanceof api.ApiError)) console.error(error);
      }
    };
    let busy = false;
    const tick = async () => {
      if (busy) return;
      busy = true;
      await round();
      busy = false;
    };
    const timer = setInterval(tick, seconds * 1000);
    document.addEventListener("visibilitychange", tick, { signal: this.signal });
    this.signal.addEventListener("abort", () => clearInterval(timer));
    return tick();
  }
}
