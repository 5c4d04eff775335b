package differential;

import java.io.File;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.Calendar;
import java.util.Collection;
import java.util.Currency;
import java.util.Date;
import java.util.Deque;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;

/** The types that are read and written: each field of Roots is one; the classes below are properties' quirks. */
public class Shapes {
    /** Never made: its fields' types are looked at. */
    @SuppressWarnings("rawtypes")
    public static class Roots {
        int aInt; long aLong; short aShort; byte aByte; float aFloat; double aDouble; boolean aBoolean; char aChar;
        Integer integer; Long longer; Short shorter; Byte bite; Float floating; Double twice; Boolean truth; Character letter;
        String text; Object anything; Number number; BigDecimal decimal; BigInteger big; CharSequence sequence;
        AtomicInteger atomicInt; AtomicBoolean atomicBoolean; AtomicReference<String> reference;
        byte[] bytes; char[] chars; int[] ints; long[] longs; double[] doubles; float[] floats; short[] shorts;
        boolean[] booleans; String[] texts; Object[] objects; Item[] itemArray; int[][] matrix; Integer[] integers; Colour[] colours;
        Date date; Calendar calendar; UUID uuid; URI uri; URL url; Locale locale; Currency currency; TimeZone zone;
        Charset charset; Pattern pattern; File file; ByteBuffer buffer; StringBuilder builder; Class type;
        Colour colour; EnumSet<Colour> enumSet; EnumMap<Colour, String> enumMap; Map<Colour, Item> byColour;
        Map<Integer, String> byInt; Map<Long, Integer> byLong; Map<UUID, String> byUuid; Map<Boolean, String> byTruth;
        Map<Character, String> byLetter; Map<Double, String> byDouble; Map<Date, String> byDate;
        Map<String, Object> map; Map rawMap; HashMap<String, String> hashMap; TreeMap<String, Integer> treeMap;
        SortedMap<String, Item> sortedMap; ConcurrentHashMap<String, String> concurrent; Map<String, List<Integer>> lists;
        List<String> list; List rawList; List<Object> objectList; List<Item> items; List<List<Integer>> nested; Collection<Long> longCollection;
        Set<String> set; HashSet<Integer> hashSet; SortedSet<String> sortedSet; Queue<String> queue; Deque<String> deque;
        LinkedList<Item> linked; Iterable<String> iterable; List<Map<String, Item>> maps; List<Colour> colourList;
        Item item; Naming naming; Fields fields; Setters setters; Derived derived; Envelope<Item> envelope;
        Envelope<List<Date>> dates; Pair<String, Envelope<Integer>> pair; Booleans booleanProperties; Everything everything;
        Abstract abstractOne; Facade facade; NoDefault noDefault; Private hiddenConstructor; Recursive recursive; Empty empty; Point point;
        Map<String, Envelope<Item>> envelopes; Readable readable; Inner inner; WithArrays arrays; OfText ofText; Map.Entry<String, Integer> entry;
    }

    public enum Colour { RED, GREEN, DARK_BLUE { @Override public int shade() { return 2; } }; public int shade() { return 1; } }

    public static class Item { public String sku; public int amount; private String hidden = "x"; }

    public static class Naming {
        private String url = "u"; private String aB; private String x; private Integer orderID; private String iPhone; private String plain;
        public String getURL() { return url; } public void setURL(String value) { url = value; }
        public String getaB() { return aB; } public void setaB(String value) { aB = value; }
        public String getX() { return x; } public void setX(String value) { x = value; }
        public Integer getOrderID() { return orderID; } public void setOrderID(Integer value) { orderID = value; }
        public String getIPhone() { return iPhone; } public void setIPhone(String value) { iPhone = value; }
        public String getPlain() { return plain; } protected void setPlain(String value) { plain = value; }
        public String get() { return "no property"; } public String getter() { return "none"; } public String is() { return "none"; }
        public String issue() { return "none"; } public static String getStatic() { return "none"; }
    }

