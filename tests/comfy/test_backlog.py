from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from curate.comfy.backlog import Backlog
from curate.comfy.job import Order


def order(name, group):
    return Order(name, name, "out", tuple, None, lambda _image, _prefix: {}, len, group)


def test_a_server_stays_with_one_instruction_as_long_as_there_is_some_of_it():
    backlog = Backlog([order(f"{n}{group}", group) for n in range(3) for group in "ab"])

    first, second = ([backlog.take(server) for _ in range(3)] for server in ("one", "two"))

    assert [o.name for o in first] == ["0a", "1a", "2a"]
    assert [o.name for o in second] == ["0b", "1b", "2b"]


def test_a_server_without_an_instruction_of_its_own_helps_where_the_fewest_are():
    backlog = Backlog([order("a", "a"), *(order(f"b{n}", "b") for n in range(5))])

    taken = [backlog.take(server).name for server in ("one", "two", "three", "one")]

    assert taken == ["a", "b0", "b1", "b2"]


def test_what_is_handed_back_is_the_next():
    backlog = Backlog([order("x", "g"), order("y", "g")])
    back = backlog.take("one")

    backlog.hand_back(back)

    assert back in backlog
    assert backlog.take("two") is back


@given(st.lists(st.sampled_from("abc"), max_size=20), st.data())
def test_every_order_is_taken_once_by_whichever_server(groups, data):
    orders = [order(str(n), group) for n, group in enumerate(groups)]
    backlog, taken = Backlog(orders), []

    while (one := backlog.take(data.draw(st.sampled_from("xyz")))) is not None:
        taken.append(one.name)

    assert Counter(taken) == Counter(o.name for o in orders)
    assert not len(backlog)
