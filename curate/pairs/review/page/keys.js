// Every key of the page in one table: what it does, and how the page tells it.

import { $, h, kbd } from "./dom.js";

const TAP_MS = 300; // held longer, a key is let go of rather than tapped

let table = [];
let held = null;

// Rows of [group, words, keys, run, options]; a key with Shift is written "Shift+A".
export function bind(rows) {
  table = rows.map(([group, words, keys, run, options = {}]) => ({ group, words, keys, run, ...options }));
  document.addEventListener("keydown", down);
  document.addEventListener("keyup", up);
  window.addEventListener("blur", () => up(null));
  hints();
}

const named = (event) => {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const letter = key.length > 1 || key.toLowerCase() !== key.toUpperCase();
  return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.shiftKey && letter ? "Shift+" : "") + key;
};

function down(event) {
  const target = event.target;
  if (event.altKey || document.querySelector("dialog[open]")) return;
  if (target.matches("input[type=search], select, textarea")) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const name = named(event);
  if (target.matches("button") && (name === "Space" || name === "Enter")) return;
  if (target.matches("input[type=range]") && name.startsWith("Arrow")) return;
  const found = table.find(({ keys }) => keys.includes(name));
  if (!found) return;
  event.preventDefault();
  if (event.repeat && !found.repeats) return;
  if (found.release) held = { found, since: event.timeStamp, name: event.key };
  found.run(event);
}

function up(event) {
  if (!held || (event && event.key !== held.name)) return;
  const { found, since } = held;
  held = null;
  found.release(!event || event.timeStamp - since > TAP_MS);
}

const SHOWN = { ArrowRight: "→", ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", "Shift+ArrowUp": "Shift+↑ ↓ ← →" };
const written = (key) => SHOWN[key] ?? key;

function hints() {
  $("hints").replaceChildren(...table.filter(({ hint }) => hint).map(({ hint, keys, hintKeys }) =>
    h("span", {}, ...(hintKeys ?? [keys[0]]).map((key) => kbd(written(key))), ` ${hint}`)));
}

export function help() {
  const groups = new Map();
  for (const row of table) {
    if (!row.words) continue;
    if (!groups.has(row.group)) groups.set(row.group, []);
    groups.get(row.group).push(row);
  }
  $("help").replaceChildren(
    h("header", {}, h("h2", { id: "help-title" }, "Keys"), h("button", { onclick: () => $("help").close() }, "Close", kbd("Esc"))),
    h("div", { class: "inside" }, h("div", { class: "keys" }, ...[...groups].map(([group, rows]) =>
      h("section", {}, h("h3", {}, group), ...rows.map(({ words, keys, shown }) =>
        h("div", {}, h("span", {}, words), h("span", {}, ...(shown ?? keys).map((key) => kbd(written(key)))))))))),
  );
  $("help").showModal();
}
