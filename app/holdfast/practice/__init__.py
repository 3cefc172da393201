"""The rehearsal world, on loopback only: a short-drama site, a calendar with its chain, two TSAs."""
