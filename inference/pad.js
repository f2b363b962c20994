// The drawing area. What is kept are the points of the strokes, in pixels of 28 × 28.

const NEAR = 0.1; // a point nearer to the last one is left out

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
    /** @type {number | null} */
    this.pointer = null;
    /** @type {Point} */
    this.cursor = [SIDE / 2, SIDE / 4];
    this.penDown = false;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, () => {
        this.pointer = null;
      });
    }
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("focus", () => this.changed());
    canvas.addEventListener("blur", () => {
      this.penDown = false;
      this.changed();
    });
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (!event.isPrimary || event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.begin(this.place(event));
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (event.pointerId !== this.pointer) return;
    const passed = event.getCoalescedEvents();
    for (const each of passed.length ? passed : [event]) this.extend(this.place(each));
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
    this.pointer = null;
    this.penDown = false;
    this.sheet = this.past.pop() ?? this.sheet;
    this.changed();
  }

  clear() {
    this.pointer = null;
    this.penDown = false;
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
    brush.strokeStyle = css(colours.ink);
    brush.lineWidth = THICKNESS;
    brush.lineCap = brush.lineJoin = "round";
    for (const stroke of this.sheet.strokes) {
      brush.beginPath();
      brush.moveTo(...stroke[0]);
      for (const point of stroke) brush.lineTo(...point);
      brush.stroke();
    }
    if (!canvas.matches(":focus-visible")) return;
    brush.strokeStyle = brush.fillStyle = css(this.penDown ? colours.positive : colours.negative);
    brush.lineWidth = 0.3;
    brush.beginPath();
    brush.arc(...this.cursor, THICKNESS / 2, 0, 2 * Math.PI);
    brush.stroke();
    if (this.penDown) brush.fill();
  }
}

/** @param {Point} point @returns {Point} */
function within([x, y]) {
  return [Math.min(Math.max(x, 0), SIDE), Math.min(Math.max(y, 0), SIDE)];
}
