package thaw.runtime;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Starts the runtime: reads its environment, makes the handler, passes the snapshot if there is one, serves events. With
 * {@code --seed} it first waits to be told which function that is about.
 */
public final class Bootstrap {
    private Bootstrap() {
    }

    public static void main(String[] arguments) throws Exception {
        System.setOut(stream(FileDescriptor.out));
        System.setErr(stream(FileDescriptor.err));
        String address = System.getenv("AWS_LAMBDA_RUNTIME_API");
        if (address == null || address.isEmpty()) {
            System.err.println("AWS_LAMBDA_RUNTIME_API is not set: the runtime is to be started by a Lambda platform.");
            System.exit(1);
        }
        RuntimeClient client = new RuntimeClient(address);
        SecureRandoms.watch();
        HostNames.limitFailures();
        if (arguments.length > 0 && arguments[0].equals("--seed")) {
            rehearse(Rehearsal.COMPILING);
            Seed.becomeFunction(client);
            HostNames.limitFailures();
        }
        serve(client);
        System.exit(1);
    }

    private static void serve(RuntimeClient client) throws IOException {
        FunctionClassLoader loader = FunctionClassLoader.make(
            environment("LAMBDA_TASK_ROOT", "/var/task"), "/opt", Bootstrap.class.getClassLoader());
        Thread.currentThread().setContextClassLoader(loader);
        EventHandler handler = handler(System.getenv("_HANDLER"), loader, client);
        InvocationLoop loop = new InvocationLoop(client, handler);
        if ("snap-start".equals(System.getenv("AWS_LAMBDA_INITIALIZATION_TYPE"))) {
            warm(handler);
            new SnapshotPoint(client).pass();
        }
        loop.run();
    }

    private static EventHandler handler(String name, ClassLoader loader, RuntimeClient client) throws IOException {
        try {
            return new HandlerLoader(loader).load(name);
        } catch (HandlerException unusable) {
            FunctionLogger.shared().log(unusable.fault().text());
            client.failInit(unusable.fault(), "Runtime.BadFunctionCode");
            System.exit(1);
            return null;
        }
    }

    /** Twice each: compiled code that has not run yet is linked when it does, and that would be in every clone. */
    private static void warm(EventHandler handler) {
        Priming priming = new Priming(handler);
        rehearse(Rehearsal.COMPILING);
        priming.begin();
        Quiet.awaitCompilers();
        rehearse(Rehearsal.LINKING);
        priming.end();
    }

    private static void rehearse(int rounds) {
        try {
            Rehearsal.run(rounds);
        } catch (IOException noLoopback) {
            System.err.println("the first invocation of each clone will be slower: " + noLoopback);
        }
    }

    private static String environment(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    /** A stream that writes UTF-8, one line with one system call. */
    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new BufferedOutputStream(new FileOutputStream(descriptor), 8192), true,
            StandardCharsets.UTF_8);
    }
}
