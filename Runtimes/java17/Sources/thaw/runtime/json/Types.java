package thaw.runtime.json;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.HashMap;
import java.util.Map;

/** Generic types with their variables filled in, as far as the class files tell. */
public final class Types {
    private Types() {
    }

    /** A parameterised type made here, after variables were filled in. */
    private static final class Filled implements ParameterizedType {
        private final Class<?> raw;
        private final Type[] arguments;

        Filled(Class<?> raw, Type[] arguments) {
            this.raw = raw;
            this.arguments = arguments;
        }

        @Override
        public Type[] getActualTypeArguments() {
            return arguments.clone();
        }

        @Override
        public Type getRawType() {
            return raw;
        }

        @Override
        public Type getOwnerType() {
            return raw.getDeclaringClass();
        }
    }

    /** An array of a parameterised type. */
    private static final class FilledArray implements GenericArrayType {
        private final Type component;

        FilledArray(Type component) {
            this.component = component;
        }

        @Override
        public Type getGenericComponentType() {
            return component;
        }
    }

    /** What {@code type} fills the parameters of its supertype {@code generic} with; Object where nobody says. */
    public static Type[] arguments(Type type, Class<?> generic) {
        Type found = supertype(type, generic);
        if (found instanceof ParameterizedType) {
            return ((ParameterizedType) found).getActualTypeArguments();
        }
        Type[] unknown = new Type[generic.getTypeParameters().length];
        java.util.Arrays.fill(unknown, Object.class);
        return unknown;
    }

    /** The class behind a type. */
    public static Class<?> raw(Type type) {
        if (type instanceof Class) {
            return (Class<?>) type;
        }
        if (type instanceof ParameterizedType) {
            return (Class<?>) ((ParameterizedType) type).getRawType();
        }
        if (type instanceof GenericArrayType) {
            return raw(((GenericArrayType) type).getGenericComponentType()).arrayType();
        }
        if (type instanceof WildcardType) {
            return raw(((WildcardType) type).getUpperBounds()[0]);
        }
        return raw(((TypeVariable<?>) type).getBounds()[0]);
    }

    /** The type of a member of {@code owner}, with the variables that {@code owner} fills filled in. */
    public static Type member(Type member, Type owner) {
        if (member instanceof Class) {
            return member;
        }
        Map<TypeVariable<?>, Type> known = new HashMap<>();
        for (Type part = owner; part != null && raw(part) != Object.class; part = superclass(part)) {
            learn(part, known);
        }
        return fill(member, known);
    }

    private static Type supertype(Type type, Class<?> generic) {
        Class<?> raw = raw(type);
        if (raw == generic) {
            return type;
        }
        Map<TypeVariable<?>, Type> known = new HashMap<>();
        learn(type, known);
        for (Type implemented : raw.getGenericInterfaces()) {
            if (generic.isAssignableFrom(raw(implemented))) {
                return supertype(fill(implemented, known), generic);
            }
        }
        Type parent = raw.getGenericSuperclass();
        if (parent != null && generic.isAssignableFrom(raw(parent))) {
            return supertype(fill(parent, known), generic);
        }
        return null;
    }

    private static Type superclass(Type type) {
        Type parent = raw(type).getGenericSuperclass();
        if (parent == null) {
            return null;
        }
        Map<TypeVariable<?>, Type> known = new HashMap<>();
        learn(type, known);
        return fill(parent, known);
    }

    private static void learn(Type type, Map<TypeVariable<?>, Type> known) {
        if (type instanceof ParameterizedType) {
            TypeVariable<?>[] variables = raw(type).getTypeParameters();
            Type[] arguments = ((ParameterizedType) type).getActualTypeArguments();
            for (int index = 0; index < variables.length; index++) {
                known.putIfAbsent(variables[index], arguments[index]);
            }
        }
    }

    private static Type fill(Type type, Map<TypeVariable<?>, Type> known) {
        if (type instanceof TypeVariable) {
            Type value = known.get(type);
            return value == null ? raw(type) : value;
        }
        if (type instanceof WildcardType) {
            return fill(((WildcardType) type).getUpperBounds()[0], known);
        }
        if (type instanceof GenericArrayType) {
            Type component = fill(((GenericArrayType) type).getGenericComponentType(), known);
            return component instanceof Class ? ((Class<?>) component).arrayType() : new FilledArray(component);
        }
        if (type instanceof ParameterizedType) {
            Type[] arguments = ((ParameterizedType) type).getActualTypeArguments();
            for (int index = 0; index < arguments.length; index++) {
                arguments[index] = fill(arguments[index], known);
            }
            return new Filled(raw(type), arguments);
        }
        return type;
    }
}
