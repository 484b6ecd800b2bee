// Histograms of what the rule measures, with thresholds to drag and what each would change.

import { $, color, context2d, h, kbd, say, toast } from "./dom.js";
import { ask } from "./desk.js";
import { emit, isOpen, store } from "./store.js";

const BINS = 56;
const LETTERS = ["k", "l", "r"];
const NAMES = { k: "keep", l: "look", r: "reject" };
const STERNNESS = { k: 0, l: 1, r: 2 };

let said = null; // what the server said: { now, limits }
let pending = {}; // thresholds changed here and not applied
let began = ""; // the rulings when the panel was opened, a letter a pair

export async function open() {
  pending = {};
  began = store.pairs.ruling.map((ruling) => ruling[0]).join("");
  $("limits").replaceChildren(
    h("header", {}, h("h2", { id: "limits-title" }, "Thresholds"),
      h("button", { onclick: () => $("limits").close() }, "Close", kbd("Esc"))),
    h("div", { class: "inside" },
      h("div", { class: "tally", id: "tally", "aria-live": "polite" }, "Counting …"),
      h("div", { class: "charts", id: "charts" })),
  );
  $("limits").showModal();
  await renew();
}

async function renew() {
  try {
    said = await ask("whatif", { set: pending });
  } catch (error) {
    toast(error.message, { alarm: true });
    return;
  }
  tally(said.now);
  const focused = document.activeElement?.dataset?.limit;
  $("charts").replaceChildren(...said.limits.filter((limit) => limit.values.some((v) => v !== null)).map(chart));
  if (focused) document.querySelector(`[data-limit="${focused}"]`)?.focus();
}

// The ruling of every pair with one limit's threshold elsewhere, as the server would say it.
export function rulings(limit, threshold) {
  const letter = limit.ruling[0];
  const passes = limit.side === "over" ? (value) => value > threshold : (value) => value < threshold;
  let letters = "";
  for (let i = 0; i < limit.values.length; i++) {
    const value = limit.values[i], rest = limit.without[i];
    letters += value !== null && passes(value) && STERNNESS[letter] > STERNNESS[rest] ? letter : rest;
  }
  return letters;
}

const count = (letters, letter) => letters.split(letter).length - 1;

function changes(before, after) {
  let total = 0, decided = 0;
  for (let i = 0; i < before.length; i++) {
    if (before[i] === after[i]) continue;
    total++;
    if (!isOpen(i)) decided++;
  }
  return { total, decided };
}

function tally(letters) {
  const { total, decided } = changes(began, letters);
  const parts = LETTERS.map((letter) => h("span", {}, h("span", { class: `badge ${NAMES[letter]}` }, NAMES[letter]), " ",
    h("b", {}, `${count(began, letter)} → ${count(letters, letter)}`)));
  const set = Object.entries(pending).map(([key, value]) => ` --set ${key}=${value}`).join("");
  const words = total === 1 ? "1 pair would change" : `${total} pairs would change`;
  $("tally").replaceChildren(...parts,
    h("b", { id: "changes" }, words + (decided ? `, ${decided} of them decided by you: yours stands` : "")),
    h("button", { id: "apply", disabled: !set, onclick: apply }, "Judge by these"),
    h("button", { disabled: !set, onclick: () => { pending = {}; renew(); } }, "Back"),
    set ? h("code", {}, `curate pair-check${set}`) : h("span", { class: "quiet" }, "Drag a line, or focus it and press the arrow keys."));
}

async function apply() {
  try {
    const pairs = await ask("judge", { set: pending });
    $("limits").close();
    emit("reread", pairs);
    toast("The rule's verdicts follow the new thresholds; yours stand.");
  } catch (error) {
    toast(error.message, { alarm: true });
  }
}

function range(limit) {
  const values = Float64Array.from(limit.values.filter((value) => value !== null)).sort();
  const at = (share) => values[Math.round(share * (values.length - 1))];
  let least = Math.min(at(0.005), limit.at, limit.default), most = Math.max(at(0.995), limit.at, limit.default);
  if (!(most > least)) [least, most] = [least - 0.5, most + 0.5];
  const margin = (most - least) * 0.04;
  return { least: least - margin, most: most + margin };
}

