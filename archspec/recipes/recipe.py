"""A recipe: how a network is trained, as `archspec train` reads it from YAML. docs/recipes.md tells of every key.

Nothing here needs torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    Strict,
    Tag,
    model_validator,
)
from pydantic_core import CoreSchema

VERSION = 1
Positive = Annotated[float, Field(gt=0)]
Portion = Annotated[float, Field(ge=0, lt=1)]
NotNegative = Annotated[float, Field(ge=0)]
Amount = Annotated[float, Field(ge=0, le=100)]
Within = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Word = Annotated[str, Field(min_length=1)]
Line = Annotated[str, Field(pattern=r"^[^\n]+$")]
Words = Annotated[tuple[Word, ...], Strict(False)]
ONE, BY_GLOB = "<number>", "<mapping>"  # tags that no key has


class Of(NamedTuple):
    """For which values of its neighbour a key means something: `momentum` where `name` is SGD or RMSprop."""

    key: str
    values: tuple[str | None, ...]


class Part(BaseModel):
    """A mapping of the recipe: closed, and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    short: ClassVar[str] = ""  # the key that a value alone stands for: `data: digits` is `data: {source: digits}`

    @model_validator(mode="before")
    @classmethod
    def _lengthened(cls, value: Any) -> Any:
        return {cls.short: value} if cls.short and isinstance(value, str | int | float) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        mapping = dict(handler.resolve_ref_schema(handler(schema)))
        if not cls.short:
            return mapping
        alone = {key: value for key, value in mapping["properties"][cls.short].items() if key != "default"}
        return {"anyOf": [alone, mapping]}

    @classmethod
    def of(cls, key: str) -> Of | None:
        """What a key depends on; None: it always means something."""
        return next((each for each in cls.model_fields[key].metadata if isinstance(each, Of)), None)

    def counts(self, key: str) -> bool:
        """Whether a key means something beside its neighbours."""
        of = self.of(key)
        return of is None or getattr(self, of.key) in of.values


class Model(Part):
    """What is trained. A relative path is one from the recipe's folder."""

    short = "target"

    target: Line = Field(description="TARGET: a path, a zoo name, a spec's name, or a folder of saved weights")
    args: Mapping[str, Any] = Field(default={}, description="args of the spec")
    inputs: Mapping[str, Annotated[tuple[int | Word, ...], Strict(False)]] = Field(
        default={}, description="shapes of its inputs, by name"
    )
    weights: Word | None = Field(
        default=None, description="what it begins with: published weights by name, a file, or a folder of saved weights"
    )
    plugins: Words = Field(default=(), description="packages whose ops it has")
    zoo: Word | None = Field(
        default=None,
        description="the collection in which its name is looked up first: a folder, or the name of an installed one",
    )


_CIFAR = Of("source", ("cifar10", "cifar100"))


class Data(Part):
    """What it is trained on: one of `source` and `image_folder`."""

    short = "source"

    source: Literal["cifar10", "cifar100", "digits", "fake"] | None = Field(
        default=None, description="a known data set"
    )
    image_folder: Word | None = Field(
        default=None,
        description="a folder with one folder of images a class, or with train/, val/ and test/ of that kind",
    )
    folder: Annotated[Word, _CIFAR] = Field(default="data", description="where CIFAR lies, or is downloaded to")
    download: Annotated[bool, _CIFAR] = Field(default=True, description="whether CIFAR is fetched where it is missing")
    samples: Annotated[int, Field(ge=1, le=1_000_000), Of("source", ("fake",))] = Field(
        default=512, description="how many images `fake` has"
    )
    validation: Portion = Field(
        default=0.1, description="the part of the training images that chooses the best checkpoint"
    )
    test: Annotated[Portion, Of("source", ("digits", "fake", None))] = Field(
        default=0.15, description="the part that is tested on, where the data set has no test images"
    )
    workers: Annotated[int, Field(ge=0, le=256)] = Field(default=0, description="processes that read images")


NO_DECAY_WORDS = ("norms", "biases")


class Optimizer(Part):
    """One of torch.optim's."""

    short = "name"

    name: Literal["SGD", "Adam", "AdamW", "RMSprop"] = "AdamW"
    lr: Positive = Field(default=1e-3, description="the learning rate")
    weight_decay: NotNegative = 0.0
    no_decay: Words = Field(
        default=NO_DECAY_WORDS, description="what has no weight decay: `norms`, `biases`, or globs over tensors' keys"
    )
    momentum: Annotated[Portion, Of("name", ("SGD", "RMSprop"))] = 0.0
    nesterov: Annotated[bool, Of("name", ("SGD",))] = False
    betas: Annotated[tuple[Portion, Portion], Strict(False), Of("name", ("Adam", "AdamW"))] = (0.9, 0.999)
    alpha: Annotated[Portion, Of("name", ("RMSprop",))] = 0.99


