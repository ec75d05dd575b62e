"use strict";
// Draws a Plot (see Plot.java) by uPlot.

// Okabe and Ito's colours, which colour-blind people tell apart, yellow left out; two more.
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C8C8C", "#AA4499"];

// A colour of the page's style, light or dark.
const styled = name => () => getComputedStyle(document.documentElement).getPropertyValue(name);

const FONT = "12px Helvetica, Arial";

const HEIGHT = 250;

function shortNumber(value) {
  return value == null ? "–" : Number(value.toPrecision(4)).toString();
}

// Between the ends of epochs there is nothing, unless points lie there.
const PARTS = [.001, .002, .005, .01, .02, .05, .1, .2, .5, 1];
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });

// Values on an axis, in few signs, but so many that neighbours differ.
function ticks(u, values, axis, space, step) {
  const largest = Math.max(...values.map(value => Math.abs(value ?? 0)));
  const digits = Math.min(12, Math.max(3, Math.ceil(Math.log10(largest / step)) + 1 || 3));
  return values.map(value => tick(value, digits));
}

function tick(value, digits) {
  if (value == null) return "";
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-2) return Number(value.toPrecision(digits)).toExponential();
  return size >= 1e4 && digits <= 4 ? COMPACT.format(value) : Number(value.toPrecision(Math.max(6, digits))).toString();
}

// Where values hardly differ, a line that lies flat says so.
function rangeOf(u, min, max) {
  if (min == null) return [null, null];
  if (u.scales.y.distr === 3) {
    const decade = 10 ** Math.floor(Math.log10(max)); // uPlot's own range ends with the next one
    return [uPlot.rangeLog(min, max, 10, false)[0], Math.ceil(max / decade) * decade];
  }
  const flat = max - min < 1e-4 * Math.max(Math.abs(min), Math.abs(max));
  const room = flat ? 0.05 * Math.abs(max) : 0;
  return uPlot.rangeNum(min - room, max + room, 0.1, true);
}

// Of the point under the cursor; without one, of the last.
function legendValue(u, value, index, point) {
  return shortNumber(point == null ? u.data[index].findLast(v => v != null) : value);
}

function series(plot) {
  const last = plot.lines.length - 1;
  return plot.lines.map((line, i) => {
    const dots = plot.kind === "DOTS" && i < last;
    const edge = plot.kind === "BAND" && (i === 0 || i === last);
    const colour = line.colour ?? COLOURS[plot.kind === "BAND" ? 0 : i % COLOURS.length];
    return {
      label: line.name,
      stroke: plot.kind === "DOTS" && i === last ? "#8c8c8c" : colour,
      width: dots ? 0 : edge ? 0.5 : 1.8,
      spanGaps: true,
      paths: dots ? () => null : undefined,
      points: dots ? { show: true, size: 4, fill: colour, width: 0 } : { show: plot.x.length === 1 },
      value: legendValue,
    };
  });
}

// All lines' values over x; a logarithm has none of 0.
function dataOf(plot) {
  return [plot.x, ...plot.lines.map(line => (plot.log ? line.y.map(v => (v > 0 ? v : null)) : line.y))];
}

function axis(label, more) {
  return { label, labelSize: label ? 22 : 0, labelFont: FONT, font: FONT, stroke: styled("--ink"),
           grid: { stroke: styled("--faint"), width: 1 }, ticks: { stroke: styled("--faint"), width: 1 },
           values: ticks, ...more };
}

function drawPlot(element, plot) {
  const title = document.createElement("h3");
  title.textContent = plot.title;
  element.replaceChildren(title);
  const last = plot.lines.length;
  const epochs = plot.xName === "epoch" ? { incrs: (u, i, min, max) => (u.data[0].every(Number.isInteger) || max - min >= 3 ? WHOLE : PARTS) } : {};
  const chart = new uPlot({
    width: element.clientWidth,
    height: HEIGHT,
    scales: {
      x: { time: false, range: plot.x.length === 1 ? [plot.x[0] - 1, plot.x[0] + 1] : undefined },
      y: { distr: plot.log ? 3 : 1, range: rangeOf },
    },
    axes: [axis(plot.xName, { size: 32, ...epochs }), axis(plot.yName, { size: 62 })],
    bands: plot.kind === "BAND" ? [{ series: [last, 1], fill: "rgba(0,114,178,0.18)" }] : [],
    series: [{ label: plot.xName, value: legendValue }, ...series(plot)],
    hooks: { setSelect: [u => { u.zoomed = u.select.width > 0; }] },
  }, dataOf(plot), element);
  chart.over.addEventListener("dblclick", () => { chart.zoomed = false; });
  chart.take = newer => { // what someone zoomed into stays in sight
    chart.setData(dataOf(newer), !chart.zoomed);
    if (chart.zoomed) chart.redraw();
  };
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
