
// The list of runs, and the curves of those that are ticked; asked for anew every second.

const TOKEN = document.querySelector("meta[name=evenkeel-token]").content;
const EVERY_MILLIS = 1000;
const FIRST_SHOWN = 3;
const PACE = 100; // points
const UNDRAWN = ["epoch", "step", "steps", "seconds", "data_share"];
const LAST = ["learning_rate", "examples_per_second"];
const NOTHING = { epochs: {}, steps: {} };

const chosen = new Map(); // run -> whether it is drawn
const courses = new Map(); // run -> { changed, live, epochs, steps, problem }
const rows = new Map(); // run -> its row in the table
const drawn = new Map(); // title -> { key, figure, chart, points }
const stopping = new Set(); // runs that were asked to stop

const byId = id => document.getElementById(id);
const last = column => (column && column.length ? column[column.length - 1] : null);
const courseOf = name => courses.get(name) ?? NOTHING;
const pathOf = name => `/runs/${encodeURIComponent(name)}`;

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text ?? "";
  parent?.append(made);
  return made;
}

// What stays as it is must not be touched: a click or a selection would be lost.
function set(element, property, value) {
  if (element[property] !== value) element[property] = value;
}

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

function say(text) {
  set(byId("message"), "textContent", text);
}

async function stop(name) {
  stopping.add(name);
  rows.get(name).button.disabled = true;
  let problem = "";
  try {
    const answer = await fetch(`${pathOf(name)}/stop`, { method: "POST", headers: { "X-Evenkeel-Token": TOKEN } });
    problem = answer.ok ? "" : await answer.text();
  } catch (lost) {
    problem = `No answer: ${lost.message}`;
  }
  if (problem) stopping.delete(name);
  say(problem || `${name} stops as soon as its checkpoint is written.`);
}

// A running run is asked for at every round: its file's time may be coarser than its points.
async function load(run) {
  const known = courses.get(run.name);
  if (known && known.changed === run.changed && run.state !== "running" && !known.live) return;
  const course = await get(pathOf(run.name)).catch(problem => ({ ...NOTHING, problem: problem.message }));
  courses.set(run.name, { changed: run.changed, live: run.state === "running", ...course });
}

function newRow(name) {
  const tr = document.createElement("tr");
  const first = element("td", "", tr);
  const box = element("input", "", first);
  box.type = "checkbox";
  box.setAttribute("aria-label", `draw ${name}`);
  box.onchange = () => { chosen.set(name, box.checked); show(); };
  const key = element("span", "", first);
  key.className = "key";
  const title = element("td", name, tr);
  const problem = element("span", "", title);
  problem.className = "problem";
  const about = element("td", "", tr);
  const state = element("span", "", about);
  const left = element("span", "", about);
  left.className = "left";
  const numbers = [0, 1, 2].map(() => element("td", "", tr));
  numbers.forEach(cell => { cell.className = "number"; });
  const actions = element("td", "", tr);
  const link = element("a", "report", actions);
  link.href = `${pathOf(name)}/report`;
  const button = element("button", "stop", actions);
  button.setAttribute("aria-label", `stop ${name}`);
  button.onclick = () => stop(name);
  return { tr, box, key, problem, state, left, numbers, link, button };
}

// By the pace of late: a machine that others use is not always as fast.
function timeLeft(run) {
  const { epochs, steps } = courseOf(run.name);
  const [at, seconds] = steps.step?.length > 1 ? [steps.step, steps.seconds] : [epochs.steps ?? [], epochs.seconds ?? []];
  const from = Math.max(0, at.length - PACE);
  const pace = (last(seconds) - seconds[from]) / (last(at) - at[from]);
  if (!run.length || !(pace > 0)) return "";
  return `about ${duration((run.length.steps - last(at)) * pace)} left`;
}

function duration(seconds) {
  for (const [unit, size, next] of [["s", 1, 90], ["min", 60, 120], ["h", 3600, 48]]) {
    if (seconds < next * size) return `${Math.max(1, Math.round(seconds / size))} ${unit}`;
  }
  return `${Math.round(seconds / 86400)} days`;
}

function fill(row, run, colour) {
  const { epochs, steps, problem } = courseOf(run.name);
  const running = run.state === "running";
  if (!running && stopping.delete(run.name)) {
    say(`${run.name} has stopped with a checkpoint; train --resume goes on with it.`);
  }
  const state = stopping.has(run.name) ? "stopping" : run.state;
  set(row.box, "checked", chosen.get(run.name));
  row.key.style.background = colour ?? "transparent";
  set(row.problem, "textContent", problem ?? "");
  set(row.state, "textContent", state);
  set(row.state, "className", state);
  const now = running ? steps : {};
  const numbers = [last(now.epoch) ?? last(epochs.epoch), last(now.train_loss) ?? last(epochs.train_loss), last(epochs.valid_loss)];
  row.numbers.forEach((cell, i) => set(cell, "textContent", shortNumber(numbers[i])));
  if (run.length && numbers[0] !== null) set(row.numbers[0], "textContent", `${shortNumber(numbers[0])} of ${run.length.epochs}`);
  set(row.left, "textContent", state === "running" ? timeLeft(run) : "");
  set(row.link, "hidden", !run.hasReport);
  set(row.button, "hidden", !running);
  set(row.button, "disabled", stopping.has(run.name));
}

