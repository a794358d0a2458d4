"""All curves of the session in one table, their trend, a watched folder, and what is written of them."""
