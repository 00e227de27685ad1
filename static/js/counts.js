// Counts down what a field still takes, for [data-max] and [data-min], also in forms that htmx
// brings later. Without this file the help text tells the limits, and the server judges anyhow.
(() => {
  const words = document.currentScript.dataset; // "# left", "# too many", "# more needed"
  const PAUSE = 1000; // Milliseconds without typing, then a screen reader is told.
  const NEAR = 0.1; // Of the limit, and ten characters at least.

  // As the server does: blanks around it do not count, and a character is a code point.
  function lengthOf(field) {
    const value = field.type === "password" ? field.value : field.value.trim();
    return [...value].length;
  }

  function judge(field) {
    const [max, min] = [Number(field.dataset.max || Infinity), Number(field.dataset.min || 0)];
    const length = lengthOf(field);
    const say = (text, number) => text.replace("#", number.toLocaleString(document.documentElement.lang));
    if (length > max) return { text: say(words.over, length - max), isOver: true, isNear: true };
    if (length < min) return { text: length ? say(words.more, min - length) : "", isNear: true };
    if (max === Infinity) return { text: "" };
    return { text: say(words.left, max - length), isNear: max - length <= Math.max(10, max * NEAR) };
  }

  function span(className) {
    const made = document.createElement("span");
    made.className = className;
    return made;
  }

  const shown = new WeakMap(); // field -> what stands beside it
  function besides(field) {
    if (shown.has(field)) return shown.get(field);
    const seen = span("count-left");
    const heard = span("visually-hidden");
    seen.setAttribute("aria-hidden", "true");
    heard.setAttribute("role", "status");
    field.parentElement.classList.add("counted");
    field.after(seen, heard);
    shown.set(field, { seen, heard });
    return shown.get(field);
  }

  function show(field) {
    const { seen } = besides(field);
    const { text, isOver } = judge(field);
    seen.textContent = text;
    seen.classList.toggle("over", Boolean(isOver));
    seen.hidden = !text || !(isOver || document.activeElement === field);
  }

  let waiting;
  function tell(field) {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const { heard } = besides(field);
      const { text, isNear } = judge(field);
      heard.textContent = isNear ? text : "";
    }, PAUSE);
  }

  const counted = (event) => event.target.closest?.("[data-max], [data-min]");
  document.addEventListener("focusin", (event) => counted(event) && show(counted(event)));
  document.addEventListener("focusout", (event) => {
    const field = counted(event);
    if (!field) return;
    clearTimeout(waiting);
    besides(field).heard.textContent = "";
    setTimeout(show, 0, field); // The focus is under way: nobody has it yet.
  });
  document.addEventListener("input", (event) => {
    const field = counted(event);
    if (!field) return;
    show(field);
    tell(field);
  });
})();
