package shop.orders;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.h2.jdbcx.JdbcConnectionPool;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** The in-memory database: its contents live as long as the process, its connections come and go. */
@Component
public class Database extends DelegatingDataSource {
    private static final String URL = "jdbc:h2:mem:orders;DB_CLOSE_DELAY=-1";

    private JdbcConnectionPool pool;

    /** Something to do with the database. */
    public interface Work {
        void run() throws IOException;
    }

    public Database() {
        connect();
        ResourceDatabasePopulator populator = new ResourceDatabasePopulator();
        populator.addScript(new ClassPathResource("schema.sql"));
        populator.addScript(new ClassPathResource("data.sql"));
        populator.execute(this);
    }

    public final void connect() {
        pool = JdbcConnectionPool.create(URL, "sa", "");
        setTargetDataSource(pool);
    }

    public void disconnect() {
        pool.dispose();
    }

    /** Does work in a transaction that is rolled back. */
    public void undone(Work work) {
        new TransactionTemplate(new DataSourceTransactionManager(this)).execute(status -> {
            try {
                work.run();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            } finally {
                status.setRollbackOnly();
            }
            return null;
        });
    }
}
