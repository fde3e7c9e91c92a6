"""What the engine says, in the language of whoever reads a page: made from its codes and values.

The engine keeps its sentences in English, with each analysis and job. Tables here hold them again, by code and marked
for translation; `tests/languages/test_engine_words.py` compares them with the engine's own. Programs (API, CSV,
exports) are given what the engine says itself.
"""
