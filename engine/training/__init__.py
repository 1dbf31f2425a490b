"""Training: the only loop, what it records, and the state that it can be resumed from.

``train`` yields records; whoever calls it owns the ``State`` and may pause, store or stop between updates.
The plan says beforehand which steps are recorded and evaluated, from shapes alone and never from the clock.
"""
