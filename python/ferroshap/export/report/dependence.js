// One feature: its value along x, its SHAP value along y, coloured by the feature that it seems to interact with.
let scatter = null,
  above = null,
  dots = null,
  pull = null;
function partner() {
  if (S.color === "auto") return D.near ? D.near[S.k][S.feature] : -1;
  return +S.color;
}
const jitter = i => (Math.imul(i + 1, 2654435761) >>> 0) / 4294967296 - 0.5;
function levelHues(j) {
  // the commonest levels have a colour each
  const column = D.data[j],
    sizes = column.levels.map(() => 0);
  for (const code of column.codes) if (code >= 0) sizes[code]++;
  const kept = sizes
    .map((_, c) => c)
    .sort((a, b) => sizes[b] - sizes[a])
    .slice(0, HUES.length);
  return kept.sort((a, b) => a - b);
}
function scale(width, height) {
  const j = S.feature,
    levels = levelsOf(j),
    places = placesOf(j),
    effects = valuesOf(S.k)[j];
  let missing = !levels && places.some(x => x !== x),
    [low, high] = levels ? [-0.6, Math.max(levels.length, 1) - 0.4] : extent([places]);
  if (!levels && D.data && D.data[j]) {
    const pad = (high - low) * 0.03;
    low -= pad;
    high += pad;
  }
  let [bottom, top] = extent([effects]);
  const left = 58 + (missing ? 34 : 0),
    right = 12,
    up = 12,
    down = levels && levels.length > 6 ? 104 : 44,
    rise = (top - bottom) * 0.06;
  bottom -= rise * (D.data && D.data[j] ? 2.2 : 1);
  top += rise;
  return {
    levels,
    missing,
    low,
    high,
    bottom,
    top,
    left,
    right,
    up,
    down,
    x: v => left + ((v - low) / (high - low)) * (width - left - right),
    y: v => up + ((top - v) / (top - bottom)) * (height - up - down),
    width,
    height,
  };
}
painters.scatter = () => {
  const box = $("plot"),
    width = box.clientWidth,
    height = 372,
    j = S.feature;
  if (width < 10) return;
  scatter = fit($("dots"), width, height);
  above = fit($("over2"), width, height);
  const c = partner(),
    g = scale(width, height),
    page = sheet(scatter),
    r = dotSize() + 0.3,
    full = page.pen(r, 2),
    faint = page.pen(Math.max(1.2, r - 0.8), 1);
  const places = placesOf(j),
    effects = valuesOf(S.k)[j],
    hasData = D.data && D.data[j],
    levels = c >= 0 ? levelsOf(c) : null;
  const shades = c >= 0 && !levels ? shadesOf(c) : null,
    hues = levels ? levelHues(c) : null,
    plain = colourOf(ink.accent),
    other = colourOf("#777777"),
    grey = colourOf(ink.grey);
  const spread = g.levels ? 0.55 : D.data && D.data[j] && D.data[j].step ? D.data[j].step * 0.3 : 0;
  if (!dots) dots = { x: new Float32Array(N), y: new Float32Array(N) };
  dots.g = g;
  for (let i = 0; i < N; i++) {
    const at = hasData ? places[i] : (i / Math.max(1, N - 1)) * (g.high - g.low) + g.low;
    dots.x[i] = at === at ? g.x(at + spread * jitter(i)) : g.missing ? g.left - 22 + 14 * jitter(i) : g.x(0);
    dots.y[i] = g.y(effects[i]);
  }
  const colours = hues && new Map(hues.map((code, q) => [code, colourOf(HUES[q])])),
    codes = hues && D.data[c].codes;
  if (inView < N)
    for (let i = 0; i < N; i++) if (!mask[i] && dots.y[i] === dots.y[i]) faint(dots.x[i], dots.y[i], grey);
  for (const i of MIXED)
    if (mask[i] && dots.y[i] === dots.y[i])
      full(
        dots.x[i],
        dots.y[i],
        c < 0 ? plain : hues ? colours.get(codes[i]) || other : shades[i] === 255 ? other : RAMP[shades[i]],
      );
  page.done();
  histogram(g, j);
  dependenceAxes(g, j);
  dependenceWhiskers(g, j);
  colourKey(c, hues);
  $("dep").textContent = "Effect of " + D.names[j];
  $("over2").setAttribute(
    "aria-label",
    "Scatter of " +
      count(N, "row") +
      ": the SHAP value of " +
      D.names[j] +
      " against its value" +
      (c >= 0 ? ", coloured by " + D.names[c] : "") +
      ". SHAP values from " +
      fmt(g.bottom) +
      " to " +
      fmt(g.top) +
      trend(j) +
      ".",
  );
  painters.marks();
};
function trend(j) {
  // in words, for those who do not see the picture
  const places = placesOf(j),
    effects = valuesOf(S.k)[j];
  if (levelsOf(j)) {
    const means = levelsOf(j)
      .map((level, c) => {
        let n = 0,
          sum = 0;
        for (let i = 0; i < N; i++)
          if (places[i] === c && mask[i]) {
            n++;
            sum += effects[i];
          }
        return [level, n ? sum / n : NaN];
      })
      .filter(m => m[1] === m[1])
      .sort((a, b) => b[1] - a[1]);
    return means.length
      ? "; mean " +
          fmt(means[0][1], true) +
          " at " +
          means[0][0] +
          ", " +
          fmt(means[means.length - 1][1], true) +
          " at " +
          means[means.length - 1][0]
      : "";
  }
  const rows = [...mask.keys()].filter(i => mask[i] && places[i] === places[i]).sort((a, b) => places[a] - places[b]),
    part = Math.floor(rows.length / 3);
  if (!part) return "";
  const mean = list => list.reduce((sum, i) => sum + effects[i], 0) / list.length;
  return (
    "; mean " +
    fmt(mean(rows.slice(0, part)), true) +
    " in the lowest third of values, " +
    fmt(mean(rows.slice(-part)), true) +
    " in the highest"
  );
}
function dependenceAxes(g, j) {
  const { ctx } = scatter,
    { width, height } = g,
    base = height - g.down;
  ctx.strokeStyle = ink.line;
  ctx.lineWidth = 1;
  const ys = ticks(g.bottom, g.top, 6);
  for (const v of ys) {
    ctx.globalAlpha = v === 0 ? 1 : 0.7;
    ctx.strokeStyle = v === 0 ? ink.muted : ink.line;
    ctx.beginPath();
    ctx.moveTo(g.left - (g.missing ? 34 : 0), Math.round(g.y(v)) + 0.5);
    ctx.lineTo(width - g.right, Math.round(g.y(v)) + 0.5);
    ctx.stroke();
    ctx.globalAlpha = 1;
    write(ctx, tickText(v, ys), g.left - (g.missing ? 40 : 7), g.y(v) + 4, "right");
  }
  ctx.strokeStyle = ink.muted;
  ctx.beginPath();
  ctx.moveTo(g.left, base + 0.5);
  ctx.lineTo(width - g.right, base + 0.5);
  ctx.stroke();
  if (g.missing) write(ctx, "missing", g.left - 22, base + 16, "center", ink.muted, 11);
  if (g.levels) {
    const steep = g.levels.length > 6,
      each = Math.max(1, Math.ceil((g.levels.length * 13) / (width - g.left)));
    g.levels.forEach((level, q) => {
      if (q % each) return;
      ctx.font = "12px system-ui, sans-serif";
      ctx.save();
      ctx.translate(g.x(q), base + 14);
      if (steep) ctx.rotate(-0.7);
      write(
        ctx,
        shortened(ctx, level, steep ? 92 : (width - g.left) / g.levels.length - 6),
        0,
        4,
        steep ? "right" : "center",
      );
      ctx.restore();
    });
  } else if (D.data && D.data[j]) {
    const xs = ticks(g.low, g.high, width / 90);
    for (const v of xs) write(ctx, tickText(v, xs), g.x(v), base + 17);
  }
  write(
    ctx,
    shortened(ctx, D.data && D.data[j] ? D.names[j] : "rows in their order", width - 80),
    g.left + (width - g.left - g.right) / 2,
    height - 6,
    "center",
    ink.ink,
    13,
  );
  ctx.save();
  ctx.translate(13, g.up + (base - g.up) / 2);
  ctx.rotate(-Math.PI / 2);
  write(ctx, "SHAP value", 0, 0, "center", ink.ink, 13);
  ctx.restore();
}
function histogram(g, j) {
  // how many rows in view there are at each value, in grey along the bottom
  if (!(D.data && D.data[j])) return;
  const { ctx } = scatter,
    places = placesOf(j),
    bins = g.levels ? g.levels.length : 40,
    counts = new Float64Array(bins),
    base = g.height - g.down;
  const from = g.levels ? -0.5 : g.low,
    each = g.levels ? 1 : (g.high - g.low) / bins;
  for (let i = 0; i < N; i++)
    if (mask[i] && places[i] === places[i]) counts[Math.min(bins - 1, Math.floor((places[i] - from) / each))]++;
  const most = Math.max(...counts);
  if (!most) return;
  ctx.fillStyle = ink.muted;
  ctx.globalAlpha = 0.18;
  counts.forEach((n, q) => {
    if (n) {
      const x = g.x(from + q * each),
        tall = Math.max(1, (44 * n) / most);
      ctx.fillRect(x + 0.5, base - tall, g.x(from + (q + 1) * each) - x - 1, tall);
    }
  });
  ctx.globalAlpha = 1;
}
function dependenceWhiskers(g, j) {
  // of every dot while they can be told apart
  const errors = errorsOf(S.k),
    { ctx } = scatter;
  if (!errors || inView > 400) return;
  ctx.strokeStyle = ink.muted;
  ctx.globalAlpha = 0.4;
  ctx.beginPath();
  for (let i = 0; i < N; i++) {
    const half = factor(i) * errors[j][i],
      v = valuesOf(S.k)[j][i];
    if (mask[i] && half > 0) {
      ctx.moveTo(dots.x[i], g.y(v - half));
      ctx.lineTo(dots.x[i], g.y(v + half));
    }
  }
  ctx.stroke();
  ctx.globalAlpha = 1;
}
function colourKey(c, hues) {
  const key = $("key");
  key.textContent = "";
  if (c < 0) return;
  if (hues) {
    hues.forEach((code, q) => {
      const item = el(key, "span", {});
      el(item, "i", {}).style.background = HUES[q];
      item.append(D.data[c].levels[code]);
    });
    if (D.data[c].levels.length > hues.length) {
      const item = el(key, "span", {});
      el(item, "i", {}).style.background = "#777777";
      item.append("other");
    }
    return;
  }
  const item = el(key, "span", {});
  item.append("low ");
  el(item, "span", { className: "ramp" }).style.background = "linear-gradient(90deg," + D.ramp.join(",") + ")";
  item.append(" high " + D.names[c]);
}
painters.marks = () => {
  if (!above || !dots) return;
  const { ctx, width, height } = above,
    g = dots.g,
    b = S.brush;
  ctx.clearRect(0, 0, width, height);
  if (b && b.feature === S.feature) {
    ctx.fillStyle = ink.accent;
    ctx.globalAlpha = 0.12;
    if (b.kind === "value") ctx.fillRect(g.x(b.low), g.up, g.x(b.high) - g.x(b.low), height - g.up - g.down);
    else ctx.fillRect(g.left, g.y(b.high), width - g.left - g.right, g.y(b.low) - g.y(b.high));
    ctx.globalAlpha = 1;
  }
  if (S.row < 0 || dots.y[S.row] !== dots.y[S.row]) return;
  const errors = errorsOf(S.k),
    half = errors ? factor(S.row) * errors[S.feature][S.row] : 0,
    v = valuesOf(S.k)[S.feature][S.row];
  ctx.strokeStyle = ink.ink;
  ctx.lineWidth = 1.8;
  ctx.beginPath();
  ctx.arc(dots.x[S.row], dots.y[S.row], 5.5, 0, 7);
  if (half > 0) {
    ctx.moveTo(dots.x[S.row], g.y(v - half));
    ctx.lineTo(dots.x[S.row], dots.y[S.row] - 5.5 * (half > 0));
    ctx.moveTo(dots.x[S.row], dots.y[S.row] + 5.5);
    ctx.lineTo(dots.x[S.row], g.y(v - half));
    ctx.moveTo(dots.x[S.row], dots.y[S.row] - 5.5);
    ctx.lineTo(dots.x[S.row], g.y(v + half));
  }
  ctx.stroke();
};
function watchScatter() {
  const canvas = $("over2"),
    at = x =>
      dots.g.low + ((x - dots.g.left) / (dots.g.width - dots.g.left - dots.g.right)) * (dots.g.high - dots.g.low);
  canvas.addEventListener("pointerdown", event => {
    if (!event.button) {
      pull = { from: event.offsetX, moved: false };
      canvas.setPointerCapture(event.pointerId);
    }
  });
  canvas.addEventListener("pointermove", event => {
    if (pull) {
      if ((!pull.moved && Math.abs(event.offsetX - pull.from) < 5) || !(D.data && D.data[S.feature])) return;
      pull.moved = true;
      tip();
      const ends = [at(pull.from), at(event.offsetX)].sort((a, b) => a - b);
      set({ brush: { kind: "value", feature: S.feature, low: ends[0], high: ends[1] } }, VIEW);
      return;
    }
    const i = nearest(dots.x, dots.y, event.offsetX, event.offsetY, 9, inView < N);
    tip(
      i < 0
        ? ""
        : aboutDot(i, S.feature) +
            (partner() >= 0 && cell(partner(), i) ? "\n" + D.names[partner()] + " = " + cell(partner(), i) : ""),
      event,
    );
  });
  canvas.addEventListener("pointerup", event => {
    const was = pull;
    pull = null;
    if (!was) return;
    if (was.moved) {
      say(count(inView, "row") + " in view");
      return;
    }
    const i = nearest(dots.x, dots.y, event.offsetX, event.offsetY, 9, inView < N);
    if (i >= 0) choose(S.feature, i);
  });
  canvas.addEventListener("pointercancel", () => {
    pull = null;
  });
  canvas.addEventListener("pointerleave", () => tip());
}
