import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.Logger;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.config.builder.impl.BuiltConfiguration;

/** A logger with a file in /tmp that is written through a thread of its own. */
public class Log4j extends Workload {
    private static final Path FILE = Path.of("/tmp/function.log");
    private final Logger log;

    public Log4j() {
        ConfigurationBuilder<BuiltConfiguration> builder = ConfigurationBuilderFactory.newConfigurationBuilder();
        builder.add(builder.newAppender("file", "File").addAttribute("fileName", FILE.toString())
                .add(builder.newLayout("PatternLayout").addAttribute("pattern", "%p %m%n")));
        builder.add(builder.newAppender("behind", "Async").addComponent(
                builder.newComponent("AppenderRef").addAttribute("ref", "file")));
        builder.add(builder.newRootLogger(Level.INFO).add(builder.newAppenderRef("behind")));
        LoggerContext context = Configurator.initialize(builder.build());
        log = context.getLogger("function");
        log.info("begins");
    }

    @Override
    List<String> use() throws Exception {
        String id = UUID.randomUUID().toString();
        log.info(id);
        long end = System.nanoTime() + 20_000_000_000L;
        while (!Files.readString(FILE).endsWith("INFO " + id + "\n")) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("what was logged does not arrive");
            }
            Thread.sleep(5);
        }
        if (!Files.readString(FILE).startsWith("INFO begins\n")) {
            throw new IllegalStateException("what init has logged is gone");
        }
        return List.of(id);
    }
}
