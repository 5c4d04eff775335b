package thaw.runtime.json;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import sun.reflect.ReflectionFactory;

/**
 * A class as JSON sees it. Read through public getters ({@code getX}, {@code isX}), record accessors and public
 * fields; written through setters of any visibility, record constructors and public fields. Property names follow
 * the JavaBeans rule: {@code getOrderId} is orderId, {@code getURL} is URL.
 */
final class Bean {
    private static final Map<Class<?>, Bean> KNOWN = new ConcurrentHashMap<>();
    /** The classes of AWS's events library, whose JSON names differ from their bean names in case and dashes. */
    private static final String[] EVENTS = {
        "com.amazonaws.services.lambda.runtime.events.", "com.amazonaws.services.dynamodbv2.model.",
        "com.amazonaws.services.s3.event.",
    };

    /** Where a property's value comes from. */
    static final class Source {
        final String name;
        private final Member member;

        Source(String name, Member member) {
            this.name = name;
            this.member = member;
        }

        Object value(Object bean) throws JsonException {
            try {
                return member instanceof Method ? ((Method) member).invoke(bean) : ((Field) member).get(bean);
            } catch (InvocationTargetException thrown) {
                throw new JsonException(member.getDeclaringClass().getName() + "." + member.getName()
                    + " threw " + thrown.getCause(), thrown.getCause());
            } catch (IllegalAccessException refused) {
                throw new JsonException("cannot read " + member, refused);
            }
        }
    }

    /** Where a property's value goes to. */
    static final class Target {
        final Type type;
        private final Member member;
        /** For a record: the position in its constructor; its member is not used to write. */
        final int position;

        Target(Type type, Member member, int position) {
            this.type = type;
            this.member = member;
            this.position = position;
        }

        void set(Object bean, Object value) throws JsonException {
            try {
                if (member instanceof Method) {
                    ((Method) member).invoke(bean, value);
                } else {
                    ((Field) member).set(bean, value);
                }
            } catch (InvocationTargetException thrown) {
                throw new JsonException(member.getDeclaringClass().getName() + "." + member.getName()
                    + " threw " + thrown.getCause(), thrown.getCause());
            } catch (IllegalAccessException | IllegalArgumentException refused) {
                throw new JsonException("cannot write " + member, refused);
            }
        }
    }

    private final Class<?> type;
    private final boolean lenient;
    private final Map<String, Target> targets = new LinkedHashMap<>();
    private final Source[] sources;
    /** Of AWS's events some have no setters: their constructors only take what their fields keep. */
    private final boolean isOfConstructor;
    private final Constructor<?> constructor;

    private Bean(Class<?> type) {
        this.type = type;
        lenient = Arrays.stream(EVENTS).anyMatch(type.getName()::startsWith);
        Map<String, Source> found = new LinkedHashMap<>();
        if (type.isRecord()) {
            isOfConstructor = false;
            constructor = record(found);
        } else {
            Constructor<?> empty = emptyConstructor();
            isOfConstructor = empty == null && lenient && !Modifier.isAbstract(type.getModifiers());
            constructor = isOfConstructor ? withoutConstructor() : empty;
            declaredOrder(found);
            getters(found);
            fields(found);
            setters();
            if (isOfConstructor) {
                ownFields();
            }
        }
        List<Source> readable = new ArrayList<>();
        for (Source source : found.values()) {
            if (source != null) {
                readable.add(source);
            }
        }
        sources = readable.toArray(new Source[0]);
    }

    static Bean of(Class<?> type) {
        Bean bean = KNOWN.get(type);
        if (bean == null) {
            bean = new Bean(type);
            KNOWN.put(type, bean);
        }
        return bean;
    }

    /** What to write, in the order fields are declared (superclass first), then getters without field by name. */
    Source[] sources() {
        return sources;
    }

    /** Where the member of that name goes, or null if the class has no place for it. */
    Target target(String name) {
        Target target = targets.get(name);
        return target == null && lenient ? targets.get(folded(name)) : target;
    }

    Iterable<Target> targets() {
        return targets.values();
    }

    /** Whether dates are seconds, as in the events of AWS's own services. */
    boolean countsSeconds() {
        return lenient;
    }

    boolean isRecord() {
        return type.isRecord();
    }

    Object make(Object... components) throws JsonException {
        if (constructor == null) {
            throw new JsonException(type.getName() + " cannot be made: it needs a constructor without parameters"
                + " and must be neither abstract nor an inner class");
        }
        try {
            return constructor.newInstance(components);
        } catch (InvocationTargetException thrown) {
            throw new JsonException("the constructor of " + type.getName() + " threw " + thrown.getCause(),
                thrown.getCause());
        } catch (ReflectiveOperationException | IllegalArgumentException refused) {
            throw new JsonException(type.getName() + " cannot be made", refused);
        }
    }

    private Constructor<?> emptyConstructor() {
        if (Modifier.isAbstract(type.getModifiers())) {
            return null;
        }
        try {
            Constructor<?> found = type.getDeclaredConstructor();
            return found.trySetAccessible() || reachable(found) ? found : null;
        } catch (NoSuchMethodException none) {
            return null;
        }
    }

    private Constructor<?> withoutConstructor() {
        try {
            return ReflectionFactory.getReflectionFactory().newConstructorForSerialization(type, Object.class.getConstructor());
        } catch (NoSuchMethodException impossible) {
            return null;
        }
    }

