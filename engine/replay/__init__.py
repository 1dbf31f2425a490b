"""From snapshots of a run to the frames of its replay: pictures and statistics at one set of parameters."""
