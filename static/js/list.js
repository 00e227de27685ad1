// Comfort only: addresses without the filters that say nothing.
(() => {
  document.addEventListener("formdata", (event) => {
    if (!("tidy" in event.target.dataset)) return;
    for (const [name, value] of [...event.formData]) {
      if (!String(value).trim()) event.formData.delete(name);
    }
  });
})();
