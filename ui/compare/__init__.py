"""The Compare page: curves of several runs on one chart, and what tells the runs apart.

Which runs are compared stands in the address; how their curves are drawn stands in the options.
"""
