"""What answers behind a real-time endpoint: a variant's instances, how a request reaches one, and its metrics.

One instance is one process of the project's model server. What the model does (its start, its responses, the limits on
both) takes real time, however fast the cloud's clock goes; metrics and captured data carry the clock's time.

Not reproduced: instance types (each instance has what this machine gives), pings of an instance after its start (one
that dies is noticed at once, one that hangs only by its requests), asynchronous, multi-model and shadow variants,
inference components, streaming, more than one container, images that bring their own server.
"""
