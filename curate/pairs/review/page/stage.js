// The picture of a pair: blink, wipe, side by side or difference, with one zoom for all of it.

import { $, color, say } from "./dom.js";
import { difference, paintRamp } from "./heat.js";
import { at, load, prefer } from "./pictures.js";
import { emit, measure, nextOpen, repairOf, store } from "./store.js";

export const MODES = [["blink", "Blink"], ["wipe", "Wipe"], ["sides", "Side by side"], ["heat", "Difference"]];

const TILE_SHARE = 1 / 16; // of the long side: 64 px of 1024
const AHEAD = 3;
const ZOOMS = [0.125, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 16];

export const stage = {
  mode: "blink", half: "frame", peek: null, wipe: 0.5, zoom: null, x: 0.5, y: 0.5, box: false, before: false, loading: false,
};

const canvas = $("canvas");
let shown = null; // the bitmaps on the canvas
let last = -1; // the pair they are of
const heats = new WeakMap(); // the frame's bitmap -> the picture of the differences
let idle = 0;
let size = { width: 1, height: 1, ratio: 1 };

const mode = () => (stage.peek ? "blink" : stage.mode);
const half = () => stage.peek ?? stage.half;

export function start() {
  paintRamp($("ramp"));
  new ResizeObserver(measureStage).observe($("stage"));
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", draw);
  canvas.addEventListener("pointerdown", grab);
  canvas.addEventListener("dblclick", () => toggleFit());
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 1 : -1, event);
  }, { passive: false });
}

function measureStage() {
  const box = $("stage").getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  size = { width: Math.round(box.width * ratio), height: Math.round(box.height * ratio), ratio };
  if (canvas.width !== size.width || canvas.height !== size.height) {
    canvas.width = Math.max(1, size.width);
    canvas.height = Math.max(1, size.height);
  }
  draw();
}

export function show() {
  const index = store.index;
  if (index < 0) {
    shown = null;
    $("empty").hidden = false;
    $("empty").replaceChildren(Object.assign(document.createElement("p"), { textContent: "No pair is shown: change the filter above." }));
    draw();
    return;
  }
  if (index !== last) {
    Object.assign(stage, { half: "frame", peek: null, before: false });
    const x = measure(index, "tile_x"), y = measure(index, "tile_y");
    if (stage.box && x !== null && y !== null) Object.assign(stage, { x, y });
  }
  last = index;
  shown = at(index, stage.before);
  stage.loading = !shown;
  $("empty").hidden = true;
  draw();
  const place = store.place;
  const near = [place];
  for (let step = 1; step <= AHEAD; step++) near.push(place + step);
  near.push(place - 1, nextOpen());
  prefer(near);
  warm();
  if (!shown) {
    const { before } = stage;
    load(index, before).then((bitmaps) => {
      if (store.index !== index || stage.before !== before) return;
      shown = bitmaps;
      stage.loading = false;
      draw();
    }, () => {});
  }
}

function views() {
  if (mode() !== "sides") return [{ left: 0, width: size.width }];
  const gap = 2, width = Math.floor((size.width - gap) / 2);
  return [{ left: 0, width }, { left: size.width - width, width }];
}

// Device pixels a picture's pixel takes: whole numbers from 2 up, and 1 where it nearly fits.
export function fitScale(picture = shown?.frame ?? shown?.twin) {
  if (!picture) return 1;
  const scale = Math.min(views()[0].width / picture.width, size.height / picture.height);
  return scale >= 1 ? Math.floor(scale) : scale;
}

const scaleNow = () => stage.zoom ?? fitScale();

export function draw() {
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = color("stage");
  context.fillRect(0, 0, size.width, size.height);
  if (shown) {
    const regions = views();
    if (mode() === "sides") {
      paint(context, shown.frame, regions[0]);
      paint(context, shown.twin, regions[1]);
    } else if (mode() === "wipe") {
      const edge = Math.round(size.width * stage.wipe);
      paint(context, shown.frame, regions[0], 0, edge);
      paint(context, shown.twin, regions[0], edge, size.width);
      divide(context, edge);
    } else if (mode() === "heat") {
      paint(context, differences(), regions[0]);
    } else {
      paint(context, shown[half()], regions[0]);
    }
    if (stage.box || mode() === "heat") for (const region of regions) drawBox(context, region);
  }
  label();
}

