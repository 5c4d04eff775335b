package thaw.runtime;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.crac.CheckpointException;
import org.crac.Context;
import org.crac.Resource;
import org.crac.RestoreException;

/**
 * The global snapshot context, with the semantics of AWS's: before-hooks run last registered first, after-hooks in
 * the order of registration; every hook runs even when another failed; resources are held weakly. Registering a
 * resource again moves it to the end.
 */
public final class SnapshotResources extends Context<Resource> {
    private final List<WeakReference<Resource>> registered = new ArrayList<>();

    @Override
    public void register(Resource resource) {
        if (resource == null) {
            throw new NullPointerException("resource");
        }
        synchronized (registered) {
            Iterator<WeakReference<Resource>> entries = registered.iterator();
            while (entries.hasNext()) {
                Resource known = entries.next().get();
                if (known == null || known == resource) {
                    entries.remove();
                }
            }
            registered.add(new WeakReference<>(resource));
        }
    }

    @Override
    public void beforeCheckpoint(Context<? extends Resource> context) throws CheckpointException {
        List<Throwable> failures = new ArrayList<>();
        List<Resource> resources = alive();
        for (int index = resources.size() - 1; index >= 0; index--) {
            try {
                resources.get(index).beforeCheckpoint(this);
            } catch (Throwable failure) {
                gather(failure, failure instanceof CheckpointException, failures);
            }
        }
        if (!failures.isEmpty()) {
            throw suppressing(new CheckpointException(summary("before the snapshot", failures)), failures);
        }
    }

    @Override
    public void afterRestore(Context<? extends Resource> context) throws RestoreException {
        List<Throwable> failures = new ArrayList<>();
        for (Resource resource : alive()) {
            try {
                resource.afterRestore(this);
            } catch (Throwable failure) {
                gather(failure, failure instanceof RestoreException, failures);
            }
        }
        if (!failures.isEmpty()) {
            throw suppressing(new RestoreException(summary("after the restore", failures)), failures);
        }
    }

    /** The resources somebody still holds, in the order of registration; hooks may register more meanwhile. */
    private List<Resource> alive() {
        List<Resource> resources = new ArrayList<>();
        synchronized (registered) {
            for (WeakReference<Resource> entry : registered) {
                Resource resource = entry.get();
                if (resource != null) {
                    resources.add(resource);
                }
            }
        }
        return resources;
    }

    /** Adds a failure; one that only gathers others (a nested context's) is replaced by what it gathered. */
    private static void gather(Throwable failure, boolean mayGather, List<Throwable> failures) {
        Throwable[] gathered = mayGather ? failure.getSuppressed() : new Throwable[0];
        if (gathered.length == 0) {
            failures.add(failure);
            return;
        }
        for (Throwable inner : gathered) {
            failures.add(inner);
        }
    }

    private static <E extends Exception> E suppressing(E exception, List<Throwable> failures) {
        for (Throwable failure : failures) {
            exception.addSuppressed(failure);
        }
        return exception;
    }

    private static String summary(String when, List<Throwable> failures) {
        StringBuilder text = new StringBuilder();
        text.append(failures.size()).append(failures.size() == 1 ? " hook" : " hooks").append(" failed ").append(when);
        for (Throwable failure : failures) {
            text.append("; ").append(Fault.describe(failure));
        }
        return text.toString();
    }
}
