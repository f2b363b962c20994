// One network on the page: its answer, its layers, and what lies behind a unit or a class.

const MOST_CONTRIBUTIONS = 6;

/**
 * @typedef {{layer: number, unit: number}} Choice
 * A unit; the units of the last layer are the classes.
 */

class Card {
  /** @param {Network} network */
  constructor(network) {
    this.network = network;
    /** @type {Result | null} */
    this.result = null;
    /** @type {Choice | null} */
    this.choice = null;
    this.digit = make("b");
    this.sure = make("span");
    this.rows = network.classes.map((name, unit) => this.row(name, unit));
    this.strips = network.layers
      .slice(0, -1)
      .map((layer, number) => new Strip(this, layer, number));
    this.detail = make("section", { class: "detail" });
    this.element = make(
      "article",
      { "aria-label": network.name },
      make(
        "header",
        {},
        make("h2", {}, network.name),
        ...network.facts.map((fact) => make("p", { class: "muted" }, fact)),
        ...(network.notes ? [make("p", {}, network.notes)] : []),
        make("p", { class: "answer" }, this.digit, this.sure),
      ),
      make("div", { class: "classes", role: "group", "aria-label": "Classes" }, ...this.rows),
      ...this.strips.map((strip) => strip.element),
      this.detail,
    );
    const longest = Math.max(...network.classes.map((name) => name.length));
    this.element.style.setProperty("--name", `${0.65 * Math.min(longest, 12)}em`);
    this.element.classList.toggle("named", longest > 2);
    this.update(null);
  }

  /** What the network calls what it sees, if it sees anything. */
  get said() {
    return this.result && this.network.classes[this.result.answer];
  }

  /** @param {string} name @param {number} unit */
  row(name, unit) {
    const button = make(
      "button",
      { type: "button", class: "class" },
      make("span", {}, name),
      make("span", { class: "bar" }, make("span")),
      make("span", { class: "value" }),
    );
    button.addEventListener("click", () => this.choose({ layer: this.strips.length, unit }));
    return button;
  }

  /** @param {Choice | null} choice a second time takes it back */
  choose(choice) {
    const same = choice?.layer === this.choice?.layer && choice?.unit === this.choice?.unit;
    this.choice = same ? null : choice;
    const focused = this.detail.contains(document.activeElement);
    this.show();
    if (focused) this.detail.querySelector("button")?.focus();
  }

  /** @param {Uint8Array | null} pixels */
  update(pixels) {
    this.result = pixels && computed(this.network, pixels);
    this.show();
  }

  show() {
    const { result, choice } = this;
    this.digit.textContent = this.said ?? "–";
    this.sure.textContent = result ? percent(result.probabilities[result.answer]) : "";
    this.rows.forEach((row, unit) => {
      const share = result ? result.probabilities[unit] : 0;
      const [, bar, value] = row.children;
      /** @type {HTMLElement} */ (bar.firstElementChild).style.width = `${100 * share}%`;
      value.textContent = result ? percent(share) : "";
      row.classList.toggle("first", result?.answer === unit);
      const chosen = choice?.layer === this.strips.length && choice.unit === unit;
      row.setAttribute("aria-pressed", String(chosen));
    });
    this.strips.forEach((strip, layer) => {
      strip.show(result?.layers[layer] ?? null, choice?.layer === layer ? choice.unit : null);
    });
    this.detail.hidden = !choice || !result;
    if (choice && result) this.detail.replaceChildren(...this.described(choice, result));
  }

