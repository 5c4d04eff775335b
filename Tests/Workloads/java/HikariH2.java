import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.List;

/** A pool of connections to a database in /tmp, which keeps its lock and its files. */
public class HikariH2 extends Workload {
    private final HikariDataSource pool;

    public HikariH2() throws Exception {
        HikariConfig settings = new HikariConfig();
        settings.setJdbcUrl("jdbc:h2:/tmp/shop");
        settings.setMaximumPoolSize(3);
        pool = new HikariDataSource(settings);
        try (Connection connection = pool.getConnection()) {
            connection.createStatement().execute("create table orders (id uuid default random_uuid() primary key, item varchar)");
        }
        insert("before");
    }

    private String insert(String item) throws Exception {
        try (Connection connection = pool.getConnection();
                PreparedStatement insert = connection.prepareStatement(
                        "insert into orders (item) values (?)", new String[] {"id"})) {
            insert.setString(1, item);
            insert.executeUpdate();
            ResultSet keys = insert.getGeneratedKeys();
            keys.next();
            return keys.getString(1);
        }
    }

    @Override
    List<String> use() throws Exception {
        String id = insert("after");
        try (Connection connection = pool.getConnection()) {
            ResultSet before = connection.createStatement().executeQuery("select count(*) from orders where item = 'before'");
            before.next();
            if (before.getInt(1) != 1) {
                throw new IllegalStateException("what init has committed is gone");
            }
        }
        return List.of(id);
    }
}
