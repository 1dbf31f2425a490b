"""Lessons: texts whose claims are trained and measured where they stand.

A lesson is a Markdown file with blocks that describe runs (docs/lessons-format.md). Reading it gives plain
dataclasses; what its blocks describe is trained in memory and measured, and nothing of it reaches the store.
"""
