"""The Compare page: curves of several runs over each other, and what tells them apart."""