    public static class Fields {
        public int one = 1; public final int fixed = new int[] {2}[0]; public transient int passing = 3; protected int guarded = 4; int packaged = 5;
        private int own = 6; public static int shared = 7; public volatile String changing; public List<Item> items;
        public String both = "field"; public String getBoth() { return "getter of " + both; }
        private String onlyRead = "r"; public String getOnlyRead() { return onlyRead; }
    }

    public static class Setters {
        private String text; private int count; private List<String> list = new LinkedList<>(); private Object loose;
        public Setters setText(String value) { text = "set " + value; return this; } public String getText() { return text; }
        private void setCount(int value) { count = value + 1; } public int getCount() { return count; }
        public List<String> getList() { return list; }
        public void setWriteOnly(String value) { loose = value; }
        public void setTwo(String one, String two) { loose = "two"; }
        public void setNothing() { loose = "none"; }
        public static void setShared(String value) { }
        public Object getLoose() { return loose; }
    }

    public static class Base { public String base = "b"; private int level; public int getLevel() { return level; } public void setLevel(int value) { level = value; } }

    public static class Derived extends Base { public String derived = "d"; private Date made; public Date getMade() { return made; } public void setMade(Date value) { made = value; } }

    public static class Envelope<T> { private T body; public List<T> more; public T getBody() { return body; } public void setBody(T value) { body = value; } }

    public static class Pair<A, B> extends Envelope<B> { public A first; public Map<String, A> firsts; }

    public static class Booleans {
        private boolean on; private Boolean maybe; private boolean isOdd; private Boolean wrapped;
        public boolean isOn() { return on; } public void setOn(boolean value) { on = value; }
        public Boolean getMaybe() { return maybe; } public void setMaybe(Boolean value) { maybe = value; }
        public boolean getIsOdd() { return isOdd; } public void setIsOdd(boolean value) { isOdd = value; }
        public Boolean isWrapped() { return wrapped; } public void setWrapped(Boolean value) { wrapped = value; }
        public boolean isBoth() { return true; } public boolean getBoth() { return false; }
        public String isText() { return "no property"; }
    }

    public static class Everything {
        public Integer integer; public Long longer; public Double twice; public Float floating; public Short shorter; public Byte bite; public Boolean truth; public Character letter; public int aInt;
        public boolean aBoolean; public double aDouble; public char aChar; public BigDecimal decimal; public BigInteger big; public byte[] bytes; public ByteBuffer buffer;
        public Date date; public Calendar calendar; public Colour colour; public UUID uuid; public Locale locale; public Object anything; public Number number;
        public List<Integer> list; public Set<Colour> set; public Map<String, Double> map; public Item item; public Item[] array; public Envelope<Item> envelope;
    }

    public abstract static class Abstract { public int one; }

    public interface Facade { String getName(); }

    /** Written as what it is declared to be: see Differential. */
    public static class Behind implements Facade { public String getName() { return "n"; } public String getMore() { return "m"; } }

    public static class NoDefault { private final String name; public NoDefault(String name, int count) { this.name = name; } public String getName() { return name; } }

    public static class Private { public int one; private Private() { } }

    public static class Recursive { public String name; public Recursive next; public List<Recursive> all; public Map<String, Recursive> named; }

    public static class Empty { }

    public record Point(int x, Double y, List<String> tags) { }

    public static class Readable { private final List<String> list = new LinkedList<>(); private final Map<String, String> map = new TreeMap<>(); public List<String> getList() { return list; } public Map<String, String> getMap() { return map; } }

    public class Inner { public int one; }

    public static class WithArrays { public int[] ints; public char[] chars; public boolean[] booleans; public String[] texts; public byte[][] blobs; public Object[] objects; }

    public static class OfText { private final String text; public OfText(String text) { this.text = text; } @Override public String toString() { return text; } public int getLength() { return text.length(); } }
}
