"""A pool of SQLite connections in WAL mode, with what init committed."""

import uuid

from sqlalchemy import String, create_engine, event, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = create_engine("sqlite:////tmp/shop.db", pool_size=3)


@event.listens_for(engine, "connect")
def journal(connection, record):
    connection.execute("PRAGMA journal_mode=WAL")


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[str] = mapped_column(String, primary_key=True, default=lambda: str(uuid.uuid4()))
    item: Mapped[str]


Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all([Order(item=f"item {n}") for n in range(100)])
    session.commit()


def use(context):
    with Session(engine) as session:
        before = session.scalar(select(func.count()).select_from(Order))
        order = Order(item="new")
        session.add(order)
        session.commit()
        assert session.scalar(select(func.count()).select_from(Order)) == before + 1
        return [order.id]
