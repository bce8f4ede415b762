// The controls, and the order in which everything begins.
function option(select, value, text) {
  el(select, "option", { value }, text);
}
painters.controls = () => {
  $("seen").textContent =
    inView === N
      ? "All " + count(N, "row") + " in view"
      : count(inView, "row") + " of " + N.toLocaleString("en") + " in view";
  $("clear").hidden = inView === N && !S.brush && !S.query && S.cohort < 0;
  const chips = $("chips");
  chips.textContent = "";
  chips.hidden = !cohorts;
  if (cohorts)
    cohorts.names.forEach((name, g) => {
      const chip = el(chips, "button", { type: "button", ariaPressed: String(S.cohort === g) });
      el(chip, "i", {}).style.background = HUES[g % HUES.length];
      chip.append(name + " \u00b7 " + cohorts.sizes[g].toLocaleString("en"));
      chip.addEventListener("click", () => {
        set({ cohort: S.cohort === g ? -1 : g }, VIEW);
        requestAnimationFrame(() => {
          const again = $("chips").children[g];
          if (again) again.focus();
          say(count(inView, "row") + " in view");
        });
      });
    });
  const b = S.brush && S.brush.kind === "effect" ? S.brush : null;
  $("rangeof").textContent = D.names[b ? b.feature : S.feature];
  for (const [id, at] of [
    ["low", "low"],
    ["high", "high"],
  ])
    if (document.activeElement !== $(id)) $(id).value = b && isFinite(b[at]) ? +b[at].toPrecision(4) : "";
  for (const button of $("sorts").children) button.setAttribute("aria-pressed", String(button.dataset.sort === S.sort));
  const colour = $("colour");
  colour.options[0].text =
    D.near && D.near[S.k][S.feature] >= 0 ? "Automatic: " + D.names[D.near[S.k][S.feature]] : "Automatic: none";
  colour.value = String(S.color);
  $("feature").value = String(S.feature);
  const base = $("f-base"),
    mean = $("f-mean"),
    out = outputOf(S.k);
  const average = list => {
    let n = 0,
      sum = 0;
    for (let i = 0; i < N; i++)
      if (mask[i] && list[i] === list[i]) {
        n++;
        sum += list[i];
      }
    return n ? fmt(sum / n) : "\u2013";
  };
  if (base) base.textContent = average(baseOf(S.k));
  mean.textContent = average(out);
};
function clear() {
  $("search").value = "";
  set({ brush: null, query: "", cohort: -1 }, VIEW);
  say("All rows in view");
}
function typedRange() {
  const low = $("low").value === "" ? -Infinity : +$("low").value,
    high = $("high").value === "" ? Infinity : +$("high").value;
  const was = S.brush && S.brush.kind === "effect" ? S.brush.feature : S.feature;
  set({ brush: low === -Infinity && high === Infinity ? null : { kind: "effect", feature: was, low, high } }, VIEW);
}
function watchControls() {
  const sorted = D.names.map((name, j) => [name, j]);
  for (const [name, j] of sorted) {
    option($("feature"), j, name);
    if (D.data && D.data[j]) {
      option($("colour"), j, name);
      option($("split"), j, name);
    }
    option($("by"), j, name);
  }
  if (D.cohorts)
    $("split").insertBefore(
      el(null, "option", { value: "auto" }, "groups found in the values"),
      $("split").options[1] || null,
    );
  D.outputs.forEach((name, k) => option($("output"), k, name));
  $("by").options[1].text = D.outputs[0];
  $("output").addEventListener("change", event => {
    set({ k: +event.target.value }, [...VIEW, "fall"]);
    $("by").options[1].text = D.outputs[S.k];
    lanes = {};
    say("Output " + D.outputs[S.k]);
  });
  $("split").addEventListener("change", event => {
    set({ split: event.target.value, cohort: -1 }, S.cohort < 0 ? ["split", "controls", "bars"] : ["split", ...VIEW]);
  });
  $("feature").addEventListener("change", event => choose(+event.target.value, -1));
  $("colour").addEventListener("change", event => set({ color: event.target.value }, ["scatter"]));
  $("by").addEventListener("change", event => {
    set({ by: event.target.value, down: true }, ["table"]);
  });
  $("turn").addEventListener("click", () => {
    set({ down: !S.down }, ["table"]);
  });
  $("sorts").addEventListener("click", event => {
    const sort = event.target.dataset.sort;
    if (sort) {
      set({ sort }, ["bars", "swarm", "rings", "controls"]);
      say("Features ordered by " + event.target.textContent);
    }
  });
  $("more").addEventListener("click", () => set({ all: !S.all }, ["bars", "swarm", "rings"]));
  $("clear").addEventListener("click", clear);
  $("back").addEventListener("click", () => step(-1));
  $("next").addEventListener("click", () => step(1));
  let waiting = 0;
  $("search").addEventListener("input", event => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      set({ query: event.target.value }, VIEW);
      requestAnimationFrame(() => say(count(inView, "row") + " found"));
    }, 120);
  });
  $("low").addEventListener("change", typedRange);
  $("high").addEventListener("change", typedRange);
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && (S.brush || S.query || S.cohort >= 0)) clear();
  });
}
const EVERYTHING = ["split", ...VIEW, "fall"];
function start() {
  theme();
  $("live").textContent = "";
  for (const node of document.querySelectorAll("[data-script]")) node.hidden = false;
  const means = D.overall[0].mean;
  S.feature = means.reduce((best, x, j) => (x > means[best] ? j : best), 0);
  $("chips").hidden = true;
  $("ramp").style.background = "linear-gradient(90deg," + D.ramp.join(",") + ")";
  $("outputs").hidden = K < 2;
  $("splits").hidden = !D.data || N < 4;
  watchControls();
  watchBars();
  watchSwarm();
  watchScatter();
  watchTable();
  for (const part of EVERYTHING) dirty.add(part);
  paint();
  let width = document.documentElement.clientWidth,
    waiting = 0;
  window.addEventListener("resize", () => {
    if (document.documentElement.clientWidth === width) return;
    width = document.documentElement.clientWidth;
    clearTimeout(waiting);
    waiting = setTimeout(() => set({}, ["bars", "swarm", "rings", "scatter", "fall", "table"]), 60);
  });
  const again = () => {
    theme();
    for (const part of EVERYTHING) dirty.add(part);
    lanes = {};
    paint();
  };
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    theme();
    set({}, ["bars", "swarm", "rings", "scatter", "fall", "table"]);
  });
  window.matchMedia("print").addEventListener("change", event => {
    printing = event.matches;
    again();
  });
  window.addEventListener("beforeprint", () => {
    printing = true;
    again();
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    again();
  });
}
start();
