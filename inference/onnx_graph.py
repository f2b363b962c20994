"""A network as an ONNX graph, from pixels to probabilities."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from nnbasic.inference import portable
from nnbasic.inference.preparation import SIDE
from nnbasic.model import Activation, rectifiers
from nnbasic.model import activations as bounded
from nnbasic.model.blocks import Block
from nnbasic.model.rectifiers import GELU_CUBIC, SELU_ALPHA, SELU_SCALE
from nnbasic.training import RunError, Trained

OPSET, IR_VERSION = 13, 7
"""Those of the end of 2020, which runtimes of any age read; the library's defaults are newer."""

PROGRAM = "an ONNX runtime"
SQRT_2_PI = math.sqrt(2 / math.pi)


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
    outputs = []
    for block, units in zip(network.blocks, network.sizes[1:], strict=True):
        x = _block(graph, x, block)
        outputs.append((x, units))
    ends = {"softmax": "Softmax", "sigmoid": "Sigmoid"}[portable.output(network.loss, PROGRAM)]
    axis = {"axis": 1} if ends == "Softmax" else {}
    last = graph.add(ends, x, name="probabilities", **axis)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "nnbasic",
            [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", SIDE, SIDE])],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", units])
                for name, units in [(last, network.sizes[-1]), outputs[-1], *outputs[:-1]]
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


def _block(graph: Graph, x: str, block: Block) -> str:
    """The output of ``block`` for its input ``x``."""
    constants = {
        name: graph.constant(f"{block.name}.{name}", array)
        for layer in block.layers
        for name, array in layer.parameters.items()
    }
    affine = x, constants["weight"], constants["bias"]
    if block.activation is None:
        return graph.add("Gemm", *affine, name="logits")
    portable.spec(block.activation, PROGRAM)
    z = graph.add("Gemm", *affine, name=f"{block.name}.preactivation")
    operator, inputs, attributes = _activation(graph, z, block.activation, constants.get("slope"))
    return graph.add(operator, *inputs, name=f"{block.name}.activation", **attributes)


def _activation(
    graph: Graph, z: str, activation: Activation, slope: str | None
) -> tuple[str, list[str], dict[str, Any]]:
    """The last node of an activation of ``z``: operator, inputs, attributes.

    The nodes before it are added to ``graph``.
    """
    match activation:
        case bounded.Identity():
            return "Identity", [z], {}
        case bounded.Step():
            return "Cast", [graph.add("Greater", z, graph.number(0))], {"to": TensorProto.FLOAT}
        case bounded.Sigmoid():
            return "Sigmoid", [z], {}
        case bounded.Tanh():
            return "Tanh", [z], {}
        case bounded.Softsign():
            return "Softsign", [z], {}
        case bounded.HardTanh():
            return "Clip", [z, graph.number(-1), graph.number(1)], {}
        case rectifiers.ReLU():
            return "Relu", [z], {}
        case rectifiers.LeakyReLU():
            return "LeakyRelu", [z], {"alpha": activation.slope}
        case rectifiers.PReLU() if slope:
            return "PRelu", [z, slope], {}
        case rectifiers.ELU():
            return "Elu", [z], {"alpha": activation.alpha}
        case rectifiers.SELU():
            return "Selu", [z], {"alpha": SELU_ALPHA, "gamma": SELU_SCALE}
        case rectifiers.Softplus():
            return "Softplus", [z], {}
        case rectifiers.GELU():
            return "Mul", [_half_gate(graph, z), z], {}
        case rectifiers.SiLU():
            return "Mul", [z, graph.add("Sigmoid", z)], {}
        case rectifiers.Mish():
            return "Mul", [z, graph.add("Tanh", graph.add("Softplus", z))], {}
        case rectifiers.Maxout():
            return "Max", graph.split(z, activation.pieces), {}
    raise RunError(f"ONNX files with the activation {activation} cannot be written")


def _half_gate(graph: Graph, z: str) -> str:
    """What GELU multiplies z with: (1 + tanh u)/2, u = √(2/π)(z + 0.044715 z³)."""
    cubic = graph.add("Mul", graph.add("Mul", z, z), graph.number(GELU_CUBIC))
    slope = graph.add("Mul", graph.add("Add", cubic, graph.number(1)), graph.number(SQRT_2_PI))
    gate = graph.add("Add", graph.add("Tanh", graph.add("Mul", slope, z)), graph.number(1))
    return graph.add("Mul", gate, graph.number(0.5))