function differences({ frame, twin } = shown) {
  if (!frame || !twin || frame.width !== twin.width || frame.height !== twin.height) return null;
  if (!heats.has(frame)) heats.set(frame, Object.assign(difference(frame, twin), { stands: frame }));
  return heats.get(frame);
}

// The next pair's differences ahead of time, while nothing else is to do.
function warm() {
  clearTimeout(idle);
  if (stage.mode !== "heat") return;
  idle = setTimeout(() => {
    const next = store.view[store.place + 1];
    const bitmaps = next === undefined ? null : at(next);
    if (bitmaps) differences(bitmaps);
  }, 120);
}

function placed(picture, region) {
  const natural = picture.stands ?? picture;
  const scale = scaleNow();
  const width = natural.width * scale, height = natural.height * scale;
  let left = region.left + region.width / 2 - stage.x * width;
  let top = size.height / 2 - stage.y * height;
  if (width <= region.width) left = region.left + (region.width - width) / 2;
  if (height <= size.height) top = (size.height - height) / 2;
  return { left: Math.round(left), top: Math.round(top), width, height, scale };
}

function paint(context, picture, region, from = region.left, to = region.left + region.width) {
  if (!picture) {
    context.fillStyle = color("faint");
    context.font = `${15 * size.ratio}px system-ui, sans-serif`;
    context.textAlign = "center";
    if (to > from) context.fillText("This half cannot be read.", (from + to) / 2, size.height / 2);
    return;
  }
  const at = placed(picture, region);
  context.save();
  context.beginPath();
  context.rect(from, 0, to - from, size.height);
  context.clip();
  context.imageSmoothingEnabled = at.scale < 1 || picture.stands !== undefined;
  context.imageSmoothingQuality = at.scale < 0.75 ? "high" : "medium";
  context.drawImage(picture, at.left, at.top, at.width, at.height);
  context.restore();
}

function divide(context, edge) {
  context.fillStyle = "#000a";
  context.fillRect(edge - 2 * size.ratio, 0, 4 * size.ratio, size.height);
  context.fillStyle = "#fff";
  context.fillRect(edge - size.ratio, 0, 2 * size.ratio, size.height);
  context.beginPath();
  context.arc(edge, size.height / 2, 9 * size.ratio, 0, 7);
  context.fill();
}

function drawBox(context, region) {
  const x = measure(store.index, "tile_x"), y = measure(store.index, "tile_y");
  const picture = shown.frame ?? shown.twin;
  if (x === null || y === null || !picture) return;
  const at = placed(picture, region);
  const side = Math.max(at.width, at.height) * TILE_SHARE;
  context.save();
  context.beginPath();
  context.rect(region.left, 0, region.width, size.height);
  context.clip();
  for (const [width, style] of [[5, "#000b"], [2.5, "#ffd23e"]]) {
    context.lineWidth = width * size.ratio;
    context.strokeStyle = style;
    context.strokeRect(at.left + x * at.width - side / 2, at.top + y * at.height - side / 2, side, side);
  }
  context.restore();
}

function label() {
  const now = mode(), single = now === "blink";
  const left = $("tag-left"), right = $("tag-right");
  left.hidden = store.index < 0 || now === "heat" || (single && half() !== "frame");
  right.hidden = store.index < 0 || now === "heat" || (single && half() !== "twin");
  $("scale").hidden = now !== "heat" || !shown;
  canvas.classList.toggle("wipe", now === "wipe");
  const percent = shown ? `${Math.round(scaleNow() * 100)}%` : "";
  $("zoom").textContent = stage.loading ? "loading …" : scaleNow() === 1 && shown ? "1:1" : percent;
  const repaired = store.index >= 0 && repairOf(store.index) !== null;
  $("repaired").hidden = !repaired;
  $("repaired").setAttribute("aria-pressed", String(stage.before));
  const when = stage.before ? " before repair" : "";
  left.textContent = `FRAME${when.toUpperCase()}`;
  right.textContent = `TWIN${when.toUpperCase()}`;
  $("fit").firstChild.textContent = stage.zoom === null && fitScale() !== 1 ? "1:1" : "Fit";
  const words = { blink: half(), wipe: "frame left, twin right", sides: "frame and twin", heat: "difference of frame and twin" };
  canvas.setAttribute("aria-label", store.index < 0 ? "No pair" : `${words[now]} of ${store.pairs.label[store.index]}${when}, ${$("zoom").textContent}`);
  canvas.dataset.mode = now;
  canvas.dataset.half = half();
  canvas.dataset.before = String(stage.before);
  canvas.dataset.pair = store.index < 0 ? "" : store.pairs.label[store.index];
  canvas.dataset.ready = String(Boolean(shown));
}

