"""What the pages are made of: one room a page, and what several pages share."""
