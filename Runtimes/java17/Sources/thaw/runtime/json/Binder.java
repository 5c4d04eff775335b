package thaw.runtime.json;

import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Makes a Java value of a wanted type from what {@link JsonReader} read, as AWS's Java runtime is configured to:
 * unknown members and unknown enum names are ignored, an array of one element stands for the element and the other
 * way round, an empty string stands for null where no string is wanted, null stands for a primitive's zero.
 */
public final class Binder {
    private final Type type;
    private final boolean untyped;

    public Binder(Type type) {
        this.type = type;
        untyped = isUntyped(type);
        learn(type, new HashSet<>());
    }

    /** Reads a document of the binder's type. */
    public Object read(byte[] bytes, int offset, int length) throws JsonException {
        Object tree = JsonReader.read(bytes, offset, length, !untyped);
        if (untyped && (tree == null || Types.raw(type).isInstance(tree))) {
            return tree;
        }
        return bind(tree, type);
    }

    /** Whether the reader's own values are what is wanted, so that nothing is left to bind. */
    private static boolean isUntyped(Type type) {
        Class<?> raw = Types.raw(type);
        if (raw == Object.class) {
            return true;
        }
        if (raw == Map.class || raw == LinkedHashMap.class) {
            Type[] members = Types.arguments(type, Map.class);
            return (members[0] == String.class || members[0] == Object.class) && Types.raw(members[1]) == Object.class;
        }
        if (raw == List.class || raw == ArrayList.class || raw == Collection.class) {
            return Types.raw(Types.arguments(type, Collection.class)[0]) == Object.class;
        }
        return false;
    }

    /** Looks at every class that the type needs now, so that the first event does not have to. */
    private static void learn(Type type, Set<Class<?>> seen) {
        Class<?> raw = Types.raw(type);
        if (raw.isArray()) {
            learn(component(type), seen);
        } else if (Map.class.isAssignableFrom(raw)) {
            learn(Types.arguments(type, Map.class)[1], seen);
        } else if (Collection.class.isAssignableFrom(raw)) {
            learn(Types.arguments(type, Collection.class)[0], seen);
        } else if (!raw.isPrimitive() && !raw.isEnum() && raw.getClassLoader() != null && seen.add(raw)) {
            for (Bean.Target target : Bean.of(raw).targets()) {
                learn(Types.member(target.type, type), seen);
            }
        }
    }

    private static Object bind(Object tree, Type type) throws JsonException {
        Class<?> raw = Types.raw(type);
        if (raw == Object.class) {
            return inexact(tree);
        }
        if (raw == Optional.class) {
            return Optional.ofNullable(tree == null ? null : bind(tree, Types.arguments(type, Optional.class)[0]));
        }
        if (raw == AtomicReference.class) {
            return new AtomicReference<>(bind(tree, Types.arguments(type, AtomicReference.class)[0]));
        }
        if (tree == null) {
            return raw.isPrimitive() ? Array.get(Array.newInstance(raw, 1), 0) : null;
        }
        if (raw.isArray()) {
            return array(tree, type, raw);
        }
        if (Collection.class.isAssignableFrom(raw) || raw == Iterable.class) {
            return collection(tree, type, raw);
        }
        if (tree instanceof List && Times.isOfFields(raw)) {
            return Times.ofFields((List<?>) tree, raw);
        }
        if (tree instanceof List) {
            return single((List<?>) tree, type, raw);
        }
        if (Map.class.isAssignableFrom(raw)) {
            return map(tree, type, raw);
        }
        if (raw == Map.Entry.class) {
            return entry(tree, type);
        }
        if (tree instanceof Map && !Scalars.isScalar(raw)) {
            return bean((Map<?, ?>) tree, type, raw);
        }
        if (isBlank(tree) && isBean(raw) && !isAbstract(raw)) {
            return null;
        }
        return Scalars.convert(tree, raw);
    }