// The pair as it was before its repair, and back.
export function toggleBefore() {
  if (store.index < 0 || !repairOf(store.index)) return say("This pair was not repaired");
  stage.before = !stage.before;
  show();
  return say(stage.before ? "before the repair" : "after the repair");
}

export function setMode(next) {
  stage.mode = next;
  stage.peek = null;
  emit("mode");
  draw();
  say(MODES.find(([key]) => key === next)[1]);
}

export function flip() {
  stage.half = stage.half === "frame" ? "twin" : "frame";
  draw();
  say(stage.half);
}

// While a key is held in another mode than blink, the twin alone is shown.
export function peek(which) {
  stage.peek = which;
  draw();
}

export function slide(by) {
  stage.wipe = Math.max(0, Math.min(1, stage.wipe + by));
  draw();
}

export function zoomBy(step, event = null) {
  if (!shown) return;
  const now = scaleNow();
  const wider = ZOOMS.filter((zoom) => (step > 0 ? zoom > now * 1.01 : zoom < now * 0.99));
  const next = step > 0 ? wider[0] : wider.at(-1);
  if (next) zoomTo(next, event);
}

function zoomTo(next, event = null) {
  const picture = shown?.frame ?? shown?.twin;
  if (!picture) return;
  const region = event ? regionAt(event) : views()[0];
  const px = event ? event.offsetX * size.ratio : region.left + region.width / 2;
  const py = event ? event.offsetY * size.ratio : size.height / 2;
  const before = placed(picture, region);
  const u = (px - before.left) / before.width, v = (py - before.top) / before.height;
  stage.zoom = next;
  stage.x = u - (px - region.left - region.width / 2) / (picture.width * next);
  stage.y = v - (py - size.height / 2) / (picture.height * next);
  bound();
  draw();
}

export function toggleFit() {
  const fit = fitScale();
  if (stage.zoom !== null || fit === 1) fitAll();
  else zoomTo(1);
}

export function fitAll() {
  Object.assign(stage, { zoom: null, x: 0.5, y: 0.5 });
  draw();
}

export function pan(dx, dy) {
  const picture = shown?.frame ?? shown?.twin;
  if (!picture) return;
  stage.x += dx / (picture.width * scaleNow());
  stage.y += dy / (picture.height * scaleNow());
  bound();
  draw();
}

export const panStep = () => Math.min(size.width, size.height) / 8;

function bound() {
  const picture = shown?.frame ?? shown?.twin;
  const clamp = (value, box, length) => {
    const margin = Math.min(0.5, box / 2 / length);
    return Math.max(margin, Math.min(1 - margin, value));
  };
  stage.x = clamp(stage.x, views()[0].width, picture.width * scaleNow());
  stage.y = clamp(stage.y, size.height, picture.height * scaleNow());
}

// To the place that changed most, large enough to judge, and back.
export function toTile() {
  const x = measure(store.index, "tile_x"), y = measure(store.index, "tile_y");
  if (x === null || y === null || !shown) return say("No worst tile was measured");
  if (stage.box) {
    stage.box = false;
    return fitAll();
  }
  Object.assign(stage, { box: true, zoom: Math.max(2, fitScale()), x, y });
  bound();
  draw();
  return say("The place that changed most");
}

function regionAt(event) {
  const px = event.offsetX * size.ratio;
  return views().find((region) => px < region.left + region.width) ?? views().at(-1);
}

function grab(event) {
  if (event.button !== 0) return;
  canvas.setPointerCapture(event.pointerId);
  const wiping = mode() === "wipe" && !event.shiftKey;
  let { clientX, clientY } = event;
  if (wiping) wipeTo(event);
  canvas.classList.add("dragged");
  const move = (next) => {
    if (wiping) wipeTo(next);
    else pan((clientX - next.clientX) * size.ratio, (clientY - next.clientY) * size.ratio);
    ({ clientX, clientY } = next);
  };
  canvas.addEventListener("pointermove", move);
  canvas.addEventListener("lostpointercapture", () => {
    canvas.removeEventListener("pointermove", move);
    canvas.classList.remove("dragged");
  }, { once: true });
}

function wipeTo(event) {
  const box = canvas.getBoundingClientRect();
  stage.wipe = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
  draw();
}
