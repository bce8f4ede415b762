"use strict";
// What is known, what is chosen, and how a change reaches the screen: `set` notes it, one frame later `paint` draws.
const D = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const N = D.n,
  M = D.names.length,
  K = D.outputs.length,
  SHOWN = 20;
const S = {
  k: 0,
  feature: 0,
  color: "auto",
  row: 0,
  sort: "mean",
  all: false,
  split: "",
  cohort: -1,
  brush: null,
  query: "",
  by: "",
  down: true,
};

const floats = list => Float64Array.from(list, x => (x === null ? NaN : x));
const lazily = make => {
  const made = [];
  return i => made[i] || (made[i] = make(i));
};
const valuesOf = lazily(k => D.values[k].map(floats));
const errorsOf = lazily(k => (D.errors ? D.errors[k].map(floats) : null));
const baseOf = lazily(k =>
  Array.isArray(D.base[k]) ? floats(D.base[k]) : new Float64Array(N).fill(D.base[k] === null ? NaN : D.base[k]),
);
const outputOf = lazily(k => {
  const out = Float64Array.from(baseOf(k));
  for (const column of valuesOf(k)) for (let i = 0; i < N; i++) if (column[i] === column[i]) out[i] += column[i];
  return out;
});
const factor = i => (Array.isArray(D.t) ? D.t[i] : D.t); // of the standard error, for 95 %
// Positions of the data along an axis: numbers as they are, levels by their number.
const placesOf = lazily(j => {
  const column = D.data && D.data[j];
  return !column
    ? new Float64Array(N).fill(NaN)
    : column.levels
      ? Float64Array.from(column.codes, c => (c < 0 ? NaN : c))
      : floats(column.numbers);
});
const levelsOf = j => D.data && D.data[j] && D.data[j].levels;

function fmt(x, signed) {
  if (x === null || x !== x) return "missing";
  const a = Math.abs(x);
  const text =
    a === Infinity
      ? String(x)
      : a !== 0 && (a >= 1e6 || a < 1e-4)
        ? x.toExponential(2).replace(/\.?0+e/, "e")
        : String(+x.toPrecision(4));
  return (signed && x >= 0 ? "+" + text : text).replace("-", "\u2212");
}
const rough = x => (x >= 1e6 || x < 1e-4 ? x.toExponential(1).replace("-", "\u2212") : String(+x.toPrecision(2))); // of an error, two digits
const count = (n, word) => n.toLocaleString("en") + " " + word + (n === 1 ? "" : "s");
function cell(j, i) {
  const column = D.data && D.data[j];
  if (!column) return "";
  if (column.levels) return column.codes[i] < 0 ? "missing" : column.levels[column.codes[i]];
  const x = column.numbers[i]; // values of features keep more digits than effects
  return (
    x === null
      ? "missing"
      : column.whole
        ? String(x)
        : Math.abs(x) >= 1000 && Math.abs(x) < 1e12
          ? String(+x.toPrecision(6))
          : fmt(x)
  ).replace("-", "\u2212");
}
const rowName = i => (D.rows ? D.rows[i] : String(D.ids ? D.ids[i] : i));

function el(parent, tag, properties, text) {
  const node = document.createElement(tag);
  for (const key in properties) {
    const aria = /^aria([A-Z])(.*)/.exec(key);
    if (aria) node.setAttribute("aria-" + (aria[1] + aria[2]).toLowerCase(), properties[key]);
    else if (key in node && key !== "role") node[key] = properties[key];
    else node.setAttribute(key, properties[key]);
  }
  if (text !== undefined) node.textContent = text;
  if (parent) parent.appendChild(node);
  return node;
}
function draw(parent, tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (text !== undefined) node.textContent = text;
  return parent.appendChild(node);
}
let announced = 0,
  printing = false;
function say(text) {
  // the same sentence twice is read twice
  $("live").textContent = text + (announced++ % 2 ? "\u00a0" : "");
}