  /** @param {Choice} choice @param {Result} result */
  described(choice, result) {
    const isClass = choice.layer === this.strips.length;
    const close = make("button", { type: "button", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => this.choose(choice));
    const name = isClass
      ? `What speaks for ${this.network.classes[choice.unit]}`
      : `Unit ${choice.unit + 1} of layer ${choice.layer + 1}`;
    const parts = isClass ? this.evidence(choice, result) : this.workings(choice, result);
    return [make("div", {}, make("h3", {}, name), close), ...parts];
  }

  /**
   * Of a unit: the weights it looks with, its sum, and where that is on the activation's curve.
   * @param {Choice} choice
   * @param {Result} result
   */
  workings({ layer: number, unit }, result) {
    const layer = this.network.layers[number];
    const { sums, activations } = result.layers[number];
    const place = winner(layer, sums, unit);
    const name = layer.activation?.name ?? "";
    const pieces = Array.from({ length: layer.pieces }, (_, piece) => unit + piece * layer.units);
    const pictures = pieces.map((at, piece) =>
      layer.pieces === 1
        ? this.weights(number, at, "Its weights")
        : this.weights(number, at, `Piece ${piece + 1}, sum ${short(sums[at])}: weights`),
    );
    const rule =
      layer.pieces > 1
        ? `The largest of its ${layer.pieces} sums, ${short(sums[place])}, is its activation.`
        : `Its sum is ${short(sums[place])}, of which ${short(layer.bias[place])} is its bias; ` +
          `${name} makes it ${short(activations[unit])}.`;
    if (layer.pieces === 1) {
      const drawn = curve((z) => response(layer, unit, z), sums[place]);
      pictures.push(
        make("figure", {}, drawn, make("figcaption", {}, `${name}, and its place there`)),
      );
    }
    return [make("p", {}, rule), make("div", { class: "pair" }, ...pictures)];
  }

  /**
   * @param {number} number of the layer
   * @param {number} place of the sum
   * @param {string} what
   */
  weights(number, place, what) {
    const layer = this.network.layers[number];
    const values = Float32Array.from(
      { length: layer.inputs },
      (_, input) => layer.weight[input * layer.bias.length + place],
    );
    const from = number ? `the units of layer ${number}` : "the pixels";
    const text = `${what} for ${from}, ±${short(largest(values))}`;
    const canvas = make("canvas", { role: "img", class: number ? "grid" : "weights" });
    canvas.setAttribute("aria-label", text);
    if (number) paintUnits(canvas, values, largest(values), null);
    else paintWeights(canvas, values);
    return make("figure", { class: number ? "wide" : "" }, canvas, make("figcaption", {}, text));
  }

  /**
   * Of a class: what the units of the last hidden layer add to its sum and take from it.
   * @param {Choice} choice
   * @param {Result} result
   */
  evidence({ layer: number, unit }, result) {
    const layer = this.network.layers[number];
    const inputs = number ? result.layers[number - 1].activations : result.input;
    const added = Float64Array.from(
      inputs,
      (a, input) => a * layer.weight[input * layer.units + unit],
    );
    const sum = make(
      "p",
      {},
      `Its sum is ${short(result.layers[number].sums[unit])}, of which ${short(layer.bias[unit])} ` +
        `is its bias and the rest comes from the ${number ? `units of layer ${number}` : "pixels"}.`,
    );
    if (!number) {
      const canvas = make("canvas", { role: "img", class: "weights" });
      canvas.setAttribute("aria-label", "What each pixel adds to the sum");
      paintWeights(canvas, added);
      const text = "What each pixel adds (orange) or takes away (blue)";
      return [sum, make("figure", {}, canvas, make("figcaption", {}, text))];
    }
    const order = Array.from(added.keys()).sort((a, b) => added[b] - added[a]);
    const most = largest(added);
    /** @param {string} title @param {number[]} units @param {string} kind */
    const list = (title, units, kind) => {
      const rows = units.map((u) => this.contribution(number - 1, u, added[u], most, kind));
      const nobody = rows.length ? [] : [make("p", { class: "muted" }, "none")];
      return make("div", {}, make("h3", {}, title), ...rows, ...nobody);
    };
    const pro = order.filter((u) => added[u] > 0).slice(0, MOST_CONTRIBUTIONS);
    const contra = order
      .reverse()
      .filter((u) => added[u] < 0)
      .slice(0, MOST_CONTRIBUTIONS);
    const lists = [list("For it", pro, ""), list("Against it", contra, "against")];
    return [sum, make("div", { class: "two" }, ...lists)];
  }

  /**
   * @param {number} layer
   * @param {number} unit
   * @param {number} value
   * @param {number} most
   * @param {string} kind
   */
  contribution(layer, unit, value, most, kind) {
    const bar = make("span");
    bar.style.width = `${(100 * Math.abs(value)) / most}%`;
    const button = make(
      "button",
      { type: "button", class: `contribution ${kind}` },
      make("span", {}, `unit ${unit + 1}`),
      make("span", { class: "bar" }, bar),
      make("span", { class: "value" }, short(value)),
    );
    button.addEventListener("click", () => this.choose({ layer, unit }));
    return button;
  }
}
