// Runs in <head>, before anything is painted. The key and its words are Django admin's own,
// so that one choice holds for both.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print"); // Is white, and a browser leaves dark grounds out.
  let unsaved = "auto";

  function chosen() {
    try {
      return localStorage.getItem("theme") || "auto";
    } catch {
      return unsaved; // Storage is forbidden here: the choice lasts as long as the page.
    }
  }

  function apply() {
    const choice = chosen();
    const isDark = !paper.matches && (choice === "dark" || (choice !== "light" && dark.matches));
    root.setAttribute("data-bs-theme", isDark ? "dark" : "light");
    document.dispatchEvent(new Event("theme"));
  }

  window.theme = {
    chosen,
    choose(choice) {
      unsaved = choice;
      try {
        localStorage.setItem("theme", choice);
      } catch {
        // As above.
      }
      apply();
    },
  };
  root.classList.add("js");
  dark.addEventListener("change", apply);
  paper.addEventListener("change", apply);
  addEventListener("storage", apply);
  apply();
})();
