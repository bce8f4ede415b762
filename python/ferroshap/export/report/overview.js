// Global importance: a list of bars, and beside each bar the swarm of its rows.
const LANE = 28,
  TALL = 58,
  AXIS = 34;
let overall = [],
  shown = [],
  lanes = {},
  swarmRange = [0, 1];
const narrow = () => window.matchMedia("(max-width:640px)").matches && !printing;
const lane = () => (narrow() ? TALL : LANE);
const middle = at => at * lane() + (narrow() ? 41 : LANE / 2);

let ranked = [],
  rankedBy = "";
function ranking() {
  // stays as it is while a brush moves, and where nothing is left to rank by
  if (rankedBy === S.k + S.sort && (S.brush || !inView)) return ranked;
  rankedBy = S.k + S.sort;
  return (ranked = order());
}
function order() {
  const by = { mean: j => -overall[j].mean, signed: j => -overall[j].signed, most: j => -overall[j].most }[S.sort];
  const all = overall.map((_, j) => j);
  return S.sort === "name"
    ? all.sort((a, b) => D.names[a].localeCompare(D.names[b]))
    : all.sort((a, b) => by(a) - by(b) || a - b);
}
painters.bars = () => {
  const kind = S.sort === "signed" ? "signed" : S.sort === "most" ? "most" : "mean";
  overall = summaries(false)[0];
  const all = ranking();
  shown = S.all ? all : all.slice(0, SHOWN);
  const parts = cohorts && S.cohort < 0 ? summaries(true) : null;
  const whole = inView < N ? D.overall[S.k].mean : null,
    list = $("feats"),
    size = s => Math.abs(s[kind]);
  let largest = 0;
  for (const j of shown) {
    largest = Math.max(
      largest,
      size(overall[j]) + (kind === "mean" ? overall[j].half : 0),
      whole && kind === "mean" ? whole[j] : 0,
    );
    if (parts) for (const part of parts) largest = Math.max(largest, size(part[j]));
  }
  const share = x => (largest ? (100 * x) / largest : 0).toFixed(2) + "%";
  list.textContent = "";
  list.style.height = shown.length * lane() + "px";
  for (const j of shown) {
    const s = overall[j],
      number = kind === "signed" ? fmt(s.signed, true) : fmt(s[kind]);
    const half = kind === "mean" && s.half > 0 ? " \u00b1 " + rough(s.half) : "";
    const item = el(list, "li", { id: "f" + j, role: "option", ariaSelected: String(j === S.feature) });
    item.dataset.feature = j;
    el(item, "b", { title: D.names[j] }, D.names[j]);
    const track = el(item, "span", { className: "t" });
    const groups = parts || [null],
      each = 18 / groups.length;
    groups.forEach((part, g) => {
      const bar = el(track, "i", {}),
        x = part ? part[j] : s;
      bar.style.cssText =
        "width:" +
        share(size(x)) +
        ";height:" +
        Math.max(2, each - (parts ? 1 : 0)) +
        "px;top:" +
        ((narrow() ? 22 : LANE) / 2 - 9 + g * each) +
        "px";
      if (parts) bar.style.background = HUES[g % HUES.length];
      else if (kind === "signed") bar.style.background = s.signed < 0 ? ink.down : ink.up;
      if (parts) bar.title = cohorts.names[g] + ": " + fmt(x[kind]);
    });
    if (half && !parts) {
      const whisker = el(track, "u", { title: "95 % interval of the estimate: " + number + half });
      const low = Math.max(0, s.mean - s.half);
      whisker.style.cssText = "left:" + share(low) + ";width:" + share(s.mean + s.half - low);
    }
    if (whole && kind === "mean" && !parts)
      el(track, "s", { title: "all rows: " + fmt(whole[j]) }).style.left = share(whole[j]);
    el(item, "em", {}, number + half);
    el(
      item,
      "span",
      { className: "sr" },
      parts ? parts.map((part, g) => cohorts.names[g] + " " + fmt(part[j][kind])).join(", ") : "",
    );
  }
  list.setAttribute("aria-activedescendant", "f" + S.feature);
  $("more").hidden = M <= SHOWN;
  $("more").textContent = S.all ? "Show the strongest " + SHOWN : "Show all " + M + " features";
  $("meaning").textContent =
    {
      mean: "Bars: mean of |SHAP value|, how far a feature moves the output on average",
      signed: "Bars: mean SHAP value, with its direction",
      most: "Bars: the largest |SHAP value| of any row",
      name: "Bars: mean of |SHAP value|, in alphabetical order",
    }[S.sort] +
    (parts
      ? ", one for each group."
      : inView < N
        ? " in the " + count(inView, "row") + " in view; dotted: all rows."
        : ".") +
    " Dots: one a row, to the right where the feature raises the output.";
};
painters.pick = () => {
  for (const item of $("feats").children)
    item.setAttribute("aria-selected", String(+item.dataset.feature === S.feature));
  $("feats").setAttribute("aria-activedescendant", "f" + S.feature);
};

