// The pairs as columns, which of them are shown in which order, and which is the current one.

export const CHOICES = ["keep", "reject", "repair"];
export const WORDS = { keep: "keep", reject: "reject", repair: "repair", look: "look" };
export const MARKS = { keep: "✓", reject: "✕", repair: "⟳", look: "?" };

const STERNNESS = { look: 0, repair: 1, keep: 2, reject: 3 };

export const store = {
  pairs: null, // columns: id, label, prompt, concept, ruling, reasons, decision, measures
  count: 0,
  view: [], // indices of the pairs shown, in order
  place: -1, // of the current pair in `view`
  index: -1, // of the current pair
  rank: null, // index -> place in `view`, or -1
  filter: { rulings: new Set(["keep", "look", "reject", "repair"]), open: false, reason: "", prompt: "", text: "" },
  sort: "attention",
  reversed: false,
  byId: new Map(),
};

const events = new EventTarget();
export const on = (name, run) => events.addEventListener(name, (event) => run(event.detail));
export const emit = (name, detail) => events.dispatchEvent(new CustomEvent(name, { detail }));

export function take(pairs) {
  store.pairs = pairs;
  store.count = pairs.id.length;
  store.byId = new Map(pairs.id.map((id, index) => [id, index]));
}

export const decisionOf = (index) => store.pairs.decision[index];
export const choiceOf = (index) => store.pairs.decision[index]?.[0] ?? null;
export const verdictOf = (index) => choiceOf(index) ?? store.pairs.ruling[index];
export const isOpen = (index) => store.pairs.decision[index] === null;
export const isDoubtful = (index) => store.pairs.ruling[index] === "look";
export const repairOf = (index) => store.pairs.repair[index]; // what was done, or null
export const measure = (index, key) => store.pairs.measures[key]?.[index] ?? null;

export function number(key, value) {
  if (value === null || value === undefined) return "not measured";
  const one = store.pairs.numbers.find((number) => number.key === key);
  if (!one) return String(value);
  let text = value.toFixed(one.digits);
  if (Number(text) === 0) text = text.replace("-", "");
  return (one.signed && Number(text) > 0 ? "+" : "") + text.replace("-", "−") + one.unit;
}

function matches(index) {
  const { rulings, open, reason, prompt, text } = store.filter;
  return rulings.has(verdictOf(index))
    && (!open || isOpen(index))
    && (!reason || store.pairs.reasons[index].some(([badge]) => badge === reason))
    && (!prompt || store.pairs.prompt[index] === prompt)
    && (!text || store.pairs.label[index].toLowerCase().includes(text.toLowerCase()));
}

// The pairs shown are chosen anew only when asked, so that none slips away while it is decided.
export function arrange(keep = true) {
  const current = store.index;
  const shown = [];
  for (let index = 0; index < store.count; index++) if (matches(index)) shown.push(index);
  const key = order();
  if (key) shown.sort((a, b) => compare(key(a), key(b)) || a - b);
  if (store.reversed) shown.reverse();
  store.view = shown;
  store.rank = new Int32Array(store.count).fill(-1);
  shown.forEach((index, place) => { store.rank[index] = place; });
  emit("view");
  const stays = keep && current >= 0 ? store.rank[current] : -1;
  go(stays >= 0 ? stays : shown.length ? 0 : -1, true);
}

function order() {
  if (store.sort === "name") return null;
  if (store.sort === "attention") return (index) => STERNNESS[verdictOf(index)];
  if (store.sort === "decided") return (index) => -(Date.parse(decisionOf(index)?.[2] ?? "") || 0);
  const values = store.pairs.measures[store.sort];
  return (index) => values[index];
}

function compare(a, b) {
  if (a === b) return 0;
  if (a === null) return 1; // not measured comes last
  if (b === null) return -1;
  return a - b;
}

export function go(place, force = false) {
  const next = store.view.length ? Math.max(0, Math.min(place, store.view.length - 1)) : -1;
  const index = next < 0 ? -1 : store.view[next];
  if (index === store.index && next === store.place && !force) return;
  store.place = next;
  store.index = index;
  emit("current");
}

// The place of the next pair without a decision after the current one, round the end; or -1.
export function nextOpen(from = store.place) {
  const total = store.view.length;
  for (let step = 1; step <= total; step++) {
    const place = (from + step) % total;
    if (isOpen(store.view[place])) return place;
  }
  return -1;
}

export function counts() {
  const verdicts = { keep: 0, look: 0, reject: 0, repair: 0 };
  let doubtful = 0, cleared = 0, decided = 0;
  for (let index = 0; index < store.count; index++) {
    verdicts[verdictOf(index)]++;
    const open = isOpen(index);
    if (!open) decided++;
    if (isDoubtful(index)) {
      doubtful++;
      if (!open) cleared++;
    }
  }
  return { verdicts, doubtful, cleared, decided };
}

export function badges() {
  const found = new Map();
  for (const reasons of store.pairs.reasons) {
    for (const badge of new Set(reasons.map(([badge]) => badge))) found.set(badge, (found.get(badge) ?? 0) + 1);
  }
  return [...found].sort((a, b) => b[1] - a[1]);
}
