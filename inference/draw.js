// The page: strokes or an example become pixels, and the pixels go to every network.

/**
 * @typedef {{title: string, label: number | null, note: string, images: number[]}} Group
 * `label` is the class of all its images, if they have one.
 * @typedef {{pixels: string, captions: string[], groups: Group[]}} Examples
 * @typedef {{networks: PackedNetwork[], examples: Examples | null, colophon: string}} Data
 */

/** @template {HTMLElement} T @param {string} id @returns {T} */
const byId = (id) => /** @type {any} */ (document.getElementById(id));

class Page {
  /** @param {Data} data */
  constructor(data) {
    this.cards = data.networks.map((packed) => new Card(unpacked(packed)));
    this.pad = new Pad(byId("pad"), () => this.later());
    this.switch = /** @type {HTMLInputElement} */ (byId("prepare"));
    this.waiting = false;
    /** @type {Uint8Array} */
    this.images = new Uint8Array(data.examples ? bytes(data.examples.pixels) : []);
    /** @type {Group[]} */
    this.groups = data.examples?.groups ?? [];
    this.captions = data.examples?.captions ?? [];
    /** @type {Uint8Array | null} */
    this.pixels = null;
    byId("networks").append(...this.cards.map((card) => card.element));
    byId("colophon").textContent = data.colophon;
    byId("undo").addEventListener("click", () => this.pad.undo());
    byId("clear").addEventListener("click", () => this.pad.clear());
    this.switch.addEventListener("change", () => this.later());
    document.addEventListener("keydown", (event) => this.key(event));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
    new ResizeObserver(() => this.later()).observe(byId("pad"));
    this.offer();
    this.later();
  }

  /** Do all that follows from a change once, before the next picture on the screen. */
  later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.update();
    });
  }

  update() {
    const { sheet } = this.pad;
    const example = sheet.example === null ? null : this.image(sheet.example);
    const pixels = example ?? this.drawing(sheet.strokes);
    this.pad.paint(example);
    byId("hint").hidden = !this.pad.empty;
    /** @type {HTMLButtonElement} */ (byId("undo")).disabled = this.pad.past.length === 0;
    /** @type {HTMLButtonElement} */ (byId("clear")).disabled = this.pad.empty;
    paintDigit(byId("pixels"), pixels ?? new Uint8Array(INPUTS));
    byId("explanation").textContent = this.explanation(sheet.example);
    byId("doubts").textContent = doubts(sheet.strokes).join(" ");
    if (!same(pixels, this.pixels)) {
      this.pixels = pixels;
      for (const card of this.cards) card.update(pixels);
      this.say();
    }
    for (const button of byId("thumbnails").children) {
      const pressed = Number(button.getAttribute("data-image")) === sheet.example;
      button.setAttribute("aria-pressed", String(pressed));
    }
  }

  /** @param {Stroke[]} strokes */
  drawing(strokes) {
    if (strokes.length === 0) return null;
    return this.switch.checked ? prepared(strokes) : unprepared(strokes);
  }

  /** @param {number | null} example */
  explanation(example) {
    if (example !== null) return `As it is: ${this.captions[example]}.`;
    return this.switch.checked
      ? "Scaled to 20 pixels, centred by its mass, with a pen as thick as MNIST’s."
      : "The drawing area as it is. Draw small, or in a corner, and see what that does.";
  }

  /** The answers in short, beside the drawing. */
  say() {
    const answers = this.cards.map(({ network, result }) => {
      if (!result) return make("li", {}, `${network.name}: –`);
      const { answer, probabilities } = result;
      return make(
        "li",
        {},
        `${network.name}: `,
        make("b", {}, network.classes[answer]),
        ` ${percent(probabilities[answer])}`,
      );
    });
    const found = new Set(this.cards.map((card) => card.said));
    if (found.size > 1) answers.push(make("li", { class: "differ" }, "The networks differ."));
    byId("answers").replaceChildren(...answers);
  }

  repaint() {
    for (const card of this.cards) card.show();
    this.thumbnails();
    this.later();
  }

  /** Fill the list of examples. */
  offer() {
    const select = byId("group");
    byId("examples").hidden = this.groups.length === 0;
    select.append(
      ...this.groups.map(({ title }, number) => make("option", { value: String(number) }, title)),
    );
    select.addEventListener("change", () => this.thumbnails());
    if (this.groups.length) this.thumbnails();
  }

  thumbnails() {
    if (this.groups.length === 0) return;
    const group = this.groups[Number(/** @type {HTMLSelectElement} */ (byId("group")).value)];
    byId("note").textContent = group.note;
    const buttons = group.images.map((number) => {
      const canvas = make("canvas");
      paintDigit(canvas, this.image(number));
      const label = this.captions[number];
      const button = make("button", { type: "button", title: label, "aria-label": label }, canvas);
      button.setAttribute("data-image", String(number));
      button.addEventListener("click", () => this.pick(number));
      return button;
    });
    byId("thumbnails").replaceChildren(...buttons);
    this.later();
  }

  /** @param {number} number */
  pick(number) {
    this.pad.become({ strokes: [], example: number });
  }

  /** @param {number} number */
  image(number) {
    return this.images.subarray(number * INPUTS, (number + 1) * INPUTS);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.pad.undo();
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") this.pad.clear();
    const number = this.groups.findIndex(({ label }) => String(label) === event.key);
    if (number < 0 || event.target === byId("group")) return;
    /** @type {HTMLSelectElement} */ (byId("group")).value = String(number);
    this.thumbnails();
    const { images } = this.groups[number];
    this.pick(images[(images.indexOf(this.pad.sheet.example ?? -1) + 1) % images.length]);
  }
}

/** @param {Uint8Array | null} a @param {Uint8Array | null} b */
function same(a, b) {
  return a === b || (a !== null && b !== null && a.every((value, place) => value === b[place]));
}

const page = new Page(JSON.parse(byId("data").textContent ?? ""));
