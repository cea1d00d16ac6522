"""Migrations by alembic: databases that are compared with models, seeded at a revision, rehearsed."""
