"""A group is found by the id of the run that it began with, oldest first."""

from engine.runs.groups import group_members, join_group


def test_members_of_a_group_come_back_oldest_first_and_no_others(store, submitted):
    base, other, first, second = (submitted() for _ in range(4))
    join_group(store, base, [second, first])
    assert [row.id for row in group_members(store, base)] == [first, second]
    assert group_members(store, other) == []
    assert group_members(store, 999) == []
