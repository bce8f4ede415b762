// Drawing thousands of dots: stamped into the pixels of one image, which is faster than asking for each.
const surfaces = new Map();
function fit(canvas, width, height, finest = 2) {
  // the same size keeps its memory
  const ratio = Math.min(window.devicePixelRatio || 1, finest),
    key = [width, height, ratio].join(),
    was = surfaces.get(canvas);
  if (was && was.key === key) return was;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  canvas.style.width = width + "px";
  canvas.style.height = height + "px";
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  const surface = { ctx, ratio, width, height, key };
  surfaces.set(canvas, surface);
  return surface;
}
function sheet(surface) {
  const { ctx, ratio } = surface,
    w = ctx.canvas.width,
    h = ctx.canvas.height;
  if (!surface.image) {
    surface.image = ctx.createImageData(w, h);
    surface.taken = new Uint8Array(w * h);
  }
  const image = surface.image,
    taken = surface.taken.fill(0),
    words = new Uint32Array(image.data.buffer).fill(colourOf(ink.card));
  return {
    // A dot covers the pixels in its middle and mixes with those at its edge, in halves and quarters of all three
    // colours at once; on the same pixel the first of a level stays, for later ones would hide it.
    pen(radius, level) {
      const r = radius * ratio,
        reach = Math.ceil(r),
        full = [],
        half = [],
        some = [];
      for (let y = -reach; y <= reach; y++)
        for (let x = -reach; x <= reach; x++) {
          const share = r + 0.5 - Math.hypot(x, y);
          if (share > 0) (share > 0.75 ? full : share > 0.4 ? half : some).push(y * w + x);
        }
      const inner = Int32Array.from(full),
        edge = Int32Array.from(half),
        rim = Int32Array.from(some),
        border = reach + 1;
      return (px, py, c) => {
        const x = Math.round(px * ratio),
          y = Math.round(py * ratio),
          at = y * w + x;
        if (!(x >= border && y >= border && x < w - border && y < h - border) || taken[at] >= level) return;
        taken[at] = level;
        const mixed = (c & 0xfefefe) >>> 1,
          part = (c & 0xfcfcfc) >>> 2;
        for (let q = 0; q < inner.length; q++) words[at + inner[q]] = c;
        for (let q = 0; q < edge.length; q++) {
          const p = at + edge[q];
          words[p] = (((words[p] & 0xfefefe) >>> 1) + mixed) | 0xff000000;
        }
        for (let q = 0; q < rim.length; q++) {
          const p = at + rim[q],
            v = words[p];
          words[p] = (((v & 0xfefefe) >>> 1) + ((v & 0xfcfcfc) >>> 2) + part) | 0xff000000;
        }
      };
    },
    done() {
      ctx.putImageData(image, 0, 0);
    },
  };
}
const dotSize = () => (N <= 300 ? 3.2 : N <= 1500 ? 2.6 : 2.1);
function ticks(low, high, about) {
  if (!(high > low)) return [low];
  const least = (high - low) / about,
    power = 10 ** Math.floor(Math.log10(least)),
    list = [];
  const step = [1, 2, 5, 10].map(q => q * power).find(q => q >= least * (1 - 1e-9));
  for (let q = Math.ceil(low / step - 1e-9); q <= high / step + 1e-9 && list.length < 40; q++) list.push(q * step);
  return list;
}
const tickText = (x, list) => {
  const step = list.length > 1 ? list[1] - list[0] : 1,
    decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const text =
    Math.abs(x) >= 1e15 || decimals > 5
      ? fmt(x)
      : step >= 1e4
        ? x.toLocaleString("en", { notation: "compact", maximumFractionDigits: 2 })
        : x.toFixed(decimals);
  return text.replace("-", "\u2212");
};
function extent(columns) {
  let low = Infinity,
    high = -Infinity;
  for (const column of columns)
    for (let i = 0; i < N; i++) {
      const x = column[i];
      if (x < low) low = x;
      if (x > high) high = x;
    }
  if (!(high >= low)) return [-1, 1];
  if (!(high > low)) {
    const half = Math.abs(high) / 2 || 1;
    return [low - half, high + half];
  }
  return [low, high];
}
function write(ctx, text, x, y, align, colour, size) {
  ctx.font = (size || 12) + "px system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";
  ctx.textAlign = align || "center";
  ctx.fillStyle = colour || ink.muted;
  ctx.fillText(text, x, y);
}
const ruler = document.createElement("canvas").getContext("2d");
ruler.font = "13px system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";
function shortened(ctx, text, width) {
  if (ctx.measureText(text).width <= width) return text;
  let n = text.length;
  while (n > 1 && ctx.measureText(text.slice(0, n) + "\u2026").width > width) n--;
  return text.slice(0, n) + "\u2026";
}
function tip(text, event) {
  const box = $("tip");
  if (!text) {
    box.style.visibility = "hidden";
    return;
  }
  box.textContent = text;
  box.style.visibility = "visible";
  const x = event.pageX + 14,
    wide = document.documentElement.clientWidth;
  box.style.left = Math.max(4, x + box.offsetWidth > wide - 8 ? event.pageX - box.offsetWidth - 14 : x) + "px";
  box.style.top = event.pageY + 14 + "px";
}
function aboutDot(i, j) {
  const v = valuesOf(S.k)[j][i],
    e = errorsOf(S.k),
    half = e ? factor(i) * e[j][i] : 0;
  const shown = cell(j, i);
  return (
    "Row " +
    rowName(i) +
    ", " +
    D.outputs[S.k] +
    " = " +
    fmt(outputOf(S.k)[i]) +
    "\n" +
    D.names[j] +
    (shown ? " = " + shown : "") +
    "\nSHAP value " +
    fmt(v, true) +
    (half > 0 ? " \u00b1 " + rough(half) : "")
  );
}
