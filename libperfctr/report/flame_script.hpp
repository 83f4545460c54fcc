// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace perfctr::report {

// Goes into the picture as it is.  Works on what the groups of class "f" say in
// their own attributes; names are only ever read as text.
inline constexpr const char* kFlameScript = R"js(
"use strict";
(function () {
  var root = document.documentElement;
  var width = root.viewBox.baseVal.width, margin = 10, inner = width - 2 * margin;
  var frames = Array.prototype.slice.call(root.querySelectorAll("g.f"));
  var info = root.getElementById("info"), found = root.getElementById("found");
  var back = root.getElementById("back");
  frames.forEach(function (g) {
    var rect = g.querySelector("rect");
    g.x = (rect.x.baseVal.value - margin) / inner;
    g.w = rect.width.baseVal.value / inner;
    g.y = rect.y.baseVal.value;
    g.title = g.querySelector("title").textContent;
    g.name = g.getAttribute("data-name");
    g.addEventListener("mouseover", function () { info.textContent = g.title; });
    g.addEventListener("mouseout", function () { info.textContent = ""; });
    g.addEventListener("click", function () { zoom(g); });
  });
  function place(g, x, w) {
    var rect = g.querySelector("rect"), text = g.querySelector("text");
    rect.setAttribute("x", margin + x * inner);
    rect.setAttribute("width", w * inner);
    var fit = Math.floor(w * inner / 7.2);
    text.setAttribute("x", margin + x * inner + 3);
    text.textContent = fit < 3 ? "" : g.name.length <= fit ? g.name : g.name.slice(0, fit - 2) + "..";
  }
  function zoom(to) {
    var least = 1e-9;
    frames.forEach(function (g) {
      var below = g.y > to.y && g.x <= to.x + least && g.x + g.w >= to.x + to.w - least;
      var above = g.y <= to.y && g.x >= to.x - least && g.x + g.w <= to.x + to.w + least;
      g.style.display = below || above ? "" : "none";
      if (below) place(g, 0, 1);
      if (above) place(g, (g.x - to.x) / to.w, g.w / to.w);
      g.querySelector("rect").style.opacity = below ? 0.5 : 1;
    });
    back.style.display = to.w < 1 - least ? "" : "none";
  }
  function search() {
    var term = window.prompt("Show frames whose name contains (regular expression):", "");
    if (term === null) return;
    var wanted = null, spans = [];
    try { wanted = term === "" ? null : new RegExp(term); } catch (error) { found.textContent = "not a regular expression"; return; }
    frames.forEach(function (g) {
      var hit = wanted !== null && wanted.test(g.name);
      g.querySelector("rect").style.fill = hit ? "#d040e0" : "";
      if (hit) spans.push([g.x, g.x + g.w]);
    });
    // Frames above each other count once.
    spans.sort(function (a, b) { return a[0] - b[0]; });
    var sum = 0, end = 0;
    spans.forEach(function (s) { sum += Math.max(0, s[1] - Math.max(end, s[0])); end = Math.max(end, s[1]); });
    found.textContent = wanted === null ? "" : "found: " + (100 * sum).toFixed(2) + " %";
  }
  back.addEventListener("click", function () { zoom(frames[0]); });
  root.getElementById("search").addEventListener("click", search);
  window.addEventListener("keydown", function (e) {
    if ((e.ctrlKey && e.key === "f") || e.key === "F3") { e.preventDefault(); search(); }
    if (e.key === "Escape") zoom(frames[0]);
  });
})();
)js";

}  // namespace perfctr::report
