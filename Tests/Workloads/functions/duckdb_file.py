"""An analytical database with a file, a lock and threads of its own."""

import uuid

import duckdb

db = duckdb.connect("/tmp/shop.duckdb")
db.sql("create table t as select range as n, uuid() as id from range(100000)")
assert db.execute("select sum(n) from t").fetchall()[0][0] == 4999950000


def use(context):
    name = str(uuid.uuid4())
    db.execute("insert into t values (-1, ?)", [name])
    assert db.execute("select n from t where id = ?", [name]).fetchall() == [(-1,)]
    assert db.execute("select count(*) from t where n >= 0").fetchall()[0][0] == 100000
    db.sql("checkpoint")
    return [str(db.execute("select uuid()").fetchall()[0][0]), str(db.execute("select random()").fetchall()[0][0])]
