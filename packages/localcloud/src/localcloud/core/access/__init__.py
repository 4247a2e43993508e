"""Who calls, and what they may do: principals, their keys, and decisions as IAM makes them."""
