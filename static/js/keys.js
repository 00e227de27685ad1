// Keys of one letter, for whoever leaves the mouse alone. Without this file Tab and Enter reach
// everything. An element with data-key="e" is clicked by that key, one with data-key="g c" by both
// in turn; rows with data-row are walked through.
(() => {
  const help = document.getElementById("keys");
  const choice = document.getElementById("keys-on");
  if (!help) return; // Not the console's frame.

  // --- Switched on or off: a single letter is easily spoken or struck by accident ----------------
  let unsaved = true;

  function areOn() {
    try {
      return localStorage.getItem("keys") !== "off";
    } catch {
      return unsaved; // Storage is forbidden here: the choice lasts as long as the page.
    }
  }
  choice.addEventListener("change", () => {
    unsaved = choice.checked;
    try {
      localStorage.setItem("keys", choice.checked ? "on" : "off");
    } catch {
      // As above.
    }
  });

  function open() {
    const menu = document.activeElement.closest("details.menu");
    if (menu) {
      // A closed menu holds no focus, and the dialog gives it back to where it was.
      menu.querySelector("summary").focus();
      menu.open = false;
    }
    choice.checked = areOn();
    help.showModal();
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-opens-keys]")) open();
    if (event.target === help) help.close(); // Beside it: the dialog itself has no margin inside.
  });

  // --- What is half typed is not left behind by a slip ------------------------------------------
  const typedInto = new Set(); // Forms; one that has left the page with its dialog is no matter.
  const isHalfTyped = () => [...typedInto].some((form) => form.isConnected);
  document.addEventListener("input", (event) => {
    if (event.target.form?.method === "post") typedInto.add(event.target.form);
  });

  // --- What a key does --------------------------------------------------------------------------
  const searchBox = () => document.querySelector("main input[type=search]");

  function search() {
    const box = searchBox();
    if (box) {
      box.focus();
      box.select();
    } else if (!isHalfTyped()) {
      location.assign(`${help.dataset.search}#search`);
    }
  }

  function walk(step) {
    if (document.querySelector("[data-key=j], [data-key=k]")) return; // They lead to whoever is beside.
    const rows = [...document.querySelectorAll("[data-row]")];
    const links = rows.map((row) => row.querySelector("a[href]")).filter((it) => it?.checkVisibility());
    const here = links.findIndex((it) => it.closest("[data-row]").contains(document.activeElement));
    const next = links[here < 0 ? 0 : Math.min(Math.max(here + step, 0), links.length - 1)];
    next?.focus({ preventScroll: true });
    next?.closest("[data-row]").scrollIntoView({ block: "nearest" });
  }

  const STAYING = { "/": search, "?": open, j: () => walk(1), k: () => walk(-1) };
  const marked = () => (isHalfTyped() ? [] : [...document.querySelectorAll("[data-key]")]);

  const TYPED_INTO =
    "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit])";
  const PATIENCE = 1500; // Milliseconds between the two keys of "g c".
  let first = "";
  let forgetting;

  function isMeant(event) {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return false;
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.repeat && !["j", "k"].includes(event.key)) return false;
    if (event.target.closest?.(TYPED_INTO) || document.querySelector("dialog[open], .modal.show")) return false;
    return event.key.length === 1 && areOn();
  }

  document.addEventListener("keydown", (event) => {
    if (!isMeant(event)) return;
    const struck = event.shiftKey ? event.key : event.key.toLowerCase(); // Caps lock may be on.
    const key = first ? `${first} ${struck}` : struck;
    clearTimeout(forgetting);
    first = "";
    const act = marked().find((it) => it.dataset.key === key) || STAYING[key];
    if (act) {
      event.preventDefault();
      if (act instanceof Element && event.repeat) return; // Held down: one page at a time.
      if (act instanceof Element) act.click();
      else act();
    } else if (marked().some((it) => it.dataset.key.startsWith(`${key} `))) {
      first = key;
      forgetting = setTimeout(() => { first = ""; }, PATIENCE);
    }
  });

  // --- Come from a page without a search box ----------------------------------------------------
  if (location.hash === "#search") {
    history.replaceState(history.state, "", location.pathname + location.search);
    searchBox()?.focus();
  }
})();