    private void ownFields() {
        for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && !targets.containsKey(field.getName()) && field.trySetAccessible()) {
                place(field.getName(), new Target(field.getGenericType(), field, -1));
            }
        }
    }

    private Constructor<?> record(Map<String, Source> found) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] parameters = new Class<?>[components.length];
        for (int index = 0; index < components.length; index++) {
            RecordComponent component = components[index];
            parameters[index] = component.getType();
            component.getAccessor().trySetAccessible();
            found.put(component.getName(), new Source(component.getName(), component.getAccessor()));
            targets.put(component.getName(), new Target(component.getGenericType(), null, index));
        }
        try {
            Constructor<?> canonical = type.getDeclaredConstructor(parameters);
            canonical.trySetAccessible();
            return canonical;
        } catch (NoSuchMethodException impossible) {
            return null;
        }
    }

    /** Reserves the places of the fields' names, so that properties are written in the order of the source. */
    private void declaredOrder(Map<String, Source> found) {
        List<Class<?>> lineage = new ArrayList<>();
        for (Class<?> part = type; part != null && part != Object.class; part = part.getSuperclass()) {
            lineage.add(0, part);
        }
        for (Class<?> part : lineage) {
            for (Field field : part.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers())) {
                    found.put(field.getName(), null);
                }
            }
        }
    }

    /** In the order in which the JVM gives the methods, the class's own first. */
    private void getters(Map<String, Source> found) {
        Set<Class<?>> parts = new LinkedHashSet<>();
        ancestors(type, parts);
        Map<String, Source> known = new LinkedHashMap<>();
        for (Class<?> part : parts) {
            for (Method method : part.getDeclaredMethods()) {
                String name = getterName(method);
                if (isSetter(method)) {
                    // A setter alone has the name's place, too.
                    known.putIfAbsent(decapitalized(method.getName().substring(3)), null);
                }
                if (name != null && (method.trySetAccessible() || reachable(method))) {
                    Source other = known.get(name);
                    if (other == null || isNearer(method, (Method) other.member)) {
                        known.put(name, new Source(name, method));
                    }
                }
            }
        }
        found.putAll(known);
    }

    private static void ancestors(Class<?> type, Set<Class<?>> parts) {
        for (Class<?> part = type; part != null && part != Object.class; part = part.getSuperclass()) {
            parts.add(part);
            for (Class<?> implemented : part.getInterfaces()) {
                ancestors(implemented, parts);
            }
        }
    }

    /** Whether a getter takes another's place: `get` goes before `is` in one class. */
    private static boolean isNearer(Method method, Method other) {
        return other.getName().startsWith("is") && method.getName().startsWith("get")
            && method.getDeclaringClass() == other.getDeclaringClass();
    }

    private void fields(Map<String, Source> found) {
        for (Field field : type.getFields()) {
            String name = field.getName();
            if (Modifier.isStatic(field.getModifiers()) || Modifier.isTransient(field.getModifiers())
                || !(field.trySetAccessible() || reachable(field))) {
                continue;
            }
            if (found.get(name) == null) {
                found.put(name, new Source(name, field));
            }
            place(name, new Target(field.getGenericType(), field, -1));
        }
    }

    private void setters() {
        for (Class<?> part = type; part != null && part != Object.class; part = part.getSuperclass()) {
            for (Method method : part.getDeclaredMethods()) {
                if (!isSetter(method) || !(method.trySetAccessible() || reachable(method))) {
                    continue;
                }
                String property = decapitalized(method.getName().substring(3));
                Target known = targets.get(property);
                if (known == null || known.member instanceof Field || matchesGetter(method, known)) {
                    place(property, new Target(method.getGenericParameterTypes()[0], method, -1));
                }
            }
        }
    }

    private static boolean isSetter(Method method) {
        String name = method.getName();
        return name.startsWith("set") && name.length() > 3 && method.getParameterCount() == 1
            && !Modifier.isStatic(method.getModifiers()) && !method.isBridge();
    }

    /** Of two setters in one class the one that takes what the getter gives is meant. */
    private boolean matchesGetter(Method candidate, Target known) {
        if (known.member.getDeclaringClass() != candidate.getDeclaringClass()) {
            return false;
        }
        try {
            Method getter = type.getMethod("get" + candidate.getName().substring(3));
            return getter.getReturnType() == candidate.getParameterTypes()[0];
        } catch (NoSuchMethodException none) {
            return false;
        }
    }

    private void place(String name, Target target) {
        targets.put(name, target);
        if (lenient) {
            targets.put(folded(name), target);
        }
    }

    private static String getterName(Method method) {
        Class<?> result = method.getReturnType();
        String name = method.getName();
        if (!Modifier.isPublic(method.getModifiers()) || Modifier.isStatic(method.getModifiers())
            || method.getParameterCount() != 0 || result == void.class || method.isBridge() || method.getDeclaringClass() == Object.class) {
            return null;
        }
        if (name.startsWith("get") && name.length() > 3) {
            return decapitalized(name.substring(3));
        }
        if (name.startsWith("is") && name.length() > 2 && (result == boolean.class || result == Boolean.class)) {
            return decapitalized(name.substring(2));
        }
        return null;
    }

    /** The JavaBeans rule: a first letter is made small unless the second is a capital too. */
    private static String decapitalized(String name) {
        if (name.length() > 1 && Character.isUpperCase(name.charAt(0)) && Character.isUpperCase(name.charAt(1))) {
            return name;
        }
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    private static String folded(String name) {
        return name.replace("-", "").replace("_", "").toLowerCase(java.util.Locale.ROOT);
    }

    /** Whether a member that could not be opened can be used all the same. */
    private static <M extends AccessibleObject & Member> boolean reachable(M member) {
        return Modifier.isPublic(member.getModifiers()) && Modifier.isPublic(member.getDeclaringClass().getModifiers())
            && member.getDeclaringClass().getModule().isExported(member.getDeclaringClass().getPackageName());
    }
}
