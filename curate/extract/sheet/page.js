const boxes = [...document.querySelectorAll("nav input")];
const cards = [...document.querySelectorAll("article")];

function arrange() {
  const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  let shown = 0;
  for (const card of cards) {
    card.hidden = !card.dataset.kinds.split(" ").some((kind) => wanted.has(kind));
    for (const figure of card.querySelectorAll("figure")) figure.hidden = ![...figure.classList].some((kind) => wanted.has(kind));
    if (!card.hidden) shown++;
  }
  document.querySelector("nav output").textContent = `${shown} of ${cards.length} shots and joins`;
}
for (const box of boxes) box.addEventListener("input", arrange);
arrange();

// The viewer: a frame at full size, from its file; without the file its small picture.
const viewer = document.querySelector("dialog"), picture = viewer.querySelector("img");
let current = null;

function open(link) {
  current = link;
  const small = link.querySelector("img");
  picture.onerror = () => { picture.onerror = null; picture.src = small.src; };
  picture.src = link.href;
  picture.alt = small.alt;
  viewer.querySelector("p").textContent = `${small.alt} · ← → frames, Esc closes`;
  if (!viewer.open) viewer.showModal();
}

document.querySelector("main").addEventListener("click", (event) => {
  const link = event.target.closest("figure.chosen a");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  open(link);
});
viewer.addEventListener("click", () => viewer.close());
viewer.addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  const links = [...document.querySelectorAll("article:not([hidden]) figure.chosen a")];
  const next = links[links.indexOf(current) + by];
  if (next) open(next);
  event.preventDefault();
});
