"""Workers: processes that claim queued runs, train them under a lease and write down what happens.

A worker needs the URL of a store and nothing else; several share a queue, on one machine or on many.
"""
