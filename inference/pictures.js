// What is painted: digits, signed numbers in two colours, and the curve of an activation.

/** @typedef {[number, number, number]} Colour */
/** @typedef {{ink: Colour, paper: Colour, zero: Colour, negative: Colour, positive: Colour}} Theme */

/**
 * The colours of the page as they are now, light or dark.
 * @returns {Theme}
 */
function theme() {
  const style = getComputedStyle(document.documentElement);
  /** @param {string} name @returns {Colour} */
  const colour = (name) => {
    const hex = style.getPropertyValue(`--${name}`).trim();
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return [red, green, blue];
  };
  return {
    ink: colour("ink"),
    paper: colour("paper"),
    zero: colour("zero"),
    negative: colour("negative"),
    positive: colour("positive"),
  };
}

/**
 * @param {Colour} from
 * @param {Colour} to
 * @param {number} share
 * @returns {Colour}
 */
function mixed(from, to, share) {
  const [red, green, blue] = from.map((value, i) => Math.round(value + (to[i] - value) * share));
  return [red, green, blue];
}

/**
 * Negative is blue, positive orange; `most` has the full colour.
 * @param {Theme} colours
 * @param {number} value
 * @param {number} most
 */
function signed(colours, value, most) {
  const share = most > 0 ? Math.min(Math.abs(value) / most, 1) : 0;
  return mixed(colours.zero, value < 0 ? colours.negative : colours.positive, share);
}

/** @param {Colour} colour */
const css = ([red, green, blue]) => `rgb(${red} ${green} ${blue})`;

/** @param {HTMLCanvasElement} canvas */
function context(canvas) {
  const found = canvas.getContext("2d");
  if (!found) throw new Error("this browser has no canvas");
  return found;
}

/**
 * Paint a canvas, one of its pixels for each value.
 * @param {HTMLCanvasElement} canvas
 * @param {number} columns
 * @param {ArrayLike<number>} values
 * @param {(value: number) => Colour} colour
 */
function paintPixels(canvas, columns, values, colour) {
  canvas.width = columns;
  canvas.height = Math.ceil(values.length / columns);
  const image = context(canvas).createImageData(canvas.width, canvas.height);
  for (let place = 0; place < values.length; place++) {
    image.data.set([...colour(values[place]), 255], 4 * place);
  }
  context(canvas).putImageData(image, 0, 0);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} pixels
 */
function paintDigit(canvas, pixels) {
  const colours = theme();
  paintPixels(canvas, SIDE, pixels, (p) => mixed(colours.paper, colours.ink, p / 255));
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values of the 28 × 28 inputs
 */
function paintWeights(canvas, values) {
  const colours = theme();
  const most = largest(values);
  paintPixels(canvas, SIDE, values, (value) => signed(colours, value, most));
}

/** @param {ArrayLike<number>} values */
function largest(values) {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

const THUMB = 24; // the least width of a target in CSS pixels (WCAG 2.2, criterion 2.5.8)

/**
 * How many columns a grid of units has: near enough to its width, or if `wide` is given, that of
 * the grid in CSS pixels, so few that each unit is large enough for a thumb.
 * @param {number} units
 * @param {number | null} wide
 */
function columnsFor(units, wide = null) {
  const usual = units <= 16 ? units : units <= 64 ? 16 : units <= 400 ? 32 : 48;
  return wide ? Math.min(usual, Math.max(1, Math.floor(wide / THUMB))) : usual;
}

/**
 * Paint a cell for each unit; what is exactly 0 is a dot.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values
 * @param {number} most
 * @param {number | null} chosen
 * @param {number} columns
 */
function paintUnits(canvas, values, most, chosen, columns = columnsFor(values.length)) {
  const colours = theme();
  const cell = Math.floor(1152 / columns);
  canvas.width = columns * cell;
  canvas.height = Math.ceil(values.length / columns) * cell;
  const brush = context(canvas);
  const gap = Math.max(2, Math.round(cell / 14));
  for (let unit = 0; unit < values.length; unit++) {
    const [x, y] = [(unit % columns) * cell, Math.floor(unit / columns) * cell];
    brush.fillStyle = css(colours.zero);
    brush.fillRect(x, y, cell - gap, cell - gap);
    if (values[unit] !== 0) {
      brush.fillStyle = css(signed(colours, values[unit], most));
      brush.fillRect(x, y, cell - gap, cell - gap);
    } else {
      brush.fillStyle = css(mixed(colours.zero, colours.ink, 0.35));
      const dot = Math.max(2, cell / 8);
      brush.fillRect(x + (cell - gap - dot) / 2, y + (cell - gap - dot) / 2, dot, dot);
    }
    if (unit !== chosen) continue;
    brush.strokeStyle = css(colours.ink);
    brush.lineWidth = Math.max(4, cell / 8);
    const inset = brush.lineWidth / 2;
    brush.strokeRect(x + inset, y + inset, cell - gap - 2 * inset, cell - gap - 2 * inset);
  }
}

/**
 * The colours from `low` to `high`, for a legend.
 * @param {HTMLCanvasElement} canvas
 * @param {number} low
 * @param {number} high
 * @param {number} most
 */
function paintScale(canvas, low, high, most) {
  const colours = theme();
  const values = Array.from({ length: 64 }, (_, i) => low + ((high - low) * i) / 63);
  paintPixels(canvas, 64, values, (value) => signed(colours, value, most));
}

/**
 * The curve of a unit's activation, with its place on it.
 * @param {(z: number) => number} f
 * @param {number} z
 * @returns {SVGElement}
 */
function curve(f, z) {
  const [width, height, edge] = [160, 160, 8];
  const reach = Math.max(4, Math.abs(z) * 1.2);
  const zs = Array.from({ length: 161 }, (_, i) => -reach + (2 * reach * i) / 160);
  const values = zs.map(f);
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const span = high - low || 1;
  /** @param {number} at */
  const x = (at) => edge + ((at + reach) / (2 * reach)) * (width - 2 * edge);
  /** @param {number} a */
  const y = (a) => height - edge - ((a - low) / span) * (height - 2 * edge);
  const path = zs.map((at, i) => `${i ? "L" : "M"}${x(at).toFixed(1)} ${y(values[i]).toFixed(1)}`);
  const svg = svgElement("svg", { class: "curve", viewBox: `0 0 ${width} ${height}`, role: "img" });
  svg.setAttribute("aria-label", `The activation's curve from ${short(-reach)} to ${short(reach)}`);
  svg.append(
    svgElement("line", { x1: 0, x2: width, y1: y(0), y2: y(0) }),
    svgElement("line", { x1: x(0), x2: x(0), y1: 0, y2: height }),
    svgElement("line", { class: "drop", x1: x(z), x2: x(z), y1: y(0), y2: y(f(z)) }),
    svgElement("path", { d: path.join(" ") }),
    svgElement("circle", { cx: x(z), cy: y(f(z)), r: 5 }),
  );
  return svg;
}

/**
 * @param {string} tag
 * @param {{[name: string]: string | number}} attributes
 * @returns {SVGElement}
 */
function svgElement(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/**
 * A number in about three digits.
 * @param {number} value
 */
function short(value) {
  const size = Math.abs(value);
  const tiny = size > 0 && size < 0.0005;
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 3;
  return (tiny || size >= 1e5 ? value.toExponential(1) : value.toFixed(digits)).replace(/-/g, "−");
}

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(1)} %`;
