// The pairs as a list and as a contact sheet: only what is in sight exists as elements.

import { $, h } from "./dom.js";
import { MARKS, WORDS, choiceOf, emit, go, store, verdictOf } from "./store.js";

const ROW_PX = 60;
const SPARE = 4; // rows beyond the edges
const AT_ONCE = 3; // thumbnails asked for at a time, so that pictures never wait behind them
const KEPT = 3000; // addresses of thumbnails that were loaded

let waiting = [];
let asked = 0;
const loaded = new Set();

// The last one asked for comes first: it is what is in sight now.
function fetchThumb(image, id) {
  const address = `thumb/${id}`;
  image.dataset.address = address;
  if (loaded.has(address)) image.src = address;
  else {
    waiting.push(image);
    pump();
  }
}

function pump() {
  while (asked < AT_ONCE && waiting.length) {
    const image = waiting.pop();
    if (!image.isConnected) continue;
    asked++;
    const done = () => {
      asked--;
      if (loaded.size > KEPT) loaded.clear();
      loaded.add(image.dataset.address);
      pump();
    };
    image.addEventListener("load", done, { once: true });
    image.addEventListener("error", done, { once: true });
    image.src = image.dataset.address;
  }
}

function thumb(index, which) {
  const image = h("img", { alt: "", draggable: "false", fetchpriority: "low" });
  const box = h("div", { class: `thumb ${which}` }, image);
  queueMicrotask(() => fetchThumb(image, store.pairs.id[index]));
  return box;
}

function mark(index) {
  const verdict = verdictOf(index), decided = choiceOf(index) !== null;
  return h("span", { class: `mark ${verdict}${decided ? " decided" : ""}`, title: `${WORDS[verdict]}, ${decided ? "decided" : "by the rule"}` }, MARKS[verdict]);
}

const spoken = (index) => `${store.pairs.label[index]}, ${WORDS[verdictOf(index)]}, ${choiceOf(index) ? "decided" : "not decided"}`;

function row(index) {
  const reasons = store.pairs.reasons[index].map(([badge]) => badge).join(", ");
  return [
    thumb(index, "twin"),
    h("div", { class: "what" },
      h("div", { class: "name", title: store.pairs.label[index] }, h("bdi", {}, store.pairs.label[index])),
      h("div", { class: "why" }, reasons || "no reason against it")),
    mark(index),
  ];
}

function cell(index) {
  return [h("figure", {}, thumb(index, sheet.half),
    h("figcaption", { class: verdictOf(index) }, h("span", { class: "name", title: store.pairs.label[index] }, store.pairs.label[index]), mark(index)))];
}

export const sheet = { half: "twin", columns: 1 };

// One scrolled box of equal parts; `shape` says how many columns there are and how large a part is.
function virtual(box, kind, fill, shape) {
  const run = box.querySelector(".run");
  let made = new Map(); // place -> element

  function draw() {
    if (!box.clientHeight) return;
    const { columns, width, height } = shape();
    run.style.height = `${Math.ceil(store.view.length / columns) * height}px`;
    const first = Math.max(0, Math.floor(box.scrollTop / height) - SPARE) * columns;
    const last = Math.min(store.view.length, (Math.ceil((box.scrollTop + box.clientHeight) / height) + SPARE) * columns);
    const next = new Map();
    for (let place = first; place < last; place++) {
      let element = made.get(place);
      if (element) made.delete(place);
      else run.append((element = part(place)));
      element.style.top = `${Math.floor(place / columns) * height}px`;
      if (kind === "cell") {
        element.style.left = `${(place % columns) * width}px`;
        element.style.width = `${width}px`;
      }
      element.style.height = `${height}px`;
      element.setAttribute("aria-selected", String(place === store.place));
      next.set(place, element);
    }
    for (const element of made.values()) element.remove();
    made = next;
    if (made.has(store.place)) box.setAttribute("aria-activedescendant", `${kind}-${store.place}`);
    else box.removeAttribute("aria-activedescendant");
  }

  function part(place) {
    const index = store.view[place];
    return h("div", {
      class: kind, id: `${kind}-${place}`, role: "option", "aria-posinset": place + 1,
      "aria-setsize": store.view.length, "aria-label": spoken(index),
      onclick: () => go(place), ondblclick: () => emit("open"),
    }, ...fill(index));
  }

  function renew() {
    for (const element of made.values()) element.remove();
    made = new Map();
    draw();
  }

  function refresh(index) {
    const place = store.rank[index], element = made.get(place);
    if (!element) return;
    element.setAttribute("aria-label", spoken(index));
    element.querySelector(".mark").replaceWith(mark(index));
    const caption = element.querySelector("figcaption");
    if (caption) caption.className = verdictOf(index);
  }

  function reveal() {
    if (!box.clientHeight || store.place < 0) return draw();
    const { columns, height } = shape();
    const top = Math.floor(store.place / columns) * height;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight;
    return draw();
  }

  box.addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(() => reveal()).observe(box);
  return { draw, renew, refresh, reveal };
}

export function lists() {
  const list = virtual($("list"), "row", row, () => ({ columns: 1, width: 0, height: ROW_PX }));
  const cells = virtual($("sheet"), "cell", cell, () => {
    const wide = $("sheet").clientWidth;
    const columns = Math.max(1, Math.floor(wide / Number($("size").value)));
    const width = Math.floor(wide / columns);
    sheet.columns = columns;
    return { columns, width, height: Math.round((width - 10) * 9 / 16) + 44 };
  });
  $("size").value = innerWidth / 7;
  $("size").addEventListener("input", () => cells.reveal());
  const both = (name) => (...given) => { list[name](...given); cells[name](...given); };
  return { renew: both("renew"), refresh: both("refresh"), reveal: both("reveal"), cells };
}

// All halves on the sheet at once from frame to twin and back: what moves, differs.
export function flipSheet() {
  sheet.half = sheet.half === "twin" ? "frame" : "twin";
  for (const box of $("sheet").querySelectorAll(".thumb")) box.className = `thumb ${sheet.half}`;
  return sheet.half;
}
