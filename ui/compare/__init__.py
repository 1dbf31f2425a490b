"""The Compare page: curves of several runs on one chart, and what tells the runs apart."""
