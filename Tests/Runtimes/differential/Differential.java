package differential;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Calendar;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import thaw.runtime.json.Binder;
import thaw.runtime.json.Bytes;
import thaw.runtime.json.JsonWriter;
import thaw.runtime.json.Types;

/**
 * Reads and writes generated documents with the runtime's binding and with Jackson as AWS's runtime configures it, and tells where
 * they differ: `Differential ROUNDS [SEED]`.
 */
public class Differential {
    private static final ObjectMapper JACKSON = mapper();
    private final Map<String, String> differences = new LinkedHashMap<>();
    private final Map<String, Integer> counts = new LinkedHashMap<>();
    private int read;
    private int written;

    private static ObjectMapper mapper() {
        JsonFactory factory = new JsonFactory();
        factory.enable(JsonGenerator.Feature.IGNORE_UNKNOWN);
        return JsonMapper.builder(factory)
            .enable(MapperFeature.USE_STD_BEAN_NAMING, MapperFeature.ALLOW_FINAL_FIELDS_AS_MUTATORS)
            .disable(MapperFeature.AUTO_DETECT_CREATORS, MapperFeature.INFER_PROPERTY_MUTATORS, MapperFeature.USE_GETTERS_AS_SETTERS)
            .disable(SerializationFeature.EAGER_SERIALIZER_FETCH, SerializationFeature.FAIL_ON_EMPTY_BEANS)
            .enable(DeserializationFeature.ACCEPT_EMPTY_ARRAY_AS_NULL_OBJECT,
                DeserializationFeature.ACCEPT_EMPTY_STRING_AS_NULL_OBJECT, DeserializationFeature.ACCEPT_SINGLE_VALUE_AS_ARRAY,
                DeserializationFeature.READ_UNKNOWN_ENUM_VALUES_AS_NULL, DeserializationFeature.UNWRAP_SINGLE_VALUE_ARRAYS)
            .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES, DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS,
                DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .serializationInclusion(JsonInclude.Include.NON_NULL)
            .build();
    }

    public static void main(String[] arguments) throws Exception {
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : System.nanoTime();
        Differential differential = new Differential();
        Documents documents = new Documents(new Random(seed));
        for (int round = 0; round < Integer.parseInt(arguments[0]); round++) {
            for (Field root : Shapes.Roots.class.getDeclaredFields()) {
                differential.compare(root.getName(), root.getGenericType(), documents.of(root.getGenericType(), 0));
            }
        }
        differential.differences.forEach((name, text) ->
            System.out.println(name + " (" + differential.counts.get(name) + "): " + text));
        System.out.println("seed " + seed + ": " + differential.read + " read, " + differential.written + " written, "
            + differential.differences.size() + " kinds of differences");
        System.exit(differential.differences.isEmpty() ? 0 : 1);
    }

    private void compare(String name, Type type, String document) throws Exception {
        byte[] bytes = document.getBytes(StandardCharsets.UTF_8);
        Object value = null;
        String wanted;
        try {
            value = JACKSON.readerFor(JACKSON.constructType(type)).readValue(bytes);
            wanted = dump(value);
        } catch (Exception refused) {
            wanted = "refused";
        }
        String found;
        try {
            found = dump(new Binder(type).read(bytes, 0, bytes.length));
        } catch (Exception refused) {
            found = "refused";
        }
        read++;
        check("reading " + name, document, wanted, found);
        if (value == null) {
            return;
        }
        try {
            wanted = JACKSON.writerFor(JACKSON.constructType(type)).writeValueAsString(value);
        } catch (Exception refused) {
            wanted = "refused";
        }
        try {
            Bytes out = new Bytes();
            JsonWriter.write(value, Types.raw(type), out);
            found = new String(out.array(), 0, out.size(), StandardCharsets.UTF_8);
        } catch (Exception refused) {
            found = "refused";
        }
        written++;
        check("writing " + name, document, wanted, found);
    }

    private void check(String name, String document, String wanted, String found) {
        if (!wanted.equals(found)) {
            counts.merge(name, 1, Integer::sum);
            String known = differences.get(name);
            String text = document + "\n    Jackson: " + wanted + "\n    ours:    " + found;
            // The shortest tells most.
            if (known == null || text.length() < known.length()) {
                differences.put(name, text);
            }
        }
    }

    /** Everything that a value is, its classes included. */
    private static String dump(Object value) throws IllegalAccessException {
        if (value == null) {
            return "null";
        }
        Class<?> type = value.getClass();
        StringBuilder text = new StringBuilder(type.getName()).append(' ');
        if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> member : map.entrySet()) {
                text.append(dump(member.getKey())).append('=').append(dump(member.getValue())).append(';');
            }
        } else if (value instanceof Collection<?> collection) {
            for (Object element : collection) {
                text.append(dump(element)).append(',');
            }
        } else if (type.isArray()) {
            for (int index = 0; index < Array.getLength(value); index++) {
                text.append(dump(Array.get(value, index))).append(',');
            }
        } else if (value instanceof ByteBuffer buffer) {
            return "ByteBuffer " + dump(java.util.Arrays.copyOf(buffer.array(), buffer.remaining()));
        } else if (value instanceof Calendar calendar) {
            text.append(calendar.getTimeInMillis()).append(calendar.getTimeZone().getID());
        } else if (value instanceof AtomicReference<?> reference) {
            text.append(dump(reference.get()));
        } else if (type.getPackage() == Differential.class.getPackage() && !(value instanceof Enum)) {
            for (Class<?> part = type; part != Object.class && part != Record.class; part = part.getSuperclass()) {
                for (Field field : part.getDeclaredFields()) {
                    if (!Modifier.isStatic(field.getModifiers())) {
                        field.setAccessible(true);
                        text.append(field.getName()).append('=').append(dump(field.get(value))).append(';');
                    }
                }
            }
        } else {
            text.append(value);
        }
        return text.append('.').toString();
    }
}
