"use strict";
const slider = document.getElementById("slider");
const strength = document.getElementById("strength");
const sweep = document.getElementById("sweep");
const figures = [...document.querySelectorAll(".row figure")];
const plots = [...document.querySelectorAll("#plots svg")].map((svg) => ({
  line: svg.querySelector(".here"),
  places: svg.dataset.places.split(" ").map((place) => place.split(":").map(Number)),
}));
const numbers = [...figures[0].querySelectorAll(".cell")].map((cell) => Number(cell.dataset.strength));
const SWEEP_MS = 450;
let timer = 0;
let held = false;

/** Show the cells of one strength; a clip goes on where the one before it was. */
function show(index) {
  strength.value = labels[index];
  for (const figure of figures) {
    const cells = [...figure.querySelectorAll(".cell")];
    const before = cells.find((cell) => cell.classList.contains("on"));
    const now = cells[index];
    for (const cell of cells) cell.classList.toggle("on", cell === now);
    figure.querySelector(".told").textContent = now.dataset.told;
    if (before === now) continue;
    if (before instanceof HTMLVideoElement) before.pause();
    if (now instanceof HTMLVideoElement) {
      if (before instanceof HTMLVideoElement) now.currentTime = before.currentTime;
      now.play().catch(() => {});
    }
  }
  for (const { line, places } of plots) {
    const place = places.find(([number]) => number === numbers[index]);
    line.toggleAttribute("hidden", !place);
    if (place) for (const end of ["x1", "x2"]) line.setAttribute(end, place[1]);
  }
}

const current = () => Number(slider.value);

function move(step) {
  slider.value = String(current() + step);
  show(current());
}

/** Go up and down through all strengths until stopped. */
function toggleSweep() {
  const runs = timer !== 0;
  sweep.setAttribute("aria-pressed", String(!runs));
  clearInterval(timer);
  timer = 0;
  if (runs) return;
  let step = 1;
  timer = setInterval(() => {
    if (current() + step < 0 || current() + step >= labels.length) step = -step;
    move(step);
  }, SWEEP_MS);
}

slider.addEventListener("input", () => show(current()));
sweep.addEventListener("click", toggleSweep);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    event.preventDefault();
    move(event.key === "ArrowLeft" ? -1 : 1);
  } else if (event.key === " ") {
    event.preventDefault();
    if (!held) show(zero);
    held = true;
  } else if (event.key.toLowerCase() === "s") toggleSweep();
});
addEventListener("keyup", (event) => {
  if (event.key !== " ") return;
  event.preventDefault();
  held = false;
  show(current());
});
for (const video of document.querySelectorAll("video")) video.load();
show(zero);
