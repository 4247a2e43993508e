"""localcloud on the wire: HTTP server, AWS's protocols, moto, the control plane and the egress proxy."""
