"""Access: who may come in, by which proof, and how often anybody may ask for something.

Between `web`, `api` and `live` above and everything that they show below; knows neither pages
nor routes. Public: `tokens` (the table, and finding one by its secret), `second_factor`,
`session_expiry`, `limits`, `errors`, and `actions`, the only writers of people, their groups,
passwords, second factors, sessions and tokens.
"""
