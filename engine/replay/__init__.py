"""From snapshots of a run to the frames of its replay: pictures and statistics at one set of parameters.

A scene says once what all frames of a run share; a frame is plain bytes that a browser draws.
"""
