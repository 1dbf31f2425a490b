"""Evidence: what finished runs prove, computed by whoever reads them, never by a worker."""
