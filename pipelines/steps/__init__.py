"""The pipeline's steps, one module each, in the order in which they run. ``pipelines.definition`` wires them.

These modules import the SDK (three seconds): import them within ``aws.sessions.offline`` only.
"""
