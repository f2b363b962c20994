"""A network as an ONNX graph, from pixels to probabilities."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from nnbasic.inference import portable
from nnbasic.inference.preparation import SIDE
from nnbasic.model import Dense, Layer, activations
from nnbasic.model.activations import GELU_CUBIC, SELU_ALPHA, SELU_SCALE, SQRT_2_OVER_PI
from nnbasic.training import RunError, Trained

OPSET, IR_VERSION = 13, 7
"""Those of the end of 2020, which runtimes of any age read; the library's defaults are newer."""

LIMIT = "an ONNX runtime cannot compute; .npz, .json and .safetensors hold such a network"


class Graph:
    """A graph that grows from its input on. Its methods take and return the names of values.

    All numbers are float32, which every runtime has.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def add(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """The result of a new node; without a ``name`` it is numbered."""
        result = name or f"{operator.lower()}{len(self.nodes) + 1}"
        self.nodes.append(helper.make_node(operator, inputs, [result], result, **attributes))
        return result

    def constant(self, name: str, values: Any) -> str:
        """An array that the file holds."""
        array = np.asarray(values, dtype=np.float32)
        self.constants[name] = numpy_helper.from_array(array, name)
        return name

    def number(self, value: float) -> str:
        """A number that the file holds, once for all nodes that use it."""
        return self.constant(repr(value), value)

    def split(self, values: str, parts: int) -> list[str]:
        """Equal ``parts`` of (n, parts · units)."""
        names = [f"{values}.part{number}" for number in range(1, parts + 1)]
        self.nodes.append(helper.make_node("Split", [values], names, f"{values}.split", axis=1))
        return names


def serialize(trained: Trained, metadata: Mapping[str, str]) -> bytes:
    """An ONNX file: ``images``, uint8 (n, 28, 28), to ``probabilities`` (n, classes).

    ``logits`` and the hidden layers, ``layer1.activation`` and so on, are outputs too. RunError if
    the network has a plugin's component.
    """
    network, graph = trained.network, Graph()
    x = graph.add("Cast", graph.add("Flatten", "images"), to=TensorProto.FLOAT)
    x = graph.add("Mul", x, graph.constant("scale.multiplier", trained.scale.multiplier))
    x = graph.add("Add", x, graph.constant("scale.offset", trained.scale.offset))
    outputs = {}  # of the config's layers: the last of each name
    for layer in network.layers:
        x = _layer(graph, x, layer, "logits" if layer is network.layers[-1] else "")
        outputs[layer.name] = x, layer.units
    *hidden, logits = outputs.values()
    ends = {"softmax": "Softmax", "sigmoid": "Sigmoid"}[portable.output(network.loss, LIMIT)]
    axis = {"axis": 1} if ends == "Softmax" else {}
    last = graph.add(ends, x, name="probabilities", **axis)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "nnbasic",
            [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", SIDE, SIDE])],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", units])
                for name, units in [(last, network.sizes[-1]), logits, *hidden]
            ],
            [*graph.constants.values()],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="nnbasic",
    )
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content


def _layer(graph: Graph, x: str, layer: Layer, name: str) -> str:
    """The output of ``layer`` for its input ``x``; ``name`` is what it is called, if given."""
    affine = isinstance(layer, Dense)
    constants = {
        key: graph.constant(f"{layer.name}.{key}", array.T if affine else array)
        for key, array in layer.parameters.items()
    }
    if affine:  # (units, inputs), as PyTorch writes it: OpenCV 4.6 reads no other Gemm
        weight, bias = constants["weight"], constants["bias"]
        result = name or f"{layer.name}.preactivation"
        return graph.add("Gemm", x, weight, bias, name=result, transB=1)
    portable.spec(layer, LIMIT)
    operator, inputs, attributes = _activation(graph, x, layer, constants.get("slope"))
    return graph.add(operator, *inputs, name=f"{layer.name}.activation", **attributes)


def _activation(
    graph: Graph, z: str, activation: Layer, slope: str | None
) -> tuple[str, list[str], dict[str, Any]]:
    """The last node of an activation of ``z``: operator, inputs, attributes.

    The nodes before it are added to ``graph``.
    """
    match activation:
        case activations.Identity():
            return "Identity", [z], {}
        case activations.Heaviside():
            return "Cast", [graph.add("Greater", z, graph.number(0))], {"to": TensorProto.FLOAT}
        case activations.Sigmoid():
            return "Sigmoid", [z], {}
        case activations.Tanh():
            return "Tanh", [z], {}
        case activations.Softsign():
            return "Softsign", [z], {}
        case activations.HardTanh():
            return "Clip", [z, graph.number(-1), graph.number(1)], {}
        case activations.ReLU():
            return "Relu", [z], {}
        case activations.LeakyReLU():
            return "LeakyRelu", [z], {"alpha": activation.slope}
        case activations.PReLU() if slope:
            return "PRelu", [z, slope], {}
        case activations.ELU():
            return "Elu", [z], {"alpha": activation.alpha}
        case activations.SELU():
            return "Selu", [z], {"alpha": SELU_ALPHA, "gamma": SELU_SCALE}
        case activations.Softplus():
            return "Softplus", [z], {}
        case activations.GELU():
            return "Mul", [_half_gate(graph, z), z], {}
        case activations.SiLU():
            return "Mul", [z, graph.add("Sigmoid", z)], {}
        case activations.Mish():
            return "Mul", [z, graph.add("Tanh", graph.add("Softplus", z))], {}
        case activations.Maxout():
            return "Max", graph.split(z, activation.pieces), {}
    raise RunError(f"ONNX files with the activation {activation} cannot be written")


def _half_gate(graph: Graph, z: str) -> str:
    """What GELU multiplies z with: (1 + tanh u)/2, u = √(2/π)(z + 0.044715 z³)."""
    cubic = graph.add("Mul", graph.add("Mul", z, z), graph.number(GELU_CUBIC))
    slope = graph.add("Mul", graph.add("Add", cubic, graph.number(1)), graph.number(SQRT_2_OVER_PI))
    gate = graph.add("Add", graph.add("Tanh", graph.add("Mul", slope, z)), graph.number(1))
    return graph.add("Mul", gate, graph.number(0.5))
