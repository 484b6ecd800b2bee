// Decisions to the server at once, one request after another; nothing is called saved before it is.

import { $, h, say, toast } from "./dom.js";
import { WORDS, choiceOf, decisionOf, emit, go, store } from "./store.js";

const UNDO = "undo";
const MOST_UNDO = 300;

let line = Promise.resolve(); // requests wait for the one before
let lost = false;
const undos = JSON.parse(sessionStorage.getItem(UNDO) ?? "[]");

const name = (index) => store.pairs.label[index];

export async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    setLost(true);
    throw new Error("the server does not answer");
  }
  setLost(false);
  if (!answer.ok && answer.status !== 409) {
    const said = await answer.json().catch(() => ({}));
    throw new Error([said.message ?? `the server answered ${answer.status}`, said.remedy].filter(Boolean).join(" "));
  }
  return answer.json();
}

function setLost(now) {
  if (now === lost) return;
  lost = now;
  emit("lost", now);
  document.querySelector(".warning.lost")?.remove();
  if (now) {
    $("warnings").prepend(h("div", { class: "warning lost" },
      "The server has ended. What you decided so far is saved; run curate review again and open the address it prints.",
      h("button", { onclick: () => refresh() }, "Try again")));
    say("The server has ended. What you decided so far is saved.", true);
  }
}

export const isLost = () => lost;

// Decide pairs: `changes` is a list of [index, choice]; a choice of null takes a decision back.
export function decide(changes, { undoing = false, words = "" } = {}) {
  if (lost) {
    toast("Not recorded: the server has ended.", { alarm: true });
    return Promise.resolve(false);
  }
  const before = changes.map(([index]) => decisionOf(index));
  const seen = changes.map(([index]) => (underway.get(index) ? null : versionOf(index)));
  for (const [index] of changes) underway.set(index, (underway.get(index) ?? 0) + 1);
  changes.forEach(([index, choice]) => set(index, choice === null ? null : [choice, "", new Date().toISOString()]));
  emit("decided", changes.map(([index]) => index));
  const sent = line.then(() => send(changes, before, seen, undoing, words)).finally(() => {
    for (const [index] of changes) underway.set(index, underway.get(index) - 1);
  });
  line = sent.catch(() => {});
  return sent;
}

// A wish names the version of the decision that the person saw when deciding: what another window
// decided since is then not overwritten. On top of a wish still under way it is that one's outcome.
const underway = new Map(); // index -> wishes not answered yet
const versions = new Map(); // index -> the version shown
const outcomes = new Map(); // index -> the version after the last wish, the stale one if refused
const versionOf = (index) => versions.get(index) ?? decisionOf(index)?.[1] ?? "";

async function send(changes, before, seen, undoing, words) {
  const wishes = changes.map(([index, choice], i) => ({
    id: store.pairs.id[index], choice, version: seen[i] ?? outcomes.get(index),
  }));
  const sent = new Map(wishes.map((wish) => [wish.id, wish]));
  let answer;
  try {
    answer = await ask("decisions", { changes: wishes });
  } catch (error) {
    changes.forEach(([index], i) => {
      set(index, before[i]);
      outcomes.set(index, wishes[i].version);
    });
    emit("decided", changes.map(([index]) => index));
    toast(`Not recorded: ${error.message}.`.replace("..", "."), { alarm: true, seconds: 15 });
    return false;
  }
  for (const [id, decision] of Object.entries({ ...answer.decided, ...answer.conflicts })) {
    const index = store.byId.get(id), refused = id in answer.conflicts;
    versions.set(index, decision?.[1] ?? "");
    outcomes.set(index, refused ? sent.get(id).version : decision?.[1] ?? "");
    if (refused || choiceOf(index) === sent.get(id).choice) set(index, decision); // else decided again
  }
  emit("decided", changes.map(([index]) => index));
  const taken = changes.map(([index], i) => [index, before[i]?.[0] ?? null]).filter(([index]) => store.pairs.id[index] in answer.decided);
  if (!undoing && taken.length) remember(taken, words);
  report(changes, answer);
  return taken.length === changes.length;
}

function report(changes, answer) {
  if (answer.gone.length) toast(`${answer.gone.length} of these pairs are gone: curate pair-check ran meanwhile. Reload the page.`, { alarm: true, seconds: 15 });
  const conflicts = Object.entries(answer.conflicts);
  if (!conflicts.length) return;
  const [id, theirs] = conflicts[0];
  const index = store.byId.get(id), mine = changes.find(([one]) => one === index)[1];
  const other = theirs ? `ruled ${WORDS[theirs[0]]}` : "took its decision back";
  const words = conflicts.length > 1
    ? `${conflicts.length} pairs were decided in another window meanwhile and stay as they are there.`
    : `Another window ${other} on ${name(index)}; your ${mine ? WORDS[mine] : "undo"} was not recorded.`;
  toast(words, { alarm: true, seconds: 30, action: { label: "Show it", run: () => store.rank[index] >= 0 && go(store.rank[index]) } });
}

function set(index, decision) {
  store.pairs.decision[index] = decision;
}

function remember(taken, words) {
  undos.push({ words, was: taken.map(([index, choice]) => [store.pairs.id[index], choice]) });
  if (undos.length > MOST_UNDO) undos.shift();
  keep();
}

function keep() {
  try {
    sessionStorage.setItem(UNDO, JSON.stringify(undos));
  } catch {
    sessionStorage.removeItem(UNDO); // full: undo still works until the page is reloaded
  }
}

export async function undo() {
  await line;
  const last = undos.pop();
  if (!last) return toast("Nothing to undo.");
  keep();
  const changes = last.was.filter(([id]) => store.byId.has(id)).map(([id, choice]) => [store.byId.get(id), choice]);
  if (!changes.length) return undo();
  const place = store.rank[changes[0][0]];
  if (place >= 0) go(place);
  if (await decide(changes, { undoing: true })) {
    const first = changes[0];
    const now = first[1] ? WORDS[first[1]] : "undecided";
    toast(changes.length > 1 ? `Undone: ${changes.length} pairs are as before.` : `Undone: ${name(first[0])} is ${now} again.`);
  } else if (isLost()) {
    undos.push(last);
    keep();
  }
  return undefined;
}

// What other windows decided meanwhile.
export async function refresh() {
  await line;
  let found;
  try {
    found = await ask("decisions");
  } catch {
    return;
  }
  const changed = [];
  for (const [id, decision] of Object.entries(found)) {
    const index = store.byId.get(id);
    if (index === undefined) continue;
    versions.set(index, decision?.[1] ?? "");
    if ((decisionOf(index)?.[1] ?? "") !== (decision?.[1] ?? "")) {
      set(index, decision);
      changed.push(index);
    }
  }
  if (changed.length) emit("decided", changed);
}
