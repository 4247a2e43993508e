"""Processing, training and transform jobs: their operations, records and events, over ``runtime.jobs``.

One module for each kind has its operations. ``lifecycle`` has what they share under the lock (names, the queue, states,
events), ``runner`` what they share while a job works, on its own thread and without the lock.
"""
