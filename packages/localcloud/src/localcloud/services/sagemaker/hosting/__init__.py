"""Real-time endpoints' other half: the instances behind a variant, the way of a request to one, what is measured of it.

One instance is one process of the project's model server. What the model takes (its start, its answers, the limits on
both) is real time, however fast the cloud's clock goes; metrics and captured data carry the clock's time.

Not reproduced: instance types (each instance has what this machine gives), pings of an instance after its start (one
that dies is seen at once, one that hangs is seen by its answers), serverless, asynchronous, multi-model and shadow
variants, inference components, streaming, more than one container, images that bring their own server.
"""
