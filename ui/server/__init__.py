"""What the server does beside the pages: it answers quickly, and says where its root is.

`dashboard.py` alone knows it; it knows nothing of the pages.
"""
