const $ = (selector) => document.querySelector(selector);
const boxes = [...document.querySelectorAll(".top input[type=checkbox]")];
const cards = [...document.querySelectorAll("article")];
const name = (card) => card.querySelector("h2").textContent;
const badges = (card) => [...card.querySelectorAll("[data-badge]")].map((item) => item.dataset.badge);

let sorted = -1;

function ranked(place) {
  const value = (card) => {
    const told = parseFloat(card.querySelectorAll("dd")[place].textContent.replace("−", "-"));
    return Number.isNaN(told) ? Infinity : told;
  };
  const values = new Map(cards.map((card) => [card, value(card)]));
  return [...cards].sort((a, b) => values.get(a) - values.get(b) || 0);
}

function arrange() {
  const verdicts = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const reason = $("#reason").value, place = $("#sort").selectedIndex - 1, words = $("#search").value.trim().toLowerCase();
  let shown = 0;
  for (const card of cards) {
    card.hidden = !verdicts.has(card.dataset.verdict) || (reason && !badges(card).includes(reason)) || !name(card).toLowerCase().includes(words);
    if (!card.hidden) shown++;
  }
  if (place !== sorted) $("main").append(...(place < 0 ? cards : ranked(place)));
  sorted = place;
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
  stage.replaceChildren(...[...card.querySelectorAll("img")].map((image) => Object.assign(new Image(), { src: image.src, alt: image.alt, draggable: false })));
  viewer.querySelector("b").textContent = name(card);
  const verdict = viewer.querySelector("span");
  verdict.textContent = verdict.className = card.dataset.verdict;
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
