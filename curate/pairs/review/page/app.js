// The page put together: filters, keys, and what happens when something changes.

import { $, ask as question, h, kbd, say, toast } from "./dom.js";
import * as desk from "./desk.js";
import * as facts from "./facts.js";
import * as keys from "./keys.js";
import * as limits from "./limits.js";
import { flipSheet, lists, sheet } from "./lists.js";
import * as stage from "./stage.js";
import { WORDS, arrange, badges, choiceOf, counts, emit, go, isOpen, nextOpen, on, store, take, verdictOf } from "./store.js";

const rolls = lists();
const main = $("main");
const onSheet = () => main.classList.contains("sheet");

function chips() {
  const { verdicts, doubtful, cleared, decided } = counts();
  const chip = (name, pressed, words, count, run) => h("button", { class: name, "aria-pressed": String(pressed), onclick: run }, words, h("b", {}, String(count)));
  $("chips").replaceChildren(
    ...["keep", "look", "reject", "repair"].filter((ruling) => ruling !== "repair" || verdicts.repair).map((ruling) => chip(ruling, store.filter.rulings.has(ruling), WORDS[ruling], verdicts[ruling], () => {
      if (!store.filter.rulings.delete(ruling)) store.filter.rulings.add(ruling);
      arrange();
    })),
    chip("open", store.filter.open, "undecided", store.count - decided, () => {
      store.filter.open = !store.filter.open;
      arrange();
    }));
  $("progress").max = doubtful || store.count || 1;
  $("progress").value = doubtful ? cleared : decided;
  const words = doubtful ? `${cleared} of ${doubtful} doubtful decided, ${decided} in all` : `${decided} of ${store.count} decided`;
  for (const place of document.querySelectorAll(".count .decided")) place.textContent = words;
}

function choices(select, rows, chosen) {
  select.replaceChildren(...rows.map(([value, words]) => h("option", { value, selected: value === chosen }, words)));
}

function fillIn() {
  $("workspace").textContent = store.pairs.workspace;
  document.title = `curate review · ${store.pairs.workspace}`;
  const reasons = badges(), prompts = [...new Set(store.pairs.prompt)].sort();
  if (!reasons.some(([badge]) => badge === store.filter.reason)) store.filter.reason = "";
  choices($("reason"), [["", "any reason"], ...reasons.map(([badge, count]) => [badge, `${badge} (${count})`])], store.filter.reason);
  choices($("prompt"), [["", "any instruction"], ...prompts.map((prompt) => [prompt, prompt])], store.filter.prompt);
  $("prompt").hidden = prompts.length < 2;
  choices($("sort"), [["attention", "doubtful first"], ["name", "by name"], ["decided", "last decided"],
    ...store.pairs.numbers.map(({ key, label }) => [key, `by ${label}`])], store.sort);
  if (store.pairs.notices.length) {
    const line = h("div", { class: "warning" }, h("span", {}, store.pairs.notices.join(" ")), h("button", { "aria-label": "Dismiss", onclick: () => line.remove() }, "✕"));
    $("warnings").append(line);
  }
}

function counted() {
  for (const place of document.querySelectorAll(".counted")) place.textContent = `${store.place + 1} of ${store.view.length} shown`;
}

function describe() {
  const index = store.index;
  if (index < 0) return say("No pair is shown");
  const reasons = store.pairs.reasons[index].map(([, text]) => text).join("; ");
  const mine = choiceOf(index);
  return say(`${store.place + 1} of ${store.view.length}: ${store.pairs.label[index]}. ${mine ? `Decided: ${mine}. ` : "Not decided. "}Rule: ${store.pairs.ruling[index]}${reasons ? `, ${reasons}` : ""}.`);
}

let settle = 0;
on("view", () => { chips(); rolls.renew(); });
on("current", () => {
  stage.show();
  rolls.reveal();
  counted();
  cancelAnimationFrame(settle); // what is not the picture waits for the next frame
  settle = requestAnimationFrame(() => { facts.show(); describe(); });
});
on("decided", (indices) => { for (const index of indices) rolls.refresh(index); chips(); facts.show(); });
on("mode", () => modes());
on("open", () => toggleSheet(false));
on("reread", (pairs) => {
  const id = store.pairs.id[store.index];
  take(pairs);
  facts.forget();
  $("warnings").querySelectorAll(".warning:not(.lost)").forEach((line) => line.remove());
  fillIn();
  store.index = store.byId.get(id) ?? -1;
  arrange();
});

