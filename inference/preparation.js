// From strokes to the 28 × 28 pixels that the networks are given: what `pen.py` and
// `preparation.py` do, operation for operation, so that both come to the same grey levels.

const SIDE = 28;
const BOX = 20;
const FINE = 10;
const THICKNESS = 2.5;
const RADIUS = (FINE * THICKNESS) / 2;

/** @typedef {[number, number]} Point */
/** @typedef {Point[]} Stroke */
/** @typedef {{width: number, height: number, values: Float64Array}} Ink */

/**
 * The digit as MNIST's makers would have made it, whatever its size and place.
 * @param {Stroke[]} strokes in any unit
 * @returns {Uint8Array}
 */
function prepared(strokes) {
  return framed(written(strokes));
}

/**
 * The drawing area itself, reduced to 28 × 28.
 * @param {Stroke[]} strokes in pixels of 28
 * @returns {Uint8Array}
 */
function unprepared(strokes) {
  const ink = drawn(strokes, FINE, 0, 0, 0, SIDE * FINE, SIDE * FINE);
  const weights = overlap(ink.width, 0, FINE, SIDE);
  return Uint8Array.from(scaled(ink, weights, weights), (value) => Math.floor(value * 255 + 0.5));
}

/**
 * The ink of strokes, its longer side of 200 pixels.
 * @param {Stroke[]} strokes
 * @returns {Ink}
 */
function written(strokes) {
  const points = strokes.flat();
  const [xs, ys] = [points.map((point) => point[0]), points.map((point) => point[1])];
  const [left, top] = [lowest(xs), lowest(ys)];
  const [wide, high] = [-lowest(xs.map((x) => -x)) - left, -lowest(ys.map((y) => -y)) - top];
  const extent = Math.max(wide, high);
  const scale = extent > 0 ? (FINE * BOX - 2 * RADIUS) / extent : 0;
  const width = Math.ceil(wide * scale + 2 * RADIUS);
  const height = Math.ceil(high * scale + 2 * RADIUS);
  return drawn(strokes, scale, left, top, RADIUS, width, height);
}

/** @param {number[]} values */
function lowest(values) {
  return values.reduce((low, value) => Math.min(low, value), Infinity);
}

/**
 * Strokes of one thickness: a point x is at (x - left) * scale + margin.
 * @param {Stroke[]} strokes
 * @param {number} scale
 * @param {number} left
 * @param {number} top
 * @param {number} margin
 * @param {number} width
 * @param {number} height
 * @returns {Ink}
 */
function drawn(strokes, scale, left, top, margin, width, height) {
  const ink = { width, height, values: new Float64Array(width * height) };
  for (const stroke of strokes) {
    /** @type {Point[]} */
    const placed = stroke.map(([x, y]) => [
      (x - left) * scale + margin,
      (y - top) * scale + margin,
    ]);
    if (placed.length === 1) segment(ink, placed[0], placed[0]);
    for (let i = 1; i < placed.length; i++) segment(ink, placed[i - 1], placed[i]);
  }
  return ink;
}

/**
 * Draw a line with round ends; at its edge a pixel is inked in part.
 * @param {Ink} ink
 * @param {Point} a
 * @param {Point} b
 */
function segment(ink, a, b) {
  const reach = RADIUS + 1;
  const left = Math.max(Math.floor(Math.min(a[0], b[0]) - reach), 0);
  const top = Math.max(Math.floor(Math.min(a[1], b[1]) - reach), 0);
  const right = Math.min(Math.ceil(Math.max(a[0], b[0]) + reach), ink.width);
  const bottom = Math.min(Math.ceil(Math.max(a[1], b[1]) + reach), ink.height);
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const squared = dx * dx + dy * dy;
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      let [x, y] = [column + 0.5 - a[0], row + 0.5 - a[1]];
      const along = squared > 0 ? Math.min(Math.max((x * dx + y * dy) / squared, 0), 1) : 0;
      x -= along * dx;
      y -= along * dy;
      const covered = Math.min(Math.max(RADIUS + 0.5 - Math.sqrt(x * x + y * y), 0), 1);
      const place = row * ink.width + column;
      if (covered > ink.values[place]) ink.values[place] = covered;
    }
  }
}

