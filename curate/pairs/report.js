const $ = (selector) => document.querySelector(selector);
const boxes = [...document.querySelectorAll(".top input[type=checkbox]")];
const pairs = JSON.parse($("#pairs").textContent);
const pairOf = new Map(pairs.map((pair) => [blank(pair), pair]));
const cards = [...pairOf.keys()];

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// A card is its header until it comes near the view: ten thousand whole ones are too many.
function blank(pair) {
  return element("article", { className: pair.ruling },
    element("header", {}, element("h2", { textContent: pair.name }), element("span", { className: "verdict", textContent: pair.ruling })));
}

function fill(card) {
  const pair = pairOf.get(card), measures = pair.measures;
  if (card.children.length > 1) return;
  const reasons = pair.reasons.map(([ruling, , text]) => element("li", { className: ruling, textContent: text }));
  const figures = numbers.map((number) => element("div", {}, element("dt", { textContent: number.label }), element("dd", {}, written(number, measures[number.key]))));
  card.append(
    element("div", { className: "halves" }, half(pair.frame, "frame", pair), half(pair.twin, "twin", pair, ...worst(pair))),
    element("ul", {}, ...reasons), element("dl", {}, ...figures));
}

function half(address, what, pair, ...over) {
  const { width_px: width, height_px: height } = pair.measures;
  const image = element("img", { loading: "lazy", alt: `${what} of ${pair.name}`, width: width ?? 0, height: height ?? 0, src: address });
  return element("a", address.startsWith("data:") ? {} : { href: address }, image, ...over);
}

// A box around the worst tile, where it is a reason.
function worst({ reasons, measures: { tile_x: x, tile_y: y } }) {
  if (!reasons.some(([, badge]) => badge === "content") || x == null || y == null) return [];
  const box = element("i", { className: "tile", title: "the place that changed most" });
  box.style.cssText = `left:${x * 100}%;top:${y * 100}%;width:6.25%`;
  return [box];
}

function written(number, value) {
  if (value == null) return element("em", { textContent: "not measured" });
  const text = Math.abs(value).toFixed(number.digits);
  const sign = value < 0 && Number(text) ? "−" : number.signed ? "+" : "";
  return sign + text + number.unit;
}

const near = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) if (isIntersecting) { fill(target); near.unobserve(target); }
}, { rootMargin: "1000px" });
cards.forEach((card) => near.observe(card));
addEventListener("beforeprint", () => cards.forEach(fill));

let sorted;

function ranked(key) {
  const value = (card) => pairOf.get(card).measures[key] ?? Infinity;
  return [...cards].sort((a, b) => value(a) - value(b) || 0);
}

function arrange() {
  const verdicts = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const reason = $("#reason").value, by = $("#sort").value, words = $("#search").value.trim().toLowerCase();
  let shown = 0;
  for (const [card, pair] of pairOf) {
    const has = (one) => !one || pair.reasons.some(([, badge]) => badge === one);
    card.hidden = !verdicts.has(pair.ruling) || !has(reason) || !pair.name.toLowerCase().includes(words);
    if (!card.hidden) shown++;
  }
  if (by !== sorted) $("main").append(...(by ? ranked(by) : cards));
  sorted = by;
  $("#count").textContent = `${shown} shown`;
}
for (const control of [...boxes, $("#reason"), $("#sort"), $("#search")]) control.addEventListener("input", arrange);
arrange();

// The viewer: both halves over each other, the twin cut off at the wipe.
const viewer = $("#viewer"), stage = viewer.querySelector("div"), range = viewer.querySelector("input");
let current = null, flipped = false;

function cut() {
  const twin = stage.lastElementChild;
  if (twin) twin.style.clipPath = flipped ? "none" : `inset(0 0 0 ${range.value}%)`;
}

function open(card) {
  current = card;
  flipped = false;
  const pair = pairOf.get(card);
  stage.replaceChildren(...["frame", "twin"].map((what) => element("img", { src: pair[what], alt: `${what} of ${pair.name}`, draggable: false })));
  viewer.querySelector("b").textContent = pair.name;
  const verdict = viewer.querySelector("span");
  verdict.textContent = verdict.className = pair.ruling;
  if (!viewer.open) viewer.showModal();
  cut();
}

function step(by) {
  const shown = [...document.querySelectorAll("article:not([hidden])")];
  const next = shown[shown.indexOf(current) + by];
  if (next) open(next);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".halves a");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  open(link.closest("article"));
});
range.addEventListener("input", () => { flipped = false; cut(); });
stage.addEventListener("pointermove", (event) => {
  const image = stage.firstElementChild;
  if (!image || flipped) return;
  range.value = event.offsetX / stage.clientWidth * 100;
  cut();
});
viewer.addEventListener("keydown", (event) => {
  if (event.key === " ") { flipped = !flipped; range.value = flipped ? range.value : 100; cut(); }
  else if (event.target === range) return;
  else if (event.key === "ArrowRight") step(1);
  else if (event.key === "ArrowLeft") step(-1);
  else return;
  event.preventDefault();
});
