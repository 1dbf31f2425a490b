"""What several pages share: the frame around them, run picker, formats, cache, transport."""