/**
 * The ink's tight box scaled to 20 pixels, its centre of mass in the middle of 28.
 * @param {Ink} ink
 * @returns {Uint8Array}
 */
function framed(ink) {
  const tight = cropped(ink);
  const side = Math.max(tight.width, tight.height);
  const box = scaled(tight, intoBox(tight.height, side), intoBox(tight.width, side));
  const most = -lowest(Array.from(box, (value) => -value));
  const levels = box.map((value) => Math.floor(value * (255 / most) + 0.5));
  const [down, across] = [new Float64Array(BOX), new Float64Array(BOX)];
  levels.forEach((level, place) => {
    down[Math.floor(place / BOX)] += level;
    across[place % BOX] += level;
  });
  const [top, left] = [offset(down), offset(across)];
  const image = new Uint8Array(SIDE * SIDE);
  levels.forEach((level, place) => {
    image[(top + Math.floor(place / BOX)) * SIDE + left + (place % BOX)] = level;
  });
  return image;
}

/**
 * @param {Ink} ink
 * @returns {Ink}
 */
function cropped(ink) {
  let [left, top, right, bottom] = [ink.width, ink.height, 0, 0];
  ink.values.forEach((value, place) => {
    if (value === 0) return;
    const [row, column] = [Math.floor(place / ink.width), place % ink.width];
    [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
  });
  const [width, height] = [right - left, bottom - top];
  const values = new Float64Array(width * height);
  for (let row = 0; row < height; row++) {
    const start = (top + row) * ink.width + left;
    values.set(ink.values.subarray(start, start + width), row * width);
  }
  return { width, height, values };
}

/**
 * Weights that scale `side` pixels to the box, with `length` of them in its middle.
 * @param {number} length
 * @param {number} side
 */
function intoBox(length, side) {
  const cell = side / BOX;
  const before = Math.floor((BOX * (side - length)) / (2 * side));
  return overlap(length, -before * cell, cell, BOX);
}

/**
 * For each cell, the weights of the pixels in its mean.
 * @param {number} pixels
 * @param {number} start where the first cell begins
 * @param {number} side of a cell
 * @param {number} cells
 * @returns {Float64Array[]}
 */
function overlap(pixels, start, side, cells) {
  return Array.from({ length: cells }, (_, cell) => {
    const [from, to] = [start + cell * side, start + (cell + 1) * side];
    return Float64Array.from(
      { length: pixels },
      (_, pixel) => Math.max(Math.min(to, pixel + 1) - Math.max(from, pixel), 0) / side,
    );
  });
}

/**
 * @param {Ink} ink
 * @param {Float64Array[]} down
 * @param {Float64Array[]} across
 * @returns {Float64Array} row after row
 */
function scaled(ink, down, across) {
  const narrow = new Float64Array(ink.height * across.length);
  for (let row = 0; row < ink.height; row++) {
    const line = ink.values.subarray(row * ink.width, (row + 1) * ink.width);
    across.forEach((weights, cell) => {
      narrow[row * across.length + cell] = dot(weights, line);
    });
  }
  const small = new Float64Array(down.length * across.length);
  down.forEach((weights, row) => {
    weights.forEach((weight, source) => {
      if (weight === 0) return;
      for (let cell = 0; cell < across.length; cell++) {
        small[row * across.length + cell] += weight * narrow[source * across.length + cell];
      }
    });
  });
  return small;
}

/**
 * @param {Float64Array} a
 * @param {Float64Array} b
 */
function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/**
 * Where the box begins if the centre of its mass is to be at 14 and up to 15.
 * @param {Float64Array} mass
 */
function offset(mass) {
  const centre =
    dot(
      mass,
      Float64Array.from(mass, (_, i) => i + 0.5),
    ) /
    dot(
      mass,
      mass.map(() => 1),
    );
  return Math.min(Math.max(SIDE / 2 - Math.floor(centre), 0), SIDE - BOX);
}
