"""One network in torch and in onnxruntime, on one device, both in exact float32.

On CUDA that takes care on both sides: NVIDIA's libraries round float32 to TF32 by default, and onnxruntime runs
nodes on the CPU without an error where it has no CUDA kernel for them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

import onnx
import onnxruntime
import torch
from onnxruntime.capi import onnxruntime_pybind11_state as errors
from torch import Tensor, nn

from archspec.parity.devices import PROVIDERS, DeviceError, not_started
from archspec.parity.measure import Array

# What onnxruntime raises over a file or its inputs: exceptions that have no base class of their own.
_ERRORS: tuple[type[Exception], ...] = (
    *(errors.Fail, errors.InvalidArgument, errors.InvalidGraph, errors.InvalidProtobuf, errors.NotImplemented),
    *(errors.RuntimeException, errors.EPFail, RuntimeError, ValueError),
)
Level: TypeAlias = Literal["disabled", "basic", "extended", "layout", "all"]
_LEVELS: dict[Level, Any] = {
    "disabled": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "layout": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_LAYOUT,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
LEVELS: tuple[Level, ...] = tuple(_LEVELS)  # of onnxruntime's optimisations, each with those before it
_REFUSED = "fallback to CPU EP has been explicitly disabled"  # in onnxruntime's words
_NUMPY = {"tensor(float16)": "float16", "tensor(float)": "float32", "tensor(double)": "float64"}
_NUMPY |= {"tensor(int32)": "int32", "tensor(int64)": "int64"}
_FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE)


def first_line(error: Exception) -> str:
    """What an exception of somebody else's says first; its name, if it says nothing."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


