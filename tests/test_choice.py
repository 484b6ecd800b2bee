from curate import choice
from curate.records import Pair, Twin, Verdict


def twin(number, frame="f", prompt="simplify"):
    return Twin(
        id=f"{frame}{prompt}{number}",
        frame_id=frame,
        name=f"{frame}_v{number}",
        prompt=prompt,
        concept="density",
        instruction="",
        backend="comfy",
        made_by="",
        seed=number,
        crop=(0, 0, 1, 1),
        width=1,
        height=1,
        frame_path="",
        twin_path="",
        variant=number,
    )


def pair(of):
    return Pair(f"pair {of.id}", of.name, of.id, "density", "", "", {}, "")


def rule(of, ruling, score=0.5):
    return Verdict(f"pair {of.id}", "rule", ruling, (), score=score)


def person(of, ruling):
    return Verdict(f"pair {of.id}", "person", ruling, ())


ONE, TWO = twin(1), twin(2)


def best(*verdicts, twins=(ONE, TWO)):
    return choice.best([pair(one) for one in twins], twins, verdicts)


def test_the_kept_twin_counts_however_the_rejected_one_scores():
    found = best(rule(ONE, "reject", 0.9), rule(TWO, "keep", 0.4))

    assert found == {pair(TWO).id: "keep"}


def test_of_two_kept_twins_the_better_score_counts():
    assert best(rule(ONE, "keep", 0.6), rule(TWO, "keep", 0.7)) == {pair(TWO).id: "keep"}


def test_of_two_equal_twins_the_first_counts():
    assert best(rule(TWO, "keep"), rule(ONE, "keep")) == {pair(ONE).id: "keep"}


def test_what_a_person_keeps_outranks_a_better_score():
    found = best(rule(ONE, "reject", 0.1), rule(TWO, "keep", 0.9), person(ONE, "keep"))

    assert found == {pair(ONE).id: "keep"}


def test_what_a_person_rejects_leaves_the_place_to_another():
    found = best(rule(ONE, "keep", 0.9), rule(TWO, "look", 0.1), person(ONE, "reject"))

    assert found == {pair(TWO).id: "look"}


def test_a_twin_that_was_not_checked_or_is_gone_does_not_count():
    assert best(rule(TWO, "reject")) == {pair(TWO).id: "reject"}
    assert not choice.best([pair(ONE)], [], [rule(ONE, "keep")])


def test_frames_and_instructions_are_chosen_apart_and_plain_folders_stand_for_themselves():
    twins = [ONE, twin(1, frame="g"), twin(1, prompt="night")]
    folders = [Pair(name, name, "", "density", "", "", {}, "") for name in "xy"]
    verdicts = [rule(one, "keep") for one in twins]
    verdicts += [Verdict(one.id, "rule", "keep", ()) for one in folders]

    found = choice.best([*map(pair, twins), *folders], twins, verdicts)

    assert found.keys() == {*(pair(one).id for one in twins), "x", "y"}
