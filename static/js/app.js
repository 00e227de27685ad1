// Comfort only: every page works without this file.
(() => {
  // --- Times: the reader's own zone, the exact UTC in the title ---------------------------------
  const page = document.documentElement.lang || "en";
  // The reader's own variant of the page's language (en-GB), else that language: no mixed months.
  const language = navigator.languages.find((it) => it.split("-")[0] === page.split("-")[0]) || page;
  const clock = { hour: "2-digit", minute: "2-digit" };
  const day = { day: "numeric", month: "short" };
  const format = (options) => new Intl.DateTimeFormat(language, options);
  const formats = {
    today: format(clock),
    thisYear: format({ ...day, ...clock }),
    longAgo: format({ ...day, year: "numeric", ...clock }),
    exact: format({ ...day, year: "numeric", ...clock, second: "2-digit" }),
  };

  function formatFor(element, when) {
    const now = new Date();
    if ("exact" in element.dataset) return formats.exact;
    if (when.toDateString() === now.toDateString()) return formats.today;
    return when.getFullYear() === now.getFullYear() ? formats.thisYear : formats.longAgo;
  }

  function localTimes(root) {
    for (const element of root.querySelectorAll("time[datetime*='T']")) {
      const when = new Date(element.dateTime);
      if (Number.isNaN(when.getTime())) continue;
      element.textContent = formatFor(element, when).format(when);
      element.title = `${when.toISOString().slice(0, 19).replace("T", " ")} UTC`;
    }
  }

  // --- The theme switch -------------------------------------------------------------------------
  function showTheme() {
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      const isChosen = button.dataset.themeChoice === window.theme.chosen();
      button.setAttribute("aria-pressed", String(isChosen));
    }
  }
  document.addEventListener("theme", showTheme);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (button) window.theme.choose(button.dataset.themeChoice);
  });

  // --- What is said is put away; on a phone the menu is unfolded and folded -----------------------
  document.addEventListener("click", ({ target }) => {
    target.closest("[data-dismiss]")?.closest(".alert").remove();
    const button = target.closest("[data-unfolds]");
    if (!button) return;
    const isOpen = document.getElementById(button.getAttribute("aria-controls")).classList.toggle("show");
    button.setAttribute("aria-expanded", String(isOpen));
  });

  // --- Menus made of <details>: Escape and a click elsewhere close them -------------------------
  const openMenus = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      const isInside = menu.contains(document.activeElement);
      menu.open = false;
      if (isInside) menu.querySelector("summary").focus();
    }
  });

  // --- Tick all boxes of a form that have that name ----------------------------------------------
  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-check-all]");
    if (!all) return;
    const boxes = all.form.querySelectorAll(`input[name="${all.dataset.checkAll}"]`);
    for (const box of boxes) box.checked = all.checked;
  });

  // --- A form that is on its way is not sent again ----------------------------------------------
  const PATIENCE = 15_000; // Milliseconds; then a person may press again, the server recognises it.

  function buttonsOf(form) {
    return [...form.elements].filter((it) => it.type === "submit");
  }
  function release(form) {
    delete form.dataset.sent;
    for (const button of buttonsOf(form)) button.removeAttribute("aria-disabled");
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return; // htmx has its own ways
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    for (const button of buttonsOf(form)) button.setAttribute("aria-disabled", "true");
    setTimeout(release, PATIENCE, form);
  });
  // The back button may bring the page back as it was left.
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));

  // --- A promise that does not hold any more ----------------------------------------------------
  function forgetPromises() {
    const outdated = document.getElementById("live")?.dataset.outdated?.split(" ") || [];
    for (const promise of document.querySelectorAll("[data-promise]")) {
      if (outdated.includes(promise.dataset.promise)) promise.remove();
    }
  }

  // --- Where one was in a part that htmx replaces -----------------------------------------------
  let place = null; // What had the focus, and which one it was of those that say the same.

  function alike(old) {
    const all = [...document.querySelectorAll(old.localName)];
    return all.filter((it) => it.textContent === old.textContent && it.href === old.href);
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    const active = document.activeElement;
    const isInside = event.detail.target.contains(active) && active !== document.body;
    place = isInside ? { old: active, nth: alike(active).indexOf(active) } : null;
  });
  function returnToPlace() {
    if (!place || place.old.isConnected) return;
    const found = document.getElementById(place.old.id) || alike(place.old)[place.nth];
    found?.focus({ preventScroll: true });
    place = null;
  }

  // --- What htmx could not fetch: said once, where nothing moves for it ---------------------------
  // Nobody pressed anything: a timer asks, or live.js when somebody has come back.
  const isPoll = ({ triggeringEvent: it }) => !it || it.type === "seen";
  const pathOf = (url) => url && new URL(url, location).pathname;

  function reasonOf({ xhr, requestConfig }) {
    if (xhr.status === 401) return "login";
    if ([403, 404].includes(xhr.status)) return String(xhr.status);
    return isPoll(requestConfig) ? "poll" : "sent";
  }
  function tellTrouble(reason) {
    const words = document.querySelector(`template[data-trouble="${reason}"]`);
    const told = document.querySelector(".trouble");
    if (!words || told?.dataset.about === reason) return;
    told?.remove();
    const alert = words.content.firstElementChild.cloneNode(true);
    alert.dataset.about = reason;
    // Whatever lies outside of an open dialog is out of reach.
    (document.querySelector("dialog[open]") || document.body).append(alert);
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    const login = pathOf(document.querySelector("[data-login]")?.dataset.login);
    const landed = pathOf(xhr.responseURL);
    if (!landed || landed !== login || landed === pathOf(requestConfig.path)) return;
    event.detail.shouldSwap = false; // Not the login page into the middle of this one.
    tellTrouble("login");
  });
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, (event) => tellTrouble(reasonOf(event.detail)));
  }
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful) document.querySelector('.trouble[data-about="poll"]')?.remove();
  });
  document.addEventListener("htmx:afterSwap", () => document.querySelector(".trouble")?.remove());
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-reload]")) location.reload();
  });

  // --- At the start, and for whatever htmx brings -----------------------------------------------
  localTimes(document);
  showTheme();
  document.querySelector(".error-summary")?.focus();
  // At once: the words of the server must not be seen for a moment.
  for (const swapped of ["htmx:afterSwap", "htmx:oobAfterSwap"]) {
    document.addEventListener(swapped, () => localTimes(document));
  }
  document.addEventListener("htmx:load", (event) => {
    localTimes(event.detail.elt.parentElement || document);
    forgetPromises();
    returnToPlace();
  });
})();
