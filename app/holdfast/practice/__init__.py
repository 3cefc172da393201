"""The rehearsal world, on loopback only: a drama site, two calendars with a chain, two TSAs."""
