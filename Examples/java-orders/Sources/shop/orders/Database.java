package shop.orders;

import org.h2.jdbcx.JdbcConnectionPool;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.stereotype.Component;

/** The in-memory database. It lives in this process, and so do its connections: a snapshot may hold them. */
@Component
public class Database extends DelegatingDataSource {
    private static final String URL = "jdbc:h2:mem:orders;DB_CLOSE_DELAY=-1";

    public Database() {
        setTargetDataSource(JdbcConnectionPool.create(URL, "sa", ""));
        ResourceDatabasePopulator populator = new ResourceDatabasePopulator();
        populator.addScript(new ClassPathResource("schema.sql"));
        populator.addScript(new ClassPathResource("data.sql"));
        populator.execute(this);
    }
}
