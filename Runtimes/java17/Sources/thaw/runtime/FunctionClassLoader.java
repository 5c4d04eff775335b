package thaw.runtime;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Loads the function's classes: those in the root of its code, then the jars in its {@code lib} folder, then those of
 * its layers ({@code /opt/java/lib}), jars in the order of their names. Its parent has the handler interfaces and
 * org.crac, and is asked first: a function that brings copies of them is still called through the runtime's.
 */
final class FunctionClassLoader extends URLClassLoader {
    static {
        registerAsParallelCapable();
    }

    private FunctionClassLoader(URL[] path, ClassLoader parent) {
        super(path, parent);
    }

    /** @param taskRoot where the function's code is, as LAMBDA_TASK_ROOT says */
    static FunctionClassLoader make(String taskRoot, String layers, ClassLoader parent) {
        List<URL> path = new ArrayList<>();
        path.add(url(new File(taskRoot)));
        addJars(new File(taskRoot, "lib"), path);
        addJars(new File(layers, "java/lib"), path);
        return new FunctionClassLoader(path.toArray(new URL[0]), parent);
    }

    private static void addJars(File folder, List<URL> path) {
        String[] names = folder.list();
        if (names == null) {
            return;
        }
        Arrays.sort(names);
        for (String name : names) {
            if (name.endsWith(".jar")) {
                path.add(url(new File(folder, name)));
            }
        }
    }

    private static URL url(File file) {
        try {
            return file.toURI().toURL();
        } catch (MalformedURLException impossible) {
            throw new IllegalArgumentException(file.getPath(), impossible);
        }
    }
}