class SessionError(Exception):
    """onnxruntime refuses a file, or fails to run it. The first line of what it says."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"onnxruntime: {first_line(error)}")


def evaluating(module: nn.Module, device: str, dtype: torch.dtype | None = None) -> nn.Module:
    """The module in evaluation mode: itself if it is so already, else a copy, since the module stays as it is."""
    here = all(tensor.device.type == device for tensor in module.state_dict().values())
    if here and dtype is None and not any(part.training for part in module.modules()):
        return module
    return copy.deepcopy(module).to(device=device, dtype=dtype).eval()


def doubled(tensor: Tensor) -> Tensor:
    """The same numbers in float64; integers stay integers."""
    return tensor.double() if tensor.is_floating_point() else tensor


def run_torch(module: nn.Module, inputs: Sequence[Tensor]) -> list[Array]:
    """The outputs in declared order, from a module that gives a tensor or a dict."""
    with torch.no_grad(), exact_float32():
        result = module(*inputs)
    tensors = result.values() if isinstance(result, dict) else [result]
    return [tensor.detach().cpu().numpy() for tensor in tensors]


@contextmanager
def exact_float32() -> Iterator[None]:
    """torch with IEEE float32 in all products, and with one algorithm for one task; then as it was."""
    backends: Any = torch.backends  # which torch types in part only
    kernels = [backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn]
    kernels += [backends.mkldnn.matmul, backends.mkldnn.conv, backends.mkldnn.rnn]
    settings: list[tuple[Any, str, object]] = [(kernel, "fp32_precision", "ieee") for kernel in kernels]
    settings += [(backends.cudnn, "benchmark", False), (backends.cudnn, "deterministic", True)]
    before = [getattr(owner, name) for owner, name, _ in settings]
    try:
        for owner, name, value in settings:
            setattr(owner, name, value)
        yield
    finally:
        for (owner, name, _), value in zip(settings, before, strict=True):
            setattr(owner, name, value)


class Session:
    """An ONNX file, or its bytes, in onnxruntime. `inputs` and `outputs` name those of the file that are fed and
    asked for, in their order; all, in the file's order, if nothing is said. `level` is that of onnxruntime's
    optimisations; `folder` is where the external data of bytes lie.

    Nothing of a file may run elsewhere than on the device but computations of sizes, which onnxruntime keeps on the CPU
    on purpose; `notes` says so then. Raises SessionError, and DeviceError.
    """

    def __init__(
        self,
        model: Path | bytes,
        device: str,
        *,
        level: Level = "all",
        folder: Path | None = None,
        inputs: Sequence[str] | None = None,
        outputs: Sequence[str] | None = None,
    ) -> None:
        self.notes: list[str] = []
        try:
            self._session = _start(model, device, level, folder, strict=device != "cpu")
        except SessionError as error:
            if _REFUSED not in str(error):
                raise
            self._session = _start(model, device, level, folder, strict=False)
        self.provider: str = self._session.get_providers()[0]
        if self.provider != PROVIDERS[device].name:
            raise not_started(self.provider)
        if device != "cpu" and (elsewhere := nodes_on_cpu(self._session)):
            require_sizes(model, elsewhere)
            kinds = ", ".join(sorted({kind for _, kind in elsewhere}))
            self.notes.append(f"onnxruntime computes sizes on the CPU, by {len(elsewhere)} nodes: {kinds}")
        self._types: dict[str, str] = {item.name: item.type for item in self._session.get_inputs()}
        self.inputs = list(inputs or self._types)
        self.outputs = list(outputs or [item.name for item in self._session.get_outputs()])

    def run(self, inputs: Sequence[Tensor]) -> list[Array]:
        """The outputs for these inputs, which are converted to the types that the file takes. Raises SessionError."""
        arrays = zip(self.inputs, (tensor.cpu().numpy() for tensor in inputs), strict=True)
        feeds = {name: array.astype(_NUMPY.get(self._types[name], array.dtype), copy=False) for name, array in arrays}
        try:
            return list(self._session.run(self.outputs, feeds))
        except _ERRORS as error:
            raise SessionError(error) from error


def _start(model: Path | bytes, device: str, level: Level, folder: Path | None, strict: bool) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what it has to say arrives as an exception
    options.graph_optimization_level = _LEVELS[level]
    if folder is not None:
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder))
    if strict:
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    else:
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    provider = (PROVIDERS[device].name, dict(PROVIDERS[device].options))
    source = model if isinstance(model, bytes) else str(model)
    try:
        return onnxruntime.InferenceSession(source, options, providers=[provider])
    except _ERRORS as error:
        raise SessionError(error) from error


def count_nodes(model: Path) -> int:
    """The nodes that are left of a file after onnxruntime's basic optimisations. Raises SessionError."""
    parts = _start(model, "cpu", "basic", None, strict=False).get_provider_graph_assignment_info()
    return sum(len(part.get_nodes()) for part in parts)


def nodes_on_cpu(session: Any) -> list[tuple[str, str]]:
    """The nodes that onnxruntime runs on the CPU, by name and operator, of a session that records where they run."""
    parts = session.get_provider_graph_assignment_info()
    here = (part for part in parts if part.ep_name == PROVIDERS["cpu"].name)
    return [(node.name, node.op_type) for part in here for node in part.get_nodes()]


def require_sizes(model: Path | bytes, nodes: Iterable[tuple[str, str]]) -> None:
    """Raise DeviceError for the first of these nodes that may compute anything but whole numbers."""
    proto = onnx.load_from_string(model) if isinstance(model, bytes) else onnx.load(model, load_external_data=False)
    typed = onnx.shape_inference.infer_shapes(proto).graph
    types = {value.name: value.type.tensor_type.elem_type for value in (*typed.value_info, *typed.output)}
    outputs = {node.name: node.output for node in typed.node if node.name}
    for name, kind in nodes:
        found = [types.get(output) for output in outputs.get(name, ())]
        if not found or any(type_ in (None, *_FLOATS) for type_ in found):
            raise DeviceError(
                f"onnxruntime has no CUDA kernel for {kind} ({name}), and would run it on the CPU: compare with"
                " `--device cpu`"
            )
