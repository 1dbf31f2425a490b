"""What the pages are made of: one room a page, and what several pages share.

Nothing here computes: pages read the store, call the engine's analysis and figures, and show what comes back.
"""