    private static Object array(Object tree, Type type, Class<?> raw) throws JsonException {
        if (tree instanceof String && (raw == byte[].class || raw == char[].class)) {
            return Scalars.convert(tree, raw);
        }
        if (isBlank(tree)) {
            return null;
        }
        Class<?> element = raw.getComponentType();
        boolean isWrapped = !(tree instanceof List);
        if (isWrapped && element.isPrimitive()
            && (tree instanceof String || element == char.class || element == byte.class && tree instanceof BigDecimal)) {
            throw Scalars.mismatch(tree, raw);
        }
        Type component = component(type);
        List<?> elements = tree instanceof List ? (List<?>) tree : Collections.singletonList(tree);
        Object array = Array.newInstance(element, elements.size());
        for (int index = 0; index < elements.size(); index++) {
            Array.set(array, index, element(elements.get(index), component));
        }
        return array;
    }

    /** Empty or blank text, which stands for null where something else is wanted. */
    private static boolean isBlank(Object tree) {
        return tree instanceof String && ((String) tree).isBlank();
    }

    /** An element of an array or a collection. Texts among them are not unwrapped. */
    private static Object element(Object tree, Type type) throws JsonException {
        if (type == String.class && tree instanceof List || type == char.class && !(tree instanceof String)) {
            throw Scalars.mismatch(tree, Types.raw(type));
        }
        return bind(tree, type);
    }

    private static Type component(Type type) {
        return type instanceof GenericArrayType ? ((GenericArrayType) type).getGenericComponentType()
            : Types.raw(type).getComponentType();
    }

