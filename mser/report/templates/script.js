"use strict";
// Tables are sorted by the head of a column: first up, then down, then as they came. Without this script they are
// as they came. A fold and its seeds, a table body of several, stay together.
const bodies = (table) => [...table.tBodies];
const parts = (table) => (bodies(table).length > 1 ? bodies(table) : [...table.tBodies[0].rows]);

// A row's cell of a column; undefined where a wider one spans it.
const cell = (part, column) => {
  let place = 0;
  for (const one of (part.rows ? part.rows[0] : part).cells) {
    if (place + one.colSpan > column) return one.colSpan > 1 ? undefined : one;
    place += one.colSpan;
  }
};

// What a cell says, for sorting: "79.4 [74.0, 83.8]" is 79.4, "< 0.001" is 0.001; nothing and a dash are unknown.
const value = (part, column) => {
  const found = cell(part, column);
  const text = (found?.dataset.sort ?? found?.textContent ?? "").trim().replace("−", "-");
  const number = /^[[<\s]*([-+]?\d+(?:,\d{3})*(?:\.\d+)?)/.exec(text);
  return { text: text === "–" ? "" : text, number: number ? Number(number[1].replaceAll(",", "")) : NaN };
};

const sorted = (table, original, column, direction) => {
  const keyed = original.map((part) => ({ part, ...value(part, column) }));
  const known = keyed.filter((one) => one.text !== "");
  const numbers = known.every((one) => !Number.isNaN(one.number));
  known.sort((a, b) => direction * (numbers ? a.number - b.number : a.text.localeCompare(b.text, "en", { numeric: true })));
  return [...known, ...keyed.filter((one) => one.text === "")].map((one) => one.part);
};

const sort = (table, original, head) => {
  const next = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
  const way = next === undefined ? "ascending" : next;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  if (way) head.setAttribute("aria-sort", way);
  const order = way ? sorted(table, original, head.cellIndex, way === "ascending" ? 1 : -1) : original;
  for (const part of order) part.parentNode.insertBefore(part, part.parentNode === table ? table.tFoot : null);
};

for (const table of document.querySelectorAll("table")) {
  const original = parts(table);
  if (original.length < 2) continue;
  for (const head of table.tHead.rows[0].cells) {
    if (!head.textContent.trim() || original.every((part) => value(part, head.cellIndex).text === "")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, original, head));
    head.append(button);
  }
}

// The list of contents leads into what is folded away.
const unfold = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let fold = target && target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", unfold);
unfold();

// Paper shows what the screen folds away.
const folded = () => [...document.querySelectorAll("details:not([open])")];
let opened = [];
addEventListener("beforeprint", () => { opened = folded(); for (const one of opened) one.open = true; });
addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
