// What is known of the current pair, and the buttons that decide it.

import { $, color, context2d, h, kbd } from "./dom.js";
import { MARKS, WORDS, choiceOf, decisionOf, measure, number, repairOf, store } from "./store.js";

const BINS = 26;

const BUTTONS = [["keep", "Keep", "A"], ["reject", "Reject", "X"], ["repair", "Repair", "R"]];

let spreads = new Map(); // measure -> { least, most, bins }

export function forget() {
  spreads = new Map();
}

export function buttons(decide, undo, next) {
  $("choices").replaceChildren(
    ...BUTTONS.map(([choice, words, key]) => h("button", {
      class: choice, id: `choose-${choice}`, "aria-pressed": "false", "aria-keyshortcuts": key, onclick: () => decide(choice),
    }, `${MARKS[choice]} ${words}`, kbd(key))),
    h("div", { class: "more" },
      h("button", { onclick: undo, "aria-keyshortcuts": "U" }, "Undo", kbd("U")),
      h("button", { onclick: next, "aria-keyshortcuts": "N" }, "Next undecided", kbd("N"))),
  );
}

export function show() {
  const index = store.index;
  for (const [choice] of BUTTONS) {
    const button = $(`choose-${choice}`);
    button.disabled = index < 0;
    button.setAttribute("aria-pressed", String(index >= 0 && choiceOf(index) === choice));
  }
  if (index < 0) return $("facts").replaceChildren();
  const pairs = store.pairs, decision = decisionOf(index), ruling = pairs.ruling[index];
  const verdicts = h("div", { class: "verdicts" });
  if (decision) {
    const when = new Date(decision[2]);
    const at = Number.isNaN(when.getTime()) ? "" : when.toLocaleString([], { dateStyle: "short", timeStyle: "short" });
    verdicts.append(h("span", { class: `badge solid ${decision[0]}` }, `you: ${WORDS[decision[0]]}`), h("span", { class: "quiet" }, at));
  } else verdicts.append(h("span", { class: "quiet" }, "not decided"));
  verdicts.append(h("span", { class: `badge ${ruling}` }, `rule: ${WORDS[ruling]}`));
  const reasons = pairs.reasons[index].map(([, text, ruling]) => h("li", { class: ruling }, text));
  const size = `${measure(index, "width_px") ?? "?"} × ${measure(index, "height_px") ?? "?"} px`;
  return $("facts").replaceChildren(...[
    h("h2", {}, pairs.label[index]), verdicts,
    reasons.length ? h("ul", { class: "reasons", "aria-label": "Reasons" }, ...reasons) : h("p", { class: "quiet" }, "The rule has no reason against it."),
    repairOf(index) && h("div", {}, h("h3", { class: "quiet" }, "Repaired ", kbd("B"), " before"), h("ul", { class: "reasons", "aria-label": "Repair" }, ...repairOf(index).map((step) => h("li", { class: "repair" }, step)))),
    numbers(index),
    h("p", { class: "quiet" }, `${size} · ${pairs.prompt[index]} · ${pairs.concept[index]}`),
  ].filter(Boolean));
}

function numbers(index) {
  const list = h("dl", { class: "numbers" });
  const small = [];
  for (const { key, label } of store.pairs.numbers) {
    const value = measure(index, key);
    const canvas = h("canvas", { "aria-hidden": "true" });
    list.append(h("dt", { title: label }, label), h("dd", {}, number(key, value)), canvas);
    if (value !== null) small.push([canvas, key, value]);
  }
  requestAnimationFrame(() => { for (const one of small) if (one[0].isConnected) sketch(...one); });
  return list;
}

// The measure over all pairs, and where this one stands.
function sketch(canvas, key, value) {
  const { context, width, height } = context2d(canvas);
  const { least, most, bins } = spread(key);
  const top = Math.max(...bins);
  context.fillStyle = color("line");
  const wide = width / BINS;
  bins.forEach((count, i) => {
    const tall = count ? Math.max(1, count / top * height) : 0;
    context.fillRect(i * wide, height - tall, wide - 0.5, tall);
  });
  const share = most > least ? (value - least) / (most - least) : 0.5;
  context.fillStyle = color("accent");
  context.fillRect(Math.max(0, Math.min(1, share)) * (width - 2), 0, 2, height);
}

function spread(key) {
  if (spreads.has(key)) return spreads.get(key);
  const values = Float64Array.from(store.pairs.measures[key].filter((value) => value !== null)).sort();
  const least = values[Math.floor((values.length - 1) * 0.01)], most = values[Math.ceil((values.length - 1) * 0.99)];
  const bins = new Array(BINS).fill(0);
  for (const value of values) {
    const share = most > least ? (value - least) / (most - least) : 0.5;
    bins[Math.max(0, Math.min(BINS - 1, Math.floor(share * BINS)))]++;
  }
  const found = { least, most, bins };
  spreads.set(key, found);
  return found;
}