class Schedule(Part):
    """How the learning rate goes on from the optimizer's."""

    short = "name"

    name: Literal["constant", "cosine", "step", "one_cycle"] = "constant"
    warmup: Annotated[NotNegative, Of("name", ("constant", "cosine", "step"))] = Field(
        default=0.0, description="epochs in which it rises linearly from a hundredth"
    )
    final: Annotated[Portion, Of("name", ("cosine",))] = Field(
        default=0.0, description="what it ends at, as a part of the learning rate"
    )
    every: Annotated[Count, Of("name", ("step",))] = Field(default=30, description="epochs between two steps")
    gamma: Annotated[Within, Of("name", ("step",))] = Field(default=0.1, description="what a step multiplies it by")
    rising: Annotated[Within, Of("name", ("one_cycle",))] = Field(
        default=0.3, description="the part of the cycle in which it rises"
    )


class Loss(Part):
    """Cross entropy."""

    label_smoothing: Portion = 0.0
    auxiliary: NotNegative = Field(
        default=0.3, description="what the loss of an output counts that the network has in training alone"
    )


class Jitter(Part):
    """torchvision's ColorJitter."""

    brightness: Amount = 0.0
    contrast: Amount = 0.0
    saturation: Amount = 0.0
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0


class RandAugment(Part):
    """torchvision's RandAugment."""

    num_ops: Count = 2
    magnitude: Annotated[int, Field(ge=0, le=30)] = 9


class Augmentation(Part):
    """What happens to training images alone, in this order."""

    resized_crop: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None, description="the least part of the area that a random crop shows, resized"
    )
    crop: Annotated[int, Field(ge=1, le=512)] | None = Field(
        default=None, description="pixels of zeros around the image, from which a random crop is taken"
    )
    flip: Probability = Field(default=0.0, description="how likely it is mirrored, left to right")
    jitter: Jitter | None = None
    randaugment: RandAugment | None = None
    mixup: NotNegative = Field(default=0.0, description="alpha of its Beta distribution; 0: none")
    cutmix: NotNegative = Field(default=0.0, description="likewise; with both, one of them is drawn for each batch")


class Ema(Part):
    """An exponential moving average of the weights, which is evaluated and kept in their place."""

    short = "decay"

    decay: Within = 0.999


def _form(value: object) -> str:
    return BY_GLOB if isinstance(value, Mapping) else ONE


class Stage(Part):
    """A part of the training. What it leaves out is as in the recipe."""

    epochs: Count
    train: Words = Field(
        default=("**",), description="globs over the paths of the layers that are trained; others are frozen"
    )
    lr: (
        Annotated[
            Annotated[Positive, Tag(ONE)] | Annotated[Mapping[str, Positive], Tag(BY_GLOB)], Discriminator(_form)
        ]
        | None
    ) = Field(
        default=None, description="the learning rate, or one for each glob, of which the last that takes a layer counts"
    )
    optimizer: Optimizer | None = None
    schedule: Schedule | None = None


class Phase(NamedTuple):
    """A stage with all that it takes from the recipe. `rates` are the learning rates of globs over layers, of which
    the last that takes a layer counts; the other layers have the optimizer's."""

    epochs: int
    train: tuple[str, ...]
    rates: Mapping[str, float]
    optimizer: Optimizer
    schedule: Schedule


class Recipe(Part):
    """All of it."""

    recipe: int = Field(ge=VERSION, le=VERSION, description="version of the language of recipes")
    name: str | None = None
    description: str | None = None
    model: Model
    data: Data
    epochs: Count | None = Field(default=None, description="of a training without stages")
    batch_size: Count = 128
    seed: Annotated[int, Field(ge=0, le=2**53)] = 0  # YAML has no larger numbers that are exact
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    loss: Loss = Loss()
    augmentation: Augmentation = Augmentation()
    normalization: Literal["data", "weights"] | None = Field(
        default=None, description="whose mean and std; those of the weights, where they are known, else of the data"
    )
    ema: Ema | None = None
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    clip_norm: Positive | None = Field(default=None, description="the greatest norm of all gradients together")
    stages: Annotated[tuple[Stage, ...], Strict(False)] = Field(
        default=(),
        description="one after the other, each of its own trainable layers and learning rates",
        json_schema_extra={"minItems": 1},  # pydantic would not count stages that have mistakes
    )

    @property
    def plan(self) -> tuple[Phase, ...]:
        """Its stages, or the one that it is without any."""
        return tuple(map(self._phase, self.stages or (Stage(epochs=self.epochs or 1),)))

    def _phase(self, stage: Stage) -> Phase:
        optimizer = stage.optimizer or self.optimizer
        if isinstance(stage.lr, float):
            optimizer = optimizer.model_copy(update={"lr": stage.lr})
        rates = stage.lr if isinstance(stage.lr, Mapping) else {}
        return Phase(stage.epochs, stage.train, rates, optimizer, stage.schedule or self.schedule)