function modes() {
  $("modes").replaceChildren(...stage.MODES.map(([mode, words], i) => h("button", {
    role: "radio", "aria-checked": String(stage.stage.mode === mode), onclick: () => stage.setMode(mode), "aria-keyshortcuts": i + 1,
  }, words, kbd(i + 1))));
}

// A decision on the current pair; then on to the next that has none.
function decide(choice) {
  const index = store.index;
  if (index < 0) return;
  const again = choiceOf(index) === choice;
  if (!again) desk.decide([[index, choice]]);
  const place = nextOpen();
  say(`${WORDS[choice]}: ${store.pairs.label[index]}`);
  if (place >= 0 && !again) go(place);
  else if (place < 0) toast("Every pair that is shown is decided.");
}

function clear() {
  if (store.index >= 0 && !isOpen(store.index)) desk.decide([[store.index, null]]);
}

async function decideAll(choice) {
  const open = store.view.filter(isOpen);
  if (!open.length) return toast("Every pair that is shown is decided.");
  const many = open.length === 1 ? "1 undecided pair" : `${open.length} undecided pairs`;
  const verb = { keep: "Keep", reject: "Reject" }[choice];
  if (await question(`${verb} all that is shown?`, `${many} of the ${store.view.length} shown: ${verb.toLowerCase()}. Decisions that you made stay. U takes it back in one step.`, `${verb} ${open.length}`)) {
    if (await desk.decide(open.map((index) => [index, choice]), { words: many })) toast(`${many}: ${WORDS[choice]}.`, { action: { label: "Undo", run: desk.undo } });
  }
  return undefined;
}

function next() {
  const place = nextOpen();
  if (place < 0) toast("Every pair that is shown is decided.");
  else go(place);
}

function toggleSheet(open = !onSheet()) {
  main.classList.toggle("sheet", open);
  $("open-sheet").setAttribute("aria-pressed", String(open));
  rolls.reveal();
  if (open) $("sheet").focus();
  else $("stage").focus();
  say(open ? "Contact sheet" : "Comparison");
}

function step(by, event) {
  go(store.place + by);
  if (event) performance.measure("step", { start: event.timeStamp, end: performance.now() });
}

const space = {
  run() {
    if (onSheet()) say(flipSheet());
    else if (stage.stage.mode === "blink") stage.flip();
    else stage.peek("twin");
  },
  release(wasHeld) {
    if (onSheet()) { if (wasHeld) flipSheet(); }
    else if (stage.stage.peek) stage.peek(null);
    else if (wasHeld && stage.stage.mode === "blink") stage.flip();
  },
};

const across = (by) => (event) => step(by, event);
const down = (by) => (event) => step(onSheet() ? by * sheet.columns : by, event);
const picture = (run) => () => { if (!onSheet()) run(); };