// Rows are met in a mixed but fixed order, so that neither the first nor the last ones lie on top.
const MIXED = (() => {
  const order = Uint32Array.from({ length: N }, (_, i) => i);
  let seed = 1;
  for (let i = N - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const other = seed % (i + 1),
      kept = order[i];
    order[i] = order[other];
    order[other] = kept;
  }
  return order;
})();
function placed(j, width) {
  // stacked: what falls into one bin goes 0, +1, -1, +2, ... about the middle
  const key = S.k + " " + j + " " + width + " " + swarmRange;
  if (lanes[j] && lanes[j].key === key) return lanes[j];
  const column = valuesOf(S.k)[j],
    [low, high] = swarmRange,
    pad = 8,
    span = width - 2 * pad,
    r = dotSize(),
    x = new Float32Array(N),
    y = new Float32Array(N);
  const bins = Math.max(1, Math.round(span / r)),
    counts = new Uint32Array(bins + 1);
  let most = 1;
  for (const i of MIXED) {
    const share = (column[i] - low) / (high - low);
    if (!(share >= 0)) {
      x[i] = NaN;
      continue;
    }
    x[i] = pad + share * span;
    const at = counts[Math.round(share * bins)]++;
    if (at + 1 > most) most = at + 1;
    y[i] = at & 1 ? (at + 1) >> 1 : -(at >> 1);
  }
  const step = Math.min(r * 1.1, (LANE / 2 - r) / Math.max(1, most >> 1));
  for (let i = 0; i < N; i++) y[i] *= step;
  return (lanes[j] = { key, x, y });
}
let swarm = null,
  rings = null;
