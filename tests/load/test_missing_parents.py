"""Tables that refer to one that was not given."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

import syda
from syda.errors import MissingTableError


class Base(DeclarativeBase):
    pass


links = sa.Table("links", Base.metadata, *(sa.Column(name, sa.ForeignKey(f"{name}s.id")) for name in ("song", "tag")))
shared = sa.Table(
    "shared", Base.metadata, *(sa.Column(name, sa.ForeignKey(f"{name}s.id")) for name in ("song", "film", "tag"))
)


class Song(Base):
    __tablename__ = "songs"
    id: Mapped[int] = mapped_column(primary_key=True)
    tags: Mapped[list["Tag"]] = relationship(secondary=links)
    shared_tags: Mapped[list["Tag"]] = relationship(secondary=shared, overlaps="shared_tags")


class Film(Base):
    __tablename__ = "films"
    id: Mapped[int] = mapped_column(primary_key=True)
    shared_tags: Mapped[list["Tag"]] = relationship(secondary=shared, overlaps="shared_tags")


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)


class Remark(Base):
    __tablename__ = "remarks"
    id: Mapped[int] = mapped_column(primary_key=True)
    tag_id: Mapped[int | None] = mapped_column(sa.ForeignKey("tags.id"))


def test_an_association_whose_other_class_is_not_given_says_to_add_it(engine: sa.Engine) -> None:
    with pytest.raises(
        MissingTableError, match=r"links\.tag refers to table 'tags', which was not given; add its class"
    ):
        syda.seed(engine, [Song], rows={"shared": 0}, create=True)
    assert not sa.inspect(engine).get_table_names()


def test_an_association_links_to_the_rows_there(engine: sa.Engine) -> None:
    Base.metadata.create_all(engine)
    syda.seed(engine, [Tag], rows=4)
    syda.seed(engine, [Song, Film], rows=6)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(links)).all()
        assert rows
        assert all(row.song and row.tag for row in rows)


def test_only_what_every_link_has_is_required() -> None:
    schema = syda.plan([Song, Film, Tag]).schema
    assert [column.nullable for column in schema.tables["links"].columns] == [False, False]
    assert [column.nullable for column in schema.tables["shared"].columns] == [True, True, False]


def test_a_table_to_be_made_says_which_parent_to_add(engine: sa.Engine) -> None:
    with pytest.raises(MissingTableError, match=r"remarks\.tag_id refers to table 'tags', .* not in the database"):
        syda.seed(engine, [Remark], create=True)
    Tag.__table__.create(engine)
    syda.seed(engine, [Remark], create=True)


class Circle(DeclarativeBase):
    pass


class Hen(Circle):
    __tablename__ = "hens"
    id: Mapped[int] = mapped_column(primary_key=True)
    egg_id: Mapped[int] = mapped_column(sa.ForeignKey("eggs.id", use_alter=True, name="hens_egg"))


class Egg(Circle):
    __tablename__ = "eggs"
    id: Mapped[int] = mapped_column(primary_key=True)
    hen_id: Mapped[int] = mapped_column(sa.ForeignKey("hens.id"))


def test_a_circle_of_required_keys_is_filled_and_its_constraints_are_as_before(engine: sa.Engine) -> None:
    Circle.metadata.create_all(engine)
    before = sa.inspect(engine).get_foreign_keys("eggs") + sa.inspect(engine).get_foreign_keys("hens")
    assert syda.seed(engine, Circle, rows=5).total == 10
    assert syda.check(engine, Circle).ok
    assert sa.inspect(engine).get_foreign_keys("eggs") + sa.inspect(engine).get_foreign_keys("hens") == before


def test_a_circle_is_known_by_its_columns_where_models_name_no_constraints(engine: sa.Engine) -> None:
    Circle.metadata.create_all(engine)
    unnamed = sa.MetaData()
    for name, column, other in (("hens", "egg_id", "eggs"), ("eggs", "hen_id", "hens")):
        link = sa.Column(column, sa.ForeignKey(f"{other}.id"), nullable=False)
        sa.Table(name, unnamed, sa.Column("id", sa.Integer, primary_key=True), link)
    assert syda.seed(engine, unnamed, rows=5).total == 10
    assert syda.check(engine, Circle).ok