// A threshold as few digits as its place on the scale allows.
function rounded(value, { least, most }) {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(most - least)));
  return Number(value.toFixed(Math.min(6, digits)));
}

function chart(limit) {
  const scale = range(limit);
  let threshold = limit.at;
  const canvas = h("canvas", { "aria-hidden": "true" });
  const output = h("output", {}), words = h("p", {});
  const handle = h("div", {
    class: "handle", role: "slider", tabindex: "0", "data-limit": limit.key, "aria-label": `${limit.key}: ${limit.side} it, ${limit.ruling}`,
    "aria-valuemin": scale.least, "aria-valuemax": scale.most,
  });
  const plot = h("div", { class: "plot" }, canvas, handle);
  const part = h("section", { class: `chart ${limit.ruling}` },
    h("header", {}, h("h3", {}, limit.badge), h("span", { class: "quiet" }, `${limit.key} ${limit.side === "over" ? ">" : "<"}`), output), plot, words);

  function place() {
    handle.style.left = `${Math.max(0, Math.min(1, (threshold - scale.least) / (scale.most - scale.least))) * 100}%`;
    handle.setAttribute("aria-valuenow", threshold);
    output.textContent = String(threshold);
    const letters = rulings(limit, threshold);
    const { total } = changes(said.now, letters);
    const out = limit.values.filter((v) => v !== null && (limit.side === "over" ? v > threshold : v < threshold)).length;
    const text = `${out} beyond it` + (threshold === limit.at ? "" : `; ${total} would change`);
    words.textContent = text;
    handle.setAttribute("aria-valuetext", `${threshold}: ${text}`);
    part.classList.toggle("changed", threshold !== limit.at || limit.at !== limit.default);
    return letters;
  }

  function move(value) {
    threshold = rounded(Math.max(scale.least, Math.min(scale.most, value)), scale);
    pending[limit.key] = threshold;
    tally(place());
  }

  plot.addEventListener("pointerdown", (event) => {
    plot.setPointerCapture(event.pointerId);
    const box = plot.getBoundingClientRect();
    const to = (one) => move(scale.least + (one.clientX - box.left) / box.width * (scale.most - scale.least));
    to(event);
    plot.addEventListener("pointermove", to);
    plot.addEventListener("lostpointercapture", () => {
      plot.removeEventListener("pointermove", to);
      handle.focus();
      renew();
    }, { once: true });
  });
  handle.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
    if (event.key === "Home") move(limit.default);
    else if (event.key in steps) move(threshold + steps[event.key] * (scale.most - scale.least) / 100);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  handle.addEventListener("blur", () => { if (threshold !== limit.at && $("limits").open) renew(); });
  place();
  requestAnimationFrame(() => { if (canvas.isConnected) bars(canvas, limit, scale); });
  return part;
}

function bars(canvas, limit, { least, most }) {
  const { context, width, height } = context2d(canvas);
  const bins = LETTERS.map(() => new Array(BINS).fill(0));
  limit.values.forEach((value, i) => {
    if (value === null) return;
    const bin = Math.max(0, Math.min(BINS - 1, Math.floor((value - least) / (most - least) * BINS)));
    bins[STERNNESS[said.now[i]]][bin]++;
  });
  let top = 1;
  for (let b = 0; b < BINS; b++) top = Math.max(top, bins[0][b] + bins[1][b] + bins[2][b]);
  const wide = width / BINS;
  for (let b = 0; b < BINS; b++) {
    let base = height;
    LETTERS.forEach((letter, i) => {
      if (!bins[i][b]) return;
      const tall = Math.max(1.5, Math.sqrt(bins[i][b] / top) * (height - 8) * (bins[i][b] / (bins[0][b] + bins[1][b] + bins[2][b])) ** 0.5);
      context.fillStyle = color(NAMES[letter]);
      context.fillRect(b * wide, base - tall, wide - 1, tall);
      base -= tall;
    });
  }
}

export function announce() {
  say($("changes")?.textContent ?? "");
}
