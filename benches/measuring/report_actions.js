// One action on a report, and the end of the frame that shows it: milliseconds in between.
async ([name, q]) => {
  const frame = () => new Promise(done => requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = done; c.port2.postMessage(0); }));
  const $ = id => document.getElementById(id), fire = (node, type, more) => node.dispatchEvent(new (type.startsWith("pointer") ? PointerEvent : Event)(type, { bubbles: true, pointerId: 1, ...more }));
  $("rings").setPointerCapture = $("over2").setPointerCapture = () => {};
  const at = (node, x, y) => { const box = node.getBoundingClientRect(); return { clientX: box.left + x, clientY: box.top + y }; };
  const acts = {
    "choose a feature": () => $("feats").children[q % 20].click(),
    "choose a row": () => $("body").children[q % 10].click(),
    "point at a dot": () => fire($("rings"), "pointermove", at($("rings"), 200 + 9 * q, 60 + 28 * (q % 9))),
    "brush, each move": () => { if (q === 0) fire($("rings"), "pointerdown", at($("rings"), 150, 40)); fire($("rings"), "pointermove", at($("rings"), 200 + 20 * q, 40)); },
    "search": () => { const box = $("search"); box.value = ["f1 > 0", "f2 < 0.3", "red", "f3 > 0 blue", "12"][q % 5]; fire(box, "input"); },
    "sort the table": () => document.querySelectorAll("#table .hd button")[1 + q % 9].click(),
    "scroll the table": () => { $("rows").scrollTop = 7000 * (q + 1); },
    "order the bars": () => $("sorts").children[q % 4].click(),
    "split into groups": () => { $("split").value = String(q % 9); fire($("split"), "change"); },
    "all features": () => $("more").click(),
    "tidy": () => { fire($("rings"), "pointerup", at($("rings"), 300, 40)); if ($("clear").offsetParent) $("clear").click(); $("split").value = ""; fire($("split"), "change"); },
  };
  const begun = performance.now(), waits = name === "search" ? 121 : 0; // the search waits for the next key
  acts[name]();
  if (waits) await new Promise(done => setTimeout(done, waits));
  await frame();
  return performance.now() - begun - waits;
}
