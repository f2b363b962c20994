// The networks: unpacking what `page.py` has packed, and computing what NumPy computes.

/**
 * @typedef {{name: string, [key: string]: string | number | boolean}} Activation
 * @typedef {{codes: string, scale: string | null}} Packed
 * @typedef {{units: number, weight: Packed, bias: string, slope?: string,
 *   activation: Activation | null, limits: [number, number] | null}} PackedLayer
 * @typedef {{name: string, facts: string[], notes: string, classes: string[],
 *   scale: [number, number], output: string, layers: PackedLayer[]}} PackedNetwork
 *
 * @typedef {{inputs: number, units: number, pieces: number, weight: Float32Array,
 *   bias: Float32Array, slope: Float32Array | null, activation: Activation | null,
 *   limits: [number, number] | null}} Layer
 * A layer of `units` units, each of `pieces` sums; weights row after row, a row for an input.
 * @typedef {{name: string, facts: string[], notes: string, classes: string[],
 *   scale: [number, number], output: string, layers: Layer[]}} Network
 * @typedef {{sums: Float64Array, activations: Float64Array}} LayerResult
 * @typedef {{input: Float64Array, layers: LayerResult[], probabilities: Float64Array,
 *   answer: number}} Result
 */

const INPUTS = SIDE * SIDE;
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** @param {number} z */
const sigmoid = (z) => 1 / (1 + Math.exp(-z));
/** @param {number} z @param {number} alpha */
const elu = (z, alpha) => (z > 0 ? z : alpha * Math.expm1(z));
/** @param {number} z */
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

/** @type {{[name: string]: (z: number, activation: any) => number}} */
const FUNCTIONS = {
  identity: (z) => z,
  step: (z) => (z > 0 ? 1 : 0),
  sigmoid,
  tanh: Math.tanh,
  softsign: (z) => z / (1 + Math.abs(z)),
  hard_tanh: (z) => Math.min(1, Math.max(-1, z)),
  relu: (z) => Math.max(0, z),
  leaky_relu: (z, { slope }) => (z > 0 ? z : slope * z),
  prelu: (z, { slope }) => (z > 0 ? z : slope * z),
  elu: (z, { alpha }) => elu(z, alpha),
  selu: (z) => SELU_SCALE * elu(z, SELU_ALPHA),
  softplus,
  gelu: (z) => (z / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3))),
  silu: (z) => z * sigmoid(z),
  mish: (z) => z * Math.tanh(softplus(z)),
  maxout: (z) => z, // of the largest piece
};

/**
 * @param {PackedNetwork} packed
 * @returns {Network}
 */
function unpacked(packed) {
  let inputs = INPUTS;
  const layers = packed.layers.map((layer) => {
    const bias = floats(layer.bias);
    const slope = layer.slope === undefined ? null : floats(layer.slope);
    const weight = weights(layer.weight, bias.length);
    const { units, activation, limits } = layer;
    const pieces = bias.length / units;
    const found = { inputs, units, pieces, weight, bias, slope, activation, limits };
    inputs = units;
    return found;
  });
  return { ...packed, layers };
}

/**
 * Codes of 16 bits are multiples of each unit's step.
 * @param {Packed} packed
 * @param {number} units
 */
function weights(packed, units) {
  if (packed.scale === null) return floats(packed.codes);
  const steps = floats(packed.scale);
  const codes = new Int16Array(bytes(packed.codes));
  return Float32Array.from(codes, (code, place) => code * steps[place % units]);
}

/** @param {string} base64 */
function bytes(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer;
}

/** @param {string} base64 */
function floats(base64) {
  return new Float32Array(bytes(base64));
}

/**
 * @param {Network} network
 * @param {Uint8Array} pixels
 * @returns {Result}
 */
function computed(network, pixels) {
  const [multiplier, shift] = network.scale;
  const input = Float64Array.from(pixels, (pixel) => pixel * multiplier + shift);
  /** @type {LayerResult[]} */
  const layers = [];
  let x = input;
  for (const layer of network.layers) {
    const sums = affine(layer, x);
    x = Float64Array.from({ length: layer.units }, (_, unit) =>
      response(layer, unit, sums[winner(layer, sums, unit)]),
    );
    layers.push({ sums, activations: x });
  }
  const probabilities = network.output === "sigmoid" ? x.map(sigmoid) : softmax(x);
  return { input, layers, probabilities, answer: x.indexOf(Math.max(...x)) };
}

/**
 * @param {Layer} layer
 * @param {Float64Array} x
 */
function affine(layer, x) {
  const sums = Float64Array.from(layer.bias);
  x.forEach((value, i) => {
    if (value === 0) return;
    const row = i * sums.length;
    for (let j = 0; j < sums.length; j++) sums[j] += value * layer.weight[row + j];
  });
  return sums;
}

/**
 * The place of the sum that counts for a unit: of several pieces, the largest.
 * @param {Layer} layer
 * @param {Float64Array} sums piece after piece
 * @param {number} unit
 */
function winner(layer, sums, unit) {
  let best = unit;
  for (let place = unit; place < sums.length; place += layer.units) {
    if (sums[place] > sums[best]) best = place;
  }
  return best;
}

/**
 * What a unit makes of its sum.
 * @param {Layer} layer
 * @param {number} unit
 * @param {number} sum
 */
function response(layer, unit, sum) {
  if (!layer.activation) return sum;
  const learned = layer.slope && { slope: layer.slope[layer.slope.length > 1 ? unit : 0] };
  return FUNCTIONS[layer.activation.name](sum, { ...layer.activation, ...learned });
}

/** @param {Float64Array} logits */
function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/**
 * The shares of units that are exactly 0, and that are within 5 % of an end of a bounded range.
 * @param {Layer} layer
 * @param {LayerResult} found
 * @returns {{zero: number, saturated: number | null}}
 */
function shares(layer, found) {
  const values = Array.from(found.activations);
  const zero = values.filter((a) => a === 0).length / values.length;
  if (!layer.limits) return { zero, saturated: null };
  const [low, high] = layer.limits;
  const margin = 0.05 * (high - low);
  const saturated = values.filter((a) => a < low + margin || a > high - margin).length;
  return { zero, saturated: saturated / values.length };
}
