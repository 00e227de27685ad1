// Draws what a table says; without this file the table tells the same.
//
//   <canvas data-plot data-of="ID">     the table's id, and as one likes:
//     data-kind="lines | bars"          lines unless said otherwise; bars stand on each other
//     data-unit="number | seconds | share"   a share is of a hundred
//     data-columns="done refused"       those alone; else all that have a name
//     data-from data-until="…T…"        what the axis of times reaches over, drawn or not
//   <th data-column="done" data-ink="--good">     its name, and a colour of app.css
//   <tr><th><time datetime="…">…</time></th><td data-value="12">twelve</td></tr>
//   <tr data-gap>                       from its <time> on nobody knows: lines break there
//
// Rows with a <time> are drawn by it, others in their order. Columns are told apart by dashes,
// points and hatches as well, by their places.
(() => {
  const INKS = ["--good", "--bad", "--busy", "--doubt", "--quiet"];
  const MARKS = ["circle", "rectRot", "triangle", "rect", "crossRot"];
  const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3], [1, 4]];
  const EDGE = 5; // Pixels: a mark that stands at the edge is drawn whole.
  const AXIS = 56; // Pixels, so that plots above each other stand exactly so.
  const HOUR = 3_600_000, DAY = 24 * HOUR;
  const STEPS = [HOUR / 4, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY, 30 * DAY];

  const SPANS = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

  const lang = document.documentElement.lang || "en";
  const language = navigator.languages.find((it) => it.split("-")[0] === lang.split("-")[0]) || lang;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const formatted = (options) => new Intl.DateTimeFormat(language, options);
  const clock = formatted({ hour: "2-digit", minute: "2-digit" });
  const day = formatted({ day: "numeric", month: "short" });
  const exact = formatted({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

  // --- What the table says ----------------------------------------------------------------------
  function read(canvas) {
    const table = document.getElementById(canvas.dataset.of);
    const heads = [...table.tHead.rows[0].cells];
    const wanted = canvas.dataset.columns?.split(" ");
    const columns = heads
      .map((head, index) => ({ index, name: head.dataset.column, ink: head.dataset.ink, label: head.textContent }))
      .filter(({ name }) => name && (!wanted || wanted.includes(name)));
    const rows = [...table.tBodies[0].rows].filter((row) => "gap" in row.dataset || row.querySelector("[data-value]"));
    // A gap begins where the last value stands: just behind it.
    const when = (row) => new Date(row.querySelector("time")?.dateTime ?? NaN).getTime() + ("gap" in row.dataset ? 1 : 0);
    const isTimed = rows.length > 0 && rows.every((row) => !Number.isNaN(when(row)));
    const value = (row, index) => {
      const said = "gap" in row.dataset ? "" : row.cells[index].dataset.value;
      return said === "" || said === undefined || said === "None" ? null : Number(said);
    };
    const points = rows.map((row) => ({
      at: when(row),
      label: row.cells[0].textContent.trim(),
      values: columns.map(({ index }) => value(row, index)),
    }));
    if (isTimed) points.sort((one, other) => one.at - other.at);
    return { columns, points, isTimed };
  }

  // --- Numbers and times in words ---------------------------------------------------------------
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 2 });

  function spelled(seconds) {
    const unit = seconds < 120 ? ["second", 1] : seconds < 7200 ? ["minute", 60] : seconds < 172_800 ? ["hour", 3600] : ["day", 86_400];
    const options = { style: "unit", unit: unit[0], unitDisplay: "short", maximumFractionDigits: 1 };
    return new Intl.NumberFormat(language, options).format(seconds / unit[1]);
  }

  function inWords(value, unit) {
    if (unit === "share") return percent.format(value / 100);
    return unit === "seconds" && value ? spelled(value) : number.format(value);
  }

  // Whole hours and days of the reader's own, as many as there is room for.
  function timeTicks(scale) {
    const room = Math.max(2, Math.floor(scale.width / 64));
    const step = STEPS.find((it) => (scale.max - scale.min) / it <= room) ?? STEPS.at(-1);
    const start = new Date(scale.min);
    start.setHours(0, 0, 0, 0);
    const ticks = [];
    for (let n = 0; ticks.length <= room; n += 1) {
      const at = new Date(start);
      if (step < DAY) at.setMinutes((n * step) / 60_000);
      else at.setDate(start.getDate() + (n * step) / DAY);
      if (at > scale.max) break;
      if (at >= scale.min) ticks.push({ value: at.getTime() });
    }
    scale.ticks = ticks;
  }
  const isMidnight = (at) => at.getHours() === 0 && at.getMinutes() === 0;
  const timeLabel = (at) => (isMidnight(at) ? day : clock).format(at);

  // --- What it looks like -----------------------------------------------------------------------
  function hatch(ink, place) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.strokeStyle = pen.fillStyle = ink;
    if (place === 0) return ink;
    pen.globalAlpha = 0.25;
    pen.fillRect(0, 0, 8, 8);
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    const lines = [[[0, 8, 8, 0], [-2, 2, 2, -2], [6, 10, 10, 6]], [[0, 4, 8, 4]], [[4, 0, 4, 8]]][(place - 1) % 3];
    for (const [x1, y1, x2, y2] of lines) {
      pen.beginPath();
      pen.moveTo(x1, y1);
      pen.lineTo(x2, y2);
      pen.stroke();
    }
    return pen.createPattern(tile, "repeat");
  }

  function dataset({ label, ink }, place, { points, onTime, isBars }) {
    const paint = colour(ink || INKS[place % INKS.length]);
    const values = points.map((point) => (onTime ? { x: point.at, y: point.values[place] } : point.values[place]));
    const common = { label, data: values, borderColor: paint };
    if (isBars) return { ...common, backgroundColor: hatch(paint, place), borderWidth: 1, stack: "all" };
    // Marks tell the lines apart: on all points, or on some of very many, and on one between gaps.
    const each = points.length > 40 ? Math.ceil(points.length / 12) : 1;
    const isAlone = (n) => points[n - 1]?.values[place] == null && points[n + 1]?.values[place] == null;
    return {
      ...common,
      backgroundColor: paint,
      borderDash: DASHES[place % DASHES.length],
      borderWidth: 2,
      clip: EDGE,
      pointStyle: MARKS[place % MARKS.length],
      pointRadius: values.map((_, n) => (n % each === 0 || isAlone(n) ? 3.5 : 0)),
      pointHitRadius: 8,
      spanGaps: false,
      tension: 0,
    };
  }

  function scales(canvas, { onTime, isBars, points }) {
    const { unit, from, until } = canvas.dataset;
    const ticks = { color: colour("--bs-secondary-color") };
    const x = { ticks: { ...ticks, maxTicksLimit: 8, maxRotation: 0 }, grid: { display: false }, stacked: isBars };
    if (onTime) {
      x.type = "linear";
      x.min = from ? Date.parse(from) : points[0].at;
      x.max = until ? Date.parse(until) : points.at(-1).at;
      if (x.min === x.max) x.min -= HOUR;
      x.afterBuildTicks = timeTicks;
      x.ticks.callback = (value) => timeLabel(new Date(value));
    }
    const y = { ticks: { ...ticks, maxTicksLimit: 5 }, grid: { color: colour("--bs-border-color") }, stacked: isBars };
    y.afterFit = (scale) => { scale.width = AXIS; };
    if (unit === "share") Object.assign(y, { suggestedMin: 99, max: 100 });
    else Object.assign(y, { beginAtZero: true, suggestedMax: unit === "seconds" ? 60 : 4 });
    if (unit === "seconds") {
      const longest = Math.max(60, ...points.flatMap((point) => point.values));
      y.ticks.stepSize = SPANS.find((it) => longest / it <= 4) ?? SPANS.at(-1);
    }
    y.ticks.callback = (value) => (unit === "share" || Number.isInteger(value) ? inWords(value, unit) : "");
    return { x, y };
  }

  function draw(canvas) {
    const { columns, points, isTimed } = read(canvas);
    const isBars = canvas.dataset.kind === "bars";
    const drawn = { points, isBars, onTime: isTimed && !isBars };
    const ink = colour("--bs-secondary-color");
    const title = ([item]) => (drawn.onTime ? exact.format(new Date(item.parsed.x)) : item?.label);
    const label = (item) => `${item.dataset.label}: ${inWords(item.parsed.y, canvas.dataset.unit)}`;
    return new Chart(canvas, {
      type: isBars ? "bar" : "line",
      data: {
        labels: drawn.onTime ? undefined : points.map((point) => point.label),
        datasets: columns.map((column, place) => dataset(column, place, drawn)),
      },
      options: {
        animation: false,
        layout: { padding: { top: EDGE, right: EDGE } },
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        scales: scales(canvas, drawn),
        plugins: {
          tooltip: { callbacks: { title, label } },
          legend: {
            display: columns.length > 1,
            labels: { color: ink, usePointStyle: !isBars, boxWidth: isBars ? 14 : 8, boxHeight: 8 },
          },
        },
      },
    });
  }

  // --- Each as it comes near, all for a printer; again when the theme is another, or htmx has
  //     brought some --------------------------------------------------------------------------------
  const drawn = new Map(); // Each canvas of the page with its chart, null until it has one.
  const near = new IntersectionObserver((entries) => {
    // One after another: in between, a page that has just come hears its reader.
    for (const { target, isIntersecting } of entries) if (isIntersecting) setTimeout(show, 0, target);
  });
  function show(canvas) {
    near.unobserve(canvas);
    if (drawn.get(canvas) === null) drawn.set(canvas, draw(canvas));
  }
  function forget(canvas) {
    near.unobserve(canvas);
    drawn.get(canvas)?.destroy();
    drawn.delete(canvas);
  }
  function follow() {
    for (const canvas of drawn.keys()) if (!canvas.isConnected) forget(canvas);
    for (const canvas of document.querySelectorAll("canvas[data-plot]")) {
      if (drawn.has(canvas)) continue;
      drawn.set(canvas, null);
      near.observe(canvas);
    }
  }
  function drawAnew() {
    for (const canvas of drawn.keys()) forget(canvas);
    follow();
  }
  // The table stands open for whoever has no JavaScript; here the plot tells it first.
  function close() {
    for (const table of document.querySelectorAll("details[data-closed]:not([data-ready])")) {
      table.open = false;
      table.dataset.ready = "";
    }
  }
  function arrive() {
    close();
    follow();
  }
  arrive();
  document.addEventListener("theme", drawAnew);
  document.addEventListener("htmx:load", arrive);
  window.addEventListener("beforeprint", () => {
    for (const canvas of drawn.keys()) show(canvas);
  });
})();
