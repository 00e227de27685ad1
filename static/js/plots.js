// Draws what the table beside it holds: without this file the table tells the same.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function read(table) {
    const rows = [...table.tBodies[0].rows].filter((row) => row.querySelector("[data-value]")).reverse();
    const heads = [...table.tHead.rows[0].cells];
    const column = (name) => heads.findIndex((it) => it.dataset.column === name);
    return {
      when: rows.map((row) => row.querySelector("time").textContent),
      label: (name) => heads[column(name)].textContent,
      values: (name) => rows.map((row) => Number(row.cells[column(name)].dataset.value)),
    };
  }

  // Lines differ by their dashes and points as well as by their colour.
  const LINES = {
    verified: [{ name: "verified", ink: "--good", style: "circle", dash: [] }],
    others: [
      { name: "differing", ink: "--doubt", style: "circle", dash: [] },
      { name: "missing", ink: "--bad", style: "rectRot", dash: [6, 3] },
      { name: "in_flight", ink: "--busy", style: "triangle", dash: [2, 3] },
    ],
  };

  function dataset(table, { name, ink, style, dash }) {
    const values = table.values(name);
    return {
      label: table.label(name),
      data: values,
      borderColor: colour(ink),
      backgroundColor: colour(ink),
      borderDash: dash,
      borderWidth: 2,
      pointStyle: style,
      pointRadius: values.length > 40 ? 0 : 3,
      pointHitRadius: 8,
      tension: 0,
    };
  }

  const AXIS = 52; // Pixels, so that the plots stand exactly above each other.
  const percent = new Intl.NumberFormat(document.documentElement.lang, {
    style: "percent",
    maximumFractionDigits: 2,
  });

  function scales(isShare, ticks) {
    const y = { ticks: { ...ticks, maxTicksLimit: 5 }, grid: { color: colour("--bs-border-color") } };
    y.afterFit = (scale) => { scale.width = AXIS; };
    if (isShare) Object.assign(y, { suggestedMin: 99, max: 100 });
    else Object.assign(y, { beginAtZero: true, suggestedMax: 4 });
    y.ticks.callback = (value) => (isShare ? percent.format(value / 100) : Number.isInteger(value) ? value : "");
    return { x: { ticks: { ...ticks, maxTicksLimit: 6, maxRotation: 0 }, grid: { display: false } }, y };
  }

  function draw(canvas) {
    const table = read(document.getElementById(canvas.dataset.of));
    const lines = LINES[canvas.dataset.plot];
    const ticks = { color: colour("--bs-secondary-color") };
    return new Chart(canvas, {
      type: "line",
      data: { labels: table.when, datasets: lines.map((line) => dataset(table, line)) },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        scales: scales(canvas.dataset.plot === "verified", ticks),
        plugins: {
          legend: {
            display: lines.length > 1,
            labels: { ...ticks, usePointStyle: true, boxWidth: 8, boxHeight: 8 },
          },
        },
      },
    });
  }

  let drawn = [];
  function drawAll() {
    for (const chart of drawn) chart.destroy();
    drawn = [...document.querySelectorAll("canvas[data-plot]")].map(draw);
  }
  drawAll();
  document.addEventListener("theme", drawAll);
})();