function list(runs, names) {
  for (const [name, row] of [...rows]) {
    if (!runs.some(run => run.name === name)) { row.tr.remove(); rows.delete(name); courses.delete(name); }
  }
  const body = document.querySelector("#runs tbody");
  runs.forEach((run, i) => {
    if (!rows.has(run.name)) rows.set(run.name, newRow(run.name));
    const row = rows.get(run.name);
    fill(row, run, chosen.get(run.name) ? colourOf(run.name, names) : null);
    if (body.children[i] !== row.tr) body.insertBefore(row.tr, body.children[i] ?? null);
  });
}

// The points of a column: of the steps where these tell more than the epochs do.
function points(name, column, over) {
  const { epochs, steps } = courseOf(name);
  const table = steps[column] && steps[column].length > (epochs[column]?.length ?? 0) ? steps : epochs;
  const x = table[over] ?? (over === "step" ? table.steps : null) ?? [];
  return new Map(x.map((at, i) => [at, table[column]?.[i] ?? null]).filter(([at]) => at !== null));
}

// One plot for each column, with a line for each run; where one has a point and another none, its line goes on.
function plots(names) {
  const over = byId("over").value;
  const columns = new Set(names.flatMap(name => [...Object.keys(courseOf(name).steps), ...Object.keys(courseOf(name).epochs)]));
  const wanted = [...columns].filter(name => !UNDRAWN.includes(name) && !LAST.includes(name));
  wanted.push(...LAST.filter(name => columns.has(name)));
  return wanted.map(column => {
    const having = names.map(name => ({ name, at: points(name, column, over) })).filter(run => run.at.size);
    const x = [...new Set(having.flatMap(run => [...run.at.keys()]))].sort((a, b) => a - b);
    const lines = having.map(({ name, at }) => ({ name, y: x.map(e => at.get(e) ?? null), colour: colourOf(name, names) }));
    const log = byId("log").checked && column.endsWith("loss");
    return { title: column.replaceAll("_", " "), xName: over === "seconds" ? "seconds trained" : over, yName: "", kind: "LINES", log, x, lines };
  }).filter(plot => plot.lines.length);
}

const colourOf = (name, names) => COLOURS[names.indexOf(name) % COLOURS.length];

// A chart is made anew only where its runs or axes are others: else it takes new points, so nothing flickers.
function draw(all) {
  for (const [title, { figure, chart }] of [...drawn]) {
    if (!all.some(plot => plot.title === title)) { chart.destroy(); figure.remove(); drawn.delete(title); }
  }
  all.forEach((plot, i) => {
    const key = [plot.xName, plot.log, ...plot.lines.map(line => line.name + line.colour)].join("\n");
    const before = drawn.get(plot.title);
    if (before?.key === key && before.points > 1) {
      before.chart.take(plot);
    } else {
      const figure = before?.figure ?? element("figure", "", byId("plots"));
      before?.chart.destroy();
      drawn.set(plot.title, { key, figure, chart: drawPlot(figure, plot), points: plot.x.length });
    }
    const { figure } = drawn.get(plot.title);
    if (byId("plots").children[i] !== figure) byId("plots").insertBefore(figure, byId("plots").children[i]);
  });
}

let runs = [];

function show() {
  const names = runs.map(run => run.name).filter(name => chosen.get(name)).sort();
  byId("runs").hidden = runs.length === 0;
  byId("axes").hidden = names.length === 0;
  list(runs, names);
  draw(plots(names));
  const running = runs.filter(run => run.state === "running").length;
  set(document, "title", running ? `${running} running · Runs` : "Runs");
}

async function round() {
  runs = await get("/runs");
  runs.forEach((run, i) => { if (!chosen.has(run.name)) chosen.set(run.name, run.state === "running" || i < FIRST_SHOWN); });
  await Promise.all(runs.map(load));
  show();
}

const EMPTY = "There is no run in this folder yet.";
let lost = false;

async function rounds() {
  try {
    await round();
    if (lost || runs.length === 0 || byId("message").textContent === EMPTY) say(runs.length ? "" : EMPTY);
    lost = false;
  } catch (problem) {
    say(`No answer: ${problem.message}`);
    lost = true;
  }
  setTimeout(rounds, EVERY_MILLIS);
}

byId("over").onchange = show;
byId("log").onchange = show;
rounds();
