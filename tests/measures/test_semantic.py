from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from curate.demo.ink import Ink
from curate.demo.scenes import SCENES
from curate.errors import ClipUnusable
from curate.images import RGB
from curate.kontext.embedded import simplified
from curate.ledger import Ledger
from curate.measures import semantic
from curate.pairs.run import pair_check
from curate.pairs.verdict import DEFAULTS
from tests.conftest import Cli
from tests.pairs.scenes import place_twin, place_twins, scene, twin_of

transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP of a few thousand random weights: it exercises the loading, not the meaning."""
    import torch

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
    config = transformers.CLIPVisionConfig(
        image_size=32, patch_size=8, num_hidden_layers=2, projection_dim=16, **sizes
    )
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    transformers.CLIPVisionModelWithProjection(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def reading_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a part for text, and a tokenizer that knows letters."""
    import torch

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
    sizes["projection_dim"] = 16
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    text = {"vocab_size": len(words), "num_hidden_layers": 2, "eos_token_id": len(words) - 1}
    vision = {"image_size": 32, "patch_size": 8, "num_hidden_layers": 2}
    config = transformers.CLIPConfig(
        text_config=sizes | text, vision_config=sizes | vision, projection_dim=16
    )
    folder = tmp_path_factory.mktemp("weights") / "reading"
    transformers.CLIPModel(config).save_pretrained(folder)
    vocabulary = {word: number for number, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    return folder


CAPTIONS = ("a full street", "a bare street")


def similarities(encoder: semantic.Encoder, *pairs: semantic.Squashed) -> list[float | None]:
    return [found[encoder.measure] for found in semantic.similarities(encoder, pairs)]


def test_the_same_picture_has_similarity_one(tiny_clip: Path) -> None:
    encoder = semantic.load(str(tiny_clip))
    same = semantic.squashed(scene(1), scene(1), encoder.side_px)
    other = semantic.squashed(scene(1), 255 - scene(1), encoder.side_px)

    assert same[0].shape == (32, 32, 3)
    alike, unlike = similarities(encoder, same, other)
    assert alike == 1
    assert unlike is not None
    assert unlike < 0.9


def test_the_edges_of_a_wide_picture_are_seen(tiny_clip: Path) -> None:
    encoder = semantic.load(str(tiny_clip))
    frame = scene(1)
    twin = frame.copy()
    twin[:, :60] = 0  # outside the square that CLIP's own crop would take

    assert similarities(encoder, semantic.squashed(frame, twin, encoder.side_px))[0] < 1


def test_the_name_of_an_encoder_tells_its_weights_apart(tiny_clip: Path, tmp_path: Path) -> None:
    import torch

    model = transformers.CLIPVisionModelWithProjection.from_pretrained(tiny_clip)
    with torch.no_grad():
        model.visual_projection.weight.add_(1)
    model.save_pretrained(tmp_path / "tiny")

    names = {semantic.load(str(folder)).name for folder in (tiny_clip, tmp_path / "tiny")}

    assert len(names) == 2
    assert all(name.startswith("tiny ") for name in names)


def test_similarity_is_measured_recorded_and_not_measured_again(
    tiny_clip: Path, tmp_path: Path
) -> None:
    place_twins(tmp_path, 1)
    with Ledger(tmp_path) as ledger:
        without = pair_check(ledger).pairs[0]
        waiting = pair_check(ledger, clip=str(tiny_clip), dry_run=True).waiting
        with_clip = pair_check(ledger, clip=str(tiny_clip)).pairs[0]
        after = pair_check(ledger).pairs[0]

    assert without.pair.measures["clip_similarity"] is None
    assert without.judgement.not_measured == ("CLIP image similarity",)
    assert waiting == (with_clip.halves.label,)
    assert with_clip.pair.measures["clip_similarity"] is not None
    assert with_clip.pair.encoder.startswith("tiny ")
    assert with_clip.pair.id == without.pair.id
    assert after.pair == with_clip.pair


def test_only_the_missing_part_is_measured_when_an_encoder_comes_later(
    tiny_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place_twins(tmp_path, 1)
    with Ledger(tmp_path) as ledger:
        before = pair_check(ledger).pairs[0].pair
        monkeypatch.setattr("curate.measures.measure.measure", None)
        after = pair_check(ledger, clip=str(tiny_clip)).pairs[0].pair

    assert after.measures == before.measures | {semantic.CLIP: after.measures[semantic.CLIP]}


def test_the_direction_is_the_cosine_of_what_changed_in_images_and_in_words(
    reading_clip: Path,
) -> None:
    import torch

    encoder = semantic.load(str(reading_clip))
    pair = semantic.squashed(scene(1), twin_of(1), encoder.side_px)
    there, back = (
        semantic.similarities(encoder, [halves], [CAPTIONS])[0][semantic.DIRECTION]
        for halves in (pair, pair[::-1])
    )

    model = transformers.CLIPModel.from_pretrained(reading_clip).eval()
    tokens = transformers.CLIPTokenizer.from_pretrained(reading_clip)(
        list(CAPTIONS), padding=True, return_tensors="pt"
    )
    pixels = (np.stack(pair).transpose(0, 3, 1, 2) / 255 - encoder.mean) / encoder.sd
    with torch.inference_mode():
        found = model(pixel_values=torch.tensor(pixels, dtype=torch.float32), **tokens)
    changes = [both[1] - both[0] for both in (found.image_embeds, found.text_embeds)]
    assert there == pytest.approx(torch.cosine_similarity(*changes, dim=0).item(), abs=2e-4)
    assert back == pytest.approx(-(there or 0), abs=2e-4)


def test_captions_are_measured_once_and_anew_when_the_words_change(
    reading_clip: Path, tmp_path: Path
) -> None:
    place_twins(tmp_path, 1)
    clip = str(reading_clip)
    with Ledger(tmp_path) as ledger:
        without = pair_check(ledger, clip=clip).pairs[0]
        one = pair_check(ledger, clip=clip, captions=CAPTIONS).pairs[0]
        again = pair_check(ledger, clip=clip, captions=CAPTIONS, dry_run=True).waiting
        other = pair_check(ledger, clip=clip, captions=CAPTIONS[::-1]).pairs[0]

    assert semantic.DIRECTION not in without.pair.measures
    found, turned = (p.pair.measures[semantic.DIRECTION] for p in (one, other))
    assert found is not None
    assert turned == pytest.approx(-found, abs=2e-4)
    assert again == ()
    assert one.pair.encoder != other.pair.encoder != without.pair.encoder


def test_a_direction_that_is_asked_for_and_not_measured_is_no_pass(
    tiny_clip: Path, tmp_path: Path
) -> None:
    place_twins(tmp_path, 1)
    asked = ["direction_min=0.2"]
    with Ledger(tmp_path) as ledger:
        silent = pair_check(ledger, clip=str(tiny_clip), captions=CAPTIONS).pairs[0]
        mute = pair_check(ledger, clip=str(tiny_clip), captions=CAPTIONS, settings=asked).pairs[0]

    assert silent.pair.measures[semantic.DIRECTION] is None
    assert silent.ruling == "keep"
    assert mute.ruling == "reject"
    assert "was not measured" in mute.reasons[0]


def test_pairs_are_embedded_in_batches_and_each_gets_its_own_number(
    tiny_clip: Path, tmp_path: Path
) -> None:
    encoder = semantic.load(str(tiny_clip))
    names = place_twins(tmp_path, 3)
    with Ledger(tmp_path) as ledger:
        found = pair_check(ledger, clip=str(tiny_clip)).pairs

    alone = [
        similarities(encoder, semantic.squashed(scene(seed), twin_of(seed), encoder.side_px))[0]
        for seed in range(3)
    ]
    assert [one.halves.label for one in found] == names
    assert [one.pair.measures[semantic.CLIP] for one in found] == pytest.approx(alone, abs=1e-4)


def test_a_default_encoder_is_used_where_one_is_and_never_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semantic, "DEFAULT", str(tmp_path / "no weights here"))
    monkeypatch.setattr(semantic, "_LITE_PACKAGES", ("no_such_package",))
    place_twins(tmp_path, 1)

    assert semantic.found() is None
    with Ledger(tmp_path) as ledger:
        judgement = pair_check(ledger, clip=semantic.AUTO).pairs[0].judgement
        assert pair_check(ledger, clip=semantic.AUTO, dry_run=True).waiting == ()

    assert judgement.not_measured == ("CLIP image similarity",)


def test_the_embedded_encoder_tells_another_scene_from_a_simpler_one(tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite_pytorch")
    kitchen, street = drawn("kitchen"), drawn("street")
    place_twin(tmp_path, "simpler", kitchen, simplified(kitchen))
    place_twin(tmp_path, "other", kitchen, street)

    with Ledger(tmp_path) as ledger:
        other, simpler = pair_check(ledger, clip=semantic.EMBEDDED).pairs
        again = pair_check(ledger, clip=semantic.AUTO, dry_run=True).waiting

    assert simpler.pair.encoder.startswith("EfficientNet-Lite0 ")
    assert simpler.judgement.not_measured == ()
    low, high = (one.pair.measures[semantic.LITE] for one in (other, simpler))
    assert low is not None
    assert high is not None
    assert low < DEFAULTS["lite_min"] < high
    assert again == ()


def drawn(name: str) -> RGB:
    ink = Ink(0.4)
    SCENES[name].draw(ink, np.random.default_rng(1))
    return ink.image


def folder_with(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def test_a_folder_without_weights_is_unusable(tiny_clip: Path, tmp_path: Path) -> None:
    config = (tiny_clip / "config.json").read_text(encoding="utf-8")
    empty = folder_with(tmp_path / "empty")
    bare = folder_with(tmp_path / "bare", config__json=config)
    damaged = folder_with(
        tmp_path / "damaged", config__json=config, model__safetensors="no weights"
    )
    other = folder_with(tmp_path / "other", config__json=json.dumps({"model_type": "bert"}))

    for folder in (empty, bare, damaged, other):
        with pytest.raises(ClipUnusable) as caught:
            semantic.load(str(folder))
        assert str(folder) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_weights_of_another_part_are_not_passed_off_as_random_ones(
    tiny_clip: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(tiny_clip / "model.safetensors")
    folder = folder_with(
        tmp_path / "headless",
        config__json=(tiny_clip / "config.json").read_text(encoding="utf-8"),
    )
    headless = {name: t for name, t in tensors.items() if "visual_projection" not in name}
    save_file(headless, folder / "model.safetensors", {"format": "pt"})

    with pytest.raises(ClipUnusable, match="weights of its vision part are missing"):
        semantic.load(str(folder))


def test_unusable_weights_end_the_command_with_three_and_measure_nothing(
    curate: Cli, tmp_path: Path
) -> None:
    place_twins(curate.workspace, 1)
    (tmp_path / "nothing").mkdir()

    ended = curate("pair-check", "--clip", tmp_path / "nothing")

    assert ended.returncode == 3
    assert "Cannot load CLIP from" in ended.stderr
    assert not (curate.workspace / "reports").exists()
