// A customer's page. Comfort only: every dialog is a page of its own without this file.
(() => {
  // --- Dialogs: the form of a link, asked for from the same address --------------------------------
  const dialog = document.getElementById("dialog");
  if (!dialog?.showModal) return;
  const body = dialog.querySelector(".sheet-body");
  let opener = null; // Where the focus goes back to.
  let untouched = ""; // What the form would have sent when it came.

  const form = () => body.querySelector("form");
  const typed = () => (form() ? new URLSearchParams(new FormData(form())).toString() : "");
  const isHalfDone = () => typed() !== untouched;
  const isBusy = () => dialog.getAttribute("aria-busy") === "true";

  function busy(is) {
    dialog.setAttribute("aria-busy", String(is));
    for (const button of body.querySelectorAll("[type=submit]")) {
      if (is) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    }
  }

  function trouble(kind) {
    for (const words of dialog.querySelectorAll("[data-trouble]")) {
      words.hidden = words.dataset.trouble !== kind;
      if (!words.hidden) words.scrollIntoView({ block: "nearest" });
    }
  }

  // Null: no answer at all. Anything but a form or a way to go was not meant for a dialog.
  async function ask(url, options = {}) {
    try {
      const response = await fetch(url, { ...options, headers: { "HX-Request": "true" } });
      return { to: response.headers.get("HX-Redirect"), text: await response.text() };
    } catch {
      return null;
    }
  }

  function show(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    if (!page.getElementById("dialog-title") || !page.querySelector("form.update")) return false;
    body.innerHTML = text;
    trouble(null);
    untouched = typed();
    if (!dialog.open) dialog.showModal();
    const first = body.querySelector(".error-summary, form :is(input, select, textarea):not([type=hidden]), form [type=submit]");
    first?.focus();
    dialog.scrollTop = 0;
    htmx.trigger(body, "htmx:load", { elt: body.firstElementChild }); // For app.js, as after a swap.
    return true;
  }

  async function open(link) {
    opener = link;
    link.setAttribute("aria-busy", "true");
    const answer = await ask(link.href);
    link.removeAttribute("aria-busy");
    // Signed out meanwhile, gone, forbidden: the page itself says so.
    if (!answer || !show(answer.text)) location.assign(link.href);
  }

  async function send() {
    if (isBusy()) return;
    busy(true);
    trouble(null);
    const answer = await ask(form().action, { method: "POST", body: new URLSearchParams(new FormData(form())) });
    if (answer?.to) {
      await bringUpToDate(); // Busy until then: nothing is sent twice.
      busy(false);
      dialog.close();
      return;
    }
    busy(false);
    if (!answer) trouble("lost");
    else if (!show(answer.text)) trouble("odd");
  }

  // What lives on the page, and the promise; what is typed beside it stays.
  async function bringUpToDate() {
    const before = document.getElementById("live");
    try {
      await htmx.ajax("GET", dialog.dataset.page, { source: dialog, target: "#live", swap: "outerHTML" });
    } catch {
      // As below.
    }
    if (before.isConnected) location.reload(); // It did not come: the page itself tells how it stands.
  }

  function leave() {
    if (isBusy() || (isHalfDone() && !confirm(dialog.dataset.leave))) return;
    dialog.close();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || event.defaultPrevented) return;
    event.preventDefault();
    dialog.querySelector("[data-trouble=odd] a").href = link.href;
    if (link.getAttribute("aria-busy") !== "true") open(link);
  });
  dialog.addEventListener("click", (event) => {
    const isOutside = event.target === dialog; // Its content fills it: that is the ground behind it.
    if (!isOutside && !event.target.closest("[data-leave]:not(dialog)")) return;
    event.preventDefault();
    leave();
  });
  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // Else the browser closes it, whatever was typed.
    event.stopPropagation();
    leave();
  });
  dialog.addEventListener("cancel", (event) => { // The back gesture of a phone.
    event.preventDefault();
    leave();
  });
  dialog.addEventListener("close", () => {
    body.replaceChildren(); // No password stays in a closed dialog.
    // What lives may have put another link in the place of the one that was pressed.
    const again = opener?.isConnected ? opener : document.getElementById(opener?.id || "");
    (again || document.getElementById("main")).focus();
  });
})();

(() => {
  // --- A note that was begun is not lost without a word -------------------------------------------
  const note = document.getElementById("note");
  let isSent = false;
  note?.addEventListener("submit", () => (isSent = true));
  addEventListener("beforeunload", (event) => {
    const text = note?.elements.text;
    if (text && !isSent && text.value !== text.defaultValue) event.preventDefault();
  });
})();
