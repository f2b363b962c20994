// A hidden layer of a network's card, and how elements are made.

/** A hidden layer: a cell for each unit, coloured on a scale of the layer's own range. */
class Strip {
  /**
   * @param {Card} card
   * @param {Layer} layer
   * @param {number} number from 0
   */
  constructor(card, layer, number) {
    this.layer = layer;
    this.name = `Layer ${number + 1}`;
    this.shares = make("p");
    this.low = make("span");
    this.high = make("span");
    this.legend = make("canvas", { "aria-hidden": "true" });
    this.canvas = make("canvas", {
      class: "units",
      tabindex: "0",
      role: "slider",
      "aria-label": `${this.name}, ${layer.units} units`,
      "aria-valuemin": "1",
      "aria-valuemax": String(layer.units),
    });
    this.columns = columnsFor(layer.units);
    this.canvas.addEventListener("click", (event) => {
      const box = this.canvas.getBoundingClientRect();
      const rows = Math.ceil(layer.units / this.columns);
      const column = Math.floor(((event.clientX - box.left) / box.width) * this.columns);
      const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
      const unit = row * this.columns + column;
      if (unit < layer.units) card.choose({ layer: number, unit });
    });
    this.canvas.addEventListener("keydown", (event) => {
      const { columns } = this;
      /** @type {{[key: string]: number}} */
      const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
      const step = steps[event.key];
      if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const { choice } = card;
      const unit = choice?.layer === number ? choice.unit + step : 0;
      if (unit >= 0 && unit < layer.units) card.choose({ layer: number, unit });
    });
    this.element = make(
      "div",
      { class: "layer" },
      make(
        "div",
        { class: "layer-head" },
        make("h3", {}, `${this.name}: ${layer.units} ${layer.activation?.name}`),
        this.shares,
      ),
      this.canvas,
      make("div", { class: "scale" }, this.low, this.legend, this.high),
    );
  }

  /** @param {LayerResult | null} found @param {number | null} chosen */
  show(found, chosen) {
    const { layer } = this;
    const values = found?.activations ?? new Float64Array(layer.units);
    const [low, high] = layer.limits ?? [Math.min(0, ...values), Math.max(0, ...values)];
    const most = Math.max(-low, high);
    const thumb = chosen !== null && matchMedia("(any-pointer: coarse)").matches;
    this.columns = columnsFor(layer.units, thumb ? this.canvas.clientWidth : null);
    paintUnits(this.canvas, values, most, chosen, this.columns);
    paintScale(this.legend, low, high, most);
    this.low.textContent = short(low);
    this.high.textContent = short(high);
    const { zero, saturated } = found ? shares(layer, found) : { zero: 0, saturated: 0 };
    const said = [];
    if (zero > 0 || saturated === null) said.push(`${percent(zero)} are 0`);
    if (saturated !== null) said.push(`${percent(saturated)} saturated`);
    this.shares.textContent = found ? said.join(", ") : "";
    const valued =
      chosen !== null && found ? `unit ${chosen + 1}: ${short(values[chosen])}` : "none";
    this.canvas.setAttribute("aria-valuenow", String((chosen ?? 0) + 1));
    this.canvas.setAttribute("aria-valuetext", valued);
  }
}

/**
 * An element whose text and attributes cannot be mistaken for markup.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {{[name: string]: string}} attributes
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
