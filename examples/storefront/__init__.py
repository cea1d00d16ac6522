"""A small application whose tests and migrations use syda: models, an alembic history, a suite.

    pytest examples/storefront
    syda rehearse --alembic examples/storefront/alembic.ini --url sqlite:///storefront.db

The suite runs on SQLite, and on PostgreSQL where DATABASE_URL names a server. Three of the ten revisions work on an
empty database and fail on a full one (0004, 0006 and 0008); the rehearsal finds these three.
"""
