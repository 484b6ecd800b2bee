// Where two halves differ, and how much: CIELAB distance as a colour over a grey frame.

const MOST_PX = 768; // the long side that is compared; finer differences are averaged
export const MOST_DIFFERENCE = 40; // the distance that is painted brightest

// Dark violet, red, orange, pale yellow: each brighter than the one before, for any eyes.
const STOPS = [[0, 12, 12, 20], [0.12, 52, 16, 92], [0.35, 168, 32, 92], [0.6, 236, 88, 40], [0.82, 252, 184, 60], [1, 255, 250, 210]];

const ramp = new Uint8ClampedArray(256 * 3);
for (let i = 0; i < 256; i++) {
  const t = i / 255;
  const right = Math.max(1, STOPS.findIndex((stop) => stop[0] >= t));
  const [a, b] = [STOPS[right - 1], STOPS[right]];
  const share = (t - a[0]) / (b[0] - a[0]);
  for (let c = 0; c < 3; c++) ramp[i * 3 + c] = a[c + 1] + (b[c + 1] - a[c + 1]) * share;
}

const linear = Float32Array.from({ length: 256 }, (_, i) => {
  const v = i / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
});
const CUBE = 4096;
const root = Float32Array.from({ length: CUBE + 1 }, (_, i) => {
  const t = i / CUBE;
  return t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 * t + 16) / 116;
});

function pixels(bitmap, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "medium";
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

// A canvas with the picture of the differences of two bitmaps of one size.
export function difference(frame, twin) {
  const factor = Math.min(1, MOST_PX / Math.max(frame.width, frame.height));
  const width = Math.max(1, Math.round(frame.width * factor));
  const height = Math.max(1, Math.round(frame.height * factor));
  const a = pixels(frame, width, height), b = pixels(twin, width, height);
  const image = new ImageData(width, height);
  const out = image.data;
  for (let i = 0; i < out.length; i += 4) {
    const ra = linear[a[i]], ga = linear[a[i + 1]], ba = linear[a[i + 2]];
    const rb = linear[b[i]], gb = linear[b[i + 1]], bb = linear[b[i + 2]];
    // sRGB to CIE XYZ over the white point D65, scaled to the table of cube roots
    const xa = root[(0.43395 * ra + 0.37621 * ga + 0.18984 * ba) * CUBE | 0];
    const ya = root[(0.21267 * ra + 0.71516 * ga + 0.07217 * ba) * CUBE | 0];
    const za = root[(0.01775 * ra + 0.10945 * ga + 0.8728 * ba) * CUBE | 0];
    const xb = root[(0.43395 * rb + 0.37621 * gb + 0.18984 * bb) * CUBE | 0];
    const yb = root[(0.21267 * rb + 0.71516 * gb + 0.07217 * bb) * CUBE | 0];
    const zb = root[(0.01775 * rb + 0.10945 * gb + 0.8728 * bb) * CUBE | 0];
    const dy = ya - yb;
    const l = 116 * dy, u = 500 * (xa - xb - dy), v = 200 * (dy - za + zb);
    const share = Math.min(1, Math.sqrt(l * l + u * u + v * v) / MOST_DIFFERENCE);
    const color = (share * 255 | 0) * 3;
    const grey = (0.3 * a[i] + 0.59 * a[i + 1] + 0.11 * a[i + 2]) * 0.35 * (1 - share);
    out[i] = ramp[color] + grey;
    out[i + 1] = ramp[color + 1] + grey;
    out[i + 2] = ramp[color + 2] + grey;
    out[i + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

export function paintRamp(canvas) {
  const image = new ImageData(256, 1);
  for (let i = 0; i < 256; i++) image.data.set([ramp[i * 3], ramp[i * 3 + 1], ramp[i * 3 + 2], 255], i * 4);
  canvas.getContext("2d").putImageData(image, 0, 0);
}
