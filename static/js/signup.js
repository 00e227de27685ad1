// Comfort on the public pages; without any of it they work as well.
(() => {
  // --- Is the name still to be had? Asked once somebody stops typing -----------------------------
  const place = document.querySelector("[data-availability]");
  const name = document.getElementById("id_username");
  if (place && name) {
    name.setAttribute("hx-get", place.dataset.availability);
    name.setAttribute("hx-trigger", "input changed delay:600ms");
    name.setAttribute("hx-target", "#availability");
    name.setAttribute("hx-swap", "innerHTML");
    name.setAttribute("hx-sync", "this:replace");
    window.htmx?.process(name);
  }

  // --- "I have none" empties and closes the field that it stands for -----------------------------
  for (const field of document.querySelectorAll("[data-unless]")) {
    const box = document.getElementById(`id_${field.dataset.unless}`);
    const fit = () => {
      field.readOnly = box.checked;
      if (box.checked) field.value = "";
    };
    box?.addEventListener("change", fit);
  }

  // --- Additional IPs only with the packages that allow them -------------------------------------
  const boxes = [...document.querySelectorAll("[data-only-with]")];
  if (boxes.length) {
    const { form, dataset } = boxes[0];
    const allowed = dataset.onlyWith.split("|");
    const fit = () => {
      const chosen = form.querySelector("input[name=package]:checked")?.value;
      const allows = allowed.includes(chosen);
      form.classList.toggle("shows-ips", allows); // As the page came: nothing moves while it loads.
      if (!allows) for (const box of boxes) box.checked = false;
    };
    form.addEventListener("change", (event) => event.target.name === "package" && fit());
    fit();
  }

  // --- The password: shown on demand, and how strong it seems; it leaves this page only by the form
  for (const button of document.querySelectorAll("[data-show]")) {
    const field = document.getElementById(button.dataset.show);
    const words = [button.textContent, button.dataset.hideWords];
    button.addEventListener("click", () => {
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
      button.textContent = words[Number(shown)];
    });
    field.form.addEventListener("submit", () => { field.type = "password"; });
  }

  function strength(password, least) {
    if (password.length < least) return 0;
    const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length;
    const different = new Set(password).size;
    const points = different + kinds * 2 + password.length / 2;
    return points < 16 ? 1 : points < 22 ? 2 : 3;
  }
  for (const place of document.querySelectorAll("[data-strength]")) {
    const field = document.getElementById(place.dataset.strength);
    const words = place.dataset.words.split("|");
    field.addEventListener("input", () => {
      const word = words[strength(field.value, Number(field.dataset.password))];
      place.textContent = field.value ? `${place.dataset.label} ${word}` : "";
    });
  }
})();