// Colours come from the style sheet, so that canvases follow the theme.
let ink = {};
function theme() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["card", "ink", "muted", "line", "soft", "pick", "accent", "up", "down", "grey"])
    ink[name] = style.getPropertyValue("--" + name).trim();
}
function rgb(hex) {
  const h = hex.length === 4 ? hex.replace(/[0-9a-f]/gi, "$&$&") : hex;
  return [1, 3, 5].map(at => parseInt(h.slice(at, at + 2), 16));
}
const word = c => ((255 << 24) | (c[2] << 16) | (c[1] << 8) | c[0]) >>> 0,
  colourOf = hex => word(rgb(hex));
const RAMP = D.ramp.map(colourOf),
  STEPS = RAMP.length,
  HUES = ["#3b5bdb", "#e8590c", "#2b8a3e", "#9c36b5", "#0b7285", "#a61e4d", "#846358"];
// The colour of each row by one feature: a step of the ramp, 255 where there is no number.
const shadesOf = lazily(j => {
  const places = placesOf(j),
    shades = new Uint8Array(N).fill(255);
  if (levelsOf(j)) return shades;
  const sorted = places.filter(x => x === x).sort(),
    at = q => sorted[Math.min(sorted.length - 1, Math.round(q * (sorted.length - 1)))];
  if (!sorted.length) return shades;
  let [low, high] = [
    [0.05, 0.95],
    [0.01, 0.99],
    [0, 1],
  ]
    .map(q => q.map(at))
    .find(q => q[1] > q[0]) || [sorted[0], sorted[0]];
  for (let i = 0; i < N; i++) {
    const x = places[i];
    if (x === x)
      shades[i] =
        high > low
          ? Math.max(0, Math.min(STEPS - 1, Math.round(((x - low) / (high - low)) * (STEPS - 1))))
          : STEPS >> 1;
  }
  return shades;
});

// Which rows are in view: the cohort, the search and the brush together.
let mask = new Uint8Array(N).fill(1),
  inView = N,
  cohorts = null;
function remask() {
  mask.fill(1);
  const test = queryTest(S.query),
    b = S.brush;
  const along = b && (b.kind === "value" ? placesOf(b.feature) : valuesOf(S.k)[b.feature]);
  inView = 0;
  for (let i = 0; i < N; i++) {
    if (
      (cohorts && S.cohort >= 0 && cohorts.of[i] !== S.cohort) ||
      (b && !(along[i] >= b.low && along[i] <= b.high)) ||
      (test && !test(i))
    )
      mask[i] = 0;
    else inView++;
  }
}
// `Age > 40 private`: comparisons with a feature, everything else is looked for in the row's texts.
let texts = null;
function queryTest(query) {
  const tests = [];
  let rest = query;
  const features = D.names.map((name, j) => [name, j]).sort((a, b) => b[0].length - a[0].length);
  features.push([D.outputs[S.k], -1], ["output", -1]);
  for (const [name, j] of features) {
    const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    rest = rest.replace(
      new RegExp("(^|\\s)" + quoted + '\\s*(<=|>=|!=|=|<|>)\\s*("[^"]*"|\\S+)', "gi"),
      (_, before, sign, given) => {
        const word = given.replace(/^"|"$/g, ""),
          number = Number(word.replace("\u2212", "-"));
        const column = j < 0 ? outputOf(S.k) : placesOf(j);
        if (j < 0 || !levelsOf(j))
          tests.push(i => {
            const x = column[i];
            return sign === "<"
              ? x < number
              : sign === ">"
                ? x > number
                : sign === "<="
                  ? x <= number
                  : sign === ">="
                    ? x >= number
                    : sign === "="
                      ? x === number
                      : x !== number;
          });
        else tests.push(i => (cell(j, i).toLowerCase() === word.toLowerCase()) === (sign !== "!="));
        return before;
      },
    );
  }
  const words = rest.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length) {
    const told = D.names.map((_, j) => j).filter(levelsOf);
    if (!texts)
      texts = Array.from({ length: N }, (_, i) => [rowName(i), ...told.map(j => cell(j, i))].join(" ").toLowerCase());
    tests.push(i => words.every(word => texts[i].includes(word)));
  }
  return tests.length ? i => tests.every(test => test(i)) : null;
}

