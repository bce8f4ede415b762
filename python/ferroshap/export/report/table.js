// All rows in view, of which only those on the screen are made.
const ROW = 30,
  HEAD = 36,
  COLUMNS = 12;
let list = null,
  seen = true,
  columns = [];
function listed() {
  if (list) return list;
  list = [];
  for (let i = 0; i < N; i++) if (mask[i]) list.push(i);
  const by = S.by,
    sign = S.down ? -1 : 1;
  if (by === "") {
    if (S.down === false) list.reverse();
    return list;
  }
  if (by === "output") {
    const out = outputOf(S.k);
    list.sort((a, b) => sign * (out[a] - out[b]) || a - b);
    return list;
  }
  const j = +by,
    places = placesOf(j),
    levels = levelsOf(j),
    rank =
      levels &&
      levels
        .map((level, c) => [level, c])
        .sort((a, b) => a[0].localeCompare(b[0]))
        .reduce((ranks, pair, q) => {
          ranks[pair[1]] = q;
          return ranks;
        }, []);
  const key = i => (rank ? rank[places[i]] : places[i]);
  list.sort((a, b) => {
    const x = key(a),
      y = key(b),
      lost = (x === undefined || x !== x) - (y === undefined || y !== y);
    return lost || sign * (x - y) || a - b;
  });
  return list;
}
const longestName = () =>
  D.rows ? D.rows.reduce((most, name) => Math.max(most, name.length), 3) : String(D.total).length;
painters.table = () => {
  list = null;
  const strength = D.overall[S.k].mean;
  columns = overall
    .map((_, j) => j)
    .sort((a, b) => strength[b] - strength[a] || a - b)
    .slice(0, printing ? Math.max(1, Math.floor(($("rows").clientWidth - 310) / 112)) : COLUMNS);
  const host = $("table"),
    grid = $("rows"),
    rows = listed(),
    wide = grid.clientWidth,
    first = Math.min(220, Math.max(84, 26 + 8 * longestName())),
    each = Math.max(112, Math.floor((wide - first - 112) / Math.max(1, columns.length)));
  const template = first + "px 112px" + (" " + each + "px").repeat(columns.length);
  grid.style.height = printing ? "" : Math.min(392, HEAD + N * ROW + 18) + "px";
  host.style.width = first + 112 + each * columns.length + "px";
  host.textContent = "";
  const heads = el(host, "div", { className: "hd", role: "row" });
  heads.setAttribute("aria-rowindex", 1);
  heads.style.gridTemplateColumns = template;
  [
    ["", "Row"],
    ["output", D.outputs[S.k]],
  ]
    .concat(columns.map(j => [String(j), D.names[j]]))
    .forEach(([by, name], at) => {
      const head = el(heads, "span", {
        role: "columnheader",
        ariaSort: S.by === by ? (S.down === (by === "") ? "ascending" : "descending") : "none",
      });
      head.setAttribute("aria-colindex", at + 1);
      const arrow = S.by === by ? (S.down === (by === "") ? " \u2191" : " \u2193") : "";
      const button = el(head, "button", { type: "button", title: "Sort by " + name, tabIndex: -1 }, name + arrow);
      button.addEventListener("click", () => sortBy(by));
    });
  const body = el(host, "div", { id: "body", role: "rowgroup" });
  body.style.cssText = "position:relative;height:" + rows.length * ROW + "px";
  grid.setAttribute("aria-rowcount", rows.length + 1);
  grid.setAttribute("aria-colcount", columns.length + 2);
  if (!rows.length)
    el(body, "div", { className: "none" }, "No row is in view: clear the search, the brush or the group.");
  if (!seen) {
    reveal();
    seen = true;
  }
  rowsOnScreen();
  const sorts = $("by");
  if (sorts.value !== S.by) sorts.value = S.by;
};
function rowsOnScreen() {
  const grid = $("rows"),
    body = $("body"),
    rows = listed();
  if (!body || !rows.length) return;
  const first = printing ? 0 : Math.max(0, Math.floor(grid.scrollTop / ROW) - 4),
    last = printing
      ? Math.min(rows.length, 30)
      : Math.min(rows.length, first + Math.ceil((grid.clientHeight || 392) / ROW) + 9);
  const values = valuesOf(S.k),
    out = outputOf(S.k);
  let most = 0;
  for (const j of columns) most = Math.max(most, overall[j].most);
  const template = body.previousSibling.style.gridTemplateColumns,
    made = document.createDocumentFragment();
  for (let q = first; q < last; q++) {
    const i = rows[q],
      line = el(made, "div", { className: "r", role: "row", id: "r" + i, ariaSelected: String(i === S.row) });
    line.setAttribute("aria-rowindex", q + 2);
    line.style.cssText = "top:" + q * ROW + "px;grid-template-columns:" + template;
    line.dataset.row = i;
    el(line, "span", { role: "rowheader" }, rowName(i));
    el(line, "span", { role: "gridcell" }, fmt(out[i]));
    for (const j of columns) {
      const v = values[j][i],
        node = el(
          line,
          "span",
          {
            role: "gridcell",
            title: D.names[j] + (cell(j, i) ? " = " + cell(j, i) : "") + ", SHAP value " + fmt(v, true),
          },
          cell(j, i) || fmt(v, true),
        );
      if (most && v === v)
        node.style.background =
          "color-mix(in srgb," +
          (v < 0 ? "var(--down)" : "var(--up)") +
          " " +
          Math.round(46 * Math.sqrt(Math.abs(v) / most)) +
          "%,transparent)";
    }
  }
  body.replaceChildren(made);
  if (printing) body.style.height = (last - first) * ROW + "px";
  if ($("r" + S.row)) grid.setAttribute("aria-activedescendant", "r" + S.row);
  else grid.removeAttribute("aria-activedescendant");
}
function reveal() {
  const grid = $("rows"),
    at = listed().indexOf(S.row);
  if (at < 0) return;
  const top = at * ROW,
    room = grid.clientHeight - HEAD - ROW;
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (top > grid.scrollTop + room) grid.scrollTop = top - room;
}
function sortBy(by) {
  set(S.by === by ? { down: !S.down } : { by, down: true }, ["table"]);
  seen = false;
  const name = by === "" ? "row" : by === "output" ? D.outputs[S.k] : D.names[+by];
  say("Sorted by " + name + (S.down === (by === "") ? ", ascending" : ", descending"));
}
function watchTable() {
  const grid = $("rows");
  let waiting = 0;
  grid.addEventListener("scroll", () => {
    if (!waiting)
      waiting = requestAnimationFrame(() => {
        waiting = 0;
        rowsOnScreen();
      });
  });
  grid.addEventListener("click", event => {
    const line = event.target.closest(".r");
    if (line) {
      set({ row: +line.dataset.row }, ["rings", "fall", "table", "marks"]);
      say("Row " + rowName(+line.dataset.row));
    }
  });
  grid.addEventListener("keydown", event => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -N, End: N }[event.key];
    if (!by || event.target !== grid) return;
    event.preventDefault();
    step(by);
  });
}
