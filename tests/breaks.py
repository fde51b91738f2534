"""Five specs, each broken in ten ways that people really do: what is changed, and what has to be told."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

SPECS = Path(__file__).parents[1] / "specs"


class Break(NamedTuple):
    """An edit of a spec: the first `before` becomes `after`. `told` are the codes with the text that each underlines,
    in order; `blamed` is a part of the line that the first of them has to stand in: the edited one, where it is empty."""

    spec: str
    kind: str
    before: str
    after: str
    told: tuple[tuple[str, str], ...]
    blamed: str = ""

    @property
    def name(self) -> str:
        return f"{self.spec}-{self.kind.replace(' ', '-')}"

    def text(self) -> str:
        """The broken spec."""
        whole = (SPECS / f"{self.spec}.yaml").read_text(encoding="utf-8")
        assert self.before in whole, self
        return whole.replace(self.before, self.after, 1)

    def line(self) -> int:
        """The line that has to be blamed."""
        text = self.text()
        at = text.index(self.blamed) if self.blamed else _first_difference(self)
        return text.count("\n", 0, at) + 1


def _first_difference(broken: Break) -> int:
    """Where the edit starts to differ from what it replaces."""
    whole = (SPECS / f"{broken.spec}.yaml").read_text(encoding="utf-8")
    text = broken.text()
    return next((k for k, (a, b) in enumerate(zip(whole, text, strict=False)) if a != b), len(text) - 1)


BREAKS = [
    # resnet
    Break("resnet", "typo", "relu: ReLU\n", "relu: RelU\n", (("A302", "RelU"),)),
    Break("resnet", "wrong channels", "conv3: {op: Conv2d, out_channels: out,", "conv3: {op: Conv2d, out_channels: 2 * width,", (("A503", "downsample"),), "add: {op: Add, from: [bn3"),
    Break("resnet", "missing comma", "kernel_size: 7, stride: 2,", "kernel_size: 7 stride: 2,", (("A101", "stride"),)),
    Break("resnet", "wrong indent", "      bn3: BatchNorm2d", "     bn3: BatchNorm2d", (("A101", "bn3"),)),
    Break("resnet", "tab", "  maxpool: {op", "\tmaxpool: {op", (("A101", "\t"),)),
    Break("resnet", "swapped from", "x.C != out, from: x,", "x.C != out, from: relu1,", (("A503", "downsample"),), "add: {op: Add, from: [bn3"),
    Break("resnet", "stride too many", "stride: stride\n        padding", "stride: [stride, 1, 1]\n        padding", (("A305", "[stride, 1, 1]"),)),
    Break("resnet", "wrong kernel", "kernel_size: 3\n", "kernel_size: 5\n", (("A503", "downsample"),), "add: {op: Add, from: [bn3"),
    Break("resnet", "missing flatten", "  flatten: Flatten\n", "", (("A402", "fc"),)),
    Break("resnet", "quoted number", "padding: 3, bias", 'padding: "3", bias', ()),
    # mobilenet_v2
    Break("mobilenet_v2", "typo", "kernel: 1, act: ReLU6}", "kernal: 1, act: ReLU6}", (("A303", "kernal"),)),
    Break("mobilenet_v2", "wrong channels", "{op: Pointwise, out: out}", "{op: Pointwise, out: 2 * out}", (("A503", "x"),), "add: {op: Add, if"),
    Break("mobilenet_v2", "missing comma", "stride: 2, act: ReLU6}", "stride: 2 act: ReLU6}", (("A101", "act"),)),
    Break("mobilenet_v2", "wrong indent", "      stride: stride[s] if i == 0 else 1", "       stride: stride[s] if i == 0 else 1", (("A101", "stride"),)),
    Break("mobilenet_v2", "tab", "  avgpool: {", "\tavgpool: {", (("A101", "\t"),)),
    Break("mobilenet_v2", "swapped from", "if: stride == 1 and x.C == out, from: [conv, x]}", "if: stride == 1 and x.C == out, from: [x, conv]}", (("A505", "conv"),), "conv:\n"),
    Break("mobilenet_v2", "stride too many", "stride: 2, act: ReLU6}", "stride: [2, 2], act: ReLU6}", (("A305", "[2, 2]"),)),
    Break("mobilenet_v2", "wrong kernel", "output_size: 1}", "kernel_size: 1}", (("A303", "kernel_size"),)),
    Break("mobilenet_v2", "missing flatten", "  flatten: Flatten\n", "", (("A402", "{"),), "{op: Linear"),
    Break("mobilenet_v2", "quoted number", "width_mult: 1.0", 'width_mult: "1.0"', (("A207", '"1.0"'),)),
    # densenet
    Break("densenet", "typo", "splice:", "slice:", (("A201", "slice"),)),
    Break("densenet", "wrong channels", "norm5: BatchNorm2d", "norm5: {op: BatchNorm2d, num_features: 1000}", (("A502", "1000"),)),
    Break("densenet", "missing comma", "kernel_size: 3, stride: 2, padding: 1}\n      stages", "kernel_size: 3, stride: 2 padding: 1}\n      stages", (("A101", "padding"),)),
    Break("densenet", "wrong indent", "                repeat: i in range(depths[s])", "               repeat: i in range(depths[s])", (("A101", "repeat"),)),
    Break("densenet", "tab", "      norm5: BatchNorm2d", "\t\t\tnorm5: BatchNorm2d", (("A101", "\t\t\t"),)),
    Break("densenet", "swapped from", "from: [x, dropout]", "from: [dropout, y]", (("A308", "y"),)),
    Break("densenet", "stride too many", "pool: {op: AvgPool2d, kernel_size: 2}", "pool: {op: AvgPool2d, kernel_size: 2, stride: 8}", (("A501", "2"),)),
    Break("densenet", "wrong kernel", "growth_rate, kernel_size: 3, padding: 1, bias: false}\n      dropout", "growth_rate, kernel_size: 5, padding: 1, bias: false}\n      dropout", (("A503", "dropout"),), "concat: {op: Concat, from"),
    Break("densenet", "missing flatten", "  flatten: Flatten\n", "", (("A402", "classifier"),)),
    Break("densenet", "quoted number", "bn_size: 4", 'bn_size: "4"', (("A207", '"4"'),)),
    # googlenet
    Break("googlenet", "typo", "from: [branch1, branch2, branch3, branch4]", "from: [branch1, branch2, brnach3, branch4]", (("A308", "brnach3"),)),
    Break("googlenet", "wrong channels", "fc: {op: Linear, out_features: num_classes}", "fc: {op: Linear, in_features: 1000, out_features: num_classes}", (("A502", "1000"),)),
    Break("googlenet", "missing comma", "ch1: 64,  ch3_reduce: 96,", "ch1: 64  ch3_reduce: 96,", (("A101", "ch3_reduce"),)),
    Break("googlenet", "wrong indent", "          - {op: Conv, out: ch3, k: 3, p: 1}", "         - {op: Conv, out: ch3, k: 3, p: 1}", (("A101", "-"),)),
    Break("googlenet", "tab", "  conv2: {op: Conv, out: 64}", "\tconv2: {op: Conv, out: 64}", (("A101", "\t"),)),
    Break("googlenet", "swapped from", "      concat: {op: Concat, from: [branch1, branch2, branch3, branch4]}", "      concat: {op: Concat, from: [branch1, branch2, branch2, branch4]}", (("A505", "branch3"),), "branch3:\n"),
    Break("googlenet", "stride too many", "{op: MaxPool2d, kernel_size: 3, stride: 1, padding: 1}", "{op: MaxPool2d, kernel_size: 3, stride: 2, padding: 1}", (("A503", "branch4"),), "concat: {op: Concat"),
    Break("googlenet", "wrong kernel", "{op: Conv, out: ch5, k: 3, p: 1}", "{op: Conv, out: ch5, k: 5, p: 1}", (("A503", "branch3"),), "concat: {op: Concat"),
    Break("googlenet", "missing flatten", "  flatten: Flatten\n  dropout", "  dropout", (("A402", "fc"),), "fc: {op: Linear, out_features: num_classes}\n\noutputs"),
    Break("googlenet", "quoted number", "k: 7, s: 2", 'k: "7", s: 2', ()),
    # alexnet
    Break("alexnet", "typo", "num_classes}", "num_clases}", (("A301", "num_clases"),)),
    Break("alexnet", "wrong channels", "{op: Linear, out_features: 4096}", "{op: Linear, in_features: 4096, out_features: 4096}", (("A502", "4096"),)),
    Break("alexnet", "missing comma", "kernel_size: 11, stride: 4", "kernel_size: 11 stride: 4", (("A101", "stride"),)),
    Break("alexnet", "wrong indent", "    - {op: MaxPool2d, kernel_size: 3, stride: 2}\n  avgpool", "   - {op: MaxPool2d, kernel_size: 3, stride: 2}\n  avgpool", (("A101", "-"),)),
    Break("alexnet", "tab", "    - ReLU\n", "\t- ReLU\n", (("A101", "\t"),)),
    Break("alexnet", "swapped from", "  flatten: Flatten", "  flatten: {op: Flatten, from: classifier}", (("A309", "classifier"),)),
    Break("alexnet", "stride too many", "kernel_size: 5, padding: 2}", "kernel_size: 5, padding: 2, stride: 16}", (("A501", "3"),), "kernel_size: 3, stride: 2}\n    - repeat"),
    Break("alexnet", "wrong kernel", "{op: Conv2d, out_channels: 192, kernel_size: 5, padding: 2}", "{op: Conv2d, out_channels: 192, kernel_size: 55, padding: 2}", (("A501", "55"),)),
    Break("alexnet", "missing flatten", "  flatten: Flatten\n", "", (("A402", "{"),), "{op: Linear"),
    Break("alexnet", "quoted number", "dropout: 0.5", 'dropout: "0.5"', (("A207", '"0.5"'),)),
]  # fmt: skip
