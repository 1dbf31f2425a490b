"""The command line, ``python -m engine ...``: a file for each group of commands.

``main`` holds the commands that everybody uses; the others fill and work the queue, keep runs in order, and
print. Commands read options and say what happened; what they do is done by the rooms below.
"""
