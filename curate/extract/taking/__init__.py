"""Films on their way from the scan to the ledger."""
