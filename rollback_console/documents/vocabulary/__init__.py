"""The words authors use, in several languages, and what each announces.

Layer: lowest; uses `markdown.folded_text` only. Public: `section_names` (what a heading
announces), `step_headings`, `labels` (of header fields), `remarks` (conditions, warnings,
alternatives) and the word lists of `synonyms`.
"""
