// Halves as decoded bitmaps: the current pair's, its neighbours' ahead of time, few enough for memory.

import { store } from "./store.js";

const BUDGET_PX = 96e6; // four bytes each
const LEAST = 5;

const kept = new Map(); // key -> { ready, bitmaps, stop, px }, oldest first

const BEFORE = "-before"; // of the halves as they were before a repair
const keyOf = (index, before) => store.pairs.id[index] + (before ? BEFORE : "");

// Both halves of a pair now, or null if they are not decoded yet.
export function at(index, before = false) {
  return kept.get(keyOf(index, before))?.bitmaps ?? null;
}

// Both halves of a pair as { frame, twin }; a half that cannot be had is null.
export function load(index, before = false) {
  const id = store.pairs.id[index], key = keyOf(index, before);
  const found = kept.get(key);
  if (found) {
    kept.delete(key);
    kept.set(key, found);
    return found.ready;
  }
  const stop = new AbortController();
  const entry = { bitmaps: null, stop, px: 0, ready: null };
  entry.ready = Promise.all(["frame", "twin"].map((which) => half(`half/${id}/${which}${before ? BEFORE : ""}`, stop))).then(([frame, twin]) => {
    entry.bitmaps = { frame, twin };
    entry.px = [frame, twin].reduce((sum, one) => sum + (one ? one.width * one.height : 0), 0);
    trim();
    return entry.bitmaps;
  });
  entry.ready.catch(() => { if (kept.get(key) === entry) kept.delete(key); });
  kept.set(key, entry);
  return entry.ready;
}

async function half(address, stop) {
  const answer = await fetch(address, { signal: stop.signal });
  if (!answer.ok) return null;
  try {
    return await createImageBitmap(await answer.blob(), { imageOrientation: "none", colorSpaceConversion: "none" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return null; // damaged
  }
}

// Ask for the pairs at these places of the view, the nearest first, and drop what nobody waits for.
export function prefer(places) {
  const wanted = places.map((place) => store.view[place]).filter((index) => index !== undefined);
  const keys = new Set(wanted.map((index) => store.pairs.id[index]));
  for (const [key, entry] of kept) {
    if (!entry.bitmaps && !keys.has(key.replace(BEFORE, ""))) {
      kept.delete(key);
      entry.stop.abort();
    }
  }
  for (const index of wanted.reverse()) load(index).catch(() => {}); // the nearest is the youngest
}

function trim() {
  let px = 0;
  for (const entry of kept.values()) px += entry.px;
  for (const [key, entry] of kept) {
    if (px <= BUDGET_PX || kept.size <= LEAST) return;
    if (!entry.bitmaps) continue;
    kept.delete(key);
    px -= entry.px;
    entry.bitmaps.frame?.close();
    entry.bitmaps.twin?.close();
  }
}
