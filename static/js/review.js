// Bars of what the table beside them holds: without this file the table tells the same.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function read(table) {
    const rows = [...table.tBodies[0].rows];
    if ("latestFirst" in table.dataset) rows.reverse();
    const heads = [...table.tHead.rows[0].cells];
    return {
      labels: rows.map((row) => row.cells[0].textContent.trim()),
      columns: heads.flatMap((head, n) => (head.dataset.column ? [{
        label: head.textContent,
        data: rows.map((row) => Number(row.cells[n].dataset.value)),
        backgroundColor: colour(head.dataset.ink),
        borderWidth: 0,
      }] : [])),
    };
  }

  function draw(canvas) {
    const { labels, columns } = read(document.getElementById(canvas.dataset.of));
    const across = canvas.dataset.bars === "across";
    const ticks = { color: colour("--bs-secondary-color") };
    const numbers = {
      beginAtZero: true,
      suggestedMax: 4,
      ticks: { ...ticks, maxTicksLimit: 6, callback: (value) => (Number.isInteger(value) ? value : "") },
      grid: { color: colour("--bs-border-color") },
    };
    const names = { ticks: { ...ticks, maxRotation: 0 }, grid: { display: false } };
    if (!across) names.ticks.maxTicksLimit = 8;
    return new Chart(canvas, {
      type: "bar",
      data: { labels, datasets: columns },
      options: {
        animation: false,
        maintainAspectRatio: false,
        indexAxis: across ? "y" : "x",
        interaction: { mode: "index", axis: across ? "y" : "x", intersect: false },
        scales: across ? { x: numbers, y: names } : { x: names, y: numbers },
        plugins: { legend: { labels: { ...ticks, boxWidth: 12, boxHeight: 12 } } },
      },
    });
  }

  let drawn = [];
  function drawAll() {
    for (const chart of drawn) chart.destroy();
    drawn = [...document.querySelectorAll("canvas[data-bars]")].map(draw);
  }
  drawAll();
  document.addEventListener("theme", drawAll);
})();
