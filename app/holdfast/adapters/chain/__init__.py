"""Who shows Bitcoin's headers beside the explorers, and how a run of them is put together."""
