// The drawing area. What is kept are the points of the strokes, in pixels of 28 × 28.

const NEAR = 0.1; // a point nearer to the last one is left out
const TALL = 6; // what is less tall beside others is no digit, but a point or a minus
const DOT = 2; // a touch that moves less than so many pixels may be a palm

/** @typedef {{strokes: Stroke[], example: number | null}} Sheet */

class Pad {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => void} changed is called after every change of `sheet`
   */
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    /** @type {Sheet} */
    this.sheet = { strokes: [], example: null };
    /** @type {Sheet[]} */
    this.past = [];
    /** @type {PointerEvent | null} the press of what is writing */
    this.pointer = null;
    /** @type {Stroke | null} the last stroke, if a finger or a palm made it */
    this.touched = null;
    this.byKeyboard = false;
    /** @type {Point} */
    this.cursor = [SIDE / 2, SIDE / 4];
    this.penDown = false;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => {
        if (this.writes(/** @type {PointerEvent} */ (event))) this.pointer = null;
      });
    }
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => {
      this.rest();
      this.changed();
    });
  }

  /**
   * One pointer writes at a time. A pen takes the place of a finger, and of a palm before it.
   * @param {PointerEvent} event
   */
  press(event) {
    if (!event.isPrimary || event.button !== 0) return;
    const pen = event.pointerType === "pen";
    if (this.pointer && !(pen && this.pointer.pointerType === "touch")) return;
    if (pen && this.touched && (this.pointer || extent(this.touched) < DOT)) this.takeBack();
    this.rest();
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event;
    this.begin(this.place(event));
    this.mark();
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (!this.writes(event)) return;
    const passed = event.getCoalescedEvents?.() ?? []; // not over http, nor in older browsers
    for (const each of passed.length ? passed : [event]) this.extend(this.place(each));
    this.mark();
  }

  /** @param {PointerEvent} event */
  writes(event) {
    return event.pointerId === this.pointer?.pointerId;
  }

  /** Remember the stroke that a finger is making: it may prove to be a palm's. */
  mark() {
    const { strokes } = this.sheet;
    this.touched = this.pointer?.pointerType === "touch" ? strokes[strokes.length - 1] : null;
  }

  /** Lift whatever is writing. */
  rest() {
    this.pointer = null;
    this.penDown = this.byKeyboard = false;
  }

  /** @param {PointerEvent} event @returns {Point} */
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return within([
      ((event.clientX - box.left) / box.width) * SIDE,
      ((event.clientY - box.top) / box.height) * SIDE,
    ]);
  }

  /** @param {Point} point */
  begin(point) {
    const strokes = this.sheet.example === null ? this.sheet.strokes : [];
    this.become({ strokes: [...strokes, [point]], example: null });
  }

  /** @param {Point} point */
  extend(point) {
    const { strokes } = this.sheet;
    const stroke = strokes[strokes.length - 1];
    const last = stroke[stroke.length - 1];
    if (Math.hypot(point[0] - last[0], point[1] - last[1]) < NEAR) return;
    this.sheet = { strokes: [...strokes.slice(0, -1), [...stroke, point]], example: null };
    this.changed();
  }

  /** @param {Sheet} sheet */
  become(sheet) {
    this.past.push(this.sheet);
    this.sheet = sheet;
    this.changed();
  }

  undo() {
    this.rest();
    this.takeBack();
    this.changed();
  }

  takeBack() {
    this.sheet = this.past.pop() ?? this.sheet;
    this.touched = null;
  }

  clear() {
    this.rest();
    this.touched = null;
    this.changed();
    if (!this.empty) this.become({ strokes: [], example: null });
  }

  get empty() {
    return this.sheet.strokes.length === 0 && this.sheet.example === null;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    /** @type {{[key: string]: Point}} */
    const steps = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const step = steps[event.key];
    if (step && !event.ctrlKey && !event.metaKey && !event.altKey) {
      this.cursor = within([this.cursor[0] + step[0], this.cursor[1] + step[1]]);
      if (this.penDown) this.extend(this.cursor);
    } else if (event.key === " ") {
      this.penDown = !this.penDown;
      if (this.penDown) this.begin(this.cursor);
    } else return;
    this.byKeyboard = true;
    event.preventDefault();
    this.changed();
  }

  /** @param {Uint8Array | null} example the pixels to show instead of strokes */
  paint(example) {
    const { canvas } = this;
    const size = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== size) canvas.width = canvas.height = size;
    const brush = context(canvas);
    const colours = theme();
    brush.setTransform(size / SIDE, 0, 0, size / SIDE, 0, 0);
    brush.clearRect(0, 0, SIDE, SIDE);
    example?.forEach((pixel, place) => {
      brush.fillStyle = css(mixed(colours.paper, colours.ink, pixel / 255));
      brush.fillRect(place % SIDE, Math.floor(place / SIDE), 1.02, 1.02);
    });
    brush.strokeStyle = brush.fillStyle = css(colours.ink);
    brush.lineWidth = THICKNESS;
    brush.lineCap = brush.lineJoin = "round";
    for (const stroke of this.sheet.strokes) {
      brush.beginPath(); // a dot, since a line of no length is not painted
      brush.arc(...stroke[0], THICKNESS / 2, 0, 2 * Math.PI);
      brush.fill();
      brush.beginPath();
      for (const point of stroke) brush.lineTo(...point);
      brush.stroke();
    }
    if (!this.byKeyboard) return;
    brush.strokeStyle = brush.fillStyle = css(this.penDown ? colours.positive : colours.negative);
    brush.lineWidth = 0.3;
    brush.beginPath();
    brush.arc(...this.cursor, THICKNESS / 2, 0, 2 * Math.PI);
    brush.stroke();
    if (this.penDown) brush.fill();
  }
}

/**
 * What may keep a network from reading the strokes, as `nnbasic predict` says of pictures.
 * @param {Stroke[]} strokes
 */
function doubts(strokes) {
  const found = [];
  const edge = (/** @type {number} */ at) => at < THICKNESS / 4 || at > SIDE - THICKNESS / 4;
  if (strokes.some((stroke) => stroke.some((point) => point.some(edge)))) {
    found.push("It touches the edge, and may be cut off.");
  }
  if (columns(strokes).filter((height) => height > TALL).length > 1) {
    found.push("These look like several digits; the networks read one.");
  }
  return found;
}

/** @param {Stroke[]} strokes the heights of what stands side by side, with paper between */
function columns(strokes) {
  const boxes = strokes.map((stroke) => {
    const [xs, ys] = [stroke.map(([x]) => x), stroke.map(([, y]) => y)];
    return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  });
  /** @type {number[][]} */
  const merged = [];
  for (const box of boxes.sort((a, b) => a[0] - b[0])) {
    const last = merged[merged.length - 1];
    if (last && box[0] - last[1] < THICKNESS) {
      last[1] = Math.max(last[1], box[1]);
      last[2] = Math.min(last[2], box[2]);
      last[3] = Math.max(last[3], box[3]);
    } else merged.push(box);
  }
  return merged.map(([, , top, bottom]) => bottom - top);
}

/** @param {Stroke} stroke how far it reaches from its first point */
function extent(stroke) {
  const [[x, y]] = stroke;
  return Math.max(...stroke.map((point) => Math.hypot(point[0] - x, point[1] - y)));
}

/** @param {Point} point @returns {Point} */
function within([x, y]) {
  return [Math.min(Math.max(x, 0), SIDE), Math.min(Math.max(y, 0), SIDE)];
}
