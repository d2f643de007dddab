// The pages in the order of the menu. A page is a module in this folder that exports
//   title                 the key of its heading in i18n/*.json
//   render(root, page)    fills `root`; `page` is what page.js makes: routes, texts, arguments, things that end with it
//   leave()               optional; timers and requests that were started through `page` end by themselves
// The menu's words are the keys nav.NAME. Pages after a `group` stand under that heading (nav.GROUP).

export const PAGES = [
  { name: "overview", load: () => import("./overview.js") },
  { name: "live", load: () => import("./live.js") },
  { name: "requests", load: () => import("./requests.js") },
  { name: "npcs", load: () => import("./npcs.js") },
  { name: "talk", load: () => import("./talk.js") },
  { name: "settings", group: "change", load: () => import("./settings.js") },
  { name: "roles", group: "change", load: () => import("./roles.js") },
  { name: "memory", group: "change", load: () => import("./memory.js") },
  { name: "cache", group: "change", load: () => import("./cache.js") },
  { name: "model", group: "change", load: () => import("./model.js") },
  { name: "audit", group: "change", load: () => import("./audit.js") },
];
