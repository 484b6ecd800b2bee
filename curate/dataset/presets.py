"""How both halves are trained: models, presets, and any of Musubi's own settings over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from curate.dataset import parser
from curate.errors import BadSetting, nearest

TRAINER = "wan_train_network.py"
DEFAULT_PRESET, DEFAULT_MODEL = "anime-denser", "wan2.1-t2v-14b"

_OURS = {
    "config_file",
    "dataset_config",
    "output_dir",
    "output_name",
    "logging_dir",
    "sample_prompts",
    "resume",
    "network_weights",
    "task",
    "dit",
    "vae",
    "t5",
}
"""Set by the command itself; `resume` would train the two halves in different orders."""

_OF_DATASET = ("batch_size", "num_repeats")
_BLOCKS = {"t2v-14B": 40, "t2v-1.3B": 30, "t2v-A14B": 40}

_BOTH: dict[str, object] = {
    "mixed_precision": "bf16",
    "fp8_base": True,
    "sdpa": True,
    "gradient_checkpointing": True,
    "max_data_loader_n_workers": 2,
    "persistent_data_loader_workers": True,
    "network_module": "networks.lora_wan",
    "network_dim": 16,
    "network_alpha": 16.0,
    "optimizer_type": "lion_pytorch.Lion",
    "learning_rate": 2e-5,
    "lr_scheduler": "constant_with_warmup",
    "lr_warmup_steps": 50,
    "max_train_steps": 5000,
    "save_every_n_steps": 500,
    "sample_every_n_steps": 500,
    "save_precision": "fp32",
    "timestep_sampling": "shift",
    "discrete_flow_shift": 3.0,
    "seed": 42,
    "batch_size": 1,
    "num_repeats": 1,
}

PRESETS: dict[str, dict[str, object]] = {
    DEFAULT_PRESET: _BOTH,
    "quick": _BOTH
    | {
        "max_train_steps": 500,
        "save_every_n_steps": 250,
        "sample_every_n_steps": 250,
        "lr_warmup_steps": 10,
        "learning_rate": 5e-5,
    },
}
"""anime-denser is the method's author's; quick shows within minutes whether anything is learned."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model to train on: Musubi's task, what its LoRAs' names end in, settings it needs."""

    task: str
    ending: str = ""
    settings: dict[str, object] = field(default_factory=dict)


_A14B: dict[str, object] = {"mixed_precision": "fp16", "preserve_distribution_shape": True}

MODELS = {
    DEFAULT_MODEL: Model("t2v-14B"),
    "wan2.1-t2v-1.3b": Model("t2v-1.3B"),
    "wan2.2-a14b-high": Model(
        "t2v-A14B", "_high", _A14B | {"min_timestep": 875, "max_timestep": 1000}
    ),
    "wan2.2-a14b-low": Model("t2v-A14B", "_low", _A14B | {"min_timestep": 0, "max_timestep": 875}),
}
"""The ranges of timesteps, and fp16 for weights that are published in fp16, are Musubi's advice."""


@dataclass(frozen=True, slots=True)
class Training:
    """What both halves are trained with; `dataset` stands in the dataset files."""

    preset: str
    model: str
    ending: str
    trainer: dict[str, object]
    dataset: dict[str, int]


def training(preset: str, model: str, changes: Sequence[str] = ()) -> Training:
    """The settings of a preset for a model, with `changes` as KEY=VALUE over them.

    Raises:
        BadSetting: no such preset or model; a key that Musubi's trainer does not know, that this
            command sets itself, or a value that is not of the key's type.
    """
    for name, known in ((preset, PRESETS.keys()), (model, MODELS.keys())):
        if name not in known:
            raise BadSetting(f"There is no {name!r}.", remedy=nearest(name, known))
    chosen = MODELS[model]
    settings = PRESETS[preset] | chosen.settings | _changed(changes)
    _check(settings, chosen.task)
    return Training(
        preset,
        model,
        chosen.ending,
        {"task": chosen.task} | {k: v for k, v in settings.items() if k not in _OF_DATASET},
        {key: int(str(settings[key])) for key in _OF_DATASET},
    )


def _changed(changes: Sequence[str]) -> dict[str, object]:
    known = parser.keys(TRAINER) | {key: parser.keys("general")[key] for key in _OF_DATASET}
    found: dict[str, object] = {}
    for change in changes:
        key, equals, value = change.partition("=")
        key = key.strip().replace("-", "_")
        if not equals:
            raise BadSetting(f"{change!r} is not KEY=VALUE.", remedy="Write --set seed=7.")
        if key in _OURS:
            raise BadSetting(
                f"curate sets {key} itself, for both halves alike.",
                remedy="Choose --model, --preset, --dit, --vae or --t5 instead.",
            )
        if key not in known:
            raise BadSetting(
                f"Musubi Tuner {parser.VERSION} has no setting {key!r}.",
                remedy=nearest(key, known.keys() - _OURS),
            )
        found[key] = parser.value(key, known[key], value.strip())
    return found


def _check(settings: Mapping[str, object], task: str) -> None:
    optimizer = settings["optimizer_type"]
    if str(optimizer).lower() == "lion":
        raise BadSetting(
            "Musubi has no optimizer 'Lion' by that name.",
            remedy="Write optimizer_type=lion_pytorch.Lion or bitsandbytes.optim.Lion8bit.",
        )
    most = _BLOCKS[task] - 1
    swapped = settings.get("blocks_to_swap", 0)
    for key in ("max_train_steps", *_OF_DATASET, "network_dim"):
        if not isinstance(settings[key], int) or int(str(settings[key])) < 1:
            raise BadSetting(f"{key} must be 1 or more.", remedy=f"Give --set {key}=1 or more.")
    if isinstance(swapped, int) and swapped > most:
        raise BadSetting(
            f"{task} can swap at most {most} blocks, not {swapped}.",
            remedy=f"Give --set blocks_to_swap={most} or less.",
        )