keys.bind([
  ["Decide", "Accept: keep the pair", ["A"], () => decide("keep"), { hint: "accept" }],
  ["Decide", "Reject", ["X"], () => decide("reject"), { hint: "reject" }],
  ["Decide", "Repair, or make the twin again", ["R"], () => decide("repair"), { hint: "repair" }],
  ["Decide", "Take the decision back", ["C", "Delete"], clear],
  ["Decide", "Undo", ["U", "Ctrl+Z"], () => desk.undo(), { hint: "undo" }],
  ["Decide", "Accept all that is shown", ["Shift+A"], () => decideAll("keep")],
  ["Decide", "Reject all that is shown", ["Shift+X"], () => decideAll("reject")],
  ["Go", "Next undecided", ["N"], next, { hint: "next undecided" }],
  ["Go", "Next", ["ArrowRight", "J"], across(1), { repeats: true, hint: "pairs", hintKeys: ["ArrowLeft", "ArrowRight"] }],
  ["Go", "Previous", ["ArrowLeft", "K"], across(-1), { repeats: true }],
  ["Go", "Up and down", ["ArrowUp", "ArrowDown"], (event) => down(event.key === "ArrowUp" ? -1 : 1)(event), { repeats: true }],
  ["Go", "A screen on", ["PageDown"], down(8), { repeats: true }],
  ["Go", "A screen back", ["PageUp"], down(-8), { repeats: true }],
  ["Go", "First and last", ["Home", "End"], (event) => step(event.key === "Home" ? -store.count : store.count, event)],
  ["Compare", "Flip frame and twin: hold or tap", ["Space"], space.run, { release: space.release, hint: "flip" }],
  ["Compare", "Blink", ["1"], picture(() => stage.setMode("blink")), { hint: "modes", hintKeys: ["1", "2", "3", "4"] }],
  ["Compare", "Wipe", ["2", "W"], picture(() => stage.setMode("wipe"))],
  ["Compare", "Side by side", ["3", "S"], picture(() => stage.setMode("sides"))],
  ["Compare", "Difference", ["4", "D"], picture(() => stage.setMode("heat"))],
  ["Compare", "Move the wipe", [",", "."], (event) => stage.slide(event.key === "," ? -0.03 : 0.03), { repeats: true }],
  ["Compare", "To the worst tile, and back", ["T"], picture(stage.toTile), { hint: "worst tile" }],
  ["Compare", "Before and after a repair", ["B"], picture(stage.toggleBefore)],
  ["Look", "Fit, or 1:1", ["Z"], picture(stage.toggleFit), { hint: "1:1" }],
  ["Look", "Nearer, farther", ["+", "-"], (event) => stage.zoomBy(event.key === "+" ? 1 : -1), { repeats: true }],
  ["Look", "", ["="], () => stage.zoomBy(1), { repeats: true }],
  ["Look", "All of it", ["0"], picture(stage.fitAll)],
  ["Look", "Move the picture", ["Shift+ArrowUp", "Shift+ArrowDown", "Shift+ArrowLeft", "Shift+ArrowRight"], (event) => {
    const by = stage.panStep();
    stage.pan({ ArrowLeft: -by, ArrowRight: by }[event.key] ?? 0, { ArrowUp: -by, ArrowDown: by }[event.key] ?? 0);
  }, { repeats: true, shown: ["Shift+ArrowUp"] }],
  ["Page", "Contact sheet", ["G"], () => toggleSheet(), { hint: "sheet" }],
  ["Page", "Open the pair", ["Enter"], () => { if (onSheet()) toggleSheet(false); }],
  ["Page", "Thresholds", ["H"], limits.open, { hint: "thresholds" }],
  ["Page", "Search by name", ["/"], () => $("search").focus()],
  ["Page", "Only undecided", ["O"], () => { store.filter.open = !store.filter.open; arrange(); say(store.filter.open ? "only undecided" : "all"); }],
  ["Page", "Back", ["Escape"], () => { if (onSheet()) toggleSheet(false); else stage.fitAll(); }],
  ["Page", "These keys", ["?"], keys.help, { hint: "all keys" }],
]);

function wire() {
  facts.buttons(decide, () => desk.undo(), next);
  modes();
  stage.start();
  const pick = (id, run) => $(id).addEventListener(id === "search" ? "input" : "change", (event) => { run(event.target.value); arrange(); });
  pick("reason", (value) => { store.filter.reason = value; });
  pick("prompt", (value) => { store.filter.prompt = value; });
  pick("search", (value) => { store.filter.text = value.trim(); });
  pick("sort", (value) => { store.sort = value; });
  const press = (id, run) => $(id).addEventListener("click", run);
  press("turn", () => { store.reversed = !store.reversed; $("turn").textContent = store.reversed ? "↓" : "↑"; arrange(); });
  press("open-limits", limits.open);
  press("open-sheet", () => toggleSheet());
  press("open-help", keys.help);
  press("blink", () => { if (stage.stage.mode !== "blink") stage.setMode("blink"); stage.flip(); });
  press("tile", stage.toTile);
  press("fit", stage.toggleFit);
  press("repaired", stage.toggleBefore);
  // after a click the keys belong to the picture again, not to the button
  document.addEventListener("click", (event) => {
    if (event.detail > 0 && event.target.closest("button") && !document.querySelector("dialog[open]")) (onSheet() ? $("sheet") : $("stage")).focus({ preventScroll: true });
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) desk.refresh(); });
  window.addEventListener("focus", () => desk.refresh());
}

wire();
try {
  take(await desk.ask("pairs"));
  fillIn();
  arrange(false);
  performance.mark("shown");
  $("stage").focus({ preventScroll: true });
} catch (error) {
  $("empty").replaceChildren(h("p", {}, `The pairs cannot be read: ${error.message}`));
}
emit("ready");
