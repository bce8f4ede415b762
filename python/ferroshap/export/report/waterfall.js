// One row: from the base value at the bottom to the output on top, the strongest feature uppermost.
const STEPS_SHOWN = 12;
painters.fall = () => {
  const host = $("fall"),
    i = S.row,
    width = host.clientWidth;
  host.textContent = "";
  $("back").disabled = $("next").disabled = N < 2;
  if (i < 0 || width < 10) return;
  const values = valuesOf(S.k),
    errors = errorsOf(S.k),
    base = baseOf(S.k)[i],
    output = outputOf(S.k)[i];
  const order = values
    .map((_, j) => j)
    .filter(j => values[j][i] === values[j][i])
    .sort((a, b) => Math.abs(values[b][i]) - Math.abs(values[a][i]) || a - b);
  const own = order.length > STEPS_SHOWN ? order.slice(0, STEPS_SHOWN - 1) : order,
    rest = order.slice(own.length);
  const steps = own.map(j => ({
    j,
    v: values[j][i],
    half: errors ? factor(i) * errors[j][i] || 0 : 0,
    name: D.names[j],
    value: cell(j, i),
  }));
  if (rest.length) {
    const variance = errors ? rest.reduce((sum, j) => sum + (errors[j][i] || 0) ** 2, 0) : 0;
    steps.push({
      j: -1,
      v: rest.reduce((sum, j) => sum + values[j][i], 0),
      half: factor(i) * Math.sqrt(variance),
      name: rest.length + " other features",
      value: "",
    });
  }
  let at = base,
    low = base,
    high = base;
  for (const step of [...steps].reverse()) {
    step.from = at;
    at += step.v;
    step.to = at;
    low = Math.min(low, at, at - step.half);
    high = Math.max(high, at, at + step.half);
  }
  if (!(high > low)) {
    low -= 0.5;
    high += 0.5;
  }
  const close = width < 460,
    left = close ? 8 : Math.min(230, width * 0.42),
    right = 8,
    each = close ? 44 : 29,
    top = 34,
    height = top + steps.length * each + 40;
  const pad = 62,
    x = v => left + pad + ((v - low) / (high - low)) * (width - left - right - 2 * pad);
  const svg = draw(host, "svg", { viewBox: "0 0 " + width + " " + height, role: "img" });
  const bottom = top + steps.length * each,
    label = D.outputs[S.k];
  const line = (v, a, b) =>
    draw(svg, "path", {
      d: "M" + x(v).toFixed(1) + " " + a + "V" + b,
      stroke: ink.muted,
      "stroke-dasharray": "3 3",
      "stroke-opacity": 0.7,
    });
  const middleText = (v, y, text, extra) =>
    draw(
      svg,
      "text",
      {
        x: Math.max(left + 4, Math.min(width - right - 4, x(v))),
        y,
        "text-anchor": x(v) < left + 90 ? "start" : x(v) > width - 90 ? "end" : "middle",
        ...extra,
      },
      text,
    );
  middleText(output, 16, label + " = " + fmt(output), { "font-weight": 600 });
  middleText(base, height - 8, "base value = " + fmt(base), { class: "v" });
  line(output, 22, top + each - 4);
  line(base, bottom - each + 4, height - 24);
  steps.forEach((step, q) => {
    const y = top + q * each + (close ? 20 : 2),
      tall = 22,
      mid = y + tall / 2,
      a = x(step.from),
      b = x(step.to),
      ahead = step.v < 0 ? -1 : 1,
      head = Math.min(6, Math.abs(b - a)) * ahead;
    if (q + 1 < steps.length) line(step.from, y + 2, y + each + tall - 2);
    const mark = draw(svg, "path", {
      d:
        "M" +
        a.toFixed(1) +
        " " +
        y +
        "H" +
        (b - head).toFixed(1) +
        "L" +
        b.toFixed(1) +
        " " +
        mid +
        "L" +
        (b - head).toFixed(1) +
        " " +
        (y + tall) +
        "H" +
        a.toFixed(1) +
        "Z",
      fill: step.v < 0 ? ink.down : ink.up,
    });
    const number = fmt(step.v, true) + (step.half > 0 ? " \u00b1 " + rough(step.half) : "");
    draw(mark, "title", {}, step.name + (step.value ? " = " + step.value : "") + ": " + number);
    if (step.half > 0)
      draw(svg, "path", {
        d:
          "M" +
          x(step.to - step.half).toFixed(1) +
          " " +
          (mid - 4) +
          "v8m0-4H" +
          x(step.to + step.half).toFixed(1) +
          "m0-4v8",
        stroke: ink.ink,
        "stroke-width": 1.5,
        fill: "none",
      });
    const reach = Math.max(a, b, x(step.to + step.half)) + 6,
      least = Math.min(a, b, x(step.to - step.half)) - 6,
      wide = ruler.measureText(fmt(step.v, true)).width;
    const inside = Math.abs(b - a) > wide + 18 && !(step.half > 0),
      before = (step.v < 0 && least - wide > left) || reach + wide > width - 4;
    draw(
      svg,
      "text",
      inside
        ? { x: (a + b) / 2 - head / 3, y: mid + 4.5, "text-anchor": "middle", style: "fill:#fff;font-weight:600" }
        : {
            x: before ? least : reach,
            y: mid + 4.5,
            "text-anchor": before ? "end" : "start",
            style: "fill:" + (step.v < 0 ? "var(--down-ink)" : "var(--up-ink)"),
          },
      fmt(step.v, true),
    );
    const text = draw(svg, "text", close ? { x: 4, y: y - 5 } : { x: left - 8, y: mid + 4.5, "text-anchor": "end" }),
      room = close ? width - 8 : left - 14;
    // A long value leaves half of the room to the name.
    const value = step.value
      ? shortened(ruler, step.value, Math.max(room / 2, room - ruler.measureText(" = " + step.name).width) - 16) + " = "
      : "";
    if (value) draw(text, "tspan", { class: "v" }, value);
    draw(text, "tspan", {}, shortened(ruler, step.name, room - ruler.measureText(value).width));
  });
  svg.setAttribute(
    "aria-label",
    "Waterfall of row " +
      rowName(i) +
      ": from the base value " +
      fmt(base) +
      " to " +
      label +
      " " +
      fmt(output) +
      ". " +
      steps
        .map(
          step =>
            step.name +
            (step.value ? " = " + step.value : "") +
            " " +
            fmt(step.v, true) +
            (step.half > 0 ? " plus or minus " + rough(step.half) : ""),
        )
        .join("; ") +
      ".",
  );
  $("rowname").textContent = "Row " + rowName(i);
};
function step(by) {
  const rows = listed();
  if (!rows.length) return;
  const at = rows.indexOf(S.row);
  set({ row: rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))] }, ["rings", "fall", "table", "marks"]);
  seen = false;
  say("Row " + rowName(S.row) + ", " + D.outputs[S.k] + " " + fmt(outputOf(S.k)[S.row]));
}
