from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from curate.dataset.run import dataset
from curate.dataset.share import hub
from curate.dataset.share.run import facts
from curate.dataset.share.run import hub as hub_of
from curate.errors import BadSetting
from curate.ledger import Ledger
from curate.pairs import used, verdict
from tests.conftest import Cli
from tests.dataset.workspaces import place_pairs

FILM = "東京 [BD] (2016)"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a dataset of three pairs, and the same for the Hub."""
    curate = Cli(tmp_path_factory.mktemp("shared"))
    place_pairs(curate.workspace, 3, film=FILM)
    with Ledger(curate.workspace) as ledger:
        dataset(ledger)
    ran = curate("dataset", "--hub", "--licence", "cc-by-4.0", "--parquet")
    assert ran.returncode == 0, ran.stderr
    return curate.workspace


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("form", ["imagefolder", "parquet"])
def test_datasets_opens_it_as_two_image_columns_with_measures_and_verdicts(
    shared: Path, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    folder = shared / "dataset" / ("hub" if form == "imagefolder" else "hub-parquet")

    pairs = datasets.load_dataset(
        form, data_dir=str(folder), split="train", cache_dir=str(tmp_path)
    )

    assert len(pairs) == 3
    assert isinstance(pairs.features["dense"], datasets.Image)
    assert isinstance(pairs.features["sparse"], datasets.Image)
    pair = pairs[0]
    assert pair["dense"].size == pair["sparse"].size == (320, 180)
    assert pair["dense"].tobytes() != pair["sparse"].tobytes()
    assert (pair["film"], pair["verdict"], pair["judge"], pair["seed"]) == (FILM, "keep", "rule", 1)
    assert (pair["ssim"], pair["clip"]) == (0.81, None)


def test_the_card_has_a_header_counts_samples_and_the_films_names(shared: Path) -> None:
    text = (shared / "dataset" / "hub" / "README.md").read_text(encoding="utf-8")

    header = dict(re.findall(r"^(\w+): (.+)$", text.split("---")[1], re.MULTILINE))
    assert json.loads(header["license"]) == "cc-by-4.0"
    assert json.loads(header["size_categories"]) == ["n<1K"]
    assert f"| {FILM} | 3 |" in text
    assert "3 pairs were kept by the rule, 0 by a person" in text
    assert "| ssim | 0.81 | 0.81 | 0.81 |" in text
    samples = re.findall(r"!\[\w+\]\(train/(.+?)\)", text)
    assert len(samples) == 6
    assert "> Remove the small things." in text


def test_the_card_tells_the_thresholds_that_the_check_used(tmp_path: Path) -> None:
    place_pairs(tmp_path, 1)
    with Ledger(tmp_path) as ledger:
        ledger.put(used.task(verdict.thresholds(["shift_px=2.75"])))
        dataset(ledger)

        report = hub_of(ledger, "other")

    card = (report.folder / "README.md").read_text(encoding="utf-8")
    limits = card.split("The thresholds by which the rule judged:")[1]
    assert "| shift_px | 2.75 |" in limits
    assert f"| tint | {verdict.DEFAULTS['tint']:g} |" in limits


def test_where_only_people_judged_no_thresholds_are_told(shared: Path) -> None:
    card = (shared / "dataset" / "hub" / "README.md").read_text(encoding="utf-8")

    assert "thresholds" not in card


def test_no_path_of_this_machine_is_told(shared: Path) -> None:
    for file in (shared / "dataset" / "hub").rglob("*"):
        if file.suffix in (".md", ".jsonl"):
            text = file.read_text(encoding="utf-8")
            assert str(shared) not in text
            assert "/home/" not in text
            assert ".mkv" not in text


def test_a_pair_that_left_the_dataset_leaves_the_hub(shared: Path, tmp_path: Path) -> None:
    with Ledger(shared) as ledger:
        told = facts(ledger)
    hub.write(tmp_path, told, "card")

    hub.write(tmp_path, told[1:], "card")

    assert len(list(tmp_path.glob("train/*/*.png"))) == 4
    lines = (tmp_path / hub.METADATA).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["name"] for line in lines] == [fact.name for fact in told[1:]]


def test_a_licence_a_name_and_a_token_are_needed(
    curate: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    place_pairs(curate.workspace, 1)
    assert curate("dataset").returncode == 0
    monkeypatch.delenv("HF_TOKEN", raising=False)

    ran = curate("dataset", "--hub")

    assert ran.returncode == 2
    assert "needs a licence" in ran.stderr
    with pytest.raises(BadSetting, match="USER/NAME"):
        hub.usable_name("only-a-name")
    with pytest.raises(BadSetting, match="HF_TOKEN"):
        hub.usable_name("someone/pairs")
    assert not (curate.workspace / "dataset" / "hub").exists()


def test_an_upload_that_fails_is_a_failure_and_the_folder_stands(curate: Cli) -> None:
    place_pairs(curate.workspace, 1)
    assert curate("dataset").returncode == 0

    ran = curate(
        *("dataset", "--hub", "--licence", "other", "--push", "someone/pairs"),
        HF_TOKEN="hf_none",
        HF_ENDPOINT="http://127.0.0.1:9",
    )

    assert ran.returncode == 1
    assert "was not uploaded to someone/pairs" in ran.stderr
    assert "hf_none" not in ran.stdout + ran.stderr
    assert (curate.workspace / "dataset" / "hub" / "README.md").exists()
