"""Service Quotas: a machine limits nothing by quota."""
