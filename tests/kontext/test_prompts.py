import pytest

from curate.errors import BadInput, InstructionEmpty, InstructionMissing
from curate.kontext import prompts

SHIPPED = sorted(file.name for file in prompts.packaged().glob("*.txt"))


def test_five_instructions_and_one_for_controls_come_with_the_package():
    sliders = ["empty.txt", "flatten.txt", "night.txt", "sharpen.txt", "simplify.txt"]

    assert sorted([*sliders, "nothing.txt"]) == SHIPPED


def test_the_instruction_for_controls_changes_nothing():
    instruction = prompts.read("nothing")

    assert instruction.text.startswith("Change nothing")
    assert instruction.concept == "none"


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "nothing.txt"])
def test_every_shipped_instruction_says_its_slider_and_what_must_stay(name):
    instruction = prompts.read(name)

    assert " to " in instruction.slider
    assert "Keep every" in instruction.text or "Keep all" in instruction.text
    assert "#" not in instruction.text


def test_the_concept_is_read_from_the_comment():
    concepts = {name: prompts.read(name).concept for name in SHIPPED}

    assert concepts["simplify.txt"] == concepts["flatten.txt"] == "density"
    assert concepts["night.txt"] == "light"
    assert concepts["empty.txt"] == concepts["sharpen.txt"] == "none"


def test_two_captions_are_read_from_the_comment(tmp_path):
    file = tmp_path / "own.txt"
    words = '"a street; by day" -> "the same street at night"'
    file.write_text(f"# slider: a to b; concept: light; captions: {words}\nDo", encoding="utf-8")

    instruction = prompts.read(str(file))

    assert instruction.captions == ("a street; by day", "the same street at night")
    assert (instruction.slider, instruction.concept) == ("a to b", "light")


def test_a_single_caption_is_refused_with_an_example(tmp_path):
    file = tmp_path / "own.txt"
    file.write_text('# captions: "a street by day"\nDo', encoding="utf-8")

    with pytest.raises(BadInput, match="two captions") as caught:
        prompts.read(str(file))

    assert "->" in caught.value.remedy


def test_a_path_comes_before_the_folder_and_the_folder_before_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    packaged = prompts.read("night").text
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "night.txt").write_text("in the folder", encoding="utf-8")
    in_folder = prompts.read("night").text
    (tmp_path / "night.txt").write_text("by path", encoding="utf-8")

    assert packaged != in_folder == "in the folder"
    assert prompts.read("night.txt").text == "by path"
    assert prompts.read(str(tmp_path / "prompts" / "night.txt")).text == "in the folder"


def test_comments_are_not_sent_and_lines_are_joined(tmp_path):
    file = tmp_path / "own.txt"
    file.write_text("\ufeff# slider: a to b\nDo this\n# not this\nand that.\n", encoding="utf-8")

    instruction = prompts.read(str(file))

    assert instruction == prompts.Instruction("own", "Do this and that.", "a to b", "none")


@pytest.mark.parametrize("name", ["simplfy.txt", "", "prompts", "../x"])
def test_an_unknown_instruction_names_the_nearest(name):
    with pytest.raises(InstructionMissing) as caught:
        prompts.read(name)

    if name == "simplfy.txt":
        assert "simplify.txt" in caught.value.remedy


def test_an_instruction_of_comments_only_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("# slider: a to b\n\n", encoding="utf-8")

    with pytest.raises(InstructionEmpty):
        prompts.read(str(tmp_path / "a.txt"))


@pytest.mark.parametrize("data", [b"# concept: colour\nx", b"\xff\xfe\x00"])
def test_an_unknown_concept_and_a_binary_file_are_refused(tmp_path, data):
    (tmp_path / "a.txt").write_bytes(data)

    with pytest.raises(BadInput):
        prompts.read(str(tmp_path / "a.txt"))
