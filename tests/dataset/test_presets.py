from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from curate.dataset import parser, presets
from curate.errors import BadSetting
from tests.conftest import Cli
from tests.dataset.workspaces import HALVES, check, made
from tests.pairs.scenes import place_twins


@pytest.mark.parametrize("preset", presets.PRESETS)
@pytest.mark.parametrize("model", presets.MODELS)
def test_every_preset_for_every_model_has_only_keys_of_musubis_own_parser(
    preset: str, model: str
) -> None:
    known = parser.keys("wan_train_network.py")

    settings = presets.training(preset, model).trainer

    assert settings.keys() <= known.keys()
    for key, value in settings.items():
        assert parser.is_of(known[key], value), key
        assert not parser.choices(key) or value in parser.choices(key), key


def test_the_default_is_the_recipe_of_the_methods_author() -> None:
    training = presets.training("anime-denser", "wan2.1-t2v-14b")

    assert training.dataset == {"batch_size": 1, "num_repeats": 1}
    recipe = {
        "task": "t2v-14B",
        "optimizer_type": "lion_pytorch.Lion",
        "learning_rate": 2e-5,
        "lr_scheduler": "constant_with_warmup",
        "lr_warmup_steps": 50,
        "network_dim": 16,
        "network_alpha": 16.0,
        "max_train_steps": 5000,
        "save_precision": "fp32",
    }
    assert recipe.items() <= training.trainer.items()


@pytest.mark.parametrize(
    ("model", "task", "least", "most"),
    [("wan2.2-a14b-high", "t2v-A14B", 875, 1000), ("wan2.2-a14b-low", "t2v-A14B", 0, 875)],
)
def test_each_expert_of_wan_2_2_is_trained_on_its_own_timesteps(
    model: str, task: str, least: int, most: int
) -> None:
    settings = presets.training("quick", model).trainer

    assert settings["task"] == task
    assert (settings["min_timestep"], settings["max_timestep"]) == (least, most)
    assert settings["preserve_distribution_shape"] is True


def test_any_setting_of_musubi_may_be_changed() -> None:
    changes = ["network_dim=32", "fp8_scaled=true", "lr_warmup_steps=0.1", "batch_size=2"]
    changes += ["optimizer_args=weight_decay=0.01 betas=0.9,0.99", "learning-rate=1e-4"]

    training = presets.training("quick", "wan2.1-t2v-1.3b", changes)

    assert training.dataset["batch_size"] == 2
    assert training.trainer["network_dim"] == 32
    assert training.trainer["fp8_scaled"] is True
    assert training.trainer["lr_warmup_steps"] == 0.1
    assert training.trainer["optimizer_args"] == ["weight_decay=0.01", "betas=0.9,0.99"]
    assert training.trainer["learning_rate"] == 1e-4


OTHER = {
    "mixed_precision": "no",
    "network_module": "networks.loha",
    "optimizer_type": "bitsandbytes.optim.Lion8bit",
    "lr_scheduler": "cosine",
    "save_precision": "bf16",
    "timestep_sampling": "uniform",
}


@pytest.mark.parametrize("model", presets.MODELS)
@pytest.mark.parametrize("preset", presets.PRESETS)
def test_every_field_of_every_preset_may_be_changed(preset: str, model: str) -> None:
    before = presets.training(preset, model)
    fields = before.trainer.keys() | before.dataset.keys()
    for key in fields - {"task"}:
        value = (before.trainer | before.dataset)[key]
        other = OTHER[key] if isinstance(value, str) else _other(value)

        after = presets.training(preset, model, [f"{key}={other}"])

        changed = after.trainer | after.dataset
        assert changed[key] != value, key
        assert changed.keys() == fields
        assert all(changed[k] == (before.trainer | before.dataset)[k] for k in fields - {key})


def _other(value: object) -> object:
    if isinstance(value, bool):
        return str(not value).lower()
    assert isinstance(value, int | float)
    return value * 2 + 1


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ("networkdim=32", "'network_dim'"),
        ("network_dim=many", "a whole number"),
        ("fp8_base=yes", "true or false"),
        ("optimizer_type=Lion", "lion_pytorch.Lion"),
        ("blocks_to_swap=40", "blocks_to_swap=39"),
        ("max_train_steps=0", "1 or more"),
        ("resume=state", "--model, --preset"),
        ("seed", "--set seed=7"),
        ("timestep_sampling=shfit", "'shift'"),
        ("mixed_precision=fp8", "fp16"),
    ],
)
def test_what_musubi_would_ignore_or_stumble_over_is_refused(change: str, hint: str) -> None:
    with pytest.raises(BadSetting) as caught:
        presets.training("anime-denser", "wan2.1-t2v-14b", [change])

    assert hint in caught.value.remedy


@pytest.mark.parametrize(("preset", "model"), [("slow", "wan2.1-t2v-14b"), ("quick", "wan2.1")])
def test_a_mistyped_preset_or_model_is_refused(preset: str, model: str) -> None:
    with pytest.raises(BadSetting):
        presets.training(preset, model)


def test_both_training_files_differ_only_in_where_they_read_and_write(tmp_path: Path) -> None:
    place_twins(tmp_path, 1)
    check(tmp_path)
    made(tmp_path, preset="quick", model="wan2.2-a14b-low")

    dense, sparse = (
        tomllib.loads((tmp_path / "dataset" / f"train_{half}.toml").read_text("utf-8"))
        for half in HALVES
    )

    assert dense.keys() == sparse.keys() <= parser.keys("wan_train_network.py").keys()
    differing = {key for key in dense if dense[key] != sparse[key]}
    assert differing == {"dataset_config", "output_name"}
    assert (dense["output_name"], sparse["output_name"]) == ("dense_low", "sparse_low")
    assert Path(dense["output_dir"]) == tmp_path / "loras" / "training"


def test_the_sample_prompts_are_json_that_holds_an_empty_prompt(tmp_path: Path) -> None:
    place_twins(tmp_path, 1)
    check(tmp_path)
    made(tmp_path)

    (sample,) = json.loads((tmp_path / "dataset" / "sample_prompts.json").read_text("utf-8"))

    assert sample["prompt"] == ""
    assert (sample["width"], sample["height"], sample["frame_count"]) == (256, 144, 1)
    known = parser.keys("sample_prompt")
    assert all(parser.is_of(known[key], value) for key, value in sample.items())


def test_models_named_once_in_curate_toml_stand_in_the_training_files(curate: Cli) -> None:
    place_twins(curate.workspace, 1)
    check(curate.workspace)
    lines = ['[dataset]\nmusubi = "musubi"\ndit = "dit.safetensors"\nvae = "vae.safetensors"\n']
    (curate.folder / "curate.toml").write_text("".join(lines) + 't5 = "t5.pth"\n')

    ran = curate("dataset")

    assert ran.returncode == 0, ran.stderr
    trainer = tomllib.loads((curate.workspace / "dataset/train_dense.toml").read_text("utf-8"))
    assert Path(trainer["dit"]) == curate.folder / "dit.safetensors"
    script = (curate.workspace / "dataset" / "train.sh").read_text("utf-8")
    assert f"MUSUBI:-{curate.folder / 'musubi'}" in script
    assert f"--vae {curate.folder / 'vae.safetensors'}" in script