painters.swarm = () => {
  const box = $("over"),
    total = box.clientWidth,
    width = narrow() ? total : Math.round(total * 0.52),
    height = shown.length * lane() + AXIS;
  if (total < 10) return;
  box.style.height = height + "px";
  swarm = fit($("swarm"), width, height, N * shown.length > 150000 ? 1.25 : 2);
  rings = fit($("rings"), width, height);
  swarmRange = extent(shown.map(j => valuesOf(S.k)[j]));
  const { ctx } = swarm,
    page = sheet(swarm),
    r = dotSize(),
    faint = page.pen(Math.max(1.2, r - 0.6), 1),
    full = page.pen(r, 2);
  const grey = colourOf(ink.grey),
    nameless = colourOf("#777777"),
    filtered = inView < N;
  shown.forEach((j, at) => {
    const { x, y } = placed(j, width),
      shades = shadesOf(j),
      m = middle(at);
    if (filtered) for (let i = 0; i < N; i++) if (!mask[i] && x[i] === x[i]) faint(x[i], m + y[i], grey);
    for (const i of MIXED)
      if (mask[i] && x[i] === x[i]) full(x[i], m + y[i], shades[i] === 255 ? nameless : RAMP[shades[i]]);
  });
  page.done();
  const [low, high] = swarmRange,
    to = v => 8 + ((v - low) / (high - low)) * (width - 16),
    bottom = shown.length * lane();
  ctx.strokeStyle = ink.muted;
  ctx.globalAlpha = 0.55;
  ctx.beginPath();
  if (low <= 0 && high >= 0) {
    ctx.moveTo(to(0), 0);
    ctx.lineTo(to(0), bottom);
  }
  ctx.moveTo(8, bottom + 0.5);
  ctx.lineTo(width - 8, bottom + 0.5);
  ctx.stroke();
  ctx.globalAlpha = 1;
  const marks = ticks(low, high, width / 80);
  for (const v of marks) write(ctx, tickText(v, marks), Math.max(14, Math.min(width - 14, to(v))), bottom + 16);
  write(ctx, "SHAP value (impact on " + shortened(ctx, D.outputs[S.k], 200) + ")", width / 2, bottom + 31);
  $("rings").setAttribute(
    "aria-label",
    "Swarm of " +
      count(N, "dot") +
      " for each of " +
      shown.length +
      " features, from " +
      fmt(low) +
      " to " +
      fmt(high) +
      ". The list before it has the same features; a range of values can be typed in below.",
  );
};
let drag = null;
painters.rings = () => {
  if (!rings) return;
  const { ctx, width, height } = rings,
    [low, high] = swarmRange,
    to = v => 8 + ((v - low) / (high - low)) * (width - 16);
  ctx.clearRect(0, 0, width, height);
  const chosen = shown.indexOf(S.feature);
  if (chosen >= 0 && !narrow()) {
    ctx.fillStyle = ink.accent;
    ctx.globalAlpha = 0.1;
    ctx.fillRect(0, chosen * LANE, width, LANE);
    ctx.globalAlpha = 1;
  }
  const b = S.brush && S.brush.kind === "effect" ? S.brush : null,
    at = b ? shown.indexOf(b.feature) : -1;
  if (at >= 0) {
    const left = Math.max(0, to(b.low)),
      right = Math.min(width, to(b.high));
    ctx.fillStyle = ink.accent;
    ctx.globalAlpha = 0.16;
    ctx.fillRect(left, middle(at) - 14, right - left, 28);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = ink.accent;
    ctx.strokeRect(left + 0.5, middle(at) - 13.5, right - left, 27);
  }
  if (S.row < 0) return;
  ctx.strokeStyle = ink.ink;
  ctx.lineWidth = 1.6;
  shown.forEach((j, q) => {
    const { x, y } = placed(j, width);
    if (x[S.row] === x[S.row]) {
      ctx.beginPath();
      ctx.arc(x[S.row], middle(q) + y[S.row], dotSize() + 2.2, 0, 7);
      ctx.stroke();
    }
  });
};
function nearest(xs, ys, x, y, reach, only) {
  let best = -1,
    least = reach * reach;
  for (let i = 0; i < N; i++) {
    if (only && !mask[i]) continue;
    const dx = xs[i] - x,
      dy = ys[i] - y,
      d = dx * dx + dy * dy;
    if (d < least) {
      least = d;
      best = i;
    }
  }
  return best;
}
function laneUnder(y) {
  return Math.max(0, Math.min(shown.length - 1, Math.floor(y / lane())));
}
function watchSwarm() {
  const canvas = $("rings");
  const under = event => {
    const at = laneUnder(event.offsetY),
      { x, y } = placed(shown[at], rings.width);
    return [shown[at], nearest(x, y, event.offsetX, event.offsetY - middle(at), 9, inView < N)];
  };
  const value = x => swarmRange[0] + ((x - 8) / (rings.width - 16)) * (swarmRange[1] - swarmRange[0]);
  canvas.addEventListener("pointerdown", event => {
    if (event.button) return;
    drag = { from: event.offsetX, feature: shown[laneUnder(event.offsetY)], moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", event => {
    if (drag) {
      if (!drag.moved && Math.abs(event.offsetX - drag.from) < 5) return;
      drag.moved = true;
      tip();
      const ends = [value(drag.from), value(event.offsetX)].sort((a, b) => a - b);
      set({ brush: { kind: "effect", feature: drag.feature, low: ends[0], high: ends[1] } }, VIEW);
      return;
    }
    const [j, i] = under(event);
    tip(i < 0 ? "" : aboutDot(i, j), event);
  });
  canvas.addEventListener("pointerup", event => {
    if (!drag) return;
    const was = drag;
    drag = null;
    if (was.moved) {
      set({ feature: was.feature, color: "auto" }, [...VIEW]);
      say(count(inView, "row") + " in view");
      return;
    }
    const [j, i] = under(event);
    choose(j, i);
  });
  canvas.addEventListener("pointercancel", () => {
    drag = null;
  });
  canvas.addEventListener("pointerleave", () => tip());
}
function choose(j, i) {
  const parts = [];
  if (j !== S.feature) {
    S.color = "auto";
    parts.push("scatter", "pick", "controls");
  }
  if (i >= 0 && i !== S.row) parts.push("fall", "table", "marks");
  set({ feature: j, row: i >= 0 ? i : S.row }, [...parts, "rings"]);
  say(
    D.names[j] +
      ", mean of absolute SHAP values " +
      fmt(overall[j].mean) +
      (i >= 0 ? ". Row " + rowName(i) + ", " + D.outputs[S.k] + " " + fmt(outputOf(S.k)[i]) : ""),
  );
}
function watchBars() {
  const list = $("feats");
  list.addEventListener("click", event => {
    const item = event.target.closest("li");
    if (item) choose(+item.dataset.feature, -1);
  });
  list.addEventListener("keydown", event => {
    const at = shown.indexOf(S.feature),
      last = shown.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last, PageDown: at + 5, PageUp: at - 5 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const j = shown[Math.max(0, Math.min(last, to))];
    choose(j, -1);
    const item = $("f" + j);
    if (item) item.scrollIntoView({ block: "nearest" });
  });
}
