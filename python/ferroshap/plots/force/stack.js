(function (id, d) {
  "use strict";
  // One plot: hovering over a row, the keyboard, and two menus. Everything is written as text, never as markup.
  var host = document.getElementById(id);
  if (!host) return;
  var svg = host.querySelector("svg"),
    NS = "http://www.w3.org/2000/svg";
  var W = 1000,
    H = 380,
    L = 62,
    R = 14,
    T = 26,
    B = 34,
    MOST = 480;
  var n = d.rows.length,
    m = d.names.length;
  var areas = svg.querySelector("g"),
    foot = svg.querySelector("g.x");
  var state = { order: d.keys ? "keys" : "similar", what: -1 };
  var rows = [],
    at = -1,
    top = 0,
    bottom = 1;

  function el(name, attributes, parent, text) {
    var node = document.createElementNS(NS, name);
    for (var key in attributes) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = text;
    return parent.appendChild(node);
  }
  function short(x, signed) {
    if (x === null || x === undefined) return "missing";
    if (typeof x !== "number") return String(x);
    var a = Math.abs(x),
      t = a !== 0 && (a >= 1e6 || a < 1e-4) ? x.toExponential(2) : String(+x.toPrecision(4));
    return (signed && x >= 0 ? "+" + t : t).replace("-", "\u2212");
  }
  function shownOutput(x) {
    return d.logit ? (1 / (1 + Math.exp(-x))).toFixed(3) : short(x);
  }
  function sum(list, i) {
    var s = 0;
    for (var j = 0; j < list.length; j++) s += list[j][i];
    return s;
  }
  var out = d.base.map(function (b, i) {
    return b + sum(d.effects, i);
  });

  function less(a, b) {
    var x = a === null || a !== a,
      y = b === null || b !== b;
    if (x || y) return x - y; // missing ones last
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
  }
  function ordered() {
    var all = d.rows.map(function (_, i) {
        return i;
      }),
      o = state.order;
    if (o === "original") return all;
    var by =
      o === "similar"
        ? d.similar
        : o === "keys"
          ? d.keyRank
          : o === "output"
            ? out.map(function (x) {
                return -x;
              })
            : d.features[o];
    return all.sort(function (a, b) {
      return less(by[a], by[b]) || d.similar[a] - d.similar[b];
    });
  }
  function label(i) {
    var o = state.order;
    if (o === "keys") return d.keys[i];
    if (o === "original") return d.rows[i];
    if (o === "output") return shownOutput(out[i]);
    return typeof o === "number" ? short(d.features[o][i]) : "";
  }
  function x(k, count) {
    return L + (count > 1 ? k / (count - 1) : 0.5) * (W - L - R);
  }
  function y(v) {
    return T + ((top - v) / (top - bottom)) * (H - T - B);
  }
  function opacity(k) {
    return Math.max(0.95 - 0.06 * k, 0.3) - (k % 2 ? 0.1 : 0);
  }

  function draw() {
    rows = ordered();
    var count = Math.min(n, MOST),
      one = state.what >= 0,
      js = [],
      k,
      j,
      s;
    for (j = 0; j < m; j++) if (!one || j === state.what) js.push(j);
    var edge = [],
      base = [],
      up = [],
      down = [];
    for (k = 0; k < count; k++) {
      var from = Math.round((k * n) / count),
        to = Math.round(((k + 1) * n) / count),
        share = 1 / (to - from);
      edge[k] = base[k] = 0;
      js.forEach(function (_, q) {
        (up[q] = up[q] || [])[k] = 0;
        (down[q] = down[q] || [])[k] = 0;
      });
      for (var r = from; r < to; r++) {
        var i = rows[r];
        if (!one) {
          edge[k] += out[i] * share;
          base[k] += d.base[i] * share;
        }
        js.forEach(function (f, q) {
          var v = d.effects[f][i] * share;
          if (v > 0) up[q][k] += v;
          else down[q][k] -= v;
        });
      }
    }
    // A single effect grows from zero, upwards where it pushes up; all of them end at f(x).
    var sides = one
        ? [
            [up, 1, 0],
            [down, -1, 1],
          ]
        : [
            [up, -1, 0],
            [down, 1, 1],
          ],
      paths = [];
    top = -Infinity;
    bottom = Infinity;
    function reach(v) {
      if (v > top) top = v;
      if (v < bottom) bottom = v;
    }
    sides.forEach(function (side) {
      var e = edge.slice();
      side[0].forEach(function (push, q) {
        var beyond = e.map(function (v, c) {
          return v + side[1] * push[c];
        });
        paths.push([e, beyond, d.pair[side[2]], one ? 0 : q, js[q], side[2]]);
        e = beyond;
      });
      e.forEach(reach);
    });
    edge.forEach(reach);
    base.forEach(reach);
    if (!(top > bottom)) {
      top += 0.5;
      bottom -= 0.5;
    }
    areas.textContent = "";
    var thin = count > 150; // many columns leave no room between strokes
    paths.forEach(function (p) {
      if (
        !p[0].some(function (v, c) {
          return v !== p[1][c];
        })
      )
        return;
      s = "M";
      for (k = 0; k < count; k++) s += (k ? "L" : "") + x(k, count).toFixed(1) + " " + y(p[0][k]).toFixed(1);
      for (k = count - 1; k >= 0; k--) s += "L" + x(k, count).toFixed(1) + " " + y(p[1][k]).toFixed(1);
      var path = el(
        "path",
        {
          d: s + "Z",
          fill: p[2],
          "fill-opacity": opacity(p[3]),
          stroke: "#fff",
          "stroke-opacity": thin ? 0.25 : 0.55,
          "stroke-width": thin ? 0.3 : 0.6,
        },
        areas,
      );
      el("title", {}, path, d.names[p[4]] + (p[5] ? " pushes down" : " pushes up"));
    });
    function line(v, attributes) {
      s = v
        .map(function (u, c) {
          return x(c, count).toFixed(1) + " " + y(u).toFixed(1);
        })
        .join("L");
      attributes.d = "M" + s;
      attributes.stroke = "currentColor";
      attributes.fill = "none";
      el("path", attributes, areas);
    }
    line(edge, { "stroke-width": thin ? 0.8 : 1.4 });
    if (!one) line(base, { "stroke-opacity": 0.6, "stroke-dasharray": "4 3" });
    axes();
    point(-1);
  }

  var marks = el("g", {}, svg),
    cursor = el("path", { stroke: "currentColor", "stroke-width": 1, fill: "none", visibility: "hidden" }, svg);
  svg.insertBefore(marks, foot);
  Array.prototype.slice.call(svg.children).forEach(function (node) {
    // the static marks give way to drawn ones
    if (node !== marks && node.tagName === "path" && /H986/.test(node.getAttribute("d"))) {
      svg.removeChild(node.nextElementSibling);
      svg.removeChild(node);
    }
  });
  function nice(low, high, about) {
    var least = (high - low) / about,
      power = Math.pow(10, Math.floor(Math.log10(least))),
      list = [];
    var step = [1, 2, 5, 10]
      .map(function (q) {
        return q * power;
      })
      .filter(function (q) {
        return q >= least * (1 - 1e-9);
      })[0];
    for (var q = Math.ceil(low / step - 1e-9); q <= high / step + 1e-9 && list.length < 50; q++) list.push(q * step);
    return list;
  }
  function axes() {
    marks.textContent = "";
    foot.textContent = "";
    var odds = d.logit && state.what < 0,
      least = (top - bottom) / 7,
      chosen = [];
    if (odds)
      [0.5, 0.2, 0.8, 0.1, 0.9, 0.05, 0.95, 0.02, 0.98, 0.01, 0.99, 1e-3, 0.999, 1e-4, 0.9999, 1e-5, 0.99999].forEach(
        function (p) {
          var v = Math.log(p / (1 - p));
          if (
            v >= bottom &&
            v <= top &&
            chosen.every(function (u) {
              return Math.abs(u - v) >= least;
            })
          )
            chosen.push(v);
        },
      );
    (chosen.length > 1 ? chosen : nice(bottom, top, 7)).forEach(function (v) {
      el(
        "path",
        { d: "M" + L + " " + y(v).toFixed(1) + "H" + (W - R), stroke: "currentColor", "stroke-opacity": 0.12 },
        marks,
      );
      var text = odds ? (chosen.length > 1 ? String(+(1 / (1 + Math.exp(-v))).toFixed(9)) : shownOutput(v)) : short(v);
      el("text", { x: L - 8, y: y(v) + 4, "text-anchor": "end", "font-size": 11, "fill-opacity": 0.7 }, marks, text);
    });
    var named = menu.order.options[menu.order.selectedIndex].text;
    var many = n < d.total ? n + " of " + d.total + " rows" : n + " rows";
    el(
      "text",
      { x: (L + W - R) / 2, y: H - 4, "text-anchor": "middle", "fill-opacity": 0.8 },
      foot,
      many + ", " + named,
    );
    var last = -1e9;
    for (var k = 0; k <= 6; k++) {
      var r = Math.round((k / 6) * (n - 1)),
        text = label(rows[r]);
      if (!text || x(r, n) - last < 70) continue;
      last = x(r, n);
      if (text.length > 18) text = text.slice(0, 17) + "\u2026";
      el(
        "text",
        {
          x: last,
          y: H - 20,
          "text-anchor": k === 0 ? "start" : k === 6 ? "end" : "middle",
          "font-size": 11,
          "fill-opacity": 0.7,
        },
        foot,
        text,
      );
    }
  }

  // The text beside the pointer, also read out when the keyboard moves it.
  var tip = document.createElement("div");
  tip.setAttribute("role", "status");
  tip.style.cssText =
    "position:absolute;pointer-events:none;visibility:hidden;background:Canvas;color:CanvasText;border:1px solid GrayText;border-radius:4px;padding:6px 9px;font:12px/1.45 system-ui,sans-serif;white-space:pre;z-index:9;top:34px;box-shadow:0 2px 8px #0003";
  host.appendChild(tip);
  function point(r) {
    at = r;
    tip.style.visibility = r < 0 ? "hidden" : "visible";
    cursor.setAttribute("visibility", r < 0 ? "hidden" : "visible");
    if (r < 0) return;
    var i = rows[r],
      px = x(r, n);
    cursor.setAttribute("d", "M" + px.toFixed(1) + " " + T + "V" + (H - B));
    var js = d.names
      .map(function (_, j) {
        return j;
      })
      .filter(function (j) {
        return d.effects[j][i] !== 0;
      });
    js.sort(function (a, b) {
      return Math.abs(d.effects[b][i]) - Math.abs(d.effects[a][i]);
    });
    var text = "Row " + d.rows[i] + "\n" + d.output + " = " + shownOutput(out[i]);
    js.slice(0, 7).forEach(function (j) {
      var value = d.features && d.features[j] ? " = " + short(d.features[j][i]) : "";
      text += "\n" + short(d.effects[j][i], true) + "  " + (d.names[j] + value).slice(0, 60);
    });
    if (js.length > 7) text += "\nand " + (js.length - 7) + " more";
    tip.textContent = text;
    var box = svg.getBoundingClientRect(),
      frame = host.getBoundingClientRect();
    var left = box.left - frame.left + (px / W) * box.width;
    tip.style.left = Math.max(0, left > frame.width / 2 ? left - tip.offsetWidth - 12 : left + 12) + "px";
  }
  function under(event) {
    var box = svg.getBoundingClientRect(),
      u = ((event.clientX - box.left) / box.width) * W;
    return Math.max(0, Math.min(n - 1, Math.round(((u - L) / (W - L - R)) * (n - 1))));
  }
  svg.addEventListener("pointermove", function (event) {
    point(under(event));
  });
  svg.addEventListener("pointerdown", function (event) {
    point(under(event));
  });
  svg.addEventListener("pointerleave", function () {
    point(-1);
  });
  svg.setAttribute("tabindex", "0");
  svg.addEventListener("keydown", function (event) {
    var step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -n, End: n }[event.key];
    if (event.key === "Escape") point(-1);
    if (!step) return;
    event.preventDefault();
    point(Math.max(0, Math.min(n - 1, at + step)));
  });
  svg.addEventListener("blur", function () {
    point(-1);
  });

  function choice(name, options, value, change) {
    var box = document.createElement("label"),
      select = document.createElement("select");
    box.style.cssText = "font:13px system-ui,sans-serif;margin-right:18px";
    box.textContent = name + " ";
    options.forEach(function (o) {
      var option = document.createElement("option");
      option.value = o[0];
      option.textContent = o[1];
      select.appendChild(option);
    });
    select.value = value;
    select.style.cssText = "font:inherit;max-width:230px";
    select.addEventListener("change", function () {
      change(select.value);
      draw();
    });
    box.appendChild(select);
    bar.appendChild(box);
    return select;
  }
  var bar = document.createElement("div"),
    menu = {};
  bar.style.cssText = "margin:0 0 6px";
  host.insertBefore(bar, host.firstChild);
  var orders = [
    ["similar", "like beside like"],
    ["output", "by " + d.output],
    ["original", "in the order given"],
  ];
  if (d.keys) orders.unshift(["keys", "by the keys given"]);
  if (d.features)
    d.features.forEach(function (_, j) {
      orders.push([j, "by " + d.names[j]]);
    });
  menu.order = choice("Rows", orders, state.order, function (v) {
    state.order = isNaN(v) ? v : +v;
  });
  menu.what = choice(
    "Show",
    [[-1, d.output + ", all features"]].concat(
      d.names.map(function (name, j) {
        return [j, "effect of " + name];
      }),
    ),
    -1,
    function (v) {
      state.what = +v;
    },
  );
  draw();
});
