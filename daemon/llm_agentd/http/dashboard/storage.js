// What the browser keeps: the token for this tab (session), language and colours for good (local). A browser that
// forbids storage loses them with the page, and that is all.

function wrap(find) {
  const memory = new Map();
  return {
    get(key) {
      try {
        return find().getItem(key);
      } catch {
        return memory.get(key) ?? null;
      }
    },
    set(key, value) {
      try {
        if (value === null) find().removeItem(key);
        else find().setItem(key, value);
      } catch {
        memory.set(key, value);
      }
    },
  };
}

export const storage = { local: wrap(() => localStorage), session: wrap(() => sessionStorage) };