// Rows in a few groups: levels of a feature, or quarters of its range.
function split() {
  cohorts = null;
  if (S.split === "") return;
  if (S.split === "auto") {
    cohorts = { names: D.cohorts.names, of: D.cohorts.of };
  } else {
    const j = +S.split,
      places = placesOf(j),
      levels = levelsOf(j),
      sorted = Array.from(places.filter(x => x === x)).sort((a, b) => a - b);
    const found = [...new Set(sorted)];
    let names, of;
    if (levels || found.length <= 5) {
      const sizes = new Map();
      for (const x of sorted) sizes.set(x, (sizes.get(x) || 0) + 1);
      const kept = found
        .sort((a, b) => sizes.get(b) - sizes.get(a))
        .slice(0, found.length > 5 ? 4 : 5)
        .sort((a, b) => a - b);
      names = kept.map(x => D.names[j] + " = " + (levels ? levels[x] : fmt(x)));
      if (found.length > kept.length) names.push("other " + D.names[j]);
      of = x => {
        const at = kept.indexOf(x);
        return at < 0 ? kept.length : at;
      };
    } else {
      const cuts = [...new Set([0.25, 0.5, 0.75].map(q => sorted[Math.floor(q * sorted.length)]))].filter(
        x => x > sorted[0],
      );
      names = [D.names[j] + " < " + fmt(cuts[0])];
      cuts.forEach((cut, c) =>
        names.push(
          c + 1 < cuts.length
            ? fmt(cut) + " \u2264 " + D.names[j] + " < " + fmt(cuts[c + 1])
            : D.names[j] + " \u2265 " + fmt(cut),
        ),
      );
      of = x => cuts.filter(cut => x >= cut).length;
    }
    const lost = names.length;
    const group = Uint8Array.from(places, x => (x === x ? of(x) : lost));
    if (group.includes(lost)) names.push(D.names[j] + " is missing");
    cohorts = { names, of: group };
  }
  cohorts.sizes = cohorts.names.map((_, g) => cohorts.of.reduce((sum, at) => sum + (at === g), 0));
}

// Means over the rows in view; with `grouped`, of each group among them.
function summaries(grouped) {
  const values = valuesOf(S.k),
    errors = errorsOf(S.k),
    whole = inView === N && !grouped,
    groups = grouped ? cohorts.names.length : 1;
  const found = Array.from({ length: groups }, () => []),
    of = grouped ? cohorts.of : new Uint8Array(N);
  values.forEach((column, j) => {
    const n = new Float64Array(groups),
      sum = new Float64Array(groups),
      signed = new Float64Array(groups),
      most = new Float64Array(groups),
      variance = new Float64Array(groups),
      error = errors && errors[j];
    for (let i = 0; i < N; i++) {
      const x = column[i],
        g = of[i];
      if (!mask[i] || x !== x) continue;
      const a = x < 0 ? -x : x;
      n[g]++;
      sum[g] += a;
      signed[g] += x;
      if (a > most[g]) most[g] = a;
      if (error) variance[g] += error[i] * error[i];
    }
    for (let g = 0; g < groups; g++) {
      const count = n[g] || 1,
        half = error ? (1.96 * Math.sqrt(variance[g])) / count : 0;
      found[g].push({ mean: sum[g] / count, signed: signed[g] / count, most: most[g], half: half === half ? half : 0 });
    }
    if (whole) {
      const s = found[0][j],
        all = D.overall[S.k];
      s.mean = all.mean[j];
      s.half = all.half ? all.half[j] || 0 : 0;
    }
  });
  return found;
}

const dirty = new Set(),
  painters = {};
let frame = 0;
function set(change, parts) {
  Object.assign(S, change);
  for (const part of parts) dirty.add(part);
  if (!frame) frame = requestAnimationFrame(paint);
}
function paint() {
  frame = 0;
  if (dirty.has("split")) split();
  if (dirty.has("mask")) remask();
  for (const part of ["controls", "bars", "swarm", "rings", "scatter", "marks", "pick", "fall", "table"])
    if (dirty.has(part)) painters[part]();
  dirty.clear();
}
const VIEW = ["mask", "controls", "bars", "swarm", "rings", "scatter", "pick", "table"];
