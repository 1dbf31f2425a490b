"""What several pages share: the frame around them, run picker, empty state, formats, cache, transport.

A page's room imports this one, ``live_chart`` and ``replay``, and no other page's.
"""
