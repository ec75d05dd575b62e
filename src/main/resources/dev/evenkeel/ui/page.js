
// The list of runs, and the curves of those that are ticked; asked for anew every second.

const TOKEN = document.querySelector("meta[name=evenkeel-token]").content;
const EVERY_MILLIS = 1000;
const FIRST_SHOWN = 3;
const UNDRAWN = ["epoch", "steps", "seconds", "data_share"];
const LAST = ["learning_rate", "examples_per_second"];

const chosen = new Map(); // run -> whether it is drawn
const histories = new Map(); // run -> { changed, columns }
const drawn = new Map(); // title -> { key, figure, chart }

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text ?? "";
  parent?.append(made);
  return made;
}

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function say(text) {
  document.getElementById("message").textContent = text;
}

async function stop(name) {
  const path = `/runs/${encodeURIComponent(name)}/stop`;
  const answer = await fetch(path, { method: "POST", headers: { "X-Evenkeel-Token": TOKEN } });
  say(answer.ok ? `${name} stops with a checkpoint.` : await answer.text());
}

// A running run is asked for at every round: its file's time may be coarser than its epochs.
async function load(run) {
  const known = histories.get(run.name);
  if (known && known.changed === run.changed && run.state !== "running" && !known.live) return;
  const columns = await get(`/runs/${encodeURIComponent(run.name)}`);
  histories.set(run.name, { changed: run.changed, live: run.state === "running", columns });
}

const last = column => (column && column.length ? column[column.length - 1] : null);

function row(run, colour) {
  const columns = histories.get(run.name)?.columns ?? {};
  const tr = document.createElement("tr");
  const first = element("td", "", tr);
  const box = element("input", "", first);
  box.type = "checkbox";
  box.checked = chosen.get(run.name);
  box.setAttribute("aria-label", `draw ${run.name}`);
  box.onchange = () => { chosen.set(run.name, box.checked); round(); };
  const key = element("span", "", first);
  key.className = "key";
  key.style.background = colour ?? "transparent";
  element("td", run.name, tr);
  element("td", run.state, tr).className = run.state;
  for (const name of ["epoch", "train_loss", "valid_loss"]) {
    element("td", shortNumber(last(columns[name])), tr).className = "number";
  }
  const actions = element("td", "", tr);
  if (run.hasReport) {
    const link = element("a", "report", actions);
    link.href = `/runs/${encodeURIComponent(run.name)}/report`;
  }
  if (run.state === "running") {
    const button = element("button", "stop", actions);
    button.onclick = () => stop(run.name);
  }
  return tr;
}

// One plot for each column, with a line for each run; epochs that a run has not are left out.
function plots(names) {
  const columns = new Set(names.flatMap(name => Object.keys(histories.get(name)?.columns ?? {})));
  const wanted = [...columns].filter(name => !UNDRAWN.includes(name) && !LAST.includes(name));
  wanted.push(...LAST.filter(name => columns.has(name)));
  return wanted.map(column => {
    const having = names.filter(name => histories.get(name)?.columns[column]?.length);
    const epochs = [...new Set(having.flatMap(name => histories.get(name).columns.epoch))].sort((a, b) => a - b);
    const lines = having.map(name => {
      const { epoch, [column]: values } = histories.get(name).columns;
      const at = new Map(epoch.map((e, i) => [e, values[i]]));
      return { name, y: epochs.map(e => at.get(e) ?? null), colour: colourOf(name, names) };
    });
    const title = column.replaceAll("_", " ");
    return { title, xName: "epoch", yName: "", kind: "LINES", log: false, x: epochs, lines };
  });
}

const colourOf = (name, names) => COLOURS[names.indexOf(name) % COLOURS.length];

// A chart is made anew only where its runs are others: else it takes new points, so nothing flickers.
function draw(all) {
  const holder = document.getElementById("plots");
  for (const [title, { figure }] of [...drawn]) {
    if (!all.some(plot => plot.title === title)) { figure.remove(); drawn.delete(title); }
  }
  for (const plot of all) {
    const key = plot.lines.map(line => line.name + line.colour).join("\n");
    const before = drawn.get(plot.title);
    if (before?.key === key && before.points > 1) {
      before.chart.setData([plot.x, ...plot.lines.map(line => line.y)]);
    } else {
      const figure = before?.figure ?? element("figure", "", holder);
      before?.chart.destroy();
      drawn.set(plot.title, { key, figure, chart: drawPlot(figure, plot), points: plot.x.length });
    }
  }
}

async function round() {
  const runs = await get("/runs");
  runs.forEach((run, i) => { if (!chosen.has(run.name)) chosen.set(run.name, run.state === "running" || i < FIRST_SHOWN); });
  await Promise.all(runs.map(load));
  const names = runs.map(run => run.name).filter(name => chosen.get(name)).sort();
  document.querySelector("#runs tbody").replaceChildren(
    ...runs.map(run => row(run, chosen.get(run.name) ? colourOf(run.name, names) : null)));
  draw(plots(names));
}

let lost = false;

async function rounds() {
  try {
    await round();
    if (lost) say("");
    lost = false;
  } catch (problem) {
    say(`No answer: ${problem.message}`);
    lost = true;
  }
  setTimeout(rounds, EVERY_MILLIS);
}

rounds();
