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

  // By a timer while something is under way, which the server decides; or when it is seen again.
  const asksAgain = (element) => /every|seen/.test(element?.getAttribute("hx-trigger") || "");

  function lacksAnswer() {
    missed += 1;
    quietUntil = Date.now() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (missed - 1));
  }

  // Somebody types in it, has typed, or has marked words in it: the next answer will do.
  function isInUse(part) {
    const active = document.activeElement;
    if (part.contains(active) && active.matches("input, textarea, select")) return true;
    const fields = [...part.querySelectorAll("input, textarea")];
    if (fields.some((it) => it.value !== it.defaultValue || it.checked !== it.defaultChecked)) return true;
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
    if (asksAgain(detail.requestConfig.elt)) {
      const isSame = shown.get(target.id) === now || isToldAlready(target, said);
      detail.shouldSwap = !isSame && !isInUse(target);
    }
    if (detail.shouldSwap) shown.set(target.id, now);
  });

  // --- What was unfolded or folded stays so ------------------------------------------------------
  let folds = new Map();
  // By what it says, and the how many-th it is of those that say the same.
  function eachFold(visit) {
    const times = new Map();
    for (const fold of document.querySelectorAll("details")) {
      const said = fold.querySelector("summary")?.textContent.trim();
      times.set(said, (times.get(said) || 0) + 1);
      visit(fold, `${times.get(said)} ${said}`);
    }
  }
  document.addEventListener("htmx:beforeSwap", () => {
    folds = new Map();
    eachFold((fold, key) => folds.set(key, fold.open));
  });
  for (const swapped of ["htmx:afterSwap", "htmx:oobAfterSwap"]) {
    document.addEventListener(swapped, () => {
      eachFold((fold, key) => {
        if (folds.has(key)) fold.open = folds.get(key);
      });
    });
  }

  // --- Reasons to ask again though nothing was under way -----------------------------------------
  function seen() {
    if (!document.hidden) document.body.dispatchEvent(new Event("seen"));
  }
  document.addEventListener("visibilitychange", seen);
  addEventListener("focus", seen);
  addEventListener("pageshow", (event) => event.persisted && seen()); // The back button.
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful && !asksAgain(detail.requestConfig.elt)) seen();
  });
})();
