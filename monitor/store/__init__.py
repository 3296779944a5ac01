"""All SQL, in verbs of the product. Decides nothing: it writes what a plan says and reads what is asked.

One module per noun: `polls`, `articles`, `verdicts`, `subscribers`, `digests`, `outbox`; `database` opens the
file, `migrations` shapes it (docs/schema.md).
"""
