"use strict";
// Draws a Plot (see Plot.java) by uPlot.

// Okabe and Ito's colours, which colour-blind people tell apart, yellow left out; two more.
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#882255"];

const HEIGHT = 250;

function shortNumber(value) {
  return value == null ? "–" : Number(value.toPrecision(4)).toString();
}

// Between epochs there is nothing.
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });

// A value on an axis, in few signs.
function tick(value) {
  if (value == null) return "";
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-3) return Number(value.toPrecision(3)).toExponential();
  return size >= 1e4 ? COMPACT.format(value) : Number(value.toPrecision(6)).toString();
}

function series(plot) {
  const last = plot.lines.length - 1;
  return plot.lines.map((line, i) => {
    const dots = plot.kind === "DOTS" && i < last;
    const edge = plot.kind === "BAND" && (i === 0 || i === last);
    const colour = line.colour ?? COLOURS[plot.kind === "BAND" ? 0 : i % COLOURS.length];
    return {
      label: line.name,
      stroke: plot.kind === "DOTS" && i === last ? "#777" : colour,
      width: dots ? 0 : edge ? 0.5 : 1.8,
      spanGaps: true,
      paths: dots ? () => null : undefined,
      points: dots ? { show: true, size: 4, fill: colour, width: 0 } : { show: plot.x.length === 1 },
      value: (u, value) => shortNumber(value),
    };
  });
}

function drawPlot(element, plot) {
  const title = document.createElement("h3");
  title.textContent = plot.title;
  element.replaceChildren(title);
  const y = plot.log ? plot.lines.map(l => l.y.map(v => (v > 0 ? v : null))) : plot.lines.map(l => l.y);
  const last = plot.lines.length;
  const grid = { stroke: "#eee", width: 1 };
  const chart = new uPlot({
    width: element.clientWidth,
    height: HEIGHT,
    scales: {
      x: { time: false, range: plot.x.length === 1 ? [plot.x[0] - 1, plot.x[0] + 1] : undefined },
      y: plot.log ? { distr: 3 } : {},
    },
    axes: [
      { label: plot.xName, labelSize: 22, labelFont: "12px Helvetica, Arial", font: "12px Helvetica, Arial",
        grid, values: (u, ticks) => ticks.map(tick), incrs: plot.xName === "epoch" ? WHOLE : undefined },
      { label: plot.yName, labelSize: 22, labelFont: "12px Helvetica, Arial", font: "12px Helvetica, Arial",
        size: 62, grid, values: (u, ticks) => ticks.map(tick) },
    ],
    bands: plot.kind === "BAND" ? [{ series: [last, 1], fill: "rgba(0,114,178,0.18)" }] : [],
    series: [{ label: plot.xName, value: (u, value) => shortNumber(value) }, ...series(plot)],
  }, [plot.x, ...y], element);
  element.resizing?.disconnect(); // that of an earlier chart
  element.resizing = new ResizeObserver(() => {
    if (element.clientWidth > 0 && element.clientWidth !== chart.width) {
      chart.setSize({ width: element.clientWidth, height: HEIGHT });
    }
  });
  element.resizing.observe(element);
  return chart;
}

for (const figure of document.querySelectorAll("figure.plot")) {
  drawPlot(figure, JSON.parse(figure.firstElementChild.textContent));
}
