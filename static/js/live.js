// Parts of a page that ask again by htmx (`hx-trigger="every …"`): only while somebody sees the
// page, more and more rarely while nobody answers, and never while something in them is in use.
// What is said about an answer that did not come is app.js's.
(() => {
  const FIRST_PAUSE = 4_000; // Milliseconds, doubled with every answer that does not come.
  const LONGEST_PAUSE = 120_000;

  let missed = 0;
  let quietUntil = 0;
  let isSignedOut = false;
  const shown = new Map(); // what a part was last filled with, by its id
  // What differs in every answer and says nothing new.
  const PASSING = /(<time[^>]*>)[^<]*|(name="csrfmiddlewaretoken" value=")[^"]*/g;

  const asksAgain = (element) => (element?.getAttribute("hx-trigger") || "").includes("every");

  function lacksAnswer() {
    missed += 1;
    quietUntil = Date.now() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (missed - 1));
  }

  // Somebody types in it, or has marked words in it: the next answer will do.
  function isInUse(part) {
    const active = document.activeElement;
    if (part.contains(active) && active.matches("input, textarea, select")) return true;
    const marked = getSelection();
    return !marked.isCollapsed && part.contains(marked.anchorNode);
  }

  // The same is said as before: it must not be read out again, only the number beside it is new.
  function isToldAlready(part, said) {
    const before = part.querySelector("[data-mark]");
    const now = new DOMParser().parseFromString(said, "text/html").querySelector("[data-mark]");
    if (!before || before.dataset.mark !== now?.dataset.mark) return false;
    before.querySelector("[aria-live]").textContent = now.querySelector("[aria-live]").textContent;
    return true;
  }

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!asksAgain(event.detail.elt)) return;
    if (isSignedOut || document.hidden || Date.now() < quietUntil) event.preventDefault();
  });

  document.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => {
    if (xhr.status === 401) isSignedOut = true;
    else if (xhr.status === 0 || xhr.status >= 500) lacksAnswer();
    else missed = quietUntil = 0;
  });

  // Only what differs is put in place of the old: else a selection, an open menu or the focus
  // would go each time for nothing.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { target, serverResponse: said } = detail;
    if (!detail.shouldSwap) return;
    const now = said.replace(PASSING, "$1$2");
    if (asksAgain(target)) {
      const isSame = shown.get(target.id) === now || isToldAlready(target, said);
      detail.shouldSwap = !isSame && !isInUse(target);
    }
    if (detail.shouldSwap) shown.set(target.id, now);
  });

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) document.body.dispatchEvent(new Event("seen"));
  });
})();
