package thaw.runtime.json;

import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

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
        if (tree == null) {
            return raw.isPrimitive() ? Array.get(Array.newInstance(raw, 1), 0) : null;
        }
        if (raw.isArray()) {
            return array(tree, type, raw);
        }
        if (Collection.class.isAssignableFrom(raw)) {
            return collection(tree, type, raw);
        }
        if (tree instanceof List) {
            return single((List<?>) tree, type, raw);
        }
        if (Map.class.isAssignableFrom(raw)) {
            return map(tree, type, raw);
        }
        if (tree instanceof Map && !Scalars.isScalar(raw)) {
            return bean((Map<?, ?>) tree, type, raw);
        }
        return Scalars.convert(tree, raw);
    }

    private static Object array(Object tree, Type type, Class<?> raw) throws JsonException {
        if (tree instanceof String && (raw == byte[].class || raw == char[].class)) {
            return Scalars.convert(tree, raw);
        }
        if ("".equals(tree) && raw != String[].class) {
            return null;
        }
        Type component = component(type);
        List<?> elements = tree instanceof List ? (List<?>) tree : Collections.singletonList(tree);
        Object array = Array.newInstance(raw.getComponentType(), elements.size());
        for (int index = 0; index < elements.size(); index++) {
            Array.set(array, index, bind(elements.get(index), component));
        }
        return array;
    }

    private static Type component(Type type) {
        return type instanceof GenericArrayType ? ((GenericArrayType) type).getGenericComponentType()
            : Types.raw(type).getComponentType();
    }

    private static Object collection(Object tree, Type type, Class<?> raw) throws JsonException {
        Type element = Types.arguments(type, Collection.class)[0];
        if ("".equals(tree) && element != String.class) {
            return null;
        }
        Collection<Object> collection = emptyCollection(raw, Types.raw(element));
        List<?> elements = tree instanceof List ? (List<?>) tree : Collections.singletonList(tree);
        for (Object value : elements) {
            collection.add(bind(value, element));
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
        if (raw.isAssignableFrom(LinkedHashSet.class)) {
            return new LinkedHashSet<>();
        }
        if (SortedSet.class.isAssignableFrom(raw) && raw.isAssignableFrom(TreeSet.class)) {
            return new TreeSet<>();
        }
        if (Queue.class.isAssignableFrom(raw) && raw.isAssignableFrom(ArrayDeque.class)) {
            return new ArrayDeque<>();
        }
        return (Collection<Object>) make(raw);
    }

    /** A list where no list is wanted: its only element, or null for none. */
    private static Object single(List<?> tree, Type type, Class<?> raw) throws JsonException {
        if (tree.size() > 1) {
            throw new JsonException("cannot make a " + raw.getName() + " of an array of " + tree.size() + " elements");
        }
        return bind(tree.isEmpty() ? null : tree.get(0), type);
    }

    @SuppressWarnings("unchecked")
    private static Object map(Object tree, Type type, Class<?> raw) throws JsonException {
        if ("".equals(tree)) {
            return null;
        }
        if (!(tree instanceof Map)) {
            throw Scalars.mismatch(tree, raw);
        }
        Type[] members = Types.arguments(type, Map.class);
        Class<?> key = Types.raw(members[0]);
        Map<Object, Object> map;
        if (raw.isAssignableFrom(LinkedHashMap.class)) {
            map = new LinkedHashMap<>();
        } else if (raw.isAssignableFrom(TreeMap.class)) {
            map = new TreeMap<>();
        } else if (raw.isAssignableFrom(java.util.concurrent.ConcurrentHashMap.class)) {
            map = new java.util.concurrent.ConcurrentHashMap<>();
        } else {
            map = (Map<Object, Object>) (raw == java.util.EnumMap.class ? enumMap(key) : make(raw));
        }
        for (Map.Entry<?, ?> member : ((Map<?, ?>) tree).entrySet()) {
            Object name = key == Object.class ? member.getKey() : Scalars.convert(member.getKey(), key);
            map.put(name, bind(member.getValue(), members[1]));
        }
        return map;
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
                target.set(made, member(member, target, type, raw));
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