    private static Object collection(Object tree, Type type, Class<?> raw) throws JsonException {
        Type element = Types.arguments(type, Iterable.class)[0];
        if (isBlank(tree) && raw != java.util.EnumSet.class) {
            return null;
        }
        Collection<Object> collection = emptyCollection(raw, Types.raw(element));
        List<?> elements = tree instanceof List ? (List<?>) tree : Collections.singletonList(tree);
        for (Object value : elements) {
            Object bound = element(value, element);
            if (bound != null || raw != java.util.EnumSet.class) {
                collection.add(bound);
            }
        }
        return collection;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Collection<Object> emptyCollection(Class<?> raw, Class<?> element) throws JsonException {
        if (raw.isAssignableFrom(ArrayList.class)) {
            return new ArrayList<>();
        }
        if (raw == java.util.EnumSet.class) {
            return (Collection) java.util.EnumSet.noneOf((Class) element);
        }
        if (raw != LinkedHashSet.class && raw.isAssignableFrom(HashSet.class)) {
            return new HashSet<>();
        }
        if (SortedSet.class.isAssignableFrom(raw) && raw.isAssignableFrom(TreeSet.class)) {
            return new TreeSet<>();
        }
        if (Queue.class.isAssignableFrom(raw) && raw.isAssignableFrom(LinkedList.class)) {
            return new LinkedList<>();
        }
        return (Collection<Object>) make(raw);
    }

    /** A list where no list is wanted: its only element, or null for none. */
    private static Object single(List<?> tree, Type type, Class<?> raw) throws JsonException {
        if (tree.isEmpty() && raw == char.class) {
            return '\0';
        }
        if (tree.isEmpty() && !raw.isPrimitive() && !isAbstract(raw)) {
            return null;
        }
        Object only = tree.size() == 1 ? tree.get(0) : tree;
        if (only instanceof List || only == null && !Scalars.takesNullInArray(raw) || isBlank(only) && isBean(raw)
            || raw == java.nio.ByteBuffer.class) {
            throw new JsonException("cannot make a " + raw.getName() + " of an array of " + tree.size() + " elements");
        }
        Object bound = bind(only, type);
        if (bound instanceof AtomicInteger || bound instanceof AtomicLong || bound instanceof AtomicBoolean) {
            throw Scalars.mismatch(tree, raw);
        }
        return bound;
    }

    private static boolean isBean(Class<?> raw) {
        return !Scalars.isScalar(raw) && !Map.class.isAssignableFrom(raw);
    }

    /** Whether nothing can be made of the type but what its bytes or somebody else say. */
    private static boolean isAbstract(Class<?> raw) {
        return raw == java.nio.ByteBuffer.class || java.lang.reflect.Modifier.isAbstract(raw.getModifiers()) && !raw.isEnum()
            && !raw.getName().startsWith("java.");
    }

    @SuppressWarnings("unchecked")
    private static Object map(Object tree, Type type, Class<?> raw) throws JsonException {
        if (isBlank(tree)) {
            return null;
        }
        if (!(tree instanceof Map)) {
            throw Scalars.mismatch(tree, raw);
        }
        Type[] members = Types.arguments(type, Map.class);
        Class<?> key = Types.raw(members[0]);
        Map<Object, Object> map;
        if (raw != java.util.HashMap.class && raw.isAssignableFrom(LinkedHashMap.class)) {
            map = new LinkedHashMap<>();
        } else if (raw.isAssignableFrom(TreeMap.class)) {
            map = new TreeMap<>();
        } else if (raw.isAssignableFrom(java.util.concurrent.ConcurrentHashMap.class)) {
            map = new java.util.concurrent.ConcurrentHashMap<>();
        } else {
            map = (Map<Object, Object>) (raw == java.util.EnumMap.class ? enumMap(key) : make(raw));
        }
        for (Map.Entry<?, ?> member : ((Map<?, ?>) tree).entrySet()) {
            Object name = Scalars.key((String) member.getKey(), key);
            if (name != null || raw != java.util.EnumMap.class) {
                map.put(name, bind(member.getValue(), members[1]));
            }
        }
        return map;
    }

    private static Object entry(Object tree, Type type) throws JsonException {
        if (!(tree instanceof Map) || ((Map<?, ?>) tree).size() != 1) {
            throw Scalars.mismatch(tree, Map.Entry.class);
        }
        Type[] members = Types.arguments(type, Map.Entry.class);
        Map.Entry<?, ?> only = ((Map<?, ?>) tree).entrySet().iterator().next();
        return new java.util.AbstractMap.SimpleEntry<>(
            Scalars.key((String) only.getKey(), Types.raw(members[0])), bind(only.getValue(), members[1]));
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Map<?, ?> enumMap(Class<?> key) {
        return new java.util.EnumMap(key);
    }

    private static Object make(Class<?> raw) throws JsonException {
        return Bean.of(raw).make();
    }

    private static Object bean(Map<?, ?> tree, Type type, Class<?> raw) throws JsonException {
        Bean bean = Bean.of(raw);
        if (bean.isRecord()) {
            return record(tree, type, raw, bean);
        }
        Object made = bean.make();
        for (Map.Entry<?, ?> member : tree.entrySet()) {
            Bean.Target target = bean.target((String) member.getKey());
            if (target != null) {
                boolean isSeconds = bean.countsSeconds() && target.type == java.util.Date.class;
                target.set(made, isSeconds ? Scalars.dateOfSeconds(member.getValue()) : member(member, target, type, raw));
            }
        }
        return made;
    }

    private static Object record(Map<?, ?> tree, Type type, Class<?> raw, Bean bean) throws JsonException {
        Object[] components = new Object[raw.getRecordComponents().length];
        for (Bean.Target target : bean.targets()) {
            components[target.position] = bind(null, Types.member(target.type, type));
        }
        for (Map.Entry<?, ?> member : tree.entrySet()) {
            Bean.Target target = bean.target((String) member.getKey());
            if (target != null) {
                components[target.position] = member(member, target, type, raw);
            }
        }
        return bean.make(components);
    }

    private static Object member(Map.Entry<?, ?> member, Bean.Target target, Type owner, Class<?> raw)
        throws JsonException {
        try {
            return bind(member.getValue(), Types.member(target.type, owner));
        } catch (JsonException refused) {
            throw new JsonException(refused.getMessage() + " (in " + raw.getName() + "." + member.getKey() + ")",
                refused.getCause());
        }
    }

    /** A tree without BigDecimal, as untyped members are promised to be. */
    @SuppressWarnings("unchecked")
    private static Object inexact(Object tree) {
        if (tree instanceof BigDecimal) {
            return ((BigDecimal) tree).doubleValue();
        }
        if (tree instanceof Map) {
            for (Map.Entry<String, Object> member : ((Map<String, Object>) tree).entrySet()) {
                member.setValue(inexact(member.getValue()));
            }
        } else if (tree instanceof List) {
            List<Object> elements = (List<Object>) tree;
            for (int index = 0; index < elements.size(); index++) {
                elements.set(index, inexact(elements.get(index)));
            }
        }
        return tree;
    }
}
