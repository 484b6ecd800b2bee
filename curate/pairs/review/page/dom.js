// Elements made without markup, so that no name can smuggle any in.

export const $ = (id) => document.getElementById(id);

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const kbd = (text) => h("kbd", {}, text);

// What a screen reader says next; the same words twice are said twice.
export function say(words, urgent = false) {
  const place = $(urgent ? "alarm" : "say");
  place.textContent = place.textContent === words ? words + "\u00a0" : words;
}

export function toast(words, { alarm = false, action = null, seconds = 6 } = {}) {
  const line = h("div", { class: alarm ? "toast alarm" : "toast" }, h("span", {}, words));
  if (action) {
    line.append(h("button", { onclick: () => { line.remove(); action.run(); } }, action.label));
  }
  $("toasts").replaceChildren(line);
  setTimeout(() => line.remove(), seconds * 1000);
  say(words, alarm);
}

// Asks a question with two answers; resolves to true for the first.
export function ask(title, words, yes) {
  const dialog = $("ask");
  return new Promise((resolve) => {
    dialog.replaceChildren(
      h("header", {}, h("h2", { id: "ask-title" }, title)),
      h("div", { class: "inside" }, h("p", {}, words), h("div", { class: "answers" },
        h("button", { onclick: () => dialog.close() }, "Cancel", kbd("Esc")),
        h("button", { autofocus: true, onclick: () => { resolve(true); dialog.close(); } }, yes, kbd("Enter")))),
    );
    dialog.onclose = () => { if (!dialog.open) resolve(false); }; // the close of the question before comes late
    dialog.showModal();
  });
}

// Sizes a canvas to its box in device pixels; returns its context, scaled to CSS pixels.
export function context2d(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const box = canvas.getBoundingClientRect();
  const width = Math.max(1, Math.round(box.width * ratio));
  const height = Math.max(1, Math.round(box.height * ratio));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, box.width, box.height);
  return { context, width: box.width, height: box.height };
}

export const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
