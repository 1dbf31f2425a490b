"""What several pages share: the frame around them, run picker, empty state, formats, cache, transport."""
