from mser.corpora.corpus import compare
from mser.manifest import Problem


def _compare(expected, found):
    return list(compare(expected, found, "published"))


def test_equal_counts_are_no_problem():
    counts = {"utterances": 3, "names": ["a", "b"], "labels": {"ang": 1}, "by": {"x": {"ang": 1}}}
    assert _compare(counts, counts) == []


def test_what_is_not_expected_is_not_compared():
    assert _compare({"utterances": 3}, {"utterances": 3, "labels": {"ang": 1}}) == []


def test_each_group_of_counts_is_one_problem():
    expected = {"utterances": 3, "labels": {"ang": 1, "sad": 2}, "by": {"x": {"ang": 1}, "y": {"ang": 5}}}
    found = {"utterances": 2, "labels": {"sad": 1}, "by": {"x": {"ang": 1}}}
    assert _compare(expected, found) == [
        Problem("count", "labels: ang is 0, published 1; sad is 1, published 2"),
        Problem("count", "by y: ang is 0, published 5"),
        Problem("count", "utterances is 2, published 3"),
    ]


def test_each_missing_and_each_further_name_is_a_problem():
    assert _compare({"names": ["a", "b"]}, {"names": ["b", "c"]}) == [
        Problem("missing", "names: a is missing; it is among the 2 published"),
        Problem("count", "names: c is not among the 2 published"),
    ]
